"""What the house says in its messages about appointments: the events, own words for each, and how a letter then reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.edit_rights import edit_rights
from ...core.errors import Missing
from ...core.messages import MAIL, SMS, Event, Level, sent_as
from ...core.text_messages import segments
from ...core.wording import WORDED, marks_for
from ...messages.letter import Said, house_of, said_in
from ...messages.sample import sample
from ...messages.short_text import short_text
from ...settings.branch import Branch
from ...settings.consistency import Located
from ...settings.declared import Names
from ...settings.edits import Edit
from ...settings.faults import Fault
from ...settings.objects import declaration_of
from ...settings.organisation import ORGANISATION_SLUG
from ...settings.wording import MessageTextOwn, slug_for
from ...store.queries.messages import level_of_service
from ...store.queries.settings import BranchSettings, ServiceView
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.setting_forms import SettingForm, Typed, received
from ...web.setting_posted import Posted
from .editing import answer, asks_for_form, saved_at
from .frame import InOffice, enter, office_page
from .hours_frame import mistakes
from .places import SettingsPlace, settings_at

PAGE: Final = "/office/letters"
RIGHTS: Final = edit_rights("message")
KIND: Final = "message"
FIELDS: Final = ("subject", "body")
_CHANNELS: Final = (MAIL, SMS)
REMOVE: Final = "remove"


@dataclass(frozen=True, slots=True)
class Row:
    """An event, and for what of it there are own words: address and words of each."""

    event: Event
    href: str
    own: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter as it would be read; `level` is that of the service it is about, `said` None where nothing is sent.

    `text` is the text message in its place, which takes so many `segments`; "" for a letter.
    """

    language: str
    direction: str
    level: Level
    said: Said | None
    text: str = ""
    segments: int = 0


@dataclass(frozen=True)
class _Editor:
    """The form of the words about an event, for a service or all, for a way of sending or all."""

    here: InOffice
    place: SettingsPlace
    branch: BranchSettings | None
    event: Event
    service: str
    channel: str
    form: SettingForm

    @property
    def known(self) -> MessageTextOwn | None:
        """Those that are there."""
        about = self.event, self.service or None, self.channel or None
        return next((one for one in self._texts if _about(one) == about), None)

    @property
    def values(self) -> Mapping[str, Any]:
        return self.place.objects[KIND, self.known.slug] if self.known else {}

    @property
    def href(self) -> str:
        return _href(self.place.slug, self.event, self.service, self.channel)

    @property
    def _texts(self) -> Collection[MessageTextOwn]:
        return self.place.value.messages.values()

    async def page(self, posted: Posted, typed: Typed | None = None, faults: Sequence[Fault] = ()) -> Response:
        values = dict(self.values) | ({} if typed is None else typed.values)
        context = {
            "place": self.place,
            "event": self.event,
            "service": self.service,
            "channel": self.channel,
            "services": self._services(),
            "channels": self._channels(),
            "drawn": self.form.draw(posted, faults),
            "marks": marks_for(self.event),
            "subject_marks": marks_for(self.event, subject=True),
            "shown": list(self._shown(values)),
            "about": None if self._sampled is None else self._sampled.listed_names,
            "known": self.known,
            "saved": saved_at(self.here.request, self.place.slug),
        }
        return await office_page(self.here, "office/letter.html", context, status=422 if faults else 200, belongs=PAGE)

    async def answer(self, posted: Posted) -> Response:
        """Answer what the form sent: the form again with the letters, or the flow of its edit."""
        typed, known = self.form.read(posted), self.known
        if typed.faults and not posted.has(REMOVE):
            return await self.page(posted, typed, typed.faults)
        slug = known.slug if known else slug_for(self.event, self.service, self.channel)
        whole = self._whole(typed.values, slug)
        if found := mistakes(declaration_of(KIND, self.place.shape), whole):
            return await self.page(posted, typed, found)
        if asks_for_form(posted.items):
            return await self.page(self.form.again(posted, typed), typed)
        said = {name: value for name, value in typed.values.items() if value}
        if posted.has(REMOVE) or not said:
            edits = [Edit(KIND, slug, was=dict(self.values), now=None)] if known else []
        elif known:
            edits = [Edit(KIND, slug, was=self.form.was(posted) or {}, now=typed.values)]
        else:
            edits = [Edit(KIND, slug, was=None, now={name: one for name, one in whole.items() if name != "slug"})]

        async def refused(faults: Sequence[Located]) -> Response | None:
            own = [one.fault for one in faults if (one.kind, one.slug) == (KIND, slug)]
            return await self.page(posted, typed, own) if own else None

        title = self.here.words.text("messages.texts")
        return await answer(
            self.here.request, self.place.id, edits, title=title, back=self.href, refused=refused, at_once=True
        )

    def _whole(self, values: Mapping[str, Any], slug: str) -> dict[str, Any]:
        about = {"event": self.event.value, "service": self.service, "channel": self.channel}
        own = {name: one for name, one in (about | dict(values)).items() if one}
        return {**own, "slug": slug}

    def _services(self) -> list[ServiceView]:
        """Those that words can be about: at a branch its own, and none of what all branches share."""
        return list(self.branch.services.values()) if self.branch and isinstance(self.place.value, Branch) else []

    def _channels(self) -> list[str]:
        """Those by which this installation sends, and the one whose words are open."""
        by_phone = any(sent_as(SMS, level) in self.here.installation.database.sends for level in Level)
        return [one for one in _CHANNELS if one == MAIL or by_phone or one == self.channel]

    @cached_property
    def _sampled(self) -> ServiceView | None:
        """The service of the invented appointment: the one chosen, else the first of which most may be said."""
        if (branch := self.branch) is None:
            return None
        every = list(branch.services.values())
        chosen = [one for one in every if one.slug == self.service]
        order = (Level.FULL, Level.MINIMAL, Level.NEUTRAL, Level.NONE)
        return min(chosen or every, key=lambda one: order.index(level_of_service(branch, one.id)), default=None)

    def _shown(self, values: Mapping[str, Any]) -> Iterator[Shown]:
        """The letter in each language, with the words that stand in the form."""
        if self.branch is None or (service := self._sampled) is None:
            return
        branch = self._with(self.branch, values)
        house = house_of(self.here.installation.configuration, b"")
        for language in branch.languages:
            message = sample(branch, service, self.event, language, self.here.now)
            words = kit.words_of(language, branch)
            said = None if message.level is Level.NONE else said_in(message, branch, house)
            text = short_text(message, branch, house) if said and self.channel == SMS else ""
            yield Shown(language, words.direction, message.level, said, text, segments(text))

    def _with(self, branch: BranchSettings, values: Mapping[str, Any]) -> BranchSettings:
        slug = self.known.slug if self.known else slug_for(self.event, self.service, self.channel)
        one = declaration_of(KIND, self.place.shape).model_validate(self._whole(values, slug))
        if isinstance(self.place.value, Branch):
            return branch.model_copy(update={"messages": {**branch.messages, slug: one}})
        common = branch.organisation
        messages = {**common.messages, slug: one}
        return branch.model_copy(update={"organisation": common.model_copy(update={"messages": messages})})


