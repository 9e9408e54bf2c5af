"""Two people who must not meet, in a protected service: that their appointments stand waits for a second person.

So does a hold that would bring them together: it lasts as long as the request, and becomes an appointment with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ..core.apart import AcceptedFor
from ..core.approvals import DELAY, LIFETIME
from ..core.bookings import BookingState
from ..core.errors import Denied, Refused
from ..core.rights import APART_RIGHTS, BOOK_RIGHTS, NEVER_PROTECTED, PROTECTED_ONLY
from ..core.support import Why
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.access import StaffView, staff_by_id
from ..store.queries.apart import Meeting, is_for_one, meetings
from ..store.queries.approvals import ApprovalView
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.effect import undecided
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import ORGANISATION, Booking, table
from .apart import accept_meeting, remember, store_accepted, unaccepted
from .approvals import ask, ask_under
from .bookings import confirm_in, expire_due
from .day import in_session
from .decisions import let_stand
from .lost_holds import against_ended
from .said import Said, as_said

BOOKING = table(Booking)
ACTION: Final = "accept-meeting"


def ask_to_accept(
    tx: Tx, branch_id: UUID, pair_id: UUID, ids: Collection[UUID], why: AcceptedFor, actor: Actor
) -> UUID:
    """Ask a second person for what `accept_meeting` refused; returns the id of the request."""
    params = _params(tx, branch_id, pair_id, ids, why)
    return ask(tx, branch_id, ACTION, params, actor, effect_of_meeting(tx, params, tx.now))


@dataclass(frozen=True, slots=True)
class Kept:
    """How many appointments stand now, and on how many a second person is asked."""

    stand: int = 0
    asked: int = 0


def keep_meetings(tx: Tx, branch_id: UUID, ids: Collection[UUID], why: AcceptedFor, actor: Actor) -> Kept:
    """Let appointments of the list of what is to be decided stand against everybody whom their people would meet.

    Where one person may not let them meet, a second one is asked, and the appointment stays on the list. Those that are no
    longer on it are left out.
    """
    with locked(tx, ORGANISATION) as organisation, in_session(tx, branch_id) as lock:
        expire_due(lock)
        settings = branch_settings(tx, branch_id, lock.config_version)
        listed = [one.booking for one in undecided(tx, settings, apart=True) if one.why is Why.APART]
        chosen = {one.id: one for one in listed if one.id in ids}
        waits: set[UUID] = set()
        for one in meetings(tx, settings):
            if one.ids.isdisjoint(chosen):
                continue
            if is_for_one(tx, settings, one):
                store_accepted(lock, one, why, actor)
            else:
                _ask(organisation, settings, one, why, actor)
                waits |= one.ids & chosen.keys()
        for booking_id in chosen.keys() - waits:
            let_stand(lock, settings, chosen[booking_id])
        return Kept(len(chosen) - len(waits), len(waits))


def ask_to_book(tx: Tx, branch_id: UUID, hold_id: UUID, said: Said, why: AcceptedFor, actor: Actor) -> None:
    """Keep what was said with a hold that would bring people together, and ask a second person for each whom they would meet.

    The time stays held until the requests end, or it begins. Raises Refused with "hold-expired" or
    "slot-withdrawn", Refused("kept-apart-protected") where somebody whom they would meet has a time that is only held,
    and what `actions.said.as_said` raises.
    """
    with locked(tx, ORGANISATION) as organisation, locked(tx, branch_id) as lock:
        expire_due(lock)
        settings, hold = branch_settings(tx, branch_id, lock.config_version), booking_by_id(tx, branch_id, hold_id)
        if hold.state is not BookingState.HELD:
            raise against_ended(hold)
        hold = as_said(lock, settings, hold, said, actor)
        remember(lock, hold.id)
        others = unaccepted(lock, settings, hold)
        met = {one.placed.id for one in others.met(hold.starts_at, hold.ends_at)} | (
            {hold.id} if others.together else set()
        )
        found = [one for one in meetings(tx, settings, {hold.id}) if hold.id in one.ids]
        if not found or met != {max(one.ids - {hold.id}, default=hold.id) for one in found}:
            raise Refused("kept-apart-protected")
        for one in found:
            _ask(organisation, settings, one, why, actor)
        _hold_on(tx, hold)


def accept_approved(tx: Tx, params: dict[str, Any], actor: Actor) -> None:
    """Let them stand, with the rights that the person has now, and make binding what is only held.

    Raises Denied, Missing("pair"), and what `actions.bookings.confirm_booking` raises.
    """
    person, branch_id = staff_by_id(tx, UUID(actor.id)), UUID(params["at"])
    if person is None or not person.may_any(APART_RIGHTS, branch_id):
        raise Denied("not-allowed")
    ids = [UUID(one) for one in params["bookings"]]
    accept_meeting(tx, branch_id, UUID(params["pair"]), ids, AcceptedFor(params["why"]), actor, approved=True)
    for one in ids:
        _bind(tx, branch_id, one, person, actor)


def _bind(tx: Tx, branch_id: UUID, booking_id: UUID, person: StaffView, actor: Actor) -> None:
    """Confirm a hold whose people meet nobody any more whom they were not let meet."""
    with locked(tx, branch_id) as lock:
        settings, booking = (
            branch_settings(tx, branch_id, lock.config_version),
            booking_by_id(tx, branch_id, booking_id),
        )
        if booking.state is not BookingState.HELD:
            return
        service = settings.services[booking.service_id]
        rights = BOOK_RIGHTS - (NEVER_PROTECTED if service.confidentiality.protected else PROTECTED_ONLY)
        allowed, department = person.departments(rights, branch_id), settings.departments[service.department_id].slug
        if allowed is not None and department not in allowed:
            raise Denied("not-allowed")
        if not unaccepted(lock, settings, booking).meets(booking.starts_at, booking.ends_at):
            expire_due(lock)
            confirm_in(lock, settings, booking_by_id(tx, branch_id, booking_id), actor)


def effect_of_meeting(tx: Tx, params: dict[str, Any], _asked_at: datetime) -> str:
    """The fingerprint of the times at which they meet, because at others they were not approved; "" if they do not."""
    settings = branch_settings(tx, UUID(params["at"]))
    found = [
        f"{one.one.starts_at.isoformat()} {one.other.starts_at.isoformat()}"
        for one in meetings(tx, settings, [UUID(id_) for id_ in params["bookings"]])
        if str(one.pair) == params["pair"] and sorted(str(id_) for id_ in one.ids) == params["bookings"]
    ]
    return hashlib.sha256("\n".join(found).encode()).hexdigest() if found else ""


def _ask(organisation: Locked, settings: BranchSettings, meeting: Meeting, why: AcceptedFor, actor: Actor) -> None:
    """Ask a second person to let two appointments stand."""
    tx = organisation.tx
    params = _params(tx, settings.id, meeting.pair, meeting.ids, why)
    ask_under(organisation, settings.id, ACTION, params, actor, effect_of_meeting(tx, params, tx.now))


def _params(tx: Tx, branch_id: UUID, pair_id: UUID, ids: Collection[UUID], why: AcceptedFor) -> dict[str, Any]:
    return {
        "at": str(branch_id),
        "pair": str(pair_id),
        "bookings": sorted(str(one) for one in ids),
        "codes": sorted(booking_by_id(tx, branch_id, one).code for one in ids),
        "why": why.value,
    }


def hold_on(tx: Tx, params: dict[str, Any]) -> None:
    """Let what is held wait as long as a request that is asked now."""
    branch_id = UUID(params["at"])
    with locked(tx, branch_id):
        for one in params["bookings"]:
            booking = booking_by_id(tx, branch_id, UUID(one))
            if booking.state is BookingState.HELD:
                _hold_on(tx, booking)


def _hold_on(tx: Tx, hold: BookingView) -> None:
    # Where nobody else can approve, a day passes, and there is another one to carry it out.
    until = min(tx.now + DELAY + LIFETIME, hold.starts_at)
    here = BOOKING.c.branch_id == hold.branch_id, BOOKING.c.id == hold.id
    tx.execute(sa.update(BOOKING).where(*here).values(held_until=until))


def is_for_hold(one: ApprovalView, hold_id: UUID) -> bool:
    """Whether a request is to let the people of a hold meet somebody."""
    return one.action == ACTION and str(hold_id) in one.params["bookings"]


def is_about(one: ApprovalView, pair_id: UUID, ids: Collection[UUID]) -> bool:
    """Whether a request is to let these two stand."""
    about = one.params.get("pair"), one.params.get("bookings")
    return one.action == ACTION and about == (str(pair_id), sorted(str(id_) for id_ in ids))
