"""What a visitor can come for: services and how to get them, opening hours, what to bring, the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from ...core import bookings, hours
from ...core.bookings import Policy
from ...core.calendars import Outing
from ...core.freed import Freed
from ...core.offering import Way
from ...i18n import filters
from ...i18n.folding import fold, holds
from ...i18n.words import Words
from ...store.database import Tx
from ...store.queries.bookings import free_days, plan_on, policy_of
from ...store.queries.offering import ways
from ...store.queries.outings import place_on
from ...store.queries.settings import BranchSettings, DepartmentView, Names, ServiceView, ShownText
from ...store.queries.walkin_share import is_full
from ...web.addresses import address_key
from ...web.how import HOW

# How far the list of services searches for the next free place, and how much it reads at once.
LOOK_AHEAD: Final = timedelta(days=28)
STRETCH: Final = timedelta(days=7)
# Up to this many services are listed openly; more are folded up by department and can be searched.
TOGETHER: Final = 8

# For services that nobody can book on these pages, what to do instead.
INSTEAD: Final[dict[tuple[Way, ...], str]] = {
    (Way.NUMBER,): "public.instead-number",
    (Way.RECEPTION,): "public.instead-reception",
    (Way.INVITATION,): "public.instead-invitation",
    (): "public.instead-nowhere",
}
TAGS: Final = {
    "personal_presence": "booking.tag-presence",
    "biometrics": "booking.tag-fingerprints",
}
# The branch's own sentences that belong on these pages, in this order; the others are for kiosk, screen and slip.
# Sentences that decide whether to choose at all come before the services, useful hints after them.
#: What becomes of appointments that are cancelled.
_FREED: Final = {
    Freed.BY_LOT: "booking.rule-freed",
    Freed.IN_ORDER: "booking.rule-freed-list",
    Freed.DRAWN: "booking.rule-freed-draw",
    Freed.WALK_INS: "booking.rule-freed-hall",
    Freed.STAFF: "booking.rule-freed-staff",
}
FIRST_SENTENCES: Final[tuple[ShownText, ...]] = ("banner", "passports_only_platform")
LATER_SENTENCES: Final[tuple[ShownText, ...]] = (
    "welcome",
    "entrance",
    "no_brokers",
    "neutrality",
    "confidentiality",
    "forgery_notice",
    "alias",
    "hint",
)


@dataclass(frozen=True, slots=True)
class DaysOut:
    """The days of a branch that has no premises and only goes out, as a booker sees them.

    `open`: at least one of them can be booked today. `next` is the first that cannot be booked yet, and `opens` the day
    from which it can.
    """

    open: bool
    next: Outing | None
    opens: date | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A service in the list: its part of the address, how to get it, and its first day with a free place.

    `first` is None if it cannot be booked. `out` is set at a branch that only goes out. `stopped`: it gives no more numbers
    today.
    """

    service: ServiceView
    key: str
    how: str
    first_day: date | None
    out: DaysOut | None
    stopped: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list shows: offers by department, and separately those that the search found by their documents only.

    `grouped`: the list is long, so the departments are folded up.
    """

    departments: Sequence[tuple[DepartmentView, Sequence[Offer]]]
    by_document: Sequence[Offer]
    grouped: bool

    @property
    def count(self) -> int:
        return len(self.by_document) + sum(len(offers) for _, offers in self.departments)

    @property
    def bookable(self) -> bool:
        """Whether one of them can be booked on these pages."""
        return any(offer.service.bookable for _, offers in self.departments for offer in offers)


@dataclass(frozen=True, slots=True)
class DayElsewhere:
    """A coming day on which a branch or a service is at another place."""

    opens: datetime
    closes: datetime
    place: Names


@dataclass(frozen=True, slots=True)
class OpenToday:
    """Today's hours: windows as (opening, closing, last ticket), and what holds at this moment.

    `until` is the closing time, or None if it is closed now; `next_opening` then says when it opens. `place` is where
    the branch is today if it is away; `elsewhere` are the days away from today on.
    """

    windows: tuple[tuple[datetime, datetime, datetime], ...]
    until: datetime | None
    next_opening: datetime | None
    opens_today: bool
    closure: Names | None
    place: Names | None
    elsewhere: tuple[DayElsewhere, ...]
    only_elsewhere: bool


def how(service: ServiceView) -> str:
    """The key of the phrase that says how to get a service."""
    return HOW[_here(service)]


def instead(service: ServiceView) -> str | None:
    """The key of the sentence that says what to do if a service cannot be booked on these pages."""
    return INSTEAD.get(_here(service))


def offers(tx: Tx, branch: BranchSettings) -> list[tuple[DepartmentView, list[Offer]]]:
    """The services of a branch by department, both in their order, each with the first day that has a place."""
    found: dict[UUID, list[Offer]] = {}
    for service in branch.services_on(tx.now.astimezone(branch.zone).date()).values():
        first = first_day(tx, branch, service) if service.bookable else None
        out = days_out(branch, service, tx.now) if service.bookable else None
        offer = Offer(service, address_key(service), how(service), first, out, gives_no_more(tx, branch, service))
        found.setdefault(service.department_id, []).append(offer)
    return [(department, found[key]) for key, department in branch.departments.items() if key in found]


def at_the_door(service: ServiceView) -> bool:
    """Whether visitors usually get a number for a service at the door."""
    return Way.NUMBER in _here(service)


def gives_no_more(tx: Tx, branch: BranchSettings, service: ServiceView) -> bool:
    """Whether visitors usually get a number for a service at the door, and no more today.

    Either staff have stopped that, or all of the day's places for people without an appointment are gone.
    """
    if not at_the_door(service):
        return False
    day = branch.timetable.business_date(tx.now)
    return branch.numbers_stopped_now(service.queue_id, tx.now) or is_full(
        tx, branch, service, plan_on(branch, service, day), day
    )


def listed(
    branch: BranchSettings,
    offered: Sequence[tuple[DepartmentView, Sequence[Offer]]],
    tags: Mapping[str, Names],
    wanted: str,
) -> Listed:
    """The offers that a search finds, or all without a search: by name, department and tag, else by documents to bring.

    `tags` are the names of the service tags. The search covers every language of the branch.
    """
    grouped = len(branch.services) > TOGETHER
    if not fold(wanted):
        return Listed(offered, (), grouped)
    departments, by_document = [], []
    for department, offers in offered:
        found = [offer for offer in offers if holds(_said(branch, department, offer.service, tags), wanted)]
        rest = [offer for offer in offers if offer not in found]
        by_document += [offer for offer in rest if holds(_papers(branch, offer.service), wanted)]
        if found:
            departments.append((department, found))
    return Listed(departments, by_document, grouped)


def first_day(tx: Tx, branch: BranchSettings, service: ServiceView, latest: date | None = None) -> date | None:
    """The first day on which the public can book a service; None within four weeks, or up to the day `latest`."""
    first = tx.now.astimezone(branch.calendar.zone).date()
    end = first + LOOK_AHEAD
    last = bookings.last_day(policy_of(branch, service), first)
    end = min(day for day in (end, last, latest) if day is not None)
    while first <= end:
        for day in free_days(tx, branch, service, first, min(end, first + STRETCH - timedelta(days=1))):
            if day.slots:
                return day.day
        first += STRETCH
    return None


def days_out(branch: BranchSettings, service: ServiceView, now: datetime) -> DaysOut | None:
    """The days of a branch that only goes out, for one service; None if the branch has premises."""
    calendar = branch.calendar
    if not calendar.only_goes_out:
        return None
    today = now.astimezone(calendar.zone).date()
    last = bookings.last_day(policy_of(branch, service), today)
    coming = [outing for outing in calendar.outings if outing.day >= today and outing.takes(service.id)]
    later = [outing for outing in coming if last is not None and outing.day > last]
    following = min(later, key=lambda outing: outing.day, default=None)
    opens = today + (following.day - last) if following and last else None
    return DaysOut(open=len(later) < len(coming), next=following, opens=opens)


def open_today(branch: BranchSettings, now: datetime, service: ServiceView | None = None) -> OpenToday:
    """The hours of a branch, or of one of its services, on the civil day of `now`."""
    calendar, service_id = branch.calendar, service.id if service else None
    today = now.astimezone(calendar.zone).date()
    windows = tuple(
        (*hours.to_instants(today, window, calendar.zone), hours.instant_at(today, window.last, calendar.zone))
        for window in hours.windows(today, calendar, service_id)
    )
    until = hours.open_until(now, calendar, service_id)
    upcoming = None if until else hours.next_opening(now, calendar, service_id)
    opens_today = upcoming is not None and upcoming.astimezone(calendar.zone).date() == today
    return OpenToday(
        windows,
        until,
        upcoming,
        opens_today,
        closure_on(branch, today, service_id),
        place_on(branch, service, today),
        tuple(
            DayElsewhere(*hours.instants_of(outing, calendar.zone), dict(outing.place))
            for outing in calendar.outings
            if outing.day >= today and (service is None or (outing.takes(service.id) and not service.elsewhere))
        ),
        calendar.only_goes_out,
    )


def closure_on(branch: BranchSettings, day: date, service_id: UUID | None = None) -> Names | None:
    """The name of the holiday or closure that closes the branch, or the service, on a day."""
    for closure in branch.calendar.closures:
        concerned = closure.service_ids is None or service_id in closure.service_ids
        if concerned and closure.names and closure.first <= day <= closure.last:
            return dict(closure.names)
    return None


def sentences(branch: BranchSettings, slugs: Iterable[ShownText]) -> list[Names]:
    """The branch's own sentences among `slugs`, in that order."""
    return [text for slug in slugs if (text := branch.text(slug)) is not None]


