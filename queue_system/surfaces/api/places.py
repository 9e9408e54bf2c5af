"""Branches, their services, their free times, and how many people wait."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request

from ...core import bookings, hours
from ...core.bookings import Booker, Mode
from ...core.errors import Count, Invalid
from ...store.database import Tx
from ...store.queries import board, line
from ...store.queries.bookings import DaySlots, free_days
from ...store.queries.channels import channels_of
from ...store.queries.offering import ways
from ...store.queries.outings import place_on
from ...store.queries.settings import BranchSettings, QueueView, ServiceView, branch_settings
from ...web.access import branch_named
from ...web.addresses import address_key, service_at
from ...web.here import anywhere, at_branch
from . import models
from .operation import Operation
from .values import Nothing

# The first and the last day included, so that two whole months fit.
MOST_DAYS: Final = 62
USUAL_DAYS: Final = 14


async def list_branches(request: Request, _asked: Nothing) -> models.Branches:
    here = anywhere(request)
    return models.Branches(
        branches=[
            models.Branch(
                branch=branch.slug,
                names=branch.names,
                kind=branch.kind,
                timezone=branch.calendar.zone.key,
                languages=list(branch.languages),
                default_language=branch.default_language,
                gives_tickets=_gives_tickets(branch, here.now),
                remote_tickets=branch.remote_tickets,
            )
            for branch in await here.branches_in_service()
        ]
    )


async def list_services(request: Request, _asked: Nothing) -> models.Services:
    here = await at_branch(request)
    branch = here.branch
    day = branch.timetable.business_date(here.now)
    offered = branch.services_on(day).values()
    return models.Services(branch=branch.slug, services=[_service(branch, service.on(day)) for service in offered])


async def list_slots(request: Request, asked: models.SlotsAsked) -> models.Slots:
    at = request.path_params
    branch, service, days = await anywhere(request).read(_free_days, at["branch"], at["service"], asked)
    zone = branch.calendar.zone
    return models.Slots(
        branch=branch.slug,
        service=address_key(service),
        timezone=zone.key,
        days=[
            models.DayOfSlots(
                day=day.day,
                place=place_on(branch, service, day.day),
                refusal=day.refusal,
                slots=[
                    models.Slot(
                        starts_at=slot.start.astimezone(zone), ends_at=slot.end.astimezone(zone), places=slot.places
                    )
                    for slot in day.slots
                ],
            )
            for day in days
        ],
    )


async def list_queues(request: Request, _asked: Nothing) -> models.Queues:
    here = await at_branch(request)
    return await here.read(_queues, here.branch)


def _service(branch: BranchSettings, service: ServiceView) -> models.Service:
    department = branch.departments[service.department_id]
    return models.Service(
        service=address_key(service),
        names=service.names,
        neutral_names=service.public_names,
        note=service.note,
        department=department.slug,
        department_names=department.names,
        # A discreet service does not name its queue, so that its visitors cannot be counted.
        queue=branch.queue_of(service).slug if service.confidentiality.display == "code" else None,
        duration_min=service.duration_min,
        how=list(ways(service)),
        apply_at=_platform(service),
        issued_number=_issued(service),
        bookable=service.bookable,
        walk_in=service.walk_in,
        channels=list(channels_of(branch, service)),
        documents=[models.Document(document=document.slug, names=document.names) for document in service.to_bring],
    )


def _platform(service: ServiceView) -> models.Platform | None:
    elsewhere = service.apply_at
    return models.Platform(names=elsewhere.names, url=elsewhere.url) if elsewhere else None


def _issued(service: ServiceView) -> models.IssuedNumber | None:
    asked = service.issued_number
    if asked is None:
        return None
    return models.IssuedNumber(
        names=asked.names, required=asked.required, digits_only=asked.digits_only, length=asked.length
    )


def _free_days(
    tx: Tx, slug: str, key: str, asked: models.SlotsAsked
) -> tuple[BranchSettings, ServiceView, list[DaySlots]]:
    branch = branch_named(tx, slug)
    service = service_at(branch, key)
    refusal = bookings.against_mode(Mode(service.booked_as), Booker.PUBLIC)
    if refusal is not None:
        raise refusal
    first, last = _span(asked, tx.now.astimezone(branch.zone).date())
    return branch, service, free_days(tx, branch, service, first, last)


def _span(asked: models.SlotsAsked, today: date) -> tuple[date, date]:
    first = asked.first or today
    last = asked.last or first + timedelta(days=USUAL_DAYS - 1)
    if last < first or (last - first).days >= MOST_DAYS:
        raise Invalid("days-wrong", "to", count=Count(MOST_DAYS))
    return first, last


def _queues(tx: Tx, branch: BranchSettings) -> models.Queues:
    """The queues as a screen for the whole branch shows them, without those that are kept off screens."""
    branch = branch_settings(tx, branch.id)
    shown = board.waiting_in_hall(tx, branch)
    sitting = line.open_counters(tx, branch)
    queues = [(queue, waiting) for slug, waiting in shown for queue in branch.queues.values() if queue.slug == slug]
    return models.Queues(
        branch=branch.slug,
        at=_local(tx.now, branch),
        gives_tickets=_gives_tickets(branch, tx.now),
        queues=[
            _queue(
                branch,
                queue,
                waiting,
                sum(1 for counter in sitting if queue.id in branch.counters[counter].queues),
                tx.now,
            )
            for queue, waiting in queues
        ],
    )


def _queue(branch: BranchSettings, queue: QueueView, waiting: int, open_counters: int, now: datetime) -> models.Queue:
    discreet = board.is_discreet_queue(branch, queue.id)
    return models.Queue(
        queue=queue.prefix if discreet else queue.slug,
        names=None if discreet else queue.names,
        waiting=waiting,
        open_counters=open_counters,
        gives_tickets=_of_queue(branch, queue.id, now),
    )


def _gives_tickets(branch: BranchSettings, now: datetime) -> bool:
    return any(_of_queue(branch, queue, now) for queue in branch.queues)


def _of_queue(branch: BranchSettings, queue_id: UUID, now: datetime) -> bool:
    """Whether numbers are given out now: the branch is open, and staff have not stopped the queue."""
    return hours.takes_tickets(now, branch.calendar) and not branch.numbers_stopped_now(queue_id, now)


def _local(instant: datetime, branch: BranchSettings) -> datetime:
    return instant.astimezone(branch.calendar.zone)


operations = [
    Operation("GET", "/branches", "api.list-branches", list_branches, models.Branches, shared=True),
    Operation("GET", "/branches/{branch}/services", "api.list-services", list_services, models.Services, shared=True),
    Operation(
        "GET",
        "/branches/{branch}/services/{service}/slots",
        "api.list-slots",
        list_slots,
        models.Slots,
        models.SlotsAsked,
        refusals=(409,),
    ),
    Operation("GET", "/branches/{branch}/queues", "api.show-queues", list_queues, models.Queues),
]
