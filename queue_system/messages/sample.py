"""An invented appointment, and the message about it, to show how a letter reads before anybody gets one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from ..actions.outbox import ClaimedMessage
from ..core.bookings import BookingState
from ..core.messages import ENDED, OF_SERIES, OF_VISIT, VISIT_ENDED, Event
from ..core.promises import Decided
from ..core.support import Why
from ..store.queries.bookings import BookingView
from ..store.queries.earlier import Offer
from ..store.queries.messages import Recipient, level_of_service
from ..store.queries.settings import BranchSettings, ServiceView
from ..store.queries.visit_parts import PartTold

# No address of anybody (RFC 2606).
NOBODY: Final = "somebody@example.org"
_CODE: Final = "QM7K4TRX"
_IDS: Final = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
_OVER: Final = ENDED | VISIT_ENDED


def sample(branch: BranchSettings, service: ServiceView, event: Event, language: str, now: datetime) -> ClaimedMessage:
    """A message about an invented appointment of a service, in three days at ten; at the level of the service."""
    day = (now + timedelta(days=3)).astimezone(branch.zone)
    starts_at = day.replace(hour=10, minute=0, second=0, microsecond=0)
    first = _booking(branch, service, event, language, starts_at, 0)
    second = _booking(branch, service, event, language, starts_at + timedelta(days=7), 1)
    next_to = _booking(branch, service, event, language, first.ends_at, 1)
    to = Recipient(0, NOBODY, level_of_service(branch, service.id))
    earlier = Offer(
        first.id,
        first.id,
        first.id,
        first.code,
        starts_at,
        starts_at - timedelta(days=1),
        starts_at - timedelta(days=2),
        stands=True,
    )
    return ClaimedMessage(
        uuid5(_IDS, event),
        event,
        to.level,
        language,
        1,
        first,
        to,
        now,
        (first, second) if event in OF_SERIES else (),
        earlier if event is Event.EARLIER else None,
        (PartTold(first, to), PartTold(next_to, to)) if event in OF_VISIT else (),
    )


def _booking(
    branch: BranchSettings, service: ServiceView, event: Event, language: str, starts_at: datetime, number: int
) -> BookingView:
    offered = event is Event.OFFERED
    ends_at = starts_at + timedelta(minutes=service.on(starts_at.astimezone(branch.zone).date()).duration_min)
    over = event in _OVER or (event in (Event.SERIES_CANCELLED, Event.SERIES_CALLED_OFF) and number == 1)
    ours = over and event in (Event.CALLED_OFF, Event.VISIT_CALLED_OFF, Event.SERIES_CALLED_OFF)
    return BookingView(
        id=uuid5(_IDS, f"{event}{number}"),
        branch_id=branch.id,
        code=_CODE if number == 0 else _CODE[::-1],
        state=BookingState.CANCELLED if over else BookingState.CONFIRMED,
        service_id=service.id,
        starts_at=starts_at,
        ends_at=ends_at,
        name="",
        contact=NOBODY,
        language=language,
        persons=1,
        source="web",
        helper="",
        held_until=None,
        created_at=starts_at - timedelta(days=4),
        confirmed_at=starts_at - timedelta(days=4),
        changes=0,
        ticket_id=None,
        token="",
        decision=Decided.CANCEL if ours else None,
        lost_why=Why.CLOSED if ours else None,
        change_id=None,
        offered_starts_at=starts_at + timedelta(days=1) if offered else None,
        offered_ends_at=ends_at + timedelta(days=1) if offered else None,
        offer_until=starts_at - timedelta(days=1) if offered else None,
    )
