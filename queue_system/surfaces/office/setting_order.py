"""The order of things: one press moves a thing up or down in its list, through the flow of all edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.setting_rights import may_change
from ...core.edit_rights import edit_rights
from ...core.errors import Denied, Missing
from ...settings.edits import Edit
from ...web import kit
from .editing import answer, asks_for_form
from .frame import InOffice
from .places import SettingsPlace
from .setting_at import LIST, PAGE, at
from .setting_kinds import Kind

#: The field with the order that the person saw, and the buttons.
ORDER: Final = "order"
BUTTONS: Final[Mapping[str, int]] = {"up": -1, "down": 1}
#: More slugs than any list has.
_LONGEST: Final = 100_000


async def move(request: Request) -> Response:
    """Move one thing; where somebody has moved others meanwhile, the flow asks which order holds."""
    here, place, kind = await at(request)
    if not may_order(here, place, kind):
        raise Denied("not-allowed")
    items = await kit.form_items(request, longest=_LONGEST)
    form = dict(items)
    href = f"{PAGE}/{place.slug}/{kind.name}"
    if asks_for_form(items):
        return kit.see_other(href)
    button = next((one for one in BUTTONS if one in form), "")
    seen = form.get(ORDER, "").split()
    if not button or form[button] not in seen or (kind.name, form[button]) not in place.objects:
        raise Missing("not-found")
    field = place.shape.things[kind.name]
    wanted = _moved(seen, form[button], BUTTONS[button])
    edit = Edit(place.shape.kind, place.value.slug, {field: seen}, {field: wanted})
    back = f"{href}?{urlencode({'moved': f'{form[button]}.{button}'})}"
    title = here.words.text(f"office.kind-{kind.name}")
    return await answer(request, place.id, [edit], title=title, back=back, heading_href=href, at_once=True)


def may_order(here: InOffice, place: SettingsPlace, kind: Kind) -> bool:
    """Whether the person may change the order of the things of a kind."""
    if not kind.ordered:
        return False
    own, field = place.shape.kind, place.shape.things[kind.name]
    return may_change(here.person, edit_rights(own, field), place.id, own, place.value.slug, (place.value,))


def _moved(order: Sequence[str], slug: str, by: int) -> list[str]:
    """The order with one thing before or behind its neighbour; the same at either end."""
    found, old = list(order), order.index(slug)
    new = min(max(old + by, 0), len(found) - 1)
    found.insert(new, found.pop(old))
    return found


routes: list[BaseRoute] = [Route(LIST, move, methods=["POST"])]
