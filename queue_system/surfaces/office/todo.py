"""What needs a hand: sentences, each with the button that mends it, the most urgent first.

Each kind of item is one small function in SOURCES: the rights of which one is needed to hear of it, and the query. An item
is in the words of the page. A source that fails is logged and left out, because the page is needed most on bad days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import structlog

from ...actions.authority import administrators
from ...core.printers import IN_TROUBLE
from ...core.rights import (
    APART_RIGHTS,
    ASKING_RIGHTS,
    CLOSING_RIGHTS,
    DATA_RIGHTS,
    DECISION_RIGHTS,
    DEVICE_RIGHTS,
    FIGURE_RIGHTS,
    HEALTH_RIGHTS,
    HOURS_RIGHTS,
    INVITE_RIGHTS,
    PHONE_LIST_RIGHTS,
    PLACES_RIGHTS,
    PRINTER_RIGHTS,
    SUPERVISION_RIGHTS,
    TODAY_RIGHTS,
    VISIT_RIGHTS,
    Rights,
)
from ...i18n import dates
from ...i18n.filters import localised
from ...ops.machine import look_at_upkeep
from ...settings.catalogue import Catalogue
from ...store.database import Tx
from ...store.queries.access import DeviceView, devices, open_pairings
from ...store.queries.effect import undecided
from ...store.queries.home_visits import overdue_visits
from ...store.queries.hours import declared_organisation, unchecked_calendars, year_to_check
from ...store.queries.organisation import versions
from ...store.queries.phone_calls import missed, phone_calls
from ...store.queries.settings import BranchSettings
from ...store.queries.unreadable import unreadable_settings
from ...store.tables import ORGANISATION
from ...web.departments import services_for
from ...web.given_back import given_back_of
from ...web.setting_words import things_of_catalogue
from .approvals import waiting_alone, waiting_for
from .figure_months import new_report
from .frame import InOffice
from .messages import owners_of, unsent_for
from .people import clock_of
from .todo_hall import beyond_targets, late_end, undecided_line, unserved_queues, unskilled_services
from .todo_item import Item, Level

LOGGER = structlog.get_logger(__name__)

ORDER: Final = ("bad", "note")
#: How early days are named that are still to be confirmed.
PROVISIONAL_WITHIN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OfBranch:
    """A kind of item about one branch."""

    rights: Rights
    items: Callable[[Tx, InOffice, BranchSettings], Iterable[Item]]

    def find(self, tx: Tx, here: InOffice, branch: BranchSettings | None) -> Iterable[Item]:
        if branch is None or not here.person.may_any(self.rights, branch.id):
            return ()
        return self.items(tx, here, branch)


@dataclass(frozen=True, slots=True)
class OfHouse:
    """A kind of item about no branch; `everywhere`: it is for people who have the right for the organisation."""

    rights: Rights
    items: Callable[[Tx, InOffice], Iterable[Item]]
    everywhere: bool = False

    def find(self, tx: Tx, here: InOffice, _branch: BranchSettings | None) -> Iterable[Item]:
        person = here.person
        allowed = person.may_any(self.rights, ORGANISATION) if self.everywhere else person.may_somewhere(self.rights)
        return self.items(tx, here) if allowed else ()


async def to_do(here: InOffice, branch: BranchSettings | None) -> list[Item]:
    """What a person can mend at a branch and in the house, or sees that others must."""
    try:
        found = await here.read(_all_at_once, here, branch)
    except Exception:
        LOGGER.exception("to-do items failed together, so each is looked up alone")
        found = await _one_by_one(here, branch)
    return sorted(found, key=lambda one: ORDER.index(one.level))


# ---------------------------------------------------------------- the hall


def undecided_bookings(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Appointments that the settings no longer support, and those of people who must not meet for staff who may know it."""
    allowed, apart = services_for(here.person, branch, DECISION_RIGHTS), here.person.may_any(APART_RIGHTS, branch.id)
    count = sum(one.booking.service_id in allowed for one in undecided(tx, branch, apart=apart))
    sentence = here.words.plural("today.undecided", count)
    return [Item("bad", sentence, "today.decide", link="/office/undecided")] if count else []


