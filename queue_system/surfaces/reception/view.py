"""The values of reception's pages: services that give numbers now, today's appointments, who waits, one number."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request

from ...actions.families import SPLITS
from ...core import contacts, hours
from ...core.bookings import BookingState
from ...core.errors import Missing
from ...core.names import is_named
from ...core.reasons import VOID_REASONS
from ...core.rights import (
    APART_RIGHTS,
    COPY_RIGHTS,
    ESCORT_RIGHTS,
    HALL_RIGHTS,
    NAME_RIGHTS,
    RAISE_RIGHTS,
    RECEPTION_RIGHTS,
    REFER_RIGHTS,
    TYPO_RIGHTS,
    VOID_RIGHTS,
)
from ...core.tickets import ORDINARY, Step, TicketState, steps_from
from ...i18n.words import Words
from ...store.database import Tx
from ...store.queries import line, reception
from ...store.queries.access import DeviceView
from ...store.queries.apart_hall import InHall, in_hall_together
from ...store.queries.bookings import BookingView
from ...store.queries.channels import channel_of, video_link
from ...store.queries.classes import given_by_staff, heavier_classes
from ...store.queries.escorts import Escort, to_fetch
from ...store.queries.families import called_with, members_of_family
from ...store.queries.home_visits import Visit, gives_home_visits, overdue_visits
from ...store.queries.line import TicketView
from ...store.queries.participants import participants_of
from ...store.queries.passed_by import passed_by
from ...store.queries.place import PaperView, full_services, paper, place, served_tickets
from ...store.queries.settings import BranchSettings, Names, PriorityView, ServiceView
from ...store.queries.vouchers import VoucherView
from ...web import kit
from ...web.booking_search import BY_CALL, Found
from ...web.here import StaffAtBranch
from ...web.qr import qr_svg
from ...web.safe_contact import WayInForce, way_of

PRINTER_COOKIE: Final = "slip-printer"
# How the cookie says that no slip is printed; no printer has this name.
NO_PAPER: Final = "-"
LONGEST_SEARCH: Final = 100


@dataclass(frozen=True, slots=True)
class May:
    """What the person may do on these pages."""

    receive: bool
    find_by_name: bool
    print_again: bool
    raise_class: bool
    void: bool
    refer: bool
    escort: bool


@dataclass(frozen=True, slots=True)
class Appointment:
    """A booking in a list. `name` is None if the service's confidentiality keeps names off screens.

    `with_`: the names of those who come along or booked, under the same rule.
    `elsewhere`: the visitor does not come to the branch, because staff call or visit them. `video`: the link of the call.
    """

    booking: BookingView
    names: Names
    name: str | None
    level: Names
    elsewhere: bool
    way: WayInForce
    video: str | None = None
    with_: tuple[str, ...] = ()

    @property
    def may_arrive(self) -> bool:
        return self.booking.state is BookingState.CONFIRMED and not self.elsewhere

    @property
    def is_called(self) -> bool:
        return self.booking.state is BookingState.CONFIRMED and self.elsewhere

    @property
    def telephone(self) -> str:
        return contacts.shown(self.booking.contact)


@dataclass(frozen=True, slots=True)
class Department:
    """Services that give numbers now; protected ones with the name that is used in public."""

    names: Names
    services: tuple[ServiceView, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A visitor who waits or is parked; `counter_open`: a counter that may call them is open."""

    ticket: TicketView
    names: Names
    priority: PriorityView | None
    counter_open: bool


