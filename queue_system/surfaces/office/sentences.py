"""The log as sentences, from a fact, the names of its ids, and the reader's language.

Names are looked up when the log is read, because the log holds only ids and codes: things of the settings have the name
that they had then, where the history of changes knows it, and everything else has its present one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

from ...core import facts
from ...core.facts.fields import Is, Meaning, Word
from ...core.facts.tickets import TicketCalled
from ...i18n import dates
from ...i18n.filters import localised
from ...i18n.words import Words
from ...store.queries.audit import EntryView, NamesOfLog
from ...store.queries.members import members_of
from ...store.queries.settings import DepartmentView, PriorityView, QueueView, ServiceView
from ...web.printer_words import printer_settings
from .setting_names import labels_of, name_of

SHORT_HASH: Final = 12
#: The kinds of the things in `BranchSettings`.
_KINDS: Final = {"queues": "queue", "services": "service", "priorities": "priority", "departments": "department"}

#: Gives the address of all entries about the code of an entry, which is a ticket's or an appointment's.
CodeLink = Callable[[EntryView, Meaning], str]
#: Gives the address of the history of an object of the settings, by kind and slug; "" where the reader may not see it.
ObjectLink = Callable[[str, str], str]


class Sentences:
    """Writes the entries of one log as sentences. With links the codes, and the objects of settings, become links."""

    def __init__(
        self,
        words: Words,
        names: NamesOfLog,
        zone: ZoneInfo,
        code_link: CodeLink | None = None,
        object_link: ObjectLink | None = None,
    ) -> None:
        self._words = words
        self._names = names
        self._zone = zone
        self._code_link = code_link
        self._object_link = object_link
        self._ways: dict[Is, Callable[[Any, EntryView], object]] = {
            Is.PERSON: lambda value, _: self._person(value),
            Is.DEVICE: lambda value, entry: self._device(value, entry) or words.text("audit.actor.device"),
            Is.COUNTER: self._counter,
            Is.QUEUE: partial(self._setting, "queues"),
            Is.SERVICE: partial(self._setting, "services"),
            Is.PRIORITY: partial(self._setting, "priorities"),
            Is.DEPARTMENT: partial(self._setting, "departments"),
            Is.MEMBER: self._member,
            Is.OUTCOME: lambda value, _: self._outcome(value),
            Is.ROLES: lambda value, entry: self._listed(self._name_of_role(slug, entry) for slug in value),
            Is.MOMENT: lambda value, _: dates.day_time(datetime.fromisoformat(value), zone, words),
            Is.DAY: lambda value, _: dates.day(date.fromisoformat(value), words),
            Is.PRINTER_SETTINGS: lambda value, _: self._listed(
                f"{what}: {how}" for what, how in printer_settings(words, value)
            ),
            Is.FINGERPRINT: lambda value, _: value[:SHORT_HASH],
            Is.NUMBER: _itself,
            Is.TEXT: _itself,
            Is.UNSAID: _itself,
        }

    def sentence(self, entry: EntryView) -> Markup:
        """What happened, without the actor's name."""
        fact = _fact(entry)
        if fact is None:
            return self._words.html("audit.unknown-kind", kind=entry.kind)
        values = {
            name: self._value(meaning, getattr(fact, name), entry)
            for name, meaning in facts.meanings(type(fact)).items()
        }
        return self._words.html(key_of(fact.kind, fact.variant()), **values)

    def why(self, entry: EntryView) -> Markup | None:
        """Why a ticket was called before others; None if the entry gives no reason."""
        fact = _fact(entry)
        if not isinstance(fact, TicketCalled):
            return None
        return reason(self._words, self._names, fact.reason, fact.values, entry)

    def who(self, entry: EntryView) -> str:
        """The actor's name."""
        if entry.actor_kind == "staff":
            return self._person(entry.actor_id)
        if entry.actor_kind == "device":
            return self._device(entry.actor_id, entry) or self._words.text("audit.actor.device")
        return self._word("audit.actor", entry.actor_kind) or self._words.text("audit.actor.unknown")

    def name(self, actor_id: str) -> str:
        """The present name of a person or device; "" if the log knows none."""
        return self._names.staff.get(_uuid(actor_id)) or self._device(actor_id)

    def _value(self, meaning: Meaning, value: Any, entry: EntryView) -> object:
        """A value of a fact as its sentence shows it; "" for None."""
        if value is None:
            return ""
        if isinstance(meaning, Word):
            return self._word(meaning.family, str(value)) or value
        if meaning in (Is.TICKET_CODE, Is.APPOINTMENT_CODE):
            return self._code(meaning, value, entry)
        if meaning is Is.OBJECT:
            return self._object(entry.data["object_kind"], value, entry)
        if meaning is Is.FIELDS:
            return labels_of(entry.data["object_kind"], value, self._names, self._words)
        return self._ways[meaning](value, entry)

    def _code(self, meaning: Meaning, code: str, entry: EntryView) -> Markup:
        shown = Markup('<bdi dir="ltr" class="code">{}</bdi>').format(code)
        if self._code_link is None:
            return shown
        return Markup('<a href="{}">{}</a>').format(self._code_link(entry, meaning), shown)

    def _object(self, kind: str, slug: str, entry: EntryView) -> Markup:
        shown = name_of(kind, slug, _then(self._names, kind, slug, entry), self._names, self._words)
        address = self._object_link(kind, slug) if self._object_link else ""
        return Markup('<a href="{}">{}</a>').format(address, shown) if address else shown

    def _person(self, staff_id: str) -> str:
        return self._names.staff.get(_uuid(staff_id)) or self._words.text("audit.actor.staff")

    def _setting(
        self, where: Literal["queues", "services", "priorities", "departments"], slug: str, entry: EntryView
    ) -> str:
        """The name of an entry in the branch's settings, by its slug."""
        settings = self._names.settings
        if settings is None:
            return slug
        views: Collection[QueueView | ServiceView | PriorityView | DepartmentView] = getattr(settings, where).values()
        found = next((view for view in views if view.slug == slug), None)
        past = self._past(_KINDS[where], slug, entry)
        return past or (localised(found.names, self._words.language) if found else slug)

    def _member(self, slug: str, entry: EntryView) -> str:
        """The name of a person, room or vehicle; a counter can have the slug of a resource, which comes first."""
        settings = self._names.settings
        known = members_of(settings).values() if settings else ()
        found = next((one for one in known if one.slug == slug), None)
        past = self._past("resource", slug, entry)
        return past or (localised(found.names, self._words.language) if found else slug)

    def _outcome(self, slug: str) -> str:
        """The name of an outcome: a word of the catalogues, or what the branch calls it now."""
        settings = self._names.settings
        own = settings.outcomes.get(slug) if settings and settings.outcomes else None
        return localised(own.names, self._words.language) if own else self._word("audit.outcome", slug) or slug

    def _counter(self, value: Any, entry: EntryView) -> object:
        settings = self._names.settings
        counter = settings.counters.get(_uuid(value)) if settings else None
        return _then(self._names, "counter", counter.slug, entry).get("number", counter.number) if counter else "–"

    def _device(self, value: Any, entry: EntryView | None = None) -> str:
        device = self._names.devices.get(_uuid(value))
        if device is None:
            return ""
        kind = self._word("audit.device-kind", device.kind) or device.kind
        past = self._past("device", device.slug, entry) if entry else ""
        return (
            past
            or localised(device.names, self._words.language)
            or self._words.html("audit.unnamed-device", kind=kind, slug=device.slug)
        )

    def _name_of_role(self, slug: str, entry: EntryView) -> str:
        return self._past("role", slug, entry) or localised(self._names.roles.get(slug), self._words.language) or slug

    def _past(self, kind: str, slug: str, entry: EntryView) -> str:
        """What a thing was called then; "" if it is called so still, or nobody knows."""
        return localised(_then(self._names, kind, slug, entry).get("names"), self._words.language)

    def _listed(self, items: Iterable[str]) -> Markup:
        return Markup(" · ").join(Markup("<bdi>{}</bdi>").format(item) for item in items)

    def _word(self, family: str, value: str) -> str:
        key = f"{family}.{value}"
        return self._words.text(key) if self._words.has(key) else ""


