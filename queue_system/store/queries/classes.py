"""Priority classes of a branch: which are given on a day, by whom, and the one that a service gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ...core.errors import Refused
from ...core.layers import seasons_on
from ...core.reasons import SELF_DECLARED, usual_reason
from ...core.tickets import APPOINTMENT, LATE_APPOINTMENT, ORDINARY
from .bookings import BookingView
from .line import TicketView, heavier
from .settings import BranchSettings, PriorityView, ServiceView, derived


@derived
def given_on(settings: BranchSettings, day: date) -> Mapping[str, PriorityView]:
    """The classes that are given on a business day, in the order of the branch: some only in a season."""
    seasons = {season.slug for season in seasons_on(day, settings.calendar.seasons)}
    return {slug: one for slug, one in settings.priorities.items() if one.is_given_in(seasons)}


@derived
def given_by_staff(settings: BranchSettings, day: date) -> Mapping[str, str]:
    """The classes that staff can give on a day, each with its usual reason (`core.reasons`)."""
    found = {slug: usual_reason(priority.evidence) for slug, priority in given_on(settings, day).items()}
    return {slug: reason for slug, reason in found.items() if reason}


def heavier_classes(settings: BranchSettings, ticket: TicketView, day: date) -> list[tuple[PriorityView, str]]:
    """The classes heavier than a ticket's own that staff can give it, heaviest first, each with its usual reason."""
    found = [
        (settings.priorities[slug], reason)
        for slug, reason in given_by_staff(settings, day).items()
        if heavier(settings, ticket.priority, slug) != ticket.priority
    ]
    return sorted(found, key=lambda choice: -choice[0].weight)


def self_declared(settings: BranchSettings, day: date) -> list[PriorityView]:
    """The classes of a day for which the visitor's own word is enough."""
    return [one for one in given_on(settings, day).values() if one.evidence.startswith(SELF_DECLARED)]


def declarable(settings: BranchSettings, booking: BookingView) -> list[PriorityView]:
    """The classes that a visitor can say before an appointment: those of its day that would change when they are called."""
    day = settings.timetable.business_date(booking.starts_at)
    service = settings.services[booking.service_id]
    without = for_service(settings, service, class_in_use(settings, LATE_APPOINTMENT), day)
    return [one for one in self_declared(settings, day) if heavier(settings, without, one.slug) != without]


def at_check_in(settings: BranchSettings, arrival: str | None, declared: str, day: date) -> str:
    """The class of an arrival, or the one that was declared before where it is heavier and given on this day."""
    given = class_in_use(settings, arrival)
    return heavier(
        settings, given, declared if declared in {one.slug for one in self_declared(settings, day)} else None
    )


def class_of_service(settings: BranchSettings, service: ServiceView, day: date) -> str | None:
    """The class that a service gives its tickets on a day; None without one."""
    return service.priority if service.priority in given_on(settings, day) else None


def for_service(settings: BranchSettings, service: ServiceView, given: str, day: date) -> str:
    """The class `given`, or that of the service where it is heavier."""
    return heavier(settings, given, class_of_service(settings, service, day))


def class_in_use(settings: BranchSettings, priority: str | None) -> str:
    """The class of an arrival, or the class that replaces it where this branch does not have it."""
    choices = (priority, APPOINTMENT, ORDINARY)
    return next((name for name in choices if name in settings.priorities), next(iter(settings.priorities)))


def require_season(settings: BranchSettings, priority: str, day: date) -> None:
    """Raises Refused("class-out-of-season") for a class of the branch that is not given on this day."""
    if priority != ORDINARY and priority in settings.priorities and priority not in given_on(settings, day):
        raise Refused("class-out-of-season")
