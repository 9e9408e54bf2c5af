"""What the owner of an appointment does about an earlier time: wait for one, accept or decline it, wait no more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..core import earlier
from ..core.bookings import Booker
from ..core.earlier import Outcome, Wish
from ..core.errors import Refused
from ..core.facts.earlier import EarlierLeft, EarlierWished
from ..core.messages import Event
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id, policy_of
from ..store.queries.earlier import Offer, running_offer
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import EarlierOffer, EarlierWish, table
from . import freed_places, listed_places, offers, outbox
from .bookings import expire_due, move_to
from .placing import Wanted

OFFER, WISH = table(EarlierOffer), table(EarlierWish)


def wait_for_earlier(tx: Tx, branch_id: UUID, booking_id: UUID, wish: Wish, actor: Actor) -> None:
    """Put an appointment on the list, or change what suits its owner, who keeps their place in the list.

    Raises Refused("earlier-none") where `may_wait` says no.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        booking = booking_by_id(tx, branch_id, booking_id)
        if not may_wait(settings, booking, tx.now):
            raise Refused("earlier-none")
        key = (WISH.c.branch_id == branch_id, WISH.c.booking_id == booking_id)
        values = {"first_day": wish.first_day, "part": wish.part.value, "notice_hours": wish.notice_hours}
        if tx.execute(sa.update(WISH).where(*key).values(**values)).rowcount == 0:
            row = {"branch_id": branch_id, "booking_id": booking_id, "since": tx.now, **values}
            tx.execute(sa.insert(WISH), row)
        lock.append(EarlierWished(subject=str(booking_id), code=booking.code), actor)


def wait_no_more(tx: Tx, branch_id: UUID, booking_id: UUID, actor: Actor) -> None:
    """Take an appointment off the list; idempotent. An earlier time that is offered now stays offered."""
    with locked(tx, branch_id) as lock:
        booking = booking_by_id(tx, branch_id, booking_id)
        if listed_places.forget_wish(lock, booking_id):
            lock.append(EarlierLeft(subject=str(booking_id), code=booking.code), actor)


def accept_earlier(tx: Tx, branch_id: UUID, booking_id: UUID, offer_id: UUID, actor: Actor) -> BookingView:
    """Move an appointment to the earlier time that is kept for it; its own place is given back and offered in turn.

    It counts as no change of the visitor's. Idempotent. Raises Refused("earlier-over") where it is not kept any more, and
    what `placing.find` raises where the settings do not have the time any more.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        booking = booking_by_id(tx, branch_id, booking_id)
        offer = running_offer(tx, branch_id, booking_id)
        if offer is None or offer.id != offer_id:
            if _was_accepted(lock, booking, offer_id):
                return booking
            raise Refused("earlier-over")
        moved = _take(lock, settings, booking, offer, actor)
        listed_places.pass_on(lock)
        return moved


def decline_earlier(tx: Tx, branch_id: UUID, booking_id: UUID, offer_id: UUID, actor: Actor) -> None:
    """Let the next have the earlier time; idempotent. Who declines stays on the list for other times."""
    with locked(tx, branch_id) as lock:
        expire_due(lock)
        offer = running_offer(tx, branch_id, booking_id)
        if offer is not None and offer.id == offer_id:
            freed_places.end_offer(lock, offer, Outcome.DECLINED, actor)
            listed_places.pass_on(lock)


def may_wait(settings: BranchSettings, booking: BookingView, now: datetime) -> bool:
    """Whether the owner of an appointment can wait for an earlier time."""
    service = settings.services.get(booking.service_id)
    if service is None or booking.is_lost:
        return False
    freed, single = policy_of(settings, service).freed, booking.together_id is None
    return earlier.may_wait(freed, booking.state, booking.starts_at, now, single=single)


def _take(lock: Locked, settings: BranchSettings, booking: BookingView, offer: Offer, actor: Actor) -> BookingView:
    freed_places.end_offer(lock, offer, Outcome.ACCEPTED, actor)
    move_to(lock, settings, booking, Wanted(offer.starts_at, Booker.STAFF), actor)
    offers.store(lock, booking, changes=booking.changes)
    listed_places.use_up(lock, offer)
    moved = booking_by_id(lock.tx, lock.id, booking.id)
    outbox.tell(lock, settings, moved, Event.CHANGED)
    return moved


def _was_accepted(lock: Locked, booking: BookingView, offer_id: UUID) -> bool:
    statement = sa.select(OFFER.c.outcome).where(
        OFFER.c.branch_id == lock.id, OFFER.c.id == offer_id, OFFER.c.booking_id == booking.id
    )
    return bool(lock.tx.scalar(statement) == Outcome.ACCEPTED.value)
