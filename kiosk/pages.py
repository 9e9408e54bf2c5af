"""The first pages of the kiosk: language and service, what to bring, the number. Three touches at most."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from queue_system.actions.tickets import Issued, TicketOrder, issue_ticket
from queue_system.core import hours
from queue_system.core.errors import Invalid, Missing, Refused
from queue_system.core.tickets import ORDINARY
from queue_system.core.waits.announce import Announced
from queue_system.store.database import Tx
from queue_system.store.queries.access import printer_of_kiosk
from queue_system.store.queries.classes import require_season, self_declared
from queue_system.store.queries.place import prospects
from queue_system.store.queries.settings import BranchSettings, ServiceView
from queue_system.web import kit
from queue_system.web.rules import rules_of

from . import arrival, number
from .offer import Offer, card_of, documents, next_numbers, note_of, offer
from .visit import Visit, begin, for_visits, show

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class WantedNumber:
    """What a visitor asks for; `priority` is a class that the visitor declares, None for the ordinary one."""

    service_id: UUID
    request_id: str
    priority: str | None


async def start(visit: Visit) -> Response:
    """`/kiosk/{lang}`: languages, check-in, and the services; or when the branch opens."""
    found = await _offer(visit)
    now = visit.now
    values = {
        "offer": found,
        "today": _today(visit.branch, now),
        "opens": next_numbers(visit.branch, None, now),
        "new_request": _new_request,
        "language_urls": visit.in_language,
    }
    return await show(visit, "start.html", "", values)


async def group(visit: Visit) -> Response:
    """`/kiosk/{lang}/groups/{group}`: the services of one group."""
    found = await _offer(visit)
    key = visit.request.path_params["group"]
    chosen = next((one for one in found.groups if one.key == key), None)
    if chosen is None:
        return kit.see_other(visit.at())
    values = {"group": chosen, "books": found.books, "new_request": _new_request}
    return await show(visit, "group.html", f"/groups/{key}", values)


async def service(visit: Visit) -> Response:
    """`/kiosk/{lang}/services/{service}`: what to bring, a button for the number, and one per priority class."""
    chosen = _service(visit.branch, visit.request.path_params["service"])
    awaits = await visit.read(prospects, visit.branch, visit.language)
    values = {
        "card": card_of(visit.branch, chosen, awaits, visit.now, visit.installation.waits, visit.language),
        "documents": documents(chosen),
        "note": note_of(chosen),
        "priorities": self_declared(visit.branch, visit.branch.timetable.business_date(visit.now)),
        "back": await _back(visit, chosen),
        "request_id": _new_request(),
    }
    return await show(visit, "service.html", f"/services/{chosen.id}", values)


async def rules(visit: Visit) -> Response:
    """`/kiosk/{lang}/rules`: the calling rule."""
    return await show(visit, "rules.html", "/rules", {"rules": rules_of(visit.branch, visit.words)})


async def take(visit: Visit) -> Response:
    """POST `/kiosk/{lang}/tickets`: issues the number, and a slip if the kiosk has a printer."""
    wish = _wish(visit, await kit.form(visit.request))
    waits, chosen, priority = (
        visit.installation.waits,
        visit.branch.services[wish.service_id],
        wish.priority or ORDINARY,
    )
    told = waits.for_newcomer(visit.branch, chosen, visit.now, priority, visit.language)
    late = waits.too_late(visit.branch, chosen, visit.now, priority, visit.language)
    issued = await visit.write(_take, visit, wish, told, late)
    return kit.see_other(number.address(visit, issued.ticket.token))


def _take(tx: Tx, visit: Visit, wish: WantedNumber, told: Announced | None, late: bool) -> Issued:
    printer = printer_of_kiosk(tx, visit.device)
    order = TicketOrder(
        branch_id=visit.branch.id,
        service_id=wish.service_id,
        language=visit.language,
        source="kiosk",
        actor=visit.actor,
        request_id=wish.request_id,
        priority=wish.priority or ORDINARY,
        printer_id=printer.id if printer else None,
        told=told,
        too_late=late,
    )
    return issue_ticket(tx, order)


def _wish(visit: Visit, form: dict[str, str]) -> WantedNumber:
    """What the form asks for.

    Raises Missing("service"), Invalid("bad-request"), Refused with "class-out-of-season", "priority-unknown".
    """
    branch, day = visit.branch, visit.branch.timetable.business_date(visit.now)
    request_id, priority = str(form.get("request_id", "")), str(form.get("priority", ""))
    if not _REQUEST_ID.fullmatch(request_id):
        raise Invalid("bad-request", "request_id")
    require_season(branch, priority or ORDINARY, day)
    if priority and priority not in {one.slug for one in self_declared(branch, day)}:
        raise Refused("priority-unknown")
    try:
        chosen = _service(branch, UUID(str(form.get("service", ""))))
    except ValueError:
        raise Missing("service") from None
    return WantedNumber(chosen.id, request_id, priority or None)


async def _offer(visit: Visit) -> Offer:
    awaits = await visit.read(prospects, visit.branch, visit.language)
    return offer(visit.branch, awaits, visit.now, visit.installation.waits, visit.language)


async def _back(visit: Visit, chosen: ServiceView) -> str:
    """The address for "back": the service's group, or the first page if services are not grouped."""
    for one in (await _offer(visit)).groups:
        if len(one.cards) > 1 and any(card.service.id == chosen.id for card in one.cards):
            return visit.at(f"/groups/{one.key}")
    return visit.at()


def _service(branch: BranchSettings, service_id: UUID) -> ServiceView:
    if service_id not in branch.services:
        raise Missing("service")
    return branch.services[service_id]


def _today(branch: BranchSettings, now: datetime) -> list[tuple[datetime, datetime]]:
    """Today's opening windows, for the day in the branch's zone."""
    zone = branch.calendar.zone
    day = now.astimezone(zone).date()
    return [hours.to_instants(day, window, zone) for window in hours.windows(day, branch.calendar)]


def _new_request() -> str:
    return secrets.token_urlsafe(18)


def _routes() -> list[BaseRoute]:
    pages: list[tuple[str, Any, list[str]]] = [
        ("", start, ["GET"]),
        ("/groups/{group}", group, ["GET"]),
        ("/services/{service:uuid}", service, ["GET"]),
        ("/rules", rules, ["GET"]),
        ("/tickets", take, ["POST"]),
        ("/tickets/{token}", number.number, ["GET"]),
        ("/tickets/{token}/copies", number.answer, ["POST"]),
        ("/check-in", arrival.check_in_page, ["GET"]),
        ("/check-in", arrival.check_in, ["POST"]),
    ]
    return [
        Route("/kiosk", begin),
        *(Route(f"/kiosk/{{lang}}{path}", for_visits(handler), methods=methods) for path, handler, methods in pages),
        WebSocketRoute("/kiosk/{lang}/tickets/{token}/live", number.live),
    ]


routes = _routes()
