"""The log as sentences: a fact, the names its ids stand for, and the reader's language.

What a name stands for is looked up when the log is read: the log itself holds ids and codes only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

from ..i18n import dates
from ..i18n.filters import localised
from ..i18n.words import Words
from ..store.queries.audit import Entry, NamesOfLog
from .printer_words import printer_settings

SHORT_HASH: Final = 12
# Fields whose value is a word of a family: `audit.source.kiosk`.
_FAMILIES: Final = {
    "source": "audit.source.",
    "outcome": "audit.outcome.",
    "punctuality": "audit.punctuality.",
    "proof": "audit.proof.",
    "error": "audit.slip-error.",
    "reason": "audit.void.",
    "basis": "audit.basis.",
    "device_kind": "audit.device-kind.",
    "channel": "audit.channel.",
    "state": "state.booking.",
    "to_state": "state.ticket.",
    "status": "state.printer.",
    "by": "audit.by.",
    "transport": "state.transport.",
}

CodeLink = Callable[[Entry], str]


class Sentences:
    """Writes the entries of one log. `code_link` gives the address of everything about an entry's code."""

    def __init__(self, words: Words, names: NamesOfLog, zone: ZoneInfo, code_link: CodeLink | None = None) -> None:
        self._words = words
        self._names = names
        self._zone = zone
        self._code_link = code_link

    def sentence(self, entry: Entry) -> Markup:
        """What happened, without who did it."""
        values = {name: self._value(name, value) for name, value in entry.data.items()}
        values["subject"] = self._subject(entry)
        if "code" in entry.data:
            values["code"] = self._code(entry)
        key = f"audit.{entry.kind}"
        if entry.kind == "slip.failed":
            then = "maybe" if entry.data["maybe"] else "final" if entry.data["final"] else "again"
            values["then"] = Markup.escape(self._words.text(f"audit.slip-then.{then}"))
        elif entry.kind == "slip.queued" and entry.data["copy"]:
            key += "-copy"
        elif entry.kind == "staff.sign_in_failed" and not entry.subject:
            key += "-unknown"
        elif entry.kind == "ticket.issued" and entry.data.get("basis"):
            key += "-class"
        elif entry.kind == "booking.looked_up" and entry.data["by"] == "call":
            key += "-call"
        elif entry.kind == "ticket.returned" and entry.data["others_first"]:
            key += "-aside"
        elif entry.kind == "counter.opened" and entry.data.get("instead_of"):
            key += "-instead"
        return self._words.html(key, **values)

    def why(self, entry: Entry) -> Markup | None:
        """Why a ticket was called before the others; None where there is nothing to say."""
        if entry.kind != "ticket.called":
            return None
        return reason(self._words, self._names, entry.data["reason"], entry.data["values"])

    def who(self, entry: Entry) -> str:
        """Who did it, by today's name."""
        if entry.actor_kind == "staff":
            return self._person(entry.actor_id)
        if entry.actor_kind == "device":
            return self._device(entry.actor_id) or self._words.text("audit.actor.device")
        return self._family("audit.actor.", entry.actor_kind) or self._words.text("audit.actor.unknown")

    def name(self, actor_id: str) -> str:
        """Today's name of a person or device, where the log knows one; else nothing."""
        return self._names.staff.get(_uuid(actor_id)) or self._device(actor_id)

    def _person(self, staff_id: Any) -> str:
        return self._names.staff.get(_uuid(staff_id)) or self._words.text("audit.actor.staff")

    def _subject(self, entry: Entry) -> object:
        if entry.kind.startswith("staff."):
            return self._person(entry.subject)
        return self._device(entry.subject) or self._words.text("audit.actor.device")

    def _value(self, name: str, value: Any) -> object:
        if name in _FAMILIES:
            return self._family(_FAMILIES[name], str(value)) or value
        if name.endswith("_at"):
            return dates.day_time(datetime.fromisoformat(value), self._zone, self._words)
        if name.endswith("_date"):
            return dates.day(date.fromisoformat(value), self._words)
        if name == "printer":
            return self._device(value) or value
        if name == "instead_of":
            return self._person(value)
        if name == "counter":
            return self._counter(value)
        if name == "roles":
            return self._listed(self._names_of_role(slug) for slug in value)
        if name == "settings":
            return self._listed(f"{what}: {how}" for what, how in printer_settings(self._words, value))
        if name == "sha256":
            return str(value)[:SHORT_HASH]
        return self._named(name, value)

    def _named(self, name: str, value: Any) -> object:
        """What a slug in the branch's settings is called."""
        settings = self._names.settings
        if settings is None or value is None:
            return "" if value is None else value
        kinds: dict[str, Collection[Any]] = {
            "queue": settings.queues.values(),
            "service": settings.services.values(),
            "class": settings.priorities.values(),
        }
        views = kinds.get(name.rpartition("_")[2], ())
        found = next((view for view in views if view.slug == value), None)
        return localised(found.names, self._words.language) if found else value

    def _code(self, entry: Entry) -> Markup:
        shown = Markup('<bdi dir="ltr" class="code">{}</bdi>').format(entry.data["code"])
        if self._code_link is None:
            return shown
        return Markup('<a href="{}">{}</a>').format(self._code_link(entry), shown)

    def _counter(self, value: Any) -> object:
        settings = self._names.settings
        counter = settings.counters.get(_uuid(value)) if settings else None
        return counter.number if counter else "–"

    def _device(self, value: Any) -> str:
        device = self._names.devices.get(_uuid(value))
        if device is None:
            return ""
        kind = self._family("audit.device-kind.", device.kind) or device.kind
        return localised(device.names, self._words.language) or self._words.html(
            "audit.unnamed-device", kind=kind, slug=device.slug
        )

    def _names_of_role(self, slug: str) -> str:
        return localised(self._names.roles.get(slug), self._words.language) or slug

    def _listed(self, items: Iterable[str]) -> Markup:
        return Markup(" · ").join(Markup("<bdi>{}</bdi>").format(item) for item in items)

    def _family(self, family: str, value: str) -> str:
        key = family + value
        return self._words.text(key) if self._words.has(key) else ""


def reason(words: Words, names: NamesOfLog, code: str, values: dict[str, Any]) -> Markup | None:
    """The sentence of a reason of `core.dispatch` as the log keeps it."""
    key = f"audit.reason.{code}"
    if not words.has(key):
        return None
    if "n" in values:
        return words.html_plural(key, int(values["n"]))
    shown = dict(values)
    if "basis" in values:
        shown["basis"] = words.text(f"audit.basis.{values['basis']}")
    if names.settings and (priority := names.settings.priorities.get(str(values.get("priority")))):
        shown["priority"] = localised(priority.names, words.language)
    return words.html(key, **shown)


def _uuid(value: Any) -> UUID:
    """An id as the log keeps it; the nil id for what is none."""
    try:
        return UUID(str(value))
    except ValueError:
        return UUID(int=0)
