"""Blocks of members: made with a decision on each appointment that has the member then, ended, and what comes back.

A person confirms what a page has shown (`store.queries.blocks.concerned`). Under the lock the same is worked out again.
Where other appointments are concerned, or something that was chosen is no longer possible, nothing at all is done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core import hours
from ..core.blocks import PUT_OFF, Absence, BlockReason, Concerned, Settling, Way, check, fingerprint
from ..core.bookings import Booker
from ..core.errors import DomainError, Missing, Stale
from ..core.facts.bookings import BookingHandedOver
from ..core.facts.members import MemberBlocked, MemberBlockEnded
from ..core.messages import Event
from ..core.promises import Choice, Decided, is_for_staff_alone
from ..core.support import Why
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries.blocks import appointments_of, blocked_bookings, blocks_of, concerned
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.members import members_of
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import Block, table
from . import decisions, members, offers, outbox
from .bookings import expire_due
from .day import in_session
from .lost_holds import end_blocked
from .placing import Wanted
from .second_person import refuse_many

BLOCK = table(Block)

_CHOICES = {Way.NEXT: Choice.MOVE, Way.CANCEL: Choice.CANCEL}


@dataclass(frozen=True, slots=True)
class BlockOrder:
    """A block, and what becomes of each appointment in it; `seen` is the fingerprint of those that were shown.

    `note` says the reason in a few words (`core.blocks.read_note`). Appointments without a settling go on the list of what is to be decided.
    """

    absence: Absence
    reason: BlockReason
    seen: str
    settlings: Mapping[UUID, Settling] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Some appointments that a member has in a stretch are given to the member `to`; `seen` as in BlockOrder."""

    stretch: Absence
    to: UUID
    bookings: Collection[UUID]
    seen: str


def block_member(tx: Tx, branch_id: UUID, order: BlockOrder, actor: Actor) -> UUID:
    """Make a block, all or nothing; returns its id. The same once more, by whoever made it, is one. Messages are sent after the commit.

    Raises what `core.blocks.check` raises, Missing("member"), Refused("block-many") where one person would move or call
    off too many, and Stale("block-changed") where what was seen or chosen is no longer so.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        absence = order.absence
        today = settings.timetable.business_date(tx.now)
        check(absence, hours.day_bounds(today, settings.zone, settings.day_starts)[0])
        same = next(
            (
                one
                for one in blocks_of(tx, settings, [absence.member])
                if (one.starts_at, one.ends_at) == (absence.starts_at, absence.ends_at)
            ),
            None,
        )
        # Pressed twice: what was seen has gone with the first time.
        if same is not None and same.created_by == _author(actor):
            return same.id
        found = concerned(tx, settings, absence)
        _unchanged(found, order.seen)
        if same is not None:
            return same.id
        chosen = {one.booking: order.settlings.get(one.booking, PUT_OFF) for one in found}
        refuse_many(
            tx, branch_id, ((key, _CHOICES[one.way]) for key, one in chosen.items() if one.way in _CHOICES), actor
        )
        block_id = _store(lock, settings, order, actor)
        end_blocked(lock, settings, actor)
        _settle_each(lock, settings, absence.member, found, chosen, actor)
        return block_id


def end_block(tx: Tx, branch_id: UUID, block_id: UUID, actor: Actor) -> None:
    """Let a block count no more; appointments on which nothing was decided stand again. Raises Missing("block")."""
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        here = BLOCK.c.branch_id == branch_id, BLOCK.c.id == block_id
        block = tx.row(sa.select(BLOCK).where(*here, BLOCK.c.ended_at.is_(None), BLOCK.c.ends_at > tx.now))
        if block is None:
            raise Missing("block")
        tx.execute(sa.update(BLOCK).where(*here).values(ended_at=tx.now))
        fact = MemberBlockEnded(
            subject=str(block_id),
            member=_slug(settings, block.member_id),
            from_at=block.starts_at.isoformat(),
            until_at=block.ends_at.isoformat(),
        )
        lock.append(fact, actor)
        decisions.give_back_time(lock, settings, actor)


def hand_over(tx: Tx, branch_id: UUID, order: HandOver, actor: Actor) -> int:
    """Give appointments to another member at the same time, all or none; returns how many. The same once more is one.

    Raises Missing("member"), Stale("block-changed") where what was seen is no longer so, or the other is not free.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        found = appointments_of(tx, settings, order.stretch)
        if order.bookings and _is_given(tx, settings, order, found):
            return len(order.bookings)
        _unchanged(found, order.seen)
        wanted = [one for one in found if one.booking in order.bookings]
        chosen = {one.booking: Settling(Way.STAND_IN, to=order.to) for one in wanted}
        _settle_each(lock, settings, order.stretch.member, wanted, chosen, actor)
        return len(wanted)