async def first(request: Request) -> Response:
    """The page of the first branch, or of what all branches share."""
    here = await enter(request, RIGHTS)
    return kit.see_other(f"{PAGE}/{here.branches[0].slug if here.branches else ORGANISATION_SLUG}")


async def show(request: Request) -> Response:
    """The events, and which of them have own words."""
    here, place = await _at(request)
    texts: Collection[Any] = place.value.messages.values()
    services = place.things(here.words).get("service", {})
    rows = [Row(event, _href(place.slug, event), tuple(_own(here, place, event, texts, services))) for event in WORDED]
    places: list[tuple[str, Names]] = [(one.slug, one.names) for one in here.branches if one.slug != place.slug]
    if here.person.may_any(RIGHTS, ORGANISATION) and place.slug != ORGANISATION_SLUG:
        places.append((ORGANISATION_SLUG, {}))
    context = {"place": place, "rows": rows, "places": places}
    return await office_page(here, "office/letters.html", context, belongs=PAGE)


async def edit(request: Request) -> Response:
    """The words about an event, and the letter."""
    editor = await _editor(request)
    return await editor.page(editor.form.fill(editor.values))


async def change(request: Request) -> Response:
    """What its form sent."""
    editor = await _editor(request)
    return await editor.answer(await received(request))


def _own(
    here: InOffice, place: SettingsPlace, event: Event, texts: Collection[Any], services: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for one in texts:
        of, service, channel = _about(one)
        if of is event:
            for_what = services.get(service, service) if service else here.words.text("messages.every-service")
            by = here.words.text(f"setting.word.channel-of-messages.{channel}") if channel else ""
            said = " · ".join(part for part in (for_what, by) if part)
            yield _href(place.slug, event, service or "", channel or ""), said


def _about(one: MessageTextOwn) -> tuple[Event, str | None, str | None]:
    return one.event, getattr(one, "service", None), one.channel


def _href(place: str, event: Event, service: str = "", channel: str = "") -> str:
    asked = "&".join(f"{name}={one}" for name, one in (("service", service), ("channel", channel)) if one)
    return f"{PAGE}/{place}/{event.value}" + (f"?{asked}" if asked else "")


async def _at(request: Request) -> tuple[InOffice, SettingsPlace]:
    here = await enter(request, RIGHTS)
    return here, await settings_at(here, request.path_params["place"], RIGHTS)


async def _editor(request: Request) -> _Editor:
    here, place = await _at(request)
    name, asked = request.path_params["event"], request.query_params
    if name not in WORDED:
        raise Missing("not-found")
    branches = here.branches or tuple(await here.all_branches())
    # What all branches share is shown with an appointment of the first one that has some.
    shared = sorted(branches, key=lambda one: not one.services) if place.slug == ORGANISATION_SLUG else []
    branch = next((one for one in branches if one.slug == place.slug), next(iter(shared), None))
    service, channel = asked.get("service", ""), asked.get("channel", "")
    known: Collection[str] = place.value.services if isinstance(place.value, Branch) else ()
    if service not in ("", *known) or channel not in ("", *_CHANNELS):
        raise Missing("service")
    form = SettingForm(declaration_of(KIND, place.shape), place.things(here.words), here.words, place.languages, FIELDS)
    return _Editor(here, place, branch, Event(name), service, channel, form)


routes: list[BaseRoute] = [
    Route(PAGE, first),
    Route(f"{PAGE}/{{place}}", show),
    Route(f"{PAGE}/{{place}}/{{event}}", edit),
    Route(f"{PAGE}/{{place}}/{{event}}", change, methods=["POST"]),
]
