"""The things that the office edits: their lists, a page for each with its form, the form of a new one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.setting_rights import LEVEL, may_add, may_change, may_change_some
from ...core.edit_rights import edit_rights
from ...core.errors import Denied, Missing
from ...core.hours import business_date
from ...core.rights import OBJECT_RIGHTS
from ...i18n.words import Words
from ...settings.branch import Branch
from ...settings.consistency import Located
from ...settings.declared import Declared, Names
from ...settings.edits import Edit
from ...settings.faults import Fault
from ...settings.objects import OF_BRANCH, OF_ORGANISATION, Key, declaration_of, fields_of
from ...settings.organisation import ORGANISATION_SLUG
from ...settings.texts import SHOWN_TEXTS
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.setting_forms import WAS, Drawn, SettingForm, Typed, received
from ...web.setting_posted import Posted
from ...web.setting_words import fault_sentence
from . import printers
from .asking import about_thing, asked_about
from .changed import Sayer
from .editing import answer, asks_for_form, saved_at
from .frame import InOffice, enter, office_page
from .places import SettingsPlace
from .removal import LAST, RETIRE, Obstacles, day_fault, obstacles_of
from .setting_at import LIST, PAGE, at
from .setting_completed import completed
from .setting_kinds import Kind, kind_named, kinds_of
from .setting_order import may_order
from .setting_slugs import SLUG, SlugField, free_slugs, slug_field, slug_of
from .used_by import used_by

NEW: Final = "/office/new-setting/{place}/{kind}"
#: The button that removes a thing.
REMOVE: Final = "remove"
#: What one has to know of a kind of thing before one changes it.
_NOTES: Final = {"occasion": "office.note-occasion", "device_model": "office.note-device_model"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list; `values` are those of its columns in words."""

    slug: str
    href: str
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsedBy:
    """A thing that refers to another one; `href` is "" where it has no page, `branch` its branch for what all share."""

    href: str
    name: str
    kind: str
    branch: Names | None