async def hall_values(
    here: StaffAtBranch, *, found: Found | None = None, typed: str = "", voucher: VoucherView | None = None
) -> dict[str, Any]:
    """The values of `reception/reception.html` and of `reception/_state.html`, its part that is refreshed."""
    branch, now = here.branch, here.now
    wanted = here.request.query_params.get("s", "").strip()[:LONGEST_SEARCH]
    printers, today, tickets, served, overdue, kept_apart, escorts = await here.read(_hall, branch)
    receives, seen = here.services(RECEPTION_RIGHTS), here.services(HALL_RIGHTS)
    tickets = [one for one in tickets if one.service_id in seen]
    open_now = departments(branch, now, receives)
    full, waits = await here.read(full_services, branch), here.installation.waits
    offered = [service for department in open_now for service in department.services]
    return {
        "may": may(here),
        "printers": printers,
        "printer": _chosen(here.request, printers),
        "no_paper": NO_PAPER,
        "departments": [one for one in (_fitting(one, wanted) for one in open_now) if one.services],
        "full": [one.listed_names for one in offered if one.id in full],
        "late": [one.listed_names for one in offered if one.walk_in and waits.too_late(branch, one, now)],
        "wanted": wanted,
        "gives": bool(open_now),
        "opens": hours.next_opening(now, branch.calendar),
        "classes": classes(branch, here.now),
        "languages_of_visitors": kit.languages_of(branch),
        "goes_out": gives_home_visits(branch),
        "visits_overdue": any(one.booking.service_id in receives for one in overdue),
        "today": [_appointment(branch, one, here.words) for one in today if one.service_id in receives],
        "tickets": [_waiting(branch, one, served) for one in tickets],
        "emergencies": [_waiting(branch, one, served) for one in line.emergencies(branch, tickets)],
        "escorts": [one for one in escorts if one.ticket.service_id in seen],
        "fetches": here.services(ESCORT_RIGHTS),
        "corrects": here.services(TYPO_RIGHTS),
        "kept_apart": kept_apart if here.may_any(NAME_RIGHTS | APART_RIGHTS) else [],
        "sees_apart": here.may_any(APART_RIGHTS),
        "found": found,
        "voucher": voucher,
        "voucher_for": branch.services[voucher.service_id].listed_names if voucher else None,
        "voucher_over": voucher is not None and voucher.valid_until < branch.timetable.business_date(now),
        "calling": bool(found and found.by == BY_CALL),
        "results": await _results(here, found) if found else [],
        "typed": typed,
        "about": "",
        "refusal": "",
    }


async def ticket_values(here: StaffAtBranch, ticket_id: UUID) -> dict[str, Any]:
    """The values of `reception/ticket.html`; raises Missing("ticket")."""
    branch = here.branch
    ticket, ahead, counter_open, slip, printers = await here.read(_ticket, branch, ticket_id)
    if ticket.service_id not in here.services(HALL_RIGHTS):
        raise Missing("ticket")
    passed = await here.read(passed_by, branch, ticket)
    link = f"{here.installation.configuration.address}/t/{ticket.token}"
    return {
        "may": may(here),
        "ticket": ticket,
        "names": branch.services[ticket.service_id].listed_names,
        "priority": branch.priorities.get(ticket.priority),
        "ahead": ahead,
        "counter_open": counter_open,
        "wait": here.installation.waits.of_ticket(branch.id, ticket.id, here.now) if ahead else None,
        "slip": slip,
        "slip_printer": next((one for one in printers if slip and one.id == slip.printer_id), None),
        "qr": qr_svg(link, here.words.text("reception.qr-label")),
        "printers": printers,
        "printer": _chosen(here.request, printers),
        "passed": passed,
        "family": await here.read(members_of_family, branch, ticket.id),
        "first": await here.read(called_with, ticket),
        "splits": SPLITS,
        "heavier": heavier(branch, ticket, here.now),
        "void_reasons": VOID_REASONS if Step.VOID in steps_from(ticket.state) and not ticket.booking_id else (),
    }


async def printer_of(here: StaffAtBranch, wanted: str = "") -> UUID | None:
    """The printer chosen in the form, else in this browser, else the branch's; None for no slip."""
    printers = await here.read(reception.slip_printers, here.branch.id)
    named = next((one for one in printers if wanted and one.slug == wanted), None)
    chosen = named or _chosen(here.request, printers)
    return chosen.id if chosen else None


def may(here: StaffAtBranch) -> May:
    """What the person may do at a branch's reception."""
    return May(
        receive=here.may_any(RECEPTION_RIGHTS),
        find_by_name=here.may_any(NAME_RIGHTS),
        print_again=here.may_any(COPY_RIGHTS),
        raise_class=here.may_any(RAISE_RIGHTS),
        void=here.may_any(VOID_RIGHTS),
        refer=here.may_any(REFER_RIGHTS),
        escort=here.may_any(ESCORT_RIGHTS),
    )


