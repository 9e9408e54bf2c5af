"""Two people who must not meet: pairs, the refusal of times, and appointments that staff let stand. Decision 0035."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core import apart
from ..core.apart import AcceptedFor, Leave, Reason, Scope, key_mark, read_reference
from ..core.bookings import LIVE
from ..core.errors import Count, Invalid, Missing, Refused
from ..core.facts.apart import MeetingAccepted, PairEnded, PairMade
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.apart import (
    Meeting,
    Others,
    hashes,
    is_bound,
    is_for_one,
    keeps_apart,
    may_accept,
    meetings,
    not_accepted,
    others_at,
    people_of,
)
from ..store.queries.bookings import BookingView, booking_by_id, booking_views
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import ApartAccepted, ApartKey, ApartPair, Booking, table
from .second_person import SecondPersonNeeded

ACCEPTED, BOOKING, KEY, PAIR = table(ApartAccepted), table(Booking), table(ApartKey), table(ApartPair)


@dataclass(frozen=True, slots=True)
class PairOrder:
    """Two people, each as it was typed: a case number, a telephone or an e-mail address."""

    one: str
    other: str
    scope: Scope
    reason: Reason
    minutes: int = 0
    until: date | None = None


def make_pair(tx: Tx, branch_id: UUID, order: PairOrder, actor: Actor) -> UUID:
    """Keep two people apart from now on; returns the id of the pair. Their appointments stay, and are to be decided.

    Raises Missing("branch") where the branch keeps nobody apart, Invalid for what is no reference, for both the same,
    for wrong minutes and for a day that is over, Refused("apart-known") where there is this pair already.
    """
    with locked(tx, branch_id) as lock:
        settings = _settings(lock)
        keys = [_key(tx, settings, typed, field) for typed, field in ((order.one, "one"), (order.other, "other"))]
        if keys[0] == keys[1]:
            raise Invalid("apart-same", "other")
        if order.scope is Scope.MINUTES and not 0 < order.minutes <= apart.LONGEST_MINUTES:
            raise Invalid("apart-minutes", "minutes", most=Count(apart.LONGEST_MINUTES))
        if order.until is not None and order.until < settings.timetable.business_date(tx.now):
            raise Invalid("apart-until", "until")
        both = PAIR.c.key_a.in_(keys), PAIR.c.key_b.in_(keys)
        if tx.row(sa.select(PAIR.c.id).where(PAIR.c.branch_id == lock.id, *both, PAIR.c.ended_at.is_(None))):
            raise Refused("apart-known")
        _know_everybody(lock)
        pair_id = uuid7()
        row = {
            "branch_id": lock.id,
            "id": pair_id,
            # In the order of the hashes, because the order in which they were typed says something, too.
            "key_a": min(keys),
            "key_b": max(keys),
            "made_with": key_mark(tx.secret, lock.id),
            "scope": order.scope.value,
            "minutes": order.minutes if order.scope is Scope.MINUTES else 0,
            "until": order.until,
            "reason": order.reason.value,
            "created_at": tx.now,
            "created_by": UUID(actor.id) if actor.kind == "staff" else None,
        }
        tx.execute(sa.insert(PAIR), row)
        found = [one for one in meetings(tx, settings) if one.pair == pair_id]
        fact = PairMade(subject=str(pair_id), scope=order.scope.value, reason=order.reason.value, meetings=len(found))
        lock.append(fact, actor)
        return pair_id


def end_pair(tx: Tx, branch_id: UUID, pair_id: UUID, actor: Actor) -> None:
    """Let a pair count no more. Raises Missing("pair")."""
    with locked(tx, branch_id) as lock:
        changed = tx.execute(
            sa.update(PAIR)
            .where(PAIR.c.branch_id == branch_id, PAIR.c.id == pair_id, PAIR.c.ended_at.is_(None))
            .values(ended_at=tx.now)
        )
        if changed.rowcount != 1:
            raise Missing("pair")
        lock.append(PairEnded(subject=str(pair_id)), actor)


def accept_meeting(
    tx: Tx,
    branch_id: UUID,
    pair_id: UUID,
    ids: Collection[UUID],
    why: AcceptedFor,
    actor: Actor,
    *,
    approved: bool = False,
) -> None:
    """Let two appointments of a pair stand at their times; one may still be held.

    Raises Missing("pair") where they do not meet any more, and SecondPersonNeeded for a protected service unless a second
    person has `approved`.
    """
    with locked(tx, branch_id) as lock:
        settings, wanted = _settings(lock), frozenset(ids)
        found = [one for one in meetings(tx, settings, wanted) if one.pair == pair_id and one.ids == wanted]
        if not found:
            raise Missing("pair")
        for one in found:
            if not approved and not is_for_one(tx, settings, one):
                raise SecondPersonNeeded(())
            store_accepted(lock, one, why, actor)


def remember(lock: Locked, booking_id: UUID) -> None:
    """Store by what the people of a booking are recognised; called whenever names or contacts of it are stored."""
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    if keeps_apart(settings):
        _remember(lock, booking_by_id(lock.tx, lock.id, booking_id))


def forget(lock: Locked, ids: Iterable[UUID]) -> None:
    """Forget by what the people of some bookings are recognised."""
    lock.tx.execute(sa.delete(KEY).where(KEY.c.branch_id == lock.id, KEY.c.booking_id.in_(list(ids))))


def drop(lock: Locked, ids: Collection[UUID]) -> None:
    """Delete what is stored about bookings that go."""
    forget(lock, ids)
    either = sa.or_(ACCEPTED.c.one_id.in_(ids), ACCEPTED.c.other_id.in_(ids))
    lock.tx.execute(sa.delete(ACCEPTED).where(ACCEPTED.c.branch_id == lock.id, either))


def drop_ended(lock: Locked, before: datetime) -> int:
    """Delete pairs that were ended before an instant, or whose last day was; returns how many."""
    last_day = before.date()
    over = sa.or_(PAIR.c.ended_at < before, PAIR.c.until < last_day)
    ids = [row.id for row in lock.tx.rows(sa.select(PAIR.c.id).where(PAIR.c.branch_id == lock.id, over))]
    for rows, column in ((ACCEPTED, ACCEPTED.c.pair_id), (PAIR, PAIR.c.id)):
        lock.tx.execute(sa.delete(rows).where(rows.c.branch_id == lock.id, column.in_(ids)))
    return len(ids)


def refuse_binding(lock: Locked, settings: BranchSettings, booking: BookingView, leave: Leave) -> None:
    """Refuse to make a hold binding at whose time its people would meet somebody from whom they are kept apart.

    Raises what `refuse_time` raises; but where one person may not accept it, Refused("kept-apart-second") for staff who
    have not said why a second one should, and SecondPersonNeeded for those who have.
    """
    others = unaccepted(lock, settings, booking)
    if not others.meets(booking.starts_at, booking.ends_at):
        return
    if leave.sees and leave.second and not _is_for_one_then(lock, settings, booking, others):
        raise SecondPersonNeeded(()) if leave.accepts else Refused("kept-apart-second")
    refuse_time(others, booking.starts_at, booking.ends_at, leave)


def unaccepted(lock: Locked, settings: BranchSettings, booking: BookingView) -> Others:
    """Whom the people of a hold must not meet, but for those whom they were let meet at its time."""
    service = settings.services[booking.service_id]
    # Where times are not refused, the people need not be read either.
    if not is_bound(settings, service):
        return Others(settings, service.id)
    others = others_at(lock.tx, settings, service, people_of(lock.tx, booking), booking.id)
    return not_accepted(lock.tx, others, booking)


def refuse_time(others: Others, starts_at: datetime, ends_at: datetime, leave: Leave) -> None:
    """Refuse a time at which people would meet `others`, unless `leave` accepts it.

    Raises Refused("kept-apart") for staff who may know it and do not accept it, Refused("kept-apart-protected") where one
    person may not, and for others Refused("slot-taken").
    """
    if not others.meets(starts_at, ends_at):
        return
    if not leave.sees:
        raise Refused("slot-taken")
    if not may_accept(others.settings, others.service_id):
        raise Refused("kept-apart-protected")
    if leave.accepts is None:
        raise Refused("kept-apart")


def accept_now(lock: Locked, settings: BranchSettings, booking: BookingView, leave: Leave, actor: Actor) -> None:
    """Store what was accepted with an appointment that is bound or has moved."""
    if not leave.sees or leave.accepts is None:
        return
    for one in meetings(lock.tx, settings):
        if booking.id in one.ids:
            if not is_for_one(lock.tx, settings, one):
                raise Refused("kept-apart-protected")
            store_accepted(lock, one, leave.accepts, actor)


def _is_for_one_then(lock: Locked, settings: BranchSettings, booking: BookingView, others: Others) -> bool:
    """Whether one person may accept everybody whom the people of a hold would meet at its time."""
    met = (one.placed.id for one in others.met(booking.starts_at, booking.ends_at))
    services = {booking.service_id, *(booking_by_id(lock.tx, lock.id, one).service_id for one in met)}
    return all(may_accept(settings, one) for one in services)


def store_accepted(lock: Locked, meeting: Meeting, why: AcceptedFor, actor: Actor) -> None:
    """Let two appointments of a pair stand at their times; the caller has asked who may."""
    first, second = sorted((meeting.one, meeting.other), key=lambda placed: placed.id)
    key = {"branch_id": lock.id, "pair_id": meeting.pair, "one_id": first.id, "other_id": second.id}
    # An earlier one was for other times.
    lock.tx.execute(sa.delete(ACCEPTED).where(*(ACCEPTED.c[name] == value for name, value in key.items())))
    row = {
        **key,
        "one_starts_at": first.starts_at,
        "other_starts_at": second.starts_at,
        "reason": why.value,
        "accepted_at": lock.tx.now,
        "accepted_by": UUID(actor.id) if actor.kind == "staff" else None,
    }
    lock.tx.execute(sa.insert(ACCEPTED), row)
    lock.append(MeetingAccepted(subject=str(meeting.pair), reason=why.value), actor)


def _settings(lock: Locked) -> BranchSettings:
    """The settings of a branch that keeps people apart; raises Missing("branch") for another."""
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    if not keeps_apart(settings):
        raise Missing("branch")
    return settings


def _key(tx: Tx, settings: BranchSettings, typed: str, field: str) -> str:
    (found,) = hashes(tx, settings.id, [read_reference(typed, settings.country_code, field)])
    return found


def _know_everybody(lock: Locked) -> None:
    """Store it for live bookings from before the branch began to keep people apart."""
    known = sa.select(KEY.c.booking_id).where(KEY.c.branch_id == lock.id)
    live = BOOKING.c.state.in_([state.value for state in LIVE])
    for booking in booking_views(
        lock.tx, BOOKING.c.branch_id == lock.id, live, BOOKING.c.ends_at > lock.tx.now, BOOKING.c.id.not_in(known)
    ):
        _remember(lock, booking)


def _remember(lock: Locked, booking: BookingView) -> None:
    forget(lock, [booking.id])
    found = hashes(lock.tx, lock.id, people_of(lock.tx, booking))
    if found:
        rows = [{"branch_id": lock.id, "booking_id": booking.id, "hash": one} for one in sorted(found)]
        lock.tx.execute(sa.insert(KEY), rows)
