"""The clerk's desk: choose a counter, see the line, call, serve, send on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from ...actions import alarms, breaks, calling, counters, families, transferring
from ...actions.counters import Desk
from ...actions.raising import raise_ticket
from ...actions.sessions import SESSION_IDLE
from ...actions.ticket_notes import note_for_next
from ...actions.transferring import Goal
from ...core.errors import Denied, DomainError, Invalid, Missing, Refused, Stale
from ...core.reasons import usual_reason
from ...core.rights import DESK_RIGHTS
from ...core.tickets import TicketState
from ...i18n.filters import localised
from ...store.database import Tx
from ...store.queries.desk import DeskView, desk_view, holders
from ...store.queries.families import waiting_with_number
from ...store.queries.line import TicketView
from ...store.queries.settings import branch_settings
from ...web import kit
from ...web.access import in_service
from ...web.alarms import alarm_values
from ...web.at_counter import AtCounter, at_counter
from ...web.departments import counters_for, in_use
from ...web.errors import message
from ...web.here import StaffHere, staff_here
from ...web.staff_pages import staff_page
from .alarms import SURE, SURE_WITHIN
from .asking import ASKED, Question, question
from .following import desk_values, live
from .view import queue_names
from .vouchers import voucher_after, voucher_page


@dataclass(frozen=True, slots=True)
class Said:
    """What the desk says about the last press: that it is done, or why it was refused."""

    kind: str
    text: Markup


async def choose(request: Request) -> Response:
    """Branches and counters that this person may open."""
    return await _choose(await staff_here(request))


async def show(request: Request) -> Response:
    """The desk, or for htmx only the part of it that changes."""
    return await _desk(await at_counter(request))


async def sit(request: Request) -> Response:
    """Open a counter; with `instead`, take over one whose clerk left without closing it."""
    here = await at_counter(request)
    form = await kit.form(request)
    action = counters.take_over if form.get("instead") else counters.open_counter
    try:
        await here.write(action, here.desk())
    except DomainError as refusal:
        return await _choose(here, refusal)
    return kit.see_other(_address(here))


async def leave(request: Request) -> Response:
    """Close the counter."""
    here = await at_counter(request)
    try:
        await here.write(counters.close_counter, here.desk())
    except DomainError as refusal:
        return await _refused(here, refusal)
    return Response(headers={"HX-Redirect": "/desk"}) if kit.is_htmx(request) else kit.see_other("/desk")


async def pause(request: Request) -> Response:
    """The counter calls nobody for some time."""
    here = await at_counter(request)
    form = await kit.form(request)
    minutes = str(form.get("minutes", ""))
    try:
        if not minutes.isdecimal():
            raise Invalid("away-minutes", "minutes")
        await here.write(breaks.begin_break, here.desk(), str(form.get("reason", "")), int(minutes[:5]))
    except DomainError as refusal:
        return await _refused(here, refusal)
    return await _desk(here) if kit.is_htmx(request) else kit.see_other(_address(here))


async def resume(request: Request) -> Response:
    """The counter calls again."""
    here = await at_counter(request)
    try:
        await here.write(breaks.end_break, here.desk())
    except DomainError as refusal:
        return await _refused(here, refusal)
    return await _desk(here) if kit.is_htmx(request) else kit.see_other(_address(here))


async def call_for_help(request: Request) -> Response:
    """A silent emergency call, in two presses of the same place; the first one changes nothing."""
    here = await at_counter(request)
    form = await kit.form(request)
    if not form.get(SURE):
        return await _desk(here, alarm_asked=here.now + SURE_WITHIN)
    await here.write(alarms.raise_alarm, here.desk())
    return await _desk(here) if kit.is_htmx(request) else kit.see_other(_address(here))


# ---------------------------------------------------------------- what is done with tickets

NOTHING: Final[Mapping[str, str]] = {}

# An outcome with a button of its own is named afterwards, so that the clerk notices a wrong press.
FINISHED: Final = {
    "done": "desk.did-finish",
    "documents_missing": "desk.did-finish-missing",
    "refused": "desk.did-finish-refused",
}

# Does it; returns the catalogue key of what to say about it, and the ticket.
Act = Callable[[Tx, Desk, dict[str, str]], tuple[str, TicketView | None]]


def act(resource: str) -> Callable[[Request], Awaitable[Response]]:
    """The handler of one action at a counter: it answers with the desk as it then is, also after a refusal."""

    async def handler(request: Request) -> Response:
        here = await at_counter(request)
        here.require(resource)
        form = await kit.form(request)
        try:
            said, ticket = await here.write(ACTS[resource], here.desk(_expected(form)), form)
        except DomainError as refusal:
            if refusal.code in ASKED:
                return await _asked(here, refusal, resource, form)
            return await _refused(here, refusal, form, resource)
        if not kit.is_htmx(request):
            return kit.see_other(_address(here))
        await here.screens_first()
        return await _desk(here, Said("good", await _sentence(here, said, ticket)))

    return handler


def _call(tx: Tx, desk: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    """The next visitor, or the one that the form names."""
    became = str(form["current"]) if form.get("current") else None
    if form.get("ticket"):
        reason = str(form["reason"]) if form.get("reason") else None
        return "desk.did-call", calling.call_ticket(tx, desk, _id(form, "ticket"), became, reason)
    called = calling.call_next(tx, desk, became, _seen(form))
    return "desk.did-call" if called else "desk.did-find-nobody", called


def _finish(tx: Tx, desk: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    outcome = str(form.get("outcome") or "done")
    return FINISHED.get(outcome, "desk.did-finish-as"), calling.finish(tx, desk, outcome)


def _next_service(tx: Tx, desk: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    if not form.get("service"):
        raise Invalid("service-not-chosen", "service")
    corrects = bool(form.get("corrects"))
    ticket = calling.next_service(tx, desk, _id(form, "service"), corrects=corrects)
    return "desk.did-correct-service" if corrects else "desk.did-next-service", ticket


def _absent(tx: Tx, desk: Desk, _form: dict[str, str]) -> tuple[str, TicketView | None]:
    ticket = calling.mark_absent(tx, desk)
    return "desk.did-skip" if ticket.state is TicketState.WAITING else "desk.did-no-show", ticket


def _raise(tx: Tx, desk: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    """Raises to the class that the form names; the reason is the evidence that this class needs."""
    priority, ticket_id = str(form.get("class") or ""), _id(form, "ticket")
    if not priority:
        raise Refused("raise-class-missing")
    known = branch_settings(tx, desk.branch_id).priorities.get(priority)
    reason = usual_reason(known.evidence) if known else None
    return "desk.did-raise", raise_ticket(tx, desk.branch_id, ticket_id, priority, reason or "", desk.actor)


def _transfer(tx: Tx, desk: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    whom = str(form.get("whom") or "")
    if not form.get("service") and not whom:
        raise Invalid("service-not-chosen", "service")
    goal = Goal(_id(form, "service") if form.get("service") else None)
    if whom == "back":
        goal = Goal(back=True)
    elif whom:
        kind, _, chosen = whom.partition(":")
        one = _id({"whom": chosen}, "whom")
        goal = replace(goal, staff_id=one) if kind == "person" else replace(goal, counter_id=one)
    return "desk.did-transfer", transferring.transfer(tx, desk, goal)


def _note(tx: Tx, desk: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    ticket, kept = note_for_next(tx, desk, str(form.get("text", "")))
    return "desk.did-note" if kept else "desk.did-remove-note", ticket


def _join(tx: Tx, desk: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    """Two numbers that were typed, of queues that are called here."""
    settings = branch_settings(tx, desk.branch_id)
    here = settings.counters[desk.counter_id].queues
    found = [waiting_with_number(tx, settings, str(form.get(field, ""))) for field in ("number", "other")]
    for one in found:
        if one.queue_id not in here:
            raise Refused("family-unknown", code=one.code)
    return "desk.did-join", families.join(tx, desk.branch_id, found[0].id, found[1].id, desk.actor)


def _split(tx: Tx, desk: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    return "desk.did-split", families.split(tx, desk.branch_id, _id(form, "ticket"), desk.actor)


def _return(tx: Tx, desk: Desk, form: dict[str, str]) -> tuple[str, TicketView | None]:
    return "desk.did-return", calling.resume(tx, desk.branch_id, _id(form, "ticket"), desk.actor)


ACTS: Final[dict[str, Act]] = {
    "calls": _call,
    "recalls": lambda tx, desk, form: ("desk.did-recall", calling.recall(tx, desk)),
    "starts": lambda tx, desk, form: ("desk.did-start", calling.start_serving(tx, desk)),
    "finishes": _finish,
    "absences": _absent,
    "parkings": lambda tx, desk, form: ("desk.did-park", calling.park(tx, desk)),
    "transfers": _transfer,
    "services": _next_service,
    "notes": _note,
    "returns": _return,
    "raises": _raise,
    "joins": _join,
    "splits": _split,
    "take-backs": lambda tx, desk, form: ("desk.did-take-back", calling.take_back(tx, desk)),
}


# ---------------------------------------------------------------- inside


async def _sentence(here: AtCounter, said: str, ticket: TicketView | None) -> Markup:
    """What is said of a press; a visit that ended for missing documents leads to its voucher, to be printed."""
    text = here.words.html(said, **_named(here, ticket))
    voucher = await voucher_after(here, ticket)
    if ticket is None or voucher is None:
        return text
    link = Markup('<a id="voucher-link" href="{}" target="_blank">{}</a>').format(
        f"{_address(here)}/vouchers/{ticket.id}", here.words.html("voucher.print", code=voucher.code)
    )
    return text + Markup(" · ") + link


def _named(here: AtCounter, ticket: TicketView | None) -> dict[str, str]:
    """What the sentences on a press name: the ticket, and an outcome of the branch's own."""
    if ticket is None:
        return {"code": ""}
    own = (here.branch.outcomes or {}).get(ticket.outcome or "")
    return {"code": ticket.code, "outcome": localised(own.names, here.words.language) if own else ""}


