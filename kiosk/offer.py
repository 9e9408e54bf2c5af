"""What a kiosk offers: services as cards, in groups where they are many, each with whether it gives numbers now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from queue_system.core import hours
from queue_system.core.bookings import Mode
from queue_system.store.queries.settings import BranchSettings, DocumentView, Names, PriorityView, ServiceView

# More cards than this do not stand on one screen with letters that can be read: groups come first.
CARDS: Final = 8
SELF_DECLARED: Final = "self_declared"


@dataclass(frozen=True, slots=True)
class Card:
    """A service to touch.

    `waiting` is how many wait in its queue, None where that is nobody's business. `gives`: numbers can be taken
    now. Otherwise `opens` is when they can be again, or None, and `refusal` says why: closed, by-appointment or
    by-staff. `direct`: a touch takes the number, because a page in between would have nothing to say.
    """

    service: ServiceView
    waiting: int | None
    gives: bool
    refusal: str | None
    opens: datetime | None
    direct: bool

    @property
    def names(self) -> Names:
        return self.service.shown_names

    @property
    def is_protected(self) -> bool:
        return self.service.confidentiality.hides_service

    @property
    def urgent(self) -> bool:
        return "urgent" in self.service.tags or any(tag.startswith("priority_") for tag in self.service.tags)


@dataclass(frozen=True, slots=True)
class Group:
    """Cards that belong together: a department, or a queue of a large one. `key` is its part of the address."""

    key: str
    names: Names
    cards: tuple[Card, ...]
    waiting: int | None

    @property
    def gives(self) -> bool:
        return any(card.gives for card in self.cards)

    @property
    def urgent(self) -> bool:
        return any(card.urgent and card.gives for card in self.cards)


@dataclass(frozen=True, slots=True)
class Offer:
    """`groups` is empty where all cards fit on the first screen."""

    cards: tuple[Card, ...]
    groups: tuple[Group, ...]

    @property
    def gives(self) -> bool:
        """Whether anything gives numbers now."""
        return any(card.gives for card in self.cards)


def offer(branch: BranchSettings, waiting: Mapping[UUID, int], now: datetime) -> Offer:
    """Everything that can be chosen; `waiting` is how many wait, by queue. Urgent matters stand first."""
    cards = [card_of(branch, service, waiting, now) for service in _offered(branch)]
    cards.sort(key=lambda card: not card.urgent)
    if len(cards) <= CARDS:
        return Offer(tuple(cards), ())
    # Protected services stand on the first page under their neutral names: whoever touches the name of their
    # department would be seen to.
    groups = [Group(str(card.service.id), card.names, (card,), None) for card in cards if card.is_protected]
    open_cards = [card for card in cards if not card.is_protected]
    for department in branch.departments:
        groups += _groups(branch, department, open_cards, waiting)
    groups.sort(key=lambda group: not group.urgent)
    return Offer(tuple(cards), tuple(groups))


def card_of(branch: BranchSettings, service: ServiceView, waiting: Mapping[UUID, int], now: datetime) -> Card:
    """One service as it stands at `now`."""
    gives = service.walk_in and branch.timetable.takes_tickets(now, service.id)
    return Card(
        service=service,
        waiting=None if service.confidentiality.hides_service else waiting.get(service.queue_id, 0),
        gives=gives,
        refusal=None if gives else _refusal(service),
        opens=next_numbers(branch, service, now) if service.walk_in and not gives else None,
        direct=gives and not documents(service) and not note_of(service) and not self_declared(branch),
    )


def documents(service: ServiceView) -> Sequence[DocumentView]:
    """What to bring.

    Nothing where the service must not be named: the list would tell everybody who stands behind what it is about.
    """
    return () if service.confidentiality.hides_service else service.to_bring


def note_of(service: ServiceView) -> Names | None:
    """What else there is to know before the number is taken, under the same rule."""
    return None if service.confidentiality.hides_service else service.note


def self_declared(branch: BranchSettings) -> list[PriorityView]:
    """The priority classes that somebody's own word is enough for."""
    return [priority for priority in branch.priorities.values() if priority.evidence.startswith(SELF_DECLARED)]


def next_numbers(branch: BranchSettings, service: ServiceView | None, now: datetime) -> datetime | None:
    """When a branch, or a service, next begins to give numbers."""
    return hours.next_opening(now, branch.calendar, service.id if service else None)


def _refusal(service: ServiceView) -> str:
    if service.walk_in:
        return "closed"
    return "by-staff" if service.mode in (Mode.STAFF_ONLY, Mode.INVITE) else "by-appointment"


def _offered(branch: BranchSettings) -> list[ServiceView]:
    """The services that are shown.

    Protected ones have neutral names. Those that only staff give are not shown at all, and of several with one
    name in one queue one is enough: what it is about is said in the room.
    """
    shown: list[ServiceView] = []
    seen: set[tuple[str, UUID]] = set()
    for service in branch.services.values():
        if service.confidentiality.hides_service:
            name = (repr(sorted(service.shown_names.items())), service.queue_id)
            if not service.walk_in or name in seen:
                continue
            seen.add(name)
        shown.append(service)
    return shown


def _groups(
    branch: BranchSettings, department: UUID, cards: Iterable[Card], waiting: Mapping[UUID, int]
) -> list[Group]:
    """A department as one group, or as its queues where it has too many services for a screen."""
    own = [card for card in cards if card.service.department_id == department]
    view = branch.departments[department]
    if len(own) <= CARDS:
        return [_group(view.slug, view.names, own, waiting)] if own else []
    queues = [queue for queue in branch.queues.values() if any(card.service.queue_id == queue.id for card in own)]
    return [
        _group(
            f"{view.slug}.{queue.slug}",
            queue.names,
            [card for card in own if card.service.queue_id == queue.id],
            waiting,
        )
        for queue in queues
    ]


def _group(key: str, names: Names, cards: list[Card], waiting: Mapping[UUID, int]) -> Group:
    queues = {card.service.queue_id for card in cards if card.waiting is not None}
    return Group(key, names, tuple(cards), sum(waiting.get(queue, 0) for queue in queues) if queues else None)
