"""What was changed of a thing in the settings, by whom and when, and how it is taken back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Missing, Stale
from ...core.rights import SETTINGS_RIGHTS
from ...i18n import dates
from ...settings.edits import Edit
from ...settings.objects import OF_BRANCH, OF_ORGANISATION
from ...settings.organisation import ORGANISATION_SLUG
from ...store.queries.access import staff_names
from ...store.queries.changes import ChangeView, change, history, reverse, saved_together
from ...web import kit
from .changed import ChangedObject, Sayer
from .editing import answer, asks_for_form, saved_at
from .effects import MOST_FIELDS
from .frame import enter, office_page
from .places import place_named, settings_at
from .setting_kinds import kind_named

PAGE: Final = "/office/history/{place}/{kind}/{slug}"
UNDO: Final = "/office/undo/{place}/{change}"
_OF_THE_OFFICE: Final = re.compile(r"/office(/[\w.-]+)*")


@dataclass(frozen=True, slots=True)
class Shown:
    """A change in words; `undo` is the address that takes it back, "" if that was done."""

    at: str
    by: str
    note: str
    change: ChangedObject
    undo: str
    undone: bool


async def show(request: Request) -> Response:
    """The changes of one thing, newest first."""
    slug, kind_name = request.path_params["place"], request.path_params["kind"]
    here = await enter(request, SETTINGS_RIGHTS)
    kind = kind_named(kind_name, OF_ORGANISATION if slug == ORGANISATION_SLUG else OF_BRANCH)
    if kind is None:
        raise Missing("not-found")
    here = await enter(request, kind.rights)
    place = await settings_at(here, slug, kind.rights)
    thing = place.value.slug if kind.alone else request.path_params["slug"]
    found = await here.read(history, place.id, kind.name, thing)
    say, names = Sayer(place, here.words), await here.read(staff_names)
    there = (kind.name, thing) in place.objects
    if not found and not there:
        raise Missing("not-found")
    values = (found[0].after or found[0].before) if found else None
    home = f"/office/settings/{place.slug}/{kind.name}/{request.path_params['slug']}"
    context = {
        "name": say.name(kind.name, thing, values),
        "href": home if there else home.rpartition("/")[0],
        "place": place,
        "rows": [
            Shown(
                dates.day_time(one.at, place.zone, here.words),
                _actor(one, names),
                one.note,
                say.change(Edit(one.kind, one.slug, one.before, one.after)),
                "" if one.undone_by else f"/office/undo/{place.slug}/{one.id}",
                one.undone_by is not None,
            )
            for one in found
        ],
        "saved": saved_at(request, place.slug),
    }
    return await office_page(here, "office/setting-history.html", context, belongs="/office/settings")


async def undo(request: Request) -> Response:
    """Show what taking a change back would do, with everything that was saved together with it; then do it."""
    here = await enter(request, SETTINGS_RIGHTS)
    slug = request.path_params["place"]
    place = place_named(here, slug, SETTINGS_RIGHTS)
    try:
        known = await here.read(change, place, UUID(request.path_params["change"]))
    except ValueError:
        raise Missing("change") from None
    if known.undone_by is not None:
        raise Stale("already-undone")
    together = await here.read(saved_together, place, known.save_id)
    form = dict(await kit.form_items(request, most=MOST_FIELDS))
    thing = slug if known.kind in (OF_BRANCH.kind, OF_ORGANISATION.kind) else known.slug
    history_href = f"/office/history/{slug}/{known.kind}/{thing}"
    sent = form.get("back", "")
    back = sent if _OF_THE_OFFICE.fullmatch(sent) else history_href
    if asks_for_form(form.items()):
        # An undo has no form of its own.
        return kit.see_other(back)
    return await answer(
        request,
        place,
        [reverse(one) for one in reversed(together) if one.undone_by is None],
        title=here.words.text("office.edit-undo-title"),
        back=back,
        undoes=known.id,
    )


def _actor(one: ChangeView, names: dict[UUID, str]) -> str:
    try:
        return names.get(UUID(one.actor_id), "")
    except ValueError:
        return ""


routes: list[BaseRoute] = [Route(PAGE, show), Route(UNDO, undo, methods=["POST"])]