def _address(here: AtCounter) -> str:
    return f"/desk/{here.branch.slug}/{here.counter.slug}"


def _expected(form: dict[str, str]) -> UUID | None:
    """The ticket that the page showed; an invalid id is stale, because it cannot be the counter's ticket."""
    value = str(form.get("expected") or "")
    try:
        return UUID(value) if value else None
    except ValueError:
        raise Stale("desk-stale") from None


def _seen(form: dict[str, str]) -> UUID | None:
    """The ticket that the page showed as the next one, if it showed any."""
    value = str(form.get("seen") or "")
    try:
        return UUID(value) if value else None
    except ValueError:
        raise Stale("next-changed") from None


def _id(form: dict[str, str], name: str) -> UUID:
    try:
        return UUID(str(form.get(name, "")))
    except ValueError:
        raise Missing(name) from None


async def _refused(
    here: AtCounter, refusal: DomainError, form: Mapping[str, str] = NOTHING, resource: str = ""
) -> Response:
    """The desk with why it was refused, and what was typed into the form; the dialog that posted to `resource` is open again."""
    said = Said("warning", escape(message(refusal, here.words)))
    return await _desk(here, said, refusal.status, typed=form, refused=resource)


async def _asked(here: AtCounter, refusal: DomainError, resource: str, form: dict[str, str]) -> Response:
    """The desk with the question that the press asks, or the refusal if its visitor has gone meanwhile."""
    asked = question(refusal.code, resource, form, await _view(here), here.now)
    if asked is None:
        return await _refused(here, refusal)
    return await _desk(here, status=refusal.status, asked=asked)