@dataclass(frozen=True)
class _Editor:
    """The form of one thing, or of a new one whose slug is ""; what a place has once is addressed by the place."""

    here: InOffice
    place: SettingsPlace
    kind: Kind
    slug: str
    form: SettingForm
    ask: SlugField | None = None

    @property
    def values(self) -> dict[str, Any]:
        return self.place.objects[self.key]

    @property
    def key(self) -> tuple[str, str]:
        return self.kind.name, self.place.value.slug if self.kind.alone else self.slug

    @property
    def list_href(self) -> str:
        """The page on which the thing is listed."""
        return PAGE if self.kind.alone else f"{PAGE}/{self.place.slug}/{self.kind.name}"

    @property
    def href(self) -> str:
        """The page of the thing; for a new one the list that it comes into."""
        return _href(self.place.slug, self.kind.name, self.slug) if self.slug else self.list_href

    @property
    def name(self) -> str:
        if not self.slug:
            return self.here.words.text(f"office.new-{self.kind.name}")
        return Sayer(self.place, self.here.words).name(*self.key)

    def empty(self) -> Drawn:
        """The form of a new thing."""
        drawn = self.form.draw(self.form.fill({}))
        return self.ask.before(drawn, Posted(()), (), self.here.words) if self.ask else drawn

    def draw(self, posted: Posted, typed: Typed, faults: Sequence[Fault] = ()) -> Drawn:
        """The form with what was typed, and what is wrong."""
        of_form = [one for one in faults if self.ask is None or one.field != SLUG]
        drawn = self.form.draw(self.form.again(posted, typed), of_form)
        return self.ask.before(drawn, posted, faults, self.here.words) if self.ask else drawn

    async def page(self, drawn: Drawn, status: int = 200, obstacles: Obstacles | None = None) -> Response:
        """The page with the form; `obstacles` are what keeps the thing from being removed, if that was wanted."""
        place, kind = self.place, self.kind
        context = {
            "kind": kind,
            "place": place,
            "name": self.name,
            "slug": self.slug,
            "drawn": drawn,
            "groups": _grouped(kind, drawn),
            "has_rows": any(field.look == "rows" for field in drawn.fields),
            "used": list(self._uses()) if self.slug and not kind.alone else [],
            "saved": saved_at(self.here.request, place.slug),
            "list_href": self.list_href,
            "beside": self._beside(),
            "note": _note(kind.name, self.slug),
            "removable": bool(self.slug) and kind.adds,
            "obstacles": obstacles,
            "retires": any(field.name == "until" for field in drawn.fields),
            "asked": await asked_about(self.here, about_thing(place.id, self.key)) if self.slug else (),
        }
        return await office_page(self.here, "office/setting.html", context, status=status, belongs=PAGE)

    def _uses(self) -> Iterator[UsedBy]:
        """What refers to the thing, each by the name that it has at its own place."""
        sayers: dict[str, Sayer] = {}
        shared = not isinstance(self.place.value, Branch)
        for one in used_by(self.place.value, *self.key):
            if one.place not in sayers:
                at = replace(self.place, slug=one.place, value=one.branch) if one.branch else self.place
                sayers[one.place] = Sayer(at, self.here.words)
            name = sayers[one.place].name(one.kind, one.slug)
            branch = one.branch.names if shared and one.branch and one.kind != OF_BRANCH.kind else None
            yield UsedBy(self._page_of(one.place, one.kind, one.slug), name, one.kind, branch)

    def _beside(self) -> list[tuple[str, str]]:
        """Address and words of other pages that show this thing."""
        if self.slug and _is_printer(self.place, self.key):
            return [(f"{printers.PAGE}/{self.place.slug}/{self.slug}", "office.printer-page")]
        page = self.kind.beside
        return [(page.address, page.words)] if page and self.here.person.may_somewhere(page.rights) else []

    def _page_of(self, place: str, kind: str, slug: str) -> str:
        """The address of a thing that refers to this one; "" if it has no page, or none for the person."""
        of_all = place == ORGANISATION_SLUG
        there = of_all or any(branch.slug == place for branch in self.here.branches)
        known = kind_named(kind, OF_ORGANISATION if of_all else OF_BRANCH)
        return _href(place, kind, slug) if there and known is not None else ""

    async def answer(self, posted: Posted) -> Response:
        """Answer what the form sent: the form again, or the flow of its edit."""
        if self.slug and posted.has(RETIRE):
            return await self._retire(posted)
        typed = self.form.read(posted)
        chosen, missing = self.ask.read(posted) if self.ask else ("", ())
        if asks_for_form(posted.items):
            return await self.page(self.draw(posted, typed))
        if faults := (*missing, *typed.faults):
            return await self.page(self.draw(posted, typed, faults), 422)
        was: Mapping[str, Any] | None = self.form.was(posted) if self.slug else None
        if self.slug and self.values and was is None:
            seen = self.form.fill(self.values).raw(WAS)
            kept = Posted((name, seen if name == WAS else text) for name, text in self.form.again(posted, typed).items)
            outdated = (self.here.words.text("office.edit-outdated"),)
            return await self.page(replace(self.form.draw(kept), rest=outdated), 409)
        there = self.values if self.slug else None
        was, values = completed(self.kind.name, was, typed.values, self.place, there)
        slug = self.key[1] or chosen or slug_of(self.kind, values, self.place)
        now = None if self.slug and posted.has(REMOVE) else values

        async def refused(faults: Sequence[Located]) -> Response | None:
            own = [one.fault for one in faults if (one.kind, one.slug) == (self.kind.name, slug)]
            if now is None:
                obstacles = await obstacles_of(self.here, self.place, self.key, faults)
                return await self.page(self.form.draw(self.form.again(posted, typed)), 422, obstacles)
            if not own:
                return None
            return await self.page(self.draw(posted, typed, _first(own, faults)), 422)

        return await answer(
            self.here.request,
            self.place.id,
            [Edit(self.kind.name, slug, was=was, now=now)],
            title=self.name,
            back=self.list_href if now is None else self.href,
            heading_href=self.href,
            refused=refused,
        )

    async def _retire(self, posted: Posted) -> Response:
        """Answer the form that ends the thing with a day, because it cannot be removed."""
        if asks_for_form(posted.items):
            return kit.see_other(self.href)
        last = posted.text(LAST)

        async def wrong(faults: Sequence[Fault]) -> Response:
            words, things = self.here.words, self.place.things(self.here.words)
            error = fault_sentence(faults[0], things, words)
            obstacles = await obstacles_of(self.here, self.place, self.key, last=last, error=error)
            return await self.page(self.form.draw(self.form.fill(self.values)), 422, obstacles)

        async def refused(faults: Sequence[Located]) -> Response | None:
            own = [one.fault for one in faults if (one.kind, one.slug) == self.key]
            return await wrong(own) if own else None

        if (fault := day_fault(last)) is not None:
            return await wrong((fault,))
        was = {"until": self.values["until"]} if "until" in self.values else {}
        edit = Edit(*self.key, was=was, now={"until": last})
        return await answer(self.here.request, self.place.id, [edit], title=self.name, back=self.href, refused=refused)