def reason(
    words: Words, names: NamesOfLog, code: str, values: dict[str, Any], entry: EntryView | None = None
) -> Markup | None:
    """The sentence of a reason of `core.dispatch`, from what the log keeps of it; `entry` is the one that keeps it."""
    key = f"audit.reason.{code}"
    if not words.has(key):
        return None
    shown = dict(values)
    if names.settings and (profile := names.settings.calling_profiles.get(str(values.get("profile")))):
        then = _then(names, "calling_profile", profile.slug, entry).get("names") if entry else None
        shown["profile"] = localised(then or profile.names, words.language)
    if "n" in values:
        return words.html_plural(key, int(shown.pop("n")), **shown)
    if "basis" in values:
        shown["basis"] = words.text(f"audit.basis.{values['basis']}")
    if names.settings and (priority := names.settings.priorities.get(str(values.get("priority")))):
        past = _then(names, "priority", priority.slug, entry).get("names") if entry else None
        shown["priority"] = localised(past or priority.names, words.language)
    return words.html(key, **shown)


def key_of(kind: str, variant: str) -> str:
    """The catalogue key of a fact's sentence."""
    return f"audit.{kind}-{variant}" if variant else f"audit.{kind}"


def _fact(entry: EntryView) -> facts.Fact | None:
    """The fact of an entry; None if a newer version wrote it."""
    try:
        return facts.from_data(entry.kind, entry.subject, entry.data)
    except facts.UnknownFact:
        return None


def _then(names: NamesOfLog, kind: str, slug: str, entry: EntryView) -> Mapping[str, Any]:
    """The naming fields that a thing had when an entry was written; none where they are the present ones."""
    return names.past.then(kind, slug, entry.branch_id, entry.seq, entry.at)


def _itself(value: Any, _: EntryView) -> object:
    return value


def _uuid(value: Any) -> UUID:
    """An id as the log keeps it; the nil id for anything invalid."""
    try:
        return UUID(str(value))
    except ValueError:
        return UUID(int=0)
