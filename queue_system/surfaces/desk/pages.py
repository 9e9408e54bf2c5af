"""The clerk's desk: choose a counter, see the line, call, serve, send on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from ...actions import calling, counters
from ...actions.counters import Desk
from ...actions.raising import raise_ticket
from ...actions.sessions import SESSION_IDLE
from ...core.errors import Denied, DomainError, Invalid, Missing, Refused, Stale
from ...core.reasons import usual_reason
from ...core.tickets import TicketState
from ...i18n.words import Words
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.desk import HolderView, holders
from ...store.queries.desk import desk as desk_view
from ...store.queries.line import TicketView
from ...store.queries.settings import BranchSettings, CounterView, branch_settings
from ...web import access, kit
from ...web.errors import message
from ...web.installation import installation_of
from ...web.staff_pages import staff_page
from . import following as desk_live
from .asking import ASKED, Question, question
from .view import queue_names


@dataclass(frozen=True, slots=True)
class Said:
    """What the desk says about the last press: done, or refused and why."""

    kind: str
    text: Markup


async def choose(request: Request) -> Response:
    """Branches and counters where this person may sit down."""
    person = await access.staff(request)
    return await _choose(request, person)


async def show(request: Request) -> Response:
    """The desk, or only its changing part for htmx."""
    person, branch, counter = await _here(request)
    return await _desk(request, person, branch, counter)


async def sit(request: Request) -> Response:
    """Open a counter; with `instead`, one whose clerk has gone without closing it."""
    person, branch, counter = await _here(request)
    form = await kit.form(request)
    action = counters.take_over if form.get("instead") else counters.open_counter
    try:
        await installation_of(request).database.write_in(branch.id, action, Desk(branch.id, counter.id, person.id))
    except DomainError as refusal:
        return await _choose(request, person, refusal=refusal, branch=branch)
    return kit.see_other(_address(branch, counter))


async def leave(request: Request) -> Response:
    """Close the counter."""
    person, branch, counter = await _here(request)
    try:
        await installation_of(request).database.write_in(
            branch.id, counters.close_counter, Desk(branch.id, counter.id, person.id)
        )
    except DomainError as refusal:
        return await _refused(request, person, branch, counter, refusal)
    return Response(headers={"HX-Redirect": "/desk"}) if kit.is_htmx(request) else kit.see_other("/desk")


# ---------------------------------------------------------------- what is done with tickets

# What is said of an outcome that has a button of its own, so that a slip of the hand is seen.
FINISHED: Final = {"documents_missing": "desk.did-finish-missing", "refused": "desk.did-finish-refused"}

# Does it, and returns the key of what is said about it with the ticket it was done to.
Act = Callable[[Tx, Desk, dict[str, str]], tuple[str, TicketView | None]]


def act(resource: str) -> Callable[[Request], Awaitable[Response]]:
    """The handler of one resource below a counter: the fresh desk, refused or not."""

    async def handler(request: Request) -> Response:
        person, branch, counter = await _here(request)
        form = await kit.form(request)
        try:
            here = Desk(branch.id, counter.id, person.id, _expected(form))
            said, ticket = await installation_of(request).database.write_in(branch.id, ACTS[resource], here, form)
        except DomainError as refusal:
            if refusal.code in ASKED:
                return await _asked(request, person, branch, counter, refusal, resource, form)
            return await _refused(request, person, branch, counter, refusal)
        if not kit.is_htmx(request):
            return kit.see_other(_address(branch, counter))
        await installation_of(request).audiences.settle(installation_of(request).hub, branch.id)
        words = _words(request, branch)
        return await _desk(
            request, person, branch, counter, Said("good", words.html(said, code=ticket.code if ticket else ""))
        )

    return handler


def _call(tx: Tx, here: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    """The next visitor, or the one that the form names."""
    became = str(form["current"]) if form.get("current") else None
    if form.get("ticket"):
        reason = str(form["reason"]) if form.get("reason") else None
        return "desk.did-call", calling.call_ticket(tx, here, _id(form, "ticket"), became, reason)
    called = calling.call_next(tx, here, became)
    return "desk.did-call" if called else "desk.did-find-nobody", called


def _finish(tx: Tx, here: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    outcome = str(form.get("outcome") or "done")
    return FINISHED.get(outcome, "desk.did-finish"), calling.finish(tx, here, outcome)


def _absent(tx: Tx, here: Desk, _form: dict[str, str]) -> tuple[str, TicketView | None]:
    ticket = calling.mark_absent(tx, here)
    return "desk.did-skip" if ticket.state is TicketState.WAITING else "desk.did-no-show", ticket


def _raise(tx: Tx, here: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    """The class says by its evidence what establishes it."""
    priority, ticket_id = str(form.get("class") or ""), _id(form, "ticket")
    if not priority:
        raise Refused("raise-class-missing")
    known = branch_settings(tx, here.branch_id).priorities.get(priority)
    reason = usual_reason(known.evidence) if known else None
    return "desk.did-raise", raise_ticket(tx, here.branch_id, ticket_id, priority, reason or "", here.actor)


def _transfer(tx: Tx, here: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    if not form.get("service"):
        raise Invalid("service-not-chosen", "service")
    return "desk.did-transfer", calling.transfer(tx, here, _id(form, "service"))


def _return(tx: Tx, here: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    return "desk.did-return", calling.resume(tx, here.branch_id, _id(form, "ticket"), here.actor)


ACTS: Final[dict[str, Act]] = {
    "calls": _call,
    "recalls": lambda tx, here, form: ("desk.did-recall", calling.recall(tx, here)),
    "starts": lambda tx, here, form: ("desk.did-start", calling.start_serving(tx, here)),
    "finishes": _finish,
    "absences": _absent,
    "parkings": lambda tx, here, form: ("desk.did-park", calling.park(tx, here)),
    "transfers": _transfer,
    "returns": _return,
    "raises": _raise,
    "take-backs": lambda tx, here, form: ("desk.did-take-back", calling.take_back(tx, here)),
}


# ---------------------------------------------------------------- inside


async def _here(request: Request) -> tuple[StaffView, BranchSettings, CounterView]:
    """Who acts, and at which counter; raises SignedOut, Missing, Denied."""
    # First of all somebody must be signed in: others need not learn which branches and counters exist.
    person = await access.staff(request)
    branch = await access.branch(request)
    if not person.may_any(access.DESK_RIGHTS, branch.id):
        raise Denied("not-allowed")
    return person, branch, branch.counter(request.path_params["counter"])


def _expected(form: dict[str, str]) -> UUID | None:
    """The ticket that the page showed; what is no id cannot be the present one."""
    value = str(form.get("expected") or "")
    try:
        return UUID(value) if value else None
    except ValueError:
        raise Stale("desk-stale") from None


def _id(form: dict[str, str], name: str) -> UUID:
    try:
        return UUID(str(form.get(name, "")))
    except ValueError:
        raise Missing(name) from None


async def _refused(
    request: Request, person: StaffView, branch: BranchSettings, counter: CounterView, refusal: DomainError
) -> Response:
    words = _words(request, branch)
    return await _desk(
        request, person, branch, counter, Said("warning", escape(message(refusal, words))), refusal.status
    )


async def _asked(
    request: Request,
    person: StaffView,
    branch: BranchSettings,
    counter: CounterView,
    refusal: DomainError,
    resource: str,
    form: dict[str, str],
) -> Response:
    """The press leaves something open: the desk with the question, or the refusal where nobody is left to ask about."""
    view = await installation_of(request).database.read(desk_view, branch.id, counter.slug, SESSION_IDLE)
    asked = question(refusal.code, resource, form, view)
    if asked is None:
        return await _refused(request, person, branch, counter, refusal)
    return await _desk(request, person, branch, counter, status=refusal.status, asked=asked)


async def _desk(
    request: Request,
    person: StaffView,
    branch: BranchSettings,
    counter: CounterView,
    said: Said | None = None,
    status: int = 200,
    asked: Question | None = None,
) -> Response:
    view = await installation_of(request).database.read(desk_view, branch.id, counter.slug, SESSION_IDLE)
    everybody = "all" in request.query_params
    values = desk_live.values(installation_of(request), view, person, everybody=everybody) | {
        "said": said,
        "asked": asked,
    }
    template = "desk/_desk.html" if kit.is_htmx(request) else "desk/desk.html"
    return await staff_page(request, person, template, values, branch=branch, status=status)


async def _choose(
    request: Request, person: StaffView, *, refusal: DomainError | None = None, branch: BranchSettings | None = None
) -> Response:
    installation = installation_of(request)
    places = [place for place in await access.branches(request) if person.may_any(access.DESK_RIGHTS, place.id)]
    if not places:
        raise Denied("not-allowed")
    halls: list[tuple[BranchSettings, dict[UUID, HolderView]]] = [
        (place, await installation.database.read(holders, place.id, SESSION_IDLE)) for place in places
    ]
    values: dict[str, Any] = {
        "halls": halls,
        "person": person,
        "queue_names": queue_names,
        "refusal": message(refusal, _words(request, branch)) if refusal else "",
    }
    return await staff_page(request, person, "desk/choose.html", values, status=refusal.status if refusal else 200)


def _words(request: Request, branch: BranchSettings | None) -> Words:
    return kit.words_of(kit.language_of(request, branch), branch)


def _address(branch: BranchSettings, counter: CounterView) -> str:
    return f"/desk/{branch.slug}/{counter.slug}"


routes: list[BaseRoute] = [
    Route("/desk", choose),
    Route("/desk/{branch}/{counter}", show),
    WebSocketRoute("/desk/{branch}/{counter}/live", desk_live.live),
    Route("/counters/{branch}/{counter}/sitting", sit, methods=["POST"]),
    Route("/counters/{branch}/{counter}/leaving", leave, methods=["POST"]),
    *(Route(f"/counters/{{branch}}/{{counter}}/{resource}", act(resource), methods=["POST"]) for resource in ACTS),
]
