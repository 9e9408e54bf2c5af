"""The call list: whom no message reaches. Names and numbers one by one, because the log keeps who looked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.look_ups import record_look_ups
from ...actions.phone_calls import tick
from ...core import contacts
from ...core.absence import FollowUp
from ...core.errors import Missing
from ...core.rights import PHONE_LIST_RIGHTS, PHONE_RIGHTS
from ...store.database import Tx
from ...store.queries.phone_calls import PhoneCallView, missed, phone_calls
from ...store.queries.settings import BranchSettings, Names
from ...web import kit
from ...web.here import StaffAtBranch, staff_at_branch
from ...web.safe_contact import WayInForce, way_of
from .day import address

# The log has this word for a contact that was shown so that the visitor can be called.
BY_CALL: Final = "call"
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody to call. `name` and `contact` are None until they are asked for.

    `discreet`: the service is told to nobody but the visitor. `way` says whether and when the visitor may be called.
    """

    call: PhoneCallView
    names: Names
    may_see: bool
    discreet: bool
    way: WayInForce
    name: str | None = None
    contact: str | None = None


async def show(request: Request) -> Response:
    """`/appointments/{branch}/calls`: the list."""
    return await _page(await staff_at_branch(request, PHONE_LIST_RIGHTS))


async def contact(request: Request) -> Response:
    """The list with names and numbers: of one person, or of `all` for paper. The log keeps who looked each of them up."""
    here = await staff_at_branch(request, PHONE_LIST_RIGHTS)
    callable_for = here.services(PHONE_RIGHTS)
    listed = await _open(here) if request.path_params["booking"] == ALL else await _wanted(here)
    found = [one for one in listed if one.booking.service_id in callable_for]
    if not found:
        raise Missing("booking")
    await here.do(record_look_ups, [one.booking for one in found], BY_CALL, here.actor)
    return await _page(here, {(one.booking.id, one.n) for one in found})


async def press(request: Request) -> Response:
    """An attempt: `reached` is 1, or 0 where nobody answered."""
    here = await staff_at_branch(request, PHONE_LIST_RIGHTS)
    wanted = await _wanted(here)
    if not wanted:
        raise Missing("booking")
    form = await kit.form(request)
    await here.do(tick, wanted[0].booking.id, wanted[0].n, here.actor, reached=form.get("reached") == "1")
    return kit.see_other(f"{address(here.branch)}/calls")


async def _wanted(here: StaffAtBranch) -> list[PhoneCallView]:
    """The open call about the booking that the address names, to the person of it whose number the form has; or none."""
    named = here.request.path_params["booking"], (await kit.form(here.request)).get("n", "0")
    return [one for one in await _open(here) if (str(one.booking.id), str(one.n)) == named]


async def _open(here: StaffAtBranch) -> list[PhoneCallView]:
    """Those of this person's departments who were not reached yet."""
    mine = here.services(PHONE_LIST_RIGHTS)
    found = await here.read(_listed, here.branch)
    return [one for one in found if one.booking.service_id in mine and one.reached_at is None]


def _listed(tx: Tx, branch: BranchSettings) -> list[PhoneCallView]:
    return [*phone_calls(tx, branch), *missed(tx, branch)]


async def _page(here: StaffAtBranch, shown: Collection[tuple[UUID, int]] = ()) -> Response:
    mine, callable_for = here.services(PHONE_LIST_RIGHTS), here.services(PHONE_RIGHTS)
    rows = [
        _row(here, one, may_see=one.booking.service_id in callable_for, shown=(one.booking.id, one.n) in shown)
        for one in await here.read(_listed, here.branch)
        if one.booking.service_id in mine
    ]
    values = {
        "base": address(here.branch),
        "all_shown": bool(shown) and len(shown) == sum(one.may_see for one in rows if one.call.reached_at is None),
        "waiting": [one for one in rows if one.call.reached_at is None and one.call.event != FollowUp.MISSED],
        "missed": [one for one in rows if one.call.reached_at is None and one.call.event == FollowUp.MISSED],
        "reached": [one for one in rows if one.call.reached_at is not None],
    }
    return await here.page("appointments/calls.html", values)


def _row(here: StaffAtBranch, one: PhoneCallView, *, may_see: bool, shown: bool) -> Row:
    service, person = here.branch.services[one.booking.service_id], one.other or one.booking
    way = way_of(here.branch, here.words, service.id, person.contact_way, person.contact_note)
    row = Row(one, service.listed_names, may_see, service.confidentiality.discreet, way)
    if not shown:
        # The note may name somebody, so it comes with the number, and the log says who looked.
        return replace(row, way=replace(way, note=""))
    known = person.contact if way.shows else ""
    return Row(
        row.call,
        row.names,
        may_see,
        row.discreet,
        way,
        name=person.name,
        contact=contacts.shown(known),
    )


routes: list[BaseRoute] = [
    Route("/appointments/{branch}/calls", show),
    Route("/appointments/{branch}/calls/{booking}", press, methods=["POST"]),
    Route("/appointments/{branch}/calls/{booking}/contact", contact, methods=["POST"]),
]
