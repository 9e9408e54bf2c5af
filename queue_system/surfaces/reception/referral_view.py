"""The values of the page that sends a visitor on: where to, what of it is told, and the slips of what was done.

A slip speaks the visitor's language. For a protected service it names neither place nor service, as the printed slip of a
number, because others may find it; staff say where to go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from markupsafe import Markup

from ...core import hours, names
from ...core.errors import Missing
from ...core.facts.tickets import TicketReferred
from ...core.offering import Way
from ...core.rights import REFER_RIGHTS
from ...i18n import dates
from ...i18n.filters import localised
from ...i18n.words import Words
from ...store.database import Tx
from ...store.queries import line
from ...store.queries.line import TicketView
from ...store.queries.offering import is_named, ways
from ...store.queries.outings import place_on
from ...store.queries.referrals import can_be_referred, gives_number, referrals_of
from ...store.queries.settings import BranchSettings, Names, ServiceView
from ...web import kit
from ...web.access import all_branches
from ...web.addresses import address_key
from ...web.here import StaffAtBranch
from ...web.how import HOW
from ...web.qr import qr_svg
from .view import LONGEST_SEARCH


@dataclass(frozen=True, slots=True)
class Target:
    """A service to which a visitor can be sent; `when` says in words when it is open."""

    service: ServiceView
    when: str
    number: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A branch with those of its services to which a visitor can be sent."""

    branch: BranchSettings
    elsewhere: bool
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Slip:
    """What the visitor takes along, in words of their language.

    `named` tells staff where it leads in any case: branch and service. `ticket` is the number that was given; `page` the
    address of its page at this reception, "" for one of another branch.
    """

    words: Words
    named: tuple[Names, Names]
    hidden: bool
    ticket: TicketView | None
    page: str
    qr: Markup | None
    rows: tuple[tuple[str, str], ...]
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    ticket: TicketView
    branches: Sequence[BranchSettings]
    done: Sequence[tuple[TicketReferred, TicketView | None]]


async def referral_values(here: StaffAtBranch, ticket_id: UUID, to: str, service: str) -> dict[str, Any]:
    """The values of `reception/referral.html`; `to` and `service` name what was chosen, "" for nothing.

    Raises Missing with "ticket", "branch" or "service".
    """
    found = await here.read(_found, here.branch, ticket_id)
    if found.ticket.service_id not in here.services(REFER_RIGHTS):
        raise Missing("ticket")
    rule = here.branch.organisation.referrals
    places = _places(here, found, between=rule is not None)
    wanted = here.request.query_params.get("s", "").strip()[:LONGEST_SEARCH]
    place, target = _target(places, to, service)
    shown = [_fitting(one, wanted) for one in places]
    return {
        "ticket": found.ticket,
        "names": here.branch.services[found.ticket.service_id].listed_names,
        "possible": can_be_referred(here.branch, found.ticket, here.now),
        "places": [one for one in shown if one.targets],
        "wanted": wanted,
        "place": place,
        "target": target,
        "rule": rule if place and place.elsewhere else None,
        "between": rule is not None,
        "slips": list(_slips(here, found)),
    }


def _places(here: StaffAtBranch, found: _Found, *, between: bool) -> list[Place]:
    """This branch first, and `between` branches the others; the services that are not retired, and not the visitor's own."""
    order = sorted(found.branches, key=lambda one: one.id != here.branch.id)
    return [
        Place(branch, branch.id != here.branch.id, tuple(_targets(here, branch, found.ticket)))
        for branch in order
        if branch.id == here.branch.id or (between and not branch.is_retired(here.now))
    ]


def _targets(here: StaffAtBranch, branch: BranchSettings, ticket: TicketView) -> Iterator[Target]:
    now, elsewhere = here.now, branch.id != here.branch.id
    given = branch.services_on(branch.timetable.business_date(now)).values()
    usual = here.branch.services[ticket.service_id].referrals
    for service in sorted(given, key=lambda one: one.queue_id not in usual):
        if service.id != ticket.service_id:
            number = gives_number(branch, service, now, elsewhere=elsewhere)
            yield Target(service, _when(branch, service, now, here.words), number)


def _target(places: Sequence[Place], branch: str, service: str) -> tuple[Place | None, Target | None]:
    if not branch:
        return None, None
    place = next((one for one in places if one.branch.slug == branch), None)
    if place is None:
        raise Missing("branch")
    target = next((one for one in place.targets if one.service.slug == service), None)
    if target is None:
        raise Missing("service")
    return place, target