async def index(request: Request) -> Response:
    """The kinds of things, by place."""
    here = await enter(request, OBJECT_RIGHTS)
    found = [(branch.slug, branch.names, _listed(here, branch.id, kinds_of(OF_BRANCH))) for branch in here.branches]
    common = _listed(here, ORGANISATION, kinds_of(OF_ORGANISATION))
    context = {
        "places": [one for one in found if one[2]],
        "common": (ORGANISATION_SLUG, common),
    }
    return await office_page(here, "office/settings.html", context)


async def list_things(request: Request) -> Response:
    """All things of one kind at one place; what is retired apart. Texts that no page shows are left out."""
    here, place, kind = await at(request)
    if kind.alone:
        raise Missing("not-found")
    say = Sayer(place, here.words)
    today = business_date(here.now, place.zone, place.value.day_starts) if isinstance(place.value, Branch) else None
    live: list[Row] = []
    retired: list[Row] = []
    for (of, slug), values in place.objects.items():
        if (
            of == kind.name
            and not _unused(of, slug)
            and may_change(here.person, kind.rights, place.id, of, slug, (place.value,))
        ):
            ended = today is not None and values.get("until", "9999") < today.isoformat()
            (retired if ended else live).append(_row(say, place, kind, slug, values))
    context = {
        "kind": kind,
        "place": place,
        "columns": [say.label(kind.name, column) for column in kind.columns],
        "live": live,
        "retired": retired,
        "adds": _adds(kind, place) and may_add(here.person, edit_rights(kind.name), place.id, kind.name),
        "order": " ".join(row.slug for row in live) if len(live) > 1 and may_order(here, place, kind) else "",
        "moved": request.query_params.get("moved", ""),
        "note": _note(kind.name, ""),
        "beside": kind.beside if kind.beside and here.person.may_somewhere(kind.beside.rights) else None,
        "saved": saved_at(request, place.slug),
    }
    return await office_page(here, "office/setting-list.html", context)


async def show(request: Request) -> Response:
    """One thing with its form."""
    editor = await _editor(request)
    return await editor.page(editor.form.draw(editor.form.fill(editor.values)))


async def change(request: Request) -> Response:
    """What its form sent."""
    editor = await _editor(request)
    return await editor.answer(await received(request))


async def show_new(request: Request) -> Response:
    """The form of a new thing."""
    editor = await _editor_of_new(request)
    return await editor.page(editor.empty())


async def add(request: Request) -> Response:
    """What the form of a new thing sent."""
    editor = await _editor_of_new(request)
    return await editor.answer(await received(request))