async def _desk(
    here: AtCounter,
    said: Said | None = None,
    status: int = 200,
    asked: Question | None = None,
    typed: Mapping[str, str] = NOTHING,
    *,
    refused: str = "",
    alarm_asked: datetime | None = None,
) -> Response:
    values = desk_values(here, await _view(here)) | {"alarm_asked": alarm_asked}
    if not kit.is_htmx(here.request):
        values |= await alarm_values(here, here.branch)
    template = "desk/_desk.html" if kit.is_htmx(here.request) else "desk/desk.html"
    shown = {"said": said, "asked": asked, "typed": typed, "refused": refused}
    return await here.page(template, values | shown, status=status)


async def _view(here: AtCounter) -> DeskView:
    return await here.read(desk_view, here.branch.id, here.counter.slug, SESSION_IDLE)


async def _choose(here: StaffHere, refusal: DomainError | None = None) -> Response:
    places = in_service(await here.branches_with(DESK_RIGHTS), here.now)
    if not places:
        raise Denied("not-allowed")
    halls = []
    for place in places:
        sitting = await here.read(holders, place.id, SESSION_IDLE)
        own = counters_for(here.person, place, DESK_RIGHTS)
        halls.append((place, in_use(own, place, sitting, here.now), sitting))
    values: dict[str, Any] = {
        "halls": halls,
        "person": here.person,
        "queue_names": queue_names,
        "refusal": message(refusal, here.words) if refusal else "",
    }
    status = refusal.status if refusal else 200
    # The page shows several branches, so it cannot use the language of one of them.
    return await staff_page(here.request, here.person, "desk/choose.html", values, status=status)


routes: list[BaseRoute] = [
    Route("/desk", choose),
    Route("/desk/{branch}/{counter}", show),
    WebSocketRoute("/desk/{branch}/{counter}/live", live),
    Route("/desk/{branch}/{counter}/vouchers/{ticket}", voucher_page),
    Route("/counters/{branch}/{counter}/sitting", sit, methods=["POST"]),
    Route("/counters/{branch}/{counter}/leaving", leave, methods=["POST"]),
    Route("/counters/{branch}/{counter}/breaks", pause, methods=["POST"]),
    Route("/counters/{branch}/{counter}/break-ends", resume, methods=["POST"]),
    Route("/counters/{branch}/{counter}/alarms", call_for_help, methods=["POST"]),
    *(Route(f"/counters/{{branch}}/{{counter}}/{resource}", act(resource), methods=["POST"]) for resource in ACTS),
]