def _is_given(tx: Tx, settings: BranchSettings, order: HandOver, found: Sequence[Concerned]) -> bool:
    """Whether the other has all of them already, as when a button is pressed twice."""
    wanted = frozenset(order.bookings)
    if any(one.booking in wanted for one in found):
        return False
    theirs = appointments_of(tx, settings, replace(order.stretch, member=order.to))
    return wanted <= {one.booking for one in theirs}


def _unchanged(found: Sequence[Concerned], seen: str) -> None:
    if fingerprint(found) != seen:
        raise Stale("block-changed")


def _author(actor: Actor) -> UUID | None:
    """The member of staff who acts."""
    return UUID(actor.id) if actor.kind == "staff" else None


def _store(lock: Locked, settings: BranchSettings, order: BlockOrder, actor: Actor) -> UUID:
    absence, block_id = order.absence, uuid7()
    row = {
        "branch_id": lock.id,
        "id": block_id,
        "member_id": absence.member,
        "starts_at": absence.starts_at,
        "ends_at": absence.ends_at,
        "reason": order.reason.value,
        "note": order.note,
        "created_at": lock.tx.now,
        "created_by": _author(actor),
    }
    fact = MemberBlocked(
        subject=str(block_id),
        member=_slug(settings, absence.member),
        from_at=absence.starts_at.isoformat(),
        until_at=absence.ends_at.isoformat(),
    )
    lock.tx.execute(sa.insert(BLOCK), row)
    lock.append(fact, actor)
    return block_id


def _settle_each(
    lock: Locked,
    settings: BranchSettings,
    member: UUID,
    found: Sequence[Concerned],
    chosen: Mapping[UUID, Settling],
    actor: Actor,
) -> None:
    """Those who stay at their time first, so that nobody else is given the member who stands in for them."""
    if any(chosen[one.booking] not in one.ways for one in found):
        raise Stale("block-changed")
    for one in sorted(found, key=lambda one: chosen[one.booking].way is not Way.STAND_IN):
        settling, booking = chosen[one.booking], booking_by_id(lock.tx, lock.id, one.booking)
        if settling.to is not None:
            _stand_in(lock, settings, one, booking, member, settling.to, actor)
            continue
        offers.withdraw(lock, settings, booking)
        if settling.at is not None:
            wanted = Wanted(settling.at, Booker.STAFF, stays={one.need: member})
            try:
                place = offers.find_other(lock, settings, booking, wanted)
            except DomainError as refusal:
                raise Stale("block-changed") from refusal
            offers.offer_place(lock, settings, booking, place, Why.MEMBER, None, actor)
        else:
            choice = Choice.CANCEL if settling.way is Way.CANCEL else Choice.LATER
            decisions.settle(lock, settings, booking, choice, Why.MEMBER, None, actor)


def _stand_in(
    lock: Locked, settings: BranchSettings, one: Concerned, booking: BookingView, old: UUID, new: UUID, actor: Actor
) -> None:
    members.give_to(lock, booking.id, one.need, one.span, old, new, announced=one.announced)
    fact = BookingHandedOver(
        subject=str(booking.id),
        code=booking.code,
        from_member=_slug(settings, old),
        to_member=_slug(settings, new),
    )
    lock.append(fact, actor)
    was_lost = booking.lost_why is Why.MEMBER and booking.offered_starts_at is None
    # Another of its members may be away as well.
    if was_lost and booking.id not in blocked_bookings(lock.tx, settings):
        offers.store(lock, booking, **offers.SETTLED)
    event = _news(booking, booking_by_id(lock.tx, lock.id, booking.id), announced=one.announced)
    if event is not None:
        outbox.tell(lock, settings, booking, event)


def _news(before: BookingView, now: BookingView, *, announced: bool) -> Event | None:
    """What a visitor is told once another member has their appointment; `announced`: they were promised somebody.

    Nothing where its time is lost and nothing else is offered, because that it stays at its time would not be true; what
    staff decide is told then.
    """
    if now.offered_starts_at is not None:
        # The offered time is what was handed over, so it is offered once more, with whom it is.
        return Event.OFFERED if announced else None
    if now.taken_away and not is_for_staff_alone(now.decision, now.lost_why):
        return None
    if announced:
        return Event.HANDED_OVER
    # They were told that it could not take place at its time.
    return Event.STANDS if before.decision is Decided.UNANSWERED and not now.taken_away else None


def _slug(settings: BranchSettings, member: UUID) -> str:
    found = members_of(settings).get(member)
    if found is None:
        raise Missing("member")
    return found.slug