async def _editor(request: Request) -> _Editor:
    here, place, kind = await at(request)
    slug = request.path_params["slug"]
    if slug != place.slug if kind.alone else (kind.name, slug) not in place.objects:
        raise Missing("not-found")
    key = kind.name, place.value.slug if kind.alone else slug
    fields = [
        name
        for name in kind.fields
        if may_change(here.person, edit_rights(kind.name, name), place.id, *key, (place.value,))
        and not (name == "kit" and _is_printer(place, key))
    ]
    if not fields:
        raise Denied("not-allowed")
    return _Editor(here, place, kind, slug, _form(place, kind, fields, here.words))


async def _editor_of_new(request: Request) -> _Editor:
    here, place, kind = await at(request)
    if not _adds(kind, place):
        raise Missing("not-found")
    if not may_add(here.person, edit_rights(kind.name), place.id, kind.name):
        raise Denied("not-allowed")
    fields = [
        name
        for name in kind.fields
        if name not in kind.later and (name != LEVEL or here.person.may_any(edit_rights(kind.name, name), place.id))
    ]
    form = _form(place, kind, fields, here.words)
    return _Editor(here, place, kind, "", form, slug_field(kind, place, here.words))


def _adds(kind: Kind, place: SettingsPlace) -> bool:
    return kind.adds and (not kind.chosen or bool(free_slugs(kind, place)))


def _is_printer(place: SettingsPlace, key: Key) -> bool:
    return key[0] == "device" and place.objects[key]["kit"]["kind"] == "printer"


def _form(place: SettingsPlace, kind: Kind, fields: Collection[str], words: Words) -> SettingForm:
    declaration: type[Declared] = (
        next(iter({fields_of(kind.name, kind.shape)[name] for name in fields}))
        if kind.alone
        else declaration_of(kind.name, kind.shape)
    )
    return SettingForm(declaration, place.things(words), words, place.languages, fields)


def _listed(here: InOffice, place: UUID, kinds: Sequence[Kind]) -> list[Kind]:
    return [kind for kind in kinds if may_change_some(here.person, kind.rights, place, kind.name)]


def _row(say: Sayer, place: SettingsPlace, kind: Kind, slug: str, values: Mapping[str, Any]) -> Row:
    shown = tuple(say.value(kind.name, column, values.get(column)) for column in kind.columns)
    return Row(slug, _href(place.slug, kind.name, slug), say.name(kind.name, slug, values), shown)


def _href(place: str, kind: str, slug: str) -> str:
    return f"{PAGE}/{place}/{kind}/{slug}"


def _grouped(kind: Kind, drawn: Drawn) -> list[tuple[str, list[Any]]]:
    """The fields of a form below their headings, in the order of the kind; what ends a thing is last."""
    order = [name for _, names in kind.groups for name in names]
    of = {**{name: heading for heading, names in kind.groups for name in names}, "until": "end"}
    rest = "more" if kind.groups else ""
    found: dict[str, list[Any]] = {heading: [] for heading in (*(one for one, _ in kind.groups), rest, "end")}
    for field in sorted(drawn.fields, key=lambda one: order.index(one.name) if one.name in order else len(order)):
        found[of.get(field.name, rest)].append(field)
    return [(heading, fields) for heading, fields in found.items() if fields]


def _note(kind: str, slug: str) -> str:
    """The key of what one has to know of a thing before one changes it; "" for nothing."""
    return "office.note-text-unused" if slug and _unused(kind, slug) else _NOTES.get(kind, "")


def _unused(kind: str, slug: str) -> bool:
    return kind == "text" and slug not in SHOWN_TEXTS


def _first(own: list[Fault], faults: Sequence[Located]) -> list[Fault]:
    """The faults of a thing, and those of others, which belong to no field of its form.

    They are told apart by identity, because another thing may have an equal fault.
    """
    mine = set(map(id, own))
    return [*own, *(replace(one.fault, field="") for one in faults if id(one.fault) not in mine)]


routes: list[BaseRoute] = [
    Route(PAGE, index),
    Route(NEW, show_new),
    Route(NEW, add, methods=["POST"]),
    Route(LIST, list_things),
    Route(f"{LIST}/{{slug}}", show),
    Route(f"{LIST}/{{slug}}", change, methods=["POST"]),
]
