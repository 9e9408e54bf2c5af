"""Appointments that the settings no longer support and on which nobody has decided yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.bookings import record_look_ups
from ...actions.decisions import decide_listed
from ...core import contacts
from ...core.errors import Missing
from ...core.promises import Choice, Choices
from ...core.rights import CALL_OFF_RIGHTS, CONTACT_RIGHTS, DECISION_RIGHTS, MOVE_RIGHTS
from ...i18n import dates
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.effect import Undecided, undecided
from ...store.queries.settings import BranchSettings
from ...web import kit
from ...web.departments import services_for
from .effects import MOST_FIELDS, Group, Row, grouped, read_choices
from .frame import InOffice, enter, office_page

PAGE: Final = "/office/undecided"
# The log has this word for a contact that was shown so that the visitor can be called.
BY_CALL: Final = "call"


@dataclass(frozen=True, slots=True)
class BranchList:
    """What is to be decided at one branch, and the choices that the person has there."""

    branch: BranchSettings
    groups: tuple[Group, ...]
    choices: tuple[Choice, ...]
    sees_contacts: bool


async def show(request: Request) -> Response:
    """The list, by branch and reason."""
    return await _page(await enter(request, DECISION_RIGHTS))


async def decide(request: Request) -> Response:
    """Carry out what is chosen; what is left for later stays on the list."""
    here = await enter(request, DECISION_RIGHTS)
    branch = here.named(request.path_params["branch"])
    choices = read_choices(await kit.form_items(request, most=MOST_FIELDS), choices_of(here.person, branch))
    listed = await here.read(_listed, here.person, branch)
    wanted = {one.booking.id: choices.of(one.booking.id, one.why) for one in listed}
    decided = {key: choice for key, choice in wanted.items() if choice is not Choice.LATER}
    done = await here.at(branch).do(decide_listed, decided, here.actor) if decided else {}
    missed = sum(1 for key, how in done.items() if how.value != decided[key].value)
    return kit.see_other(f"{PAGE}?{urlencode({'done': len(done) - missed, 'missed': missed})}")


async def contact(request: Request) -> Response:
    """The page with the contact of one visitor, so that they can be called; the log keeps who looked it up."""
    here = await enter(request, DECISION_RIGHTS)
    branch = here.named(request.path_params["branch"])
    if not here.person.may_any(CONTACT_RIGHTS, branch.id):
        raise Missing("booking")
    listed = await here.read(_listed, here.person, branch)
    wanted = [one.booking for one in listed if str(one.booking.id) == request.path_params["booking"]]
    if not wanted:
        raise Missing("booking")
    await here.at(branch).do(record_look_ups, wanted, BY_CALL, here.actor)
    return await _page(here, shown=wanted[0].id)


def choices_of(person: StaffView, branch: BranchSettings) -> frozenset[Choice]:
    """The choices that a person may make at a branch."""
    found = {Choice.LATER}
    if person.may_any(MOVE_RIGHTS, branch.id):
        found |= {Choice.MOVE, Choice.KEEP}
    if person.may_any(CALL_OFF_RIGHTS, branch.id):
        found.add(Choice.CANCEL)
    return frozenset(found)


async def _page(here: InOffice, shown: UUID | None = None) -> Response:
    lists = [await _branch_list(here, branch, shown) for branch in here.branches]
    params = here.request.query_params
    values = {
        "lists": [one for one in lists if one.groups],
        "done": _count(params.get("done", "")),
        "missed": _count(params.get("missed", "")),
    }
    return await office_page(here, "office/undecided.html", values)


async def _branch_list(here: InOffice, branch: BranchSettings, shown: UUID | None) -> BranchList:
    listed = await here.read(_listed, here.person, branch)
    sees = here.person.may_any(CONTACT_RIGHTS, branch.id)
    may = choices_of(here.person, branch)
    rows = [(one.why, _row(here, branch, one, sees=sees, shown=shown)) for one in listed]
    choices = tuple(choice for choice in Choice if choice in may)
    return BranchList(branch, grouped(rows, Choices()), choices, sees)


def _row(here: InOffice, branch: BranchSettings, one: Undecided, *, sees: bool, shown: UUID | None) -> Row:
    booking = one.booking
    return Row(
        id=booking.id,
        code=booking.code,
        at=dates.day_time(booking.starts_at, branch.zone, here.words),
        service=branch.services[booking.service_id].listed_names,
        name=booking.name if sees else None,
        contact=contacts.shown(booking.contact) if sees and booking.id == shown else None,
        unanswered=one.unanswered,
    )


def _listed(tx: Tx, person: StaffView, branch: BranchSettings) -> list[Undecided]:
    """What is to be decided in the departments of a person."""
    allowed = services_for(person, branch, DECISION_RIGHTS)
    return [one for one in _by_time(undecided(tx, branch)) if one.booking.service_id in allowed]


def _by_time(listed: Iterable[Undecided]) -> list[Undecided]:
    """Those first whose visitors must be called, because they were asked in vain."""
    return sorted(listed, key=lambda one: (not one.unanswered, one.booking.starts_at, one.booking.code))


def _count(sent: str) -> int | None:
    return int(sent) if sent.isdecimal() and len(sent) < 5 else None


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/{{branch}}", decide, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{booking}}/contact", contact, methods=["POST"]),
]
