"""What a kiosk offers: services as cards, grouped if there are many, each with whether it gives numbers now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from queue_system.core import hours
from queue_system.core.offering import Way
from queue_system.core.waits.announce import Range
from queue_system.store.queries import line
from queue_system.store.queries.classes import class_of_service, self_declared
from queue_system.store.queries.offering import ways
from queue_system.store.queries.place import ProspectView
from queue_system.store.queries.settings import BranchSettings, DocumentView, Names, ServiceView
from queue_system.web.waits import Waits

# More cards do not fit on one screen in readable letters, so they are grouped.
CARDS: Final = 8
#: Why a service that is open gives no more numbers today.
GONE: Final = ("full", "last-ticket")
# Why a service without walk-in gives no number at a kiosk, by the first of its ways.
REFUSALS: Final = {
    Way.RECEPTION: "by-reception",
    Way.BOOKING: "by-appointment",
    Way.INVITATION: "by-invitation",
    Way.PLATFORM: "not-here",
}


@dataclass(frozen=True, slots=True)
class Card:
    """A service to touch.

    `ahead` is how many would be ahead of a number taken now, and `wait` how long it would wait; None if that must not be
    shown or is not known. `counter_open`: a
    counter that may call it is open. `gives`: numbers can be taken now. Otherwise `opens` is when they can be again, or
    None, and `refusal` says why: closed, full, last-ticket, or one of `REFUSALS`. `direct`: the touch takes the number, because there is
    nothing to show before it. `urgent`: its tickets are called before all others. `late`: it would be called after closing.
    """

    service: ServiceView
    ahead: int | None
    wait: Range | None
    counter_open: bool
    gives: bool
    refusal: str | None
    opens: datetime | None
    direct: bool
    urgent: bool
    late: bool = False

    @property
    def names(self) -> Names:
        return self.service.shown_names

    @property
    def is_protected(self) -> bool:
        return self.service.confidentiality.hides_service


@dataclass(frozen=True, slots=True)
class Group:
    """Cards that belong together: a department, or one queue of a large one. `key` is its part of the address."""

    key: str
    names: Names
    cards: tuple[Card, ...]

    @property
    def ahead(self) -> int | None:
        """How many would be ahead of a number from this group; None if its cards differ."""
        found = {card.ahead for card in self.cards if card.gives}
        return found.pop() if len(found) == 1 else None

    @property
    def wait(self) -> Range | None:
        """How long a number from this group would wait; None if its cards differ."""
        found = {card.wait for card in self.cards if card.gives}
        return found.pop() if len(found) == 1 else None

    @property
    def counter_open(self) -> bool:
        return any(card.counter_open for card in self.cards if card.gives)

    @property
    def gives(self) -> bool:
        return any(card.gives for card in self.cards)

    @property
    def gone(self) -> bool:
        """Whether it is open and all that it gives numbers for has none left today."""
        return all(card.refusal in GONE for card in self.cards)

    @property
    def urgent(self) -> bool:
        return any(card.urgent and card.gives for card in self.cards)


@dataclass(frozen=True, slots=True)
class Offer:
    """`groups` is empty if all cards fit on the first screen; `books`: visitors come here with appointments."""

    cards: tuple[Card, ...]
    groups: tuple[Group, ...]
    books: bool

    @property
    def gives(self) -> bool:
        """Whether anything gives numbers now."""
        return any(card.gives for card in self.cards)


def offer(
    branch: BranchSettings,
    awaits: Mapping[UUID, ProspectView],
    now: datetime,
    waits: Waits,
    language: str | None = None,
) -> Offer:
    """All that can be chosen, urgent services first; `awaits` is the prospect of a number taken now, by service."""
    cards = [card_of(branch, service, awaits, now, waits, language) for service in _offered(branch, now)]
    cards.sort(key=lambda card: not card.urgent)
    given = branch.services_on(branch.timetable.business_date(now)).values()
    books = any(service.bookable and not service.elsewhere for service in given)
    if len(cards) <= CARDS:
        return Offer(tuple(cards), (), books)
    # Protected services are on the first page under their neutral names, because touching the name of their department
    # would reveal too much.
    groups = [Group(str(card.service.id), card.names, (card,)) for card in cards if card.is_protected]
    open_cards = [card for card in cards if not card.is_protected]
    for department in branch.departments:
        groups += _groups(branch, department, open_cards)
    groups.sort(key=lambda group: not group.urgent)
    return Offer(tuple(cards), tuple(groups), books)


def card_of(
    branch: BranchSettings,
    service: ServiceView,
    awaits: Mapping[UUID, ProspectView],
    now: datetime,
    waits: Waits,
    language: str | None = None,
) -> Card:
    """The card of one service at `now`, for a visitor who speaks this language (the branch's own)."""
    hidden, day = service.confidentiality.hides_service, branch.timetable.business_date(now)
    told = None if hidden else waits.for_newcomer(branch, service, now, language=language)
    stopped = branch.numbers_stopped_now(service.queue_id, now)
    full = awaits[service.id].full
    late = waits.too_late(branch, service, now, language=language)
    ended = late and branch.queue_of(service).last_ticket == "stop"
    gives = service.walk_in and branch.gives_numbers(service.id, now) and not full and not ended
    return Card(
        service=service,
        ahead=None if hidden else awaits[service.id].ahead,
        wait=told.range if told else None,
        counter_open=awaits[service.id].counter_open,
        gives=gives,
        refusal=None if gives else _refusal(service, _gone(branch, service, now, full=full, ended=ended)),
        opens=next_numbers(branch, service, now) if service.walk_in and not gives and not stopped else None,
        direct=gives
        and not late
        and not documents(service)
        and not note_of(service)
        and not self_declared(branch, day),
        urgent=line.is_emergency(branch, class_of_service(branch, service, day)),
        late=gives and late,
    )


def documents(service: ServiceView) -> Sequence[DocumentView]:
    """What to bring.

    Nothing for a service that must not be named, because people who stand behind could read from the list what it is.
    """
    return () if service.confidentiality.hides_service else service.to_bring


def note_of(service: ServiceView) -> Names | None:
    """The note to read before the number is taken; None for a service that must not be named."""
    return None if service.confidentiality.hides_service else service.note


def next_numbers(branch: BranchSettings, service: ServiceView | None, now: datetime) -> datetime | None:
    """When the branch, or the service, next begins to give numbers."""
    return hours.next_opening(now, branch.calendar, service.id if service else None)


def _gone(branch: BranchSettings, service: ServiceView, now: datetime, *, full: bool, ended: bool) -> str:
    """Why a service that is open gives no more numbers today; "closed" where it is not open, or staff have stopped it."""
    if not branch.gives_numbers(service.id, now):
        return "closed"
    return "full" if full else "last-ticket" if ended else "closed"


def _refusal(service: ServiceView, gone: str) -> str:
    found = ways(service)
    if Way.NUMBER in found:
        return gone
    return REFUSALS[found[0]] if found else "not-here"


def _offered(branch: BranchSettings, now: datetime) -> list[ServiceView]:
    """The services that are shown; protected ones have neutral names, and are shown only if they give numbers here."""
    given = branch.services_on(branch.timetable.business_date(now)).values()
    return [service for service in given if service.walk_in or not service.confidentiality.hides_service]


def _groups(branch: BranchSettings, department: UUID, cards: Iterable[Card]) -> list[Group]:
    """A department as one group, or as one group per queue if it has too many services for a screen."""
    own = [card for card in cards if card.service.department_id == department]
    view = branch.departments[department]
    if len(own) <= CARDS:
        return [Group(view.slug, view.names, tuple(own))] if own else []
    by_queue = [
        (queue, tuple(card for card in own if card.service.queue_id == queue.id)) for queue in branch.queues.values()
    ]
    return [Group(f"{view.slug}.{queue.slug}", queue.names, cards) for queue, cards in by_queue if cards]