def visitors_to_call(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Visitors whose appointment the house changed and whom no message reaches."""
    seen = services_for(here.person, branch, PHONE_LIST_RIGHTS)
    calls = [one for one in phone_calls(tx, branch) if one.reached_at is None]
    count = sum(one.booking.service_id in seen for one in calls)
    sentence = here.words.plural("today.to-call", count)
    return [Item("bad", sentence, "today.call", link=f"/appointments/{branch.slug}/calls")] if count else []


def people_to_follow_up(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Who missed an appointment, where the branch has staff see to them."""
    seen = services_for(here.person, branch, PHONE_LIST_RIGHTS)
    count = sum(one.booking.service_id in seen and one.reached_at is None for one in missed(tx, branch))
    sentence = here.words.plural("today.to-follow-up", count)
    return [Item("bad", sentence, "today.see-missed", link=f"/appointments/{branch.slug}/calls")] if count else []


def overdue_home_visits(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Home visits from which nobody has come back in time."""
    seen = services_for(here.person, branch, VISIT_RIGHTS)
    missed = [one for one in overdue_visits(tx, branch) if one.booking.service_id in seen]
    if not missed:
        return []
    since = dates.day_time(min(one.back_by for one in missed), branch.zone, here.words)
    sentence = here.words.text("today.visits-overdue", since=since)
    return [Item("bad", sentence, "today.to-visits", link=f"/appointments/{branch.slug}/visits")]


def unsent_messages(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Messages about coming appointments that were given up: those that nobody sees to, and the person's own."""
    found = unsent_for(tx, here.person, branch)
    owners = owners_of(tx, branch) if found else {}
    alone = sum(all(one.owner != known.id for known in owners.get(one.service_id, ())) for one in found)
    mine = sum(one.owner == here.person.id for one in found)
    kinds: tuple[tuple[Level, str, int], ...] = (
        ("bad", "today.unsent-messages", alone),
        ("note", "today.own-messages", mine),
    )
    return [
        Item(level, here.words.plural(words, count), "today.see-messages", link="/office/messages")
        for level, words, count in kinds
        if count
    ]


def places_given_back(_tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Many appointments given back by one address: perhaps a program."""
    count = given_back_of(here.connection).most(branch.id, here.now)
    if not count:
        return []
    sentence = here.words.plural("office.many-given-back", count, branch=localised(branch.names, here.language))
    return [Item("note", sentence, "office.go-to-given-back", link="/office/given-back")]


# ---------------------------------------------------------------- equipment


def printers_in_trouble(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Printers that cannot print, or soon cannot."""
    mends = here.person.may_any(PRINTER_RIGHTS, branch.id)
    return [
        Item(
            "bad",
            here.words.text(
                "today.printer", printer=_name(here, one), state=here.words.text(f"state.printer.{one.status}")
            ),
            "office.trial",
            post=f"/office/printers/{branch.slug}/{one.slug}/trial" if mends else "",
        )
        for one in devices(tx, branch.id, "printer")
        if one.address and one.status in IN_TROUBLE
    ]


def silent_devices(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Kiosks and screens that were paired and do not report."""
    page = "/office/devices" if here.person.may_any(DEVICE_RIGHTS, branch.id) else ""
    return [
        Item("bad", here.words.text("today.silent", device=_name(here, one)), "office.go-to-devices", page)
        for one in devices(tx, branch.id)
        if one.kind != "printer" and one.presence(here.now) == "silent"
    ]


def waiting_devices(tx: Tx, here: InOffice) -> list[Item]:
    """Devices that show a code and wait to be let in; they belong to no branch yet."""
    count = len(open_pairings(tx))
    sentence = here.words.plural("office.devices-waiting", count)
    return [Item("note", sentence, "office.go-to-devices", link="/office/devices")] if count else []


# ---------------------------------------------------------------- days, people, the machine


def provisional_days(_tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Seasons and closures that begin soon and are still to be confirmed."""
    today = branch.timetable.business_date(here.now)
    words = here.words
    seasons = [
        words.text("today.provisional-season", day=dates.day(one.first, words))
        for one in branch.calendar.seasons
        if one.provisional and _is_soon(one.first, one.last, today)
    ]
    closures = [
        words.text(
            "today.provisional-closure",
            name=localised(one.names, here.language) or words.text("state.decided.closure"),
            day=dates.day(one.first, words),
        )
        for one in branch.calendar.closures
        if one.provisional and _is_soon(one.first, one.last, today)
    ]
    if not here.person.may_any(HOURS_RIGHTS, branch.id):
        return [Item("note", sentence, "today.see-next", link="#next") for sentence in (*seasons, *closures)]
    return [
        *(Item("note", sentence, "hours.seasons", link=f"/office/seasons/{branch.slug}") for sentence in seasons),
        *(Item("note", sentence, "hours.check-year", link="/office/calendars") for sentence in closures),
    ]


@dataclass(slots=True)
class Unchecked:
    """The calendars to be checked, and the catalogue with their names, as they were at these versions of the settings.

    Kept, because every open page asks several times a minute, and to read all settings takes long.
    """

    versions: Mapping[UUID, int] = field(default_factory=dict)
    year: int = 0
    slugs: Sequence[str] = ()
    catalogue: Catalogue | None = None


def calendars_to_check(tx: Tx, here: InOffice) -> list[Item]:
    """Calendars whose closed days of the coming year nobody has checked."""
    year = year_to_check(here.now.date())
    known = here.installation.memory(Unchecked)
    current = versions(tx)
    if (known.versions, known.year) != (current, year):
        slugs = unchecked_calendars(tx, year)
        known.catalogue = (declared_organisation(tx)).catalogue
        known.versions, known.year, known.slugs = current, year, slugs
    if not known.slugs or known.catalogue is None:
        return []
    things = things_of_catalogue(known.catalogue, here.words)
    return [
        Item(
            "note",
            here.words.text("hours.todo-unchecked", year=str(year), name=things["calendar"].get(slug, slug)),
            "hours.check-year",
            link=f"/office/calendars/{slug}",
        )
        for slug in known.slugs
    ]


def requests_for_a_second_person(tx: Tx, here: InOffice) -> list[Item]:
    """Requests on which the person could decide."""
    count = waiting_for(tx, here.person)
    sentence = here.words.plural("today.approvals", count)
    return [Item("note", sentence, "today.go-to-approvals", link="/office/approvals")] if count else []


def delayed_requests(tx: Tx, here: InOffice) -> list[Item]:
    """Requests that nobody else can approve, so that time alone stands before them."""
    clock = clock_of(here)
    return [
        Item(
            "bad",
            here.words.text(
                "today.delayed",
                action=here.words.text(f"audit.approval-action.{one.action}"),
                at=clock(one.due_at),
            ),
            "today.go-to-approvals",
            link="/office/approvals",
        )
        for one in waiting_alone(tx, here.person)
    ]


def unreadable(tx: Tx, here: InOffice) -> list[Item]:
    """Settings that cannot be read, so that what they belong to is closed."""
    names = tuple(unreadable_settings(tx))
    return [Item("bad", here.words.text("office.unreadable"), names=names)] if names else []


def failed_upkeep(tx: Tx, here: InOffice) -> list[Item]:
    """Nightly work that failed, and backups that are missing or old."""
    return [
        Item("bad" if one.level == "bad" else "note", one.sentence(here.words), "today.go-to-health", "/office/health")
        for one in look_at_upkeep(tx)
        if one.level != "good"
    ]


def missing_administrator(tx: Tx, here: InOffice) -> list[Item]:
    """With one administrator alone nobody can help that person, or decide with them."""
    if len(administrators(tx)) > 1:
        return []
    return [Item("note", here.words.text("today.one-administrator"), "today.invite", link="/office/invitations")]


# ---------------------------------------------------------------- inside


def _all_at_once(tx: Tx, here: InOffice, branch: BranchSettings | None) -> list[Item]:
    return [item for source in SOURCES for item in source.find(tx, here, branch)]


async def _one_by_one(here: InOffice, branch: BranchSettings | None) -> list[Item]:
    """Each source in a transaction of its own, because PostgreSQL answers nothing more in one that has failed."""
    found: list[Item] = []
    for source in SOURCES:
        try:
            found += await here.read(source.find, here, branch)
        except Exception:
            LOGGER.exception("to-do item failed", source=source.items.__name__)
    return found


def _name(here: InOffice, device: DeviceView) -> str:
    return localised(device.names, here.language) or device.slug


def _is_soon(first: date, last: date, today: date) -> bool:
    return last >= today and first - today <= PROVISIONAL_WITHIN


#: Of two items of one level, that of the earlier source comes first.
SOURCES: Final[tuple[OfBranch | OfHouse, ...]] = (
    OfHouse(DATA_RIGHTS, unreadable, everywhere=True),
    OfBranch(TODAY_RIGHTS, beyond_targets),
    OfBranch(TODAY_RIGHTS, unserved_queues),
    OfBranch(TODAY_RIGHTS, unskilled_services),
    OfBranch(TODAY_RIGHTS, late_end),
    OfBranch(PRINTER_RIGHTS | SUPERVISION_RIGHTS, printers_in_trouble),
    OfBranch(DEVICE_RIGHTS | SUPERVISION_RIGHTS, silent_devices),
    OfBranch(DECISION_RIGHTS, undecided_line),
    OfBranch(PHONE_LIST_RIGHTS, visitors_to_call),
    OfBranch(PHONE_LIST_RIGHTS, people_to_follow_up),
    OfBranch(VISIT_RIGHTS, overdue_home_visits),
    OfBranch(DECISION_RIGHTS, undecided_bookings),
    OfBranch(DECISION_RIGHTS, unsent_messages),
    OfHouse(HEALTH_RIGHTS, failed_upkeep),
    OfHouse(DEVICE_RIGHTS, waiting_devices),
    OfHouse(ASKING_RIGHTS, delayed_requests),
    OfHouse(ASKING_RIGHTS, requests_for_a_second_person),
    OfBranch(CLOSING_RIGHTS, provisional_days),
    OfHouse(HOURS_RIGHTS, calendars_to_check, everywhere=True),
    OfBranch(PLACES_RIGHTS, places_given_back),
    OfBranch(FIGURE_RIGHTS, new_report),
    OfHouse(INVITE_RIGHTS, missing_administrator, everywhere=True),
)