def departments(branch: BranchSettings, now: datetime, services: Collection[UUID]) -> list[Department]:
    """Those of `services` that give numbers now, by department.

    If protected services share a public name and a queue, only the first is shown, because visitors would otherwise
    have to say aloud which one they came for.
    """
    seen: set[tuple[str, UUID]] = set()
    found: dict[UUID, list[ServiceView]] = {}
    for service in branch.services.values():
        if service.id not in services or not (service.walk_in or service.by_reception):
            continue
        if not branch.gives_numbers(service.id, now):
            continue
        if service.confidentiality.hides_service:
            name = (repr(sorted(service.listed_names.items())), service.queue_id)
            if name in seen:
                continue
            seen.add(name)
        found.setdefault(service.department_id, []).append(service)
    return [Department(view.names, tuple(found[view.id])) for view in branch.departments.values() if view.id in found]


def classes(branch: BranchSettings, now: datetime) -> list[PriorityView]:
    """The classes that staff can give: the one for walk-ins, and those that a word or a document establishes."""
    given = (ORDINARY, *given_by_staff(branch, branch.timetable.business_date(now)))
    return [branch.priorities[slug] for slug in branch.priorities if slug in given]


def heavier(branch: BranchSettings, ticket: TicketView, now: datetime) -> list[tuple[PriorityView, str]]:
    """The classes to which a ticket can be raised now, heaviest first, each with its usual reason."""
    if Step.RAISE not in steps_from(ticket.state):
        return []
    return heavier_classes(branch, ticket, branch.timetable.business_date(now))


def _fitting(department: Department, wanted: str) -> Department:
    """The services of a department that have every word of `wanted` in one of their languages."""
    if not wanted:
        return department
    fits = (
        one
        for one in department.services
        if is_named(" ".join([*one.listed_names.values(), *department.names.values()]), wanted)
    )
    return Department(department.names, tuple(fits))


def _appointment(branch: BranchSettings, booking: BookingView, words: Words) -> Appointment:
    service = branch.services[booking.service_id]
    level = service.confidentiality
    name = None if level.discreet else booking.name
    way = way_of(branch, words, service.id, booking.contact_way, booking.contact_note)
    elsewhere = not channel_of(branch, booking).is_received
    return Appointment(booking, service.listed_names, name, level.names, elsewhere, way, video_link(branch, booking))


async def _results(here: StaffAtBranch, found: Found) -> list[Appointment]:
    others = await here.read(participants_of, here.branch.id, [one.id for one in found.bookings])
    shown = [_appointment(here.branch, one, here.words) for one in found.bookings]
    return [
        replace(one, with_=tuple(other.name for other in others.get(one.booking.id, ()) if other.n and other.name))
        if one.name is not None and one.booking.erased_at is None
        else one
        for one in shown
    ]


def _waiting(branch: BranchSettings, ticket: TicketView, served: Collection[UUID]) -> Waiting:
    names = branch.services[ticket.service_id].listed_names
    return Waiting(ticket, names, branch.priorities.get(ticket.priority), ticket.id in served)


def _chosen(request: Request, printers: Sequence[DeviceView]) -> DeviceView | None:
    """The printer that this browser has chosen; before a choice, the first that belongs to no kiosk."""
    kept = request.cookies.get(PRINTER_COOKIE)
    if kept == NO_PAPER:
        return None
    chosen = next((one for one in printers if one.slug == kept), None)
    return chosen or next((one for one in printers if one.attached_to is None), None)


def _hall(
    tx: Tx, branch: BranchSettings
) -> tuple[
    list[DeviceView], list[BookingView], list[TicketView], frozenset[UUID], list[Visit], list[InHall], list[Escort]
]:
    inside = line.in_hall(tx, branch)
    tickets = [one for one in inside if one.state in (TicketState.WAITING, TicketState.PARKED)]
    served = served_tickets(tx, branch, tickets)
    printers, today = reception.slip_printers(tx, branch.id), reception.appointments_of_today(tx, branch)
    visits, apart, escorts = (
        overdue_visits(tx, branch),
        in_hall_together(tx, branch, inside),
        to_fetch(tx, branch, inside),
    )
    return printers, today, tickets, served, visits, apart, escorts


def _ticket(
    tx: Tx, branch: BranchSettings, ticket_id: UUID
) -> tuple[TicketView, int | None, bool, PaperView | None, list[DeviceView]]:
    ticket = line.as_it_stands(line.ticket(tx, branch.id, ticket_id), branch, tx.now)
    stands = place(tx, branch, ticket.token)
    ahead, counter_open = stands.ahead, stands.counter_open
    slip = paper(tx, branch.id, ticket.id)
    return ticket, ahead, counter_open, slip, reception.slip_printers(tx, branch.id)
