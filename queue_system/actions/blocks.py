"""Blocks of members: made with a decision on each appointment that has the member then, ended, and what comes back.

A person confirms what a page has shown (`store.queries.blocks.concerned`). Under the lock the same is worked out again.
Where other appointments are concerned, or something that was chosen is no longer possible, nothing at all is done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core import hours
from ..core.blocks import (
    PUT_OFF,
    Absence,
    BlockReason,
    Concerned,
    Planned,
    Remedy,
    Settling,
    any_twice,
    check,
    fingerprint,
)
from ..core.bookings import Booker
from ..core.errors import Count, DomainError, Invalid, Missing, Refused, Stale
from ..core.facts.bookings import BookingHandedOver
from ..core.facts.members import MemberBlocked, MemberBlockedOften, MemberBlockEnded, MemberBlocksEnded
from ..core.messages import Event
from ..core.promises import NOT_BEFORE, Choice, Decided
from ..core.support import Why
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries.blocks import BlockView, appointments_of, blocked_bookings, blocks_of, taken_by
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.effect import Ending, still_regained
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

_CHOICES = {Remedy.NEXT: Choice.MOVE, Remedy.CANCEL: Choice.CANCEL}
#: Twelve people every week for a year; a transaction does no more.
MOST_BLOCKS: Final = 636


@dataclass(frozen=True, slots=True)
class BlockOrder:
    """Blocks, and what becomes of each appointment in them; `seen` is the fingerprint of those that were shown.

    `note` says the reason in a few words (`core.blocks.read_note`). Appointments without a settling go on the list of
    what is to be decided. `ending` are the blocks that end with it; `plan` is theirs where all of it changes.
    """

    absences: tuple[Absence, ...]
    reason: BlockReason
    seen: str
    settlings: Mapping[UUID, Settling] = field(default_factory=dict)
    note: str = ""
    ending: Ending | None = None
    plan: UUID | None = None

    @property
    def instead(self) -> frozenset[UUID]:
        """The blocks, by id, that end with it."""
        return self.ending.blocks if self.ending else frozenset()


@dataclass(frozen=True, slots=True)
class HandOver:
    """Some appointments that a member has in a stretch are given to the member `to`; `seen` as in BlockOrder."""

    stretch: Absence
    to: UUID
    bookings: Collection[UUID]
    seen: str


def block_members(tx: Tx, branch_id: UUID, order: BlockOrder, actor: Actor) -> UUID:
    """Make blocks, all or nothing; returns their plan. The same once more, by whoever made them, is one.

    Messages are sent after the commit. Raises what `core.blocks.check` raises, Invalid("block-repeats-none") and
    ("block-repeats-many"), Missing("member"), Refused("block-many") or ("block-many-one") where one person would move or call off too many,
    Refused("block-stand-in-twice"), and Stale("block-changed") where what was seen or chosen is no longer so.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        planned = Planned(order.absences, order.instead)
        known = blocks_of(tx, settings)
        same = [_same(absence, known, order.instead) for absence in order.absences]
        # Pressed twice: what was seen has gone with the first time.
        if same and all(one is not None and one.created_by == _author(actor) for one in same):
            return next(one.plan_id for one in same if one is not None)
        replaced = [one for one in known if one.id in order.instead]
        if len(replaced) != len(order.instead):
            raise Stale("block-changed")
        _check(tx, settings, order, replaced)
        found = taken_by(tx, settings, planned)
        _unchanged(found, order.seen)
        chosen = {one.booking: order.settlings.get(one.booking, PUT_OFF) for one in found}
        refuse_many(
            tx, branch_id, ((key, _CHOICES[one.way]) for key, one in chosen.items() if one.way in _CHOICES), actor
        )
        end_in(lock, settings, replaced, actor)
        fresh = [absence for absence, one in zip(order.absences, same, strict=True) if one is None]
        plan = _store(lock, settings, order, fresh, actor) if fresh else None
        end_blocked(lock, settings, actor)
        _settle_each(lock, settings, found, chosen, actor)
        if order.ending is not None:
            _let_stand(lock, settings, order.ending, actor)
        return plan or next(one.plan_id for one in same if one is not None)