def particulars(branch: BranchSettings, service: ServiceView, words: Words) -> list[str]:
    """What a service asks of its visitors besides documents, one plain sentence each."""
    found = [words.text(TAGS[tag]) for tag in service.tags if tag in TAGS]
    who = _who_comes(branch, service)
    if who and not service.elsewhere:
        found.append(words.text(who))
    if service.most_persons > 1:
        found.append(words.plural("booking.group-up-to", service.most_persons))
    if service.issued_number:
        number = filters.localised(service.issued_number.names, words.language)
        found.append(words.text("booking.issued-asked", number=number))
    return found


def _who_comes(branch: BranchSettings, service: ServiceView) -> str | None:
    """The key of the sentence that says whether somebody else may come; None where the branch makes no difference."""
    if service.proxy_allowed:
        return "booking.proxy-may-come"
    differs = any(one.proxy_allowed for one in branch.services.values())
    return "booking.come-yourself" if differs and "personal_presence" not in service.tags else None


def rules(branch: BranchSettings, service: ServiceView, words: Words) -> list[str]:
    """What the policy of a service allows, one plain sentence each."""
    if not service.bookable:
        return []
    found = []
    policy = policy_of(branch, service)
    if policy.horizon_days is not None:
        only_goes_out = branch.calendar.only_goes_out
        found.append(
            words.plural("booking.rule-days-out" if only_goes_out else "booking.rule-horizon", policy.horizon_days)
        )
    if policy.max_active is not None:
        found.append(words.plural("booking.rule-active", policy.max_active))
    if policy.max_changes is not None:
        found.append(words.plural("booking.rule-changes", policy.max_changes))
    hour, draw = filters.bdi(f"{branch.freed_places_at:%H:%M}"), filters.bdi(draw_hour(branch, policy))
    found.append(words.text(_FREED[policy.freed], time=hour, draw=draw))
    return found


def draw_hour(branch: BranchSettings, policy: Policy) -> str:
    """When the places that are given back are drawn every day, as HH:MM."""
    return f"{policy.draws_at or branch.freed_places_at:%H:%M}"


def _said(
    branch: BranchSettings, department: DepartmentView, service: ServiceView, tags: Mapping[str, Names]
) -> list[str]:
    named = [service.names, service.shown_names, department.names, *(tags[tag] for tag in service.tags if tag in tags)]
    return [names[language] for names in named for language in branch.languages if language in names]


def _papers(branch: BranchSettings, service: ServiceView) -> list[str]:
    papers = [document.names for document in service.to_bring]
    return [names[language] for names in papers for language in branch.languages if language in names]


def _here(service: ServiceView) -> tuple[Way, ...]:
    """The ways that are not on another platform."""
    return tuple(way for way in ways(service) if way is not Way.PLATFORM)


def shown_name(service: ServiceView, words: Words) -> str:
    """The name of a service that anybody may read."""
    return filters.localised(service.shown_names, words.language)