def _fitting(place: Place, wanted: str) -> Place:
    """The services with every word of `wanted` in one of their names, or in those of their branch."""
    if not wanted:
        return place
    own = " ".join(place.branch.names.values())
    targets = (one for one in place.targets if names.is_named(" ".join([own, *one.service.names.values()]), wanted))
    return Place(place.branch, place.elsewhere, tuple(targets))


def _when(branch: BranchSettings, service: ServiceView, now: datetime, words: Words, *, dated: bool = False) -> str:
    """When a service is open: until when now, or from when; "" if it is never opened. `dated`: always with the day."""
    until = hours.open_until(now, branch.calendar, service.id)
    if until is not None:
        at = dates.day_time(until, branch.zone, words) if dated else dates.time(until, branch.zone, words)
        return words.text("referral.open-until", time=at)
    opens = hours.next_opening(now, branch.calendar, service.id)
    return words.text("referral.opens", time=dates.day_time(opens, branch.zone, words)) if opens else ""


def _slips(here: StaffAtBranch, found: _Found) -> Iterator[Slip]:
    """The newest first; of several to one service only the newest, because a number replaces a slip."""
    branches = {str(one.id): one for one in found.branches}
    newest: dict[tuple[str | None, str], tuple[TicketReferred, TicketView | None]] = {}
    for fact, given in reversed(found.done):
        newest.setdefault((fact.to_branch, fact.to_service), (fact, given))
    for fact, given in newest.values():
        branch = branches.get(fact.to_branch) if fact.to_branch else here.branch
        service = (
            next((one for one in branch.services.values() if one.slug == fact.to_service), None) if branch else None
        )
        if branch is not None and service is not None:
            yield _slip(here, found.ticket, branch, service, given)


def _slip(
    here: StaffAtBranch, ticket: TicketView, branch: BranchSettings, service: ServiceView, given: TicketView | None
) -> Slip:
    language = ticket.language if ticket.language in kit.languages_of(branch) else here.language
    words = kit.words_of(language, branch)
    hidden, address = service.confidentiality.hides_service, here.installation.configuration.address
    link = f"{address}/t/{given.token}" if given else f"{address}/book/{branch.slug}/{address_key(service)}"
    label = words.text("reception.qr-label" if given else "referral.qr-service")
    rule = here.branch.organisation.referrals if branch.id != here.branch.id else None
    reference = rule is None or "case_reference" in rule.passes_on
    rows = [*([] if hidden else _where(branch, service, here.now, words))]
    if when := _when(branch, service, here.now, words, dated=True):
        rows.append((words.text("referral.when"), when))
    if given is None and not hidden:
        rows.append((words.text("referral.how"), words.text(_how(service))))
    if reference:
        rows.append((words.text("referral.reference"), ticket.code))
    return Slip(
        words=words,
        named=(branch.names, service.names),
        hidden=hidden,
        ticket=given,
        page=f"/reception/{branch.slug}/tickets/{given.id}" if given and branch.id == here.branch.id else "",
        qr=qr_svg(link, label) if given or not hidden else None,
        rows=tuple(rows),
        documents=tuple(localised(one.names, language) for one in service.to_bring) if is_named(service) else (),
    )


def _where(branch: BranchSettings, service: ServiceView, now: datetime, words: Words) -> Iterator[tuple[str, str]]:
    yield words.text("referral.service"), localised(service.shown_names, words.language)
    yield words.text("referral.branch"), localised(branch.names, words.language)
    calendar = branch.calendar
    at = now if hours.is_open(now, calendar, service.id) else hours.next_opening(now, calendar, service.id)
    place = (place_on(branch, service, at) if at else None) or branch.address
    if place:
        yield words.text("referral.address"), localised(place, words.language)
    if branch.phone:
        yield words.text("referral.phone"), branch.phone


def _how(service: ServiceView) -> str:
    return HOW[tuple(way for way in ways(service) if way is not Way.PLATFORM)]


def _found(tx: Tx, branch: BranchSettings, ticket_id: UUID) -> _Found:
    ticket = line.as_it_stands(line.ticket(tx, branch.id, ticket_id), branch, tx.now)
    done = referrals_of(tx, ticket)
    return _Found(ticket, all_branches(tx), [(fact, _given(tx, branch, fact)) for fact in done])


def _given(tx: Tx, branch: BranchSettings, fact: TicketReferred) -> TicketView | None:
    if fact.to_ticket is None:
        return None
    try:
        return line.ticket(tx, UUID(fact.to_branch) if fact.to_branch else branch.id, UUID(fact.to_ticket))
    except Missing:
        # The numbers of a day are deleted before the log is.
        return None