def end_blocks(tx: Tx, branch_id: UUID, ending: Ending, actor: Actor) -> None:
    """Let blocks count no more; appointments on which nothing was decided stand again. Raises Missing("block").

    Which these are was seen without the lock (`store.queries.effect.ending_of`), so that the hall does not wait while all
    that is booked is looked through; it is looked for here only if the settings have changed since.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        ended = [one for one in blocks_of(tx, settings) if one.id in ending.blocks]
        if not ended:
            raise Missing("block")
        end_in(lock, settings, ended, actor)
        _let_stand(lock, settings, ending, actor)


def _let_stand(lock: Locked, settings: BranchSettings, ending: Ending, actor: Actor) -> None:
    """Let what was seen to stand again do so, but for what another block takes, also one of the same transaction."""
    seen = still_regained(lock.tx, settings, ending) if ending.version == settings.config_version else None
    decisions.give_back_time(lock, settings, actor, seen)


def end_in(lock: Locked, settings: BranchSettings, blocks: Sequence[BlockView], actor: Actor) -> None:
    """Let blocks count no more, within an action; no appointment stands again yet."""
    if not blocks:
        return
    ids = [one.id for one in blocks]
    here = BLOCK.c.branch_id == lock.id, BLOCK.c.id.in_(ids)
    lock.tx.execute(sa.update(BLOCK).where(*here).values(ended_at=lock.tx.now))
    for member in dict.fromkeys(one.member_id for one in blocks):
        of = [one for one in blocks if one.member_id == member]
        span = {"from_at": of[0].starts_at.isoformat(), "until_at": of[-1].ends_at.isoformat()}
        slug = _slug(settings, member)
        if len(of) == 1:
            lock.append(MemberBlockEnded(subject=str(of[0].id), member=slug, **span), actor)
        else:
            lock.append(MemberBlocksEnded(subject=str(of[0].plan_id), member=slug, times=len(of), **span), actor)


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
        chosen = {one.booking: Settling(Remedy.STAND_IN, to=(order.to,)) for one in wanted}
        _settle_each(lock, settings, wanted, chosen, actor)
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


def _same(absence: Absence, known: Iterable[BlockView], instead: Collection[UUID]) -> BlockView | None:
    """The block that takes the same stretch already."""
    wanted = absence.member, absence.starts_at, absence.ends_at
    return next(
        (one for one in known if (one.member_id, one.starts_at, one.ends_at) == wanted and one.id not in instead), None
    )


def _check(tx: Tx, settings: BranchSettings, order: BlockOrder, replaced: Iterable[BlockView]) -> None:
    if not order.absences:
        raise Invalid("block-repeats-none", "times")
    if len(order.absences) > MOST_BLOCKS:
        raise Invalid("block-repeats-many", "times", limit=Count(MOST_BLOCKS))
    today = hours.day_bounds(settings.timetable.business_date(tx.now), settings.zone, settings.day_starts)[0]
    # What has begun on an earlier day can be changed, but goes back no further.
    since = min((today, *(one.starts_at for one in replaced)))
    for absence in order.absences:
        check(absence, since)


def _store(
    lock: Locked, settings: BranchSettings, order: BlockOrder, absences: Sequence[Absence], actor: Actor
) -> UUID:
    plan = order.plan or uuid7()
    rows: list[dict[str, Any]] = [
        {
            "branch_id": lock.id,
            "id": uuid7(),
            "plan_id": plan,
            "member_id": one.member,
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
            "reason": order.reason.value,
            "note": order.note,
            "created_at": lock.tx.now,
            "created_by": _author(actor),
        }
        for one in absences
    ]
    slugs = {one.member: _slug(settings, one.member) for one in absences}
    lock.tx.execute(sa.insert(BLOCK), rows)
    for member, slug in slugs.items():
        of = [row for row in rows if row["member_id"] == member]
        span = {"from_at": of[0]["starts_at"].isoformat(), "until_at": of[-1]["ends_at"].isoformat()}
        if len(of) == 1:
            lock.append(MemberBlocked(subject=str(of[0]["id"]), member=slug, **span), actor)
        else:
            lock.append(MemberBlockedOften(subject=str(plan), member=slug, times=len(of), **span), actor)
    return plan


def _settle_each(
    lock: Locked,
    settings: BranchSettings,
    found: Sequence[Concerned],
    chosen: Mapping[UUID, Settling],
    actor: Actor,
) -> None:
    """Those who stay at their time first, so that nobody else is given the member who stands in for them."""
    if not all(_is_possible(lock, one, chosen[one.booking]) for one in found):
        raise Stale("block-changed")
    if any_twice((one, chosen[one.booking].to) for one in found):
        raise Refused("block-stand-in-twice")
    for one in sorted(found, key=lambda one: chosen[one.booking].way is not Remedy.STAND_IN):
        settling, booking = chosen[one.booking], booking_by_id(lock.tx, lock.id, one.booking)
        if settling.to:
            _stand_in(lock, settings, one, booking, settling.to, actor)
            continue
        offers.withdraw(lock, settings, booking)
        if settling.at is not None:
            stays = {part.need: part.member for part in one.parts}
            wanted = Wanted(settling.at, Booker.STAFF, stays=stays)
            try:
                place = offers.find_other(lock, settings, booking, wanted)
            except DomainError as refusal:
                raise Stale("block-changed") from refusal
            offers.offer_place(lock, settings, booking, place, Why.MEMBER, None, actor)
        else:
            choice = Choice.CANCEL if settling.way is Remedy.CANCEL else Choice.LATER
            decisions.decide_at_once(lock, settings, booking, choice, Why.MEMBER, None, actor)


def _is_possible(lock: Locked, one: Concerned, settling: Settling) -> bool:
    """Whether it can still be done. Another time is not looked for again, because the hall would wait; its place is taken,
    or it fails."""
    if settling.at is not None:
        return settling.at >= lock.tx.now + NOT_BEFORE
    return settling in one.ways


def _stand_in(
    lock: Locked, settings: BranchSettings, one: Concerned, booking: BookingView, to: Sequence[UUID], actor: Actor
) -> None:
    for part, new in zip(one.parts, to, strict=True):
        members.give_to(lock, booking.id, part, new)
        fact = BookingHandedOver(
            subject=str(booking.id),
            code=booking.code,
            from_member=_slug(settings, part.member),
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
    if now.is_lost:
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
