"""The people who come with whom an appointment was booked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core import contacts
from ..core.bookings import LIVE, BookingState
from ..core.errors import Invalid, Refused, Stale
from ..core.facts.participants import ParticipantsNamed
from ..core.messages import Event
from ..core.participants import MOST_OTHERS, Person, against_unnamed, missing_parties, read_named
from ..core.typos import check_name
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id, bookings_together
from ..store.queries.participants import ParticipantView, last_gone, others_of, seen_of
from ..store.queries.settings import BranchSettings, ServiceView, branch_settings
from ..store.tables import Booking, Participant, table
from . import apart, outbox
from .safe_contact import asked, carry_over_to

BOOKING, PARTICIPANT = table(Booking), table(Participant)


def name_participants(
    tx: Tx,
    branch_id: UUID,
    booking_id: UUID,
    actor: Actor,
    others: Sequence[Person],
    seen: str | None = None,
    services: Collection[UUID] = (),
) -> None:
    """Let these be the people of a booking besides whom it was booked for.

    Whose name or contact is corrected by it is corrected in the other parts of the visit, too, as far as they are of
    `services`: those for which the person who acts names people.

    Raises Missing("booking"), Refused("booking-over"), and what `store_people` raises.
    """
    with locked(tx, branch_id) as lock:
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.state not in LIVE:
            raise Refused("booking-over")
        settings, before = branch_settings(tx, branch_id, lock.config_version), others_of(tx, branch_id, booking_id)
        store_people(lock, settings, booking, others, actor, seen=seen)
        _correct_elsewhere(lock, settings, booking, before, services, actor)


def store_people(
    lock: Locked,
    settings: BranchSettings,
    booking: BookingView,
    others: Sequence[Person],
    actor: Actor,
    *,
    all_parties: bool = False,
    seen: str | None = None,
) -> None:
    """`name_participants` within an action that has locked the branch. Who was there and is not among `others` goes.

    `seen` is the fingerprint of those who were shown (`store.queries.participants.seen_of`); None where nobody was. The
    same once more changes nothing.

    With `all_parties` it raises Invalid("parties-missing") where the service asks for more than are named.
    Raises Invalid for a wrong name, case number or contact, on a field such as `other-2-name`,
    Stale("participants-changed") where other people are stored now than were shown, and
    Refused("participant-recorded") where somebody would go of whom is recorded whether they came.
    """
    stored = others_of(lock.tx, lock.id, booking.id)
    known = {one.n: one for one in stored}
    wanted = _read(lock.tx, settings, booking, others, known)
    if all_parties:
        parties = settings.services[booking.service_id].parties
        refusal = against_unnamed(
            missing_parties(parties, booking.name, [(one["role"], one["name"]) for one in wanted.values()])
        )
        if refusal is not None:
            raise refusal
    if seen is not None and seen != seen_of(stored):
        if _are(stored, wanted.values()):
            return
        raise Stale("participants-changed")
    gone = known.keys() - wanted.keys()
    if any(known[n].attendance for n in gone):
        raise Refused("participant-recorded")
    here = (PARTICIPANT.c.branch_id == lock.id, PARTICIPANT.c.booking_id == booking.id)
    if gone:
        lock.tx.execute(sa.delete(PARTICIPANT).where(*here, PARTICIPANT.c.n.in_(gone)))
        _keep_numbers(lock, booking, max(gone))
    changed = False
    for n, values in wanted.items():
        if n not in known:
            row = {"branch_id": lock.id, "booking_id": booking.id, "n": n, **values}
            lock.tx.execute(sa.insert(PARTICIPANT), row)
        elif any(getattr(known[n], name) != value for name, value in values.items()):
            lock.tx.execute(sa.update(PARTICIPANT).where(*here, PARTICIPANT.c.n == n).values(**values))
        else:
            continue
        changed = True
    # Whoever was named, or got a contact.
    new = {n for n, one in wanted.items() if one["contact"] and (n not in known or known[n].contact != one["contact"])}
    carry_over_to(lock, booking, new)
    apart.remember(lock, booking.id)
    if new and booking.state is BookingState.CONFIRMED and not booking.taken_away and booking.starts_at > lock.tx.now:
        # The others were told before.
        outbox.tell(lock, settings, booking, Event.CONFIRMED, new)
    if changed or gone:
        lock.append(ParticipantsNamed(subject=str(booking.id), code=booking.code, count=len(wanted)), actor)


def _correct_elsewhere(
    lock: Locked,
    settings: BranchSettings,
    booking: BookingView,
    before: Sequence[ParticipantView],
    services: Collection[UUID],
    actor: Actor,
) -> None:
    """Correct whoever was corrected in one part of a visit where they had the same name and contact in another."""
    now = {one.n: one for one in others_of(lock.tx, lock.id, booking.id)}
    corrected = {(one.name, one.contact): now[one.n] for one in before if one.n in now and _is_same(one, now[one.n])}
    if not corrected or booking.together_id is None:
        return
    for part in bookings_together(lock.tx, lock.id, booking.together_id):
        if part.id == booking.id or part.state not in LIVE or part.service_id not in services:
            continue
        people = others_of(lock.tx, lock.id, part.id)
        alike = {one.n: corrected[one.name, one.contact] for one in people if (one.name, one.contact) in corrected}
        here = PARTICIPANT.c.branch_id == lock.id, PARTICIPANT.c.booking_id == part.id
        for n, one in alike.items():
            values = {"name": one.name, "contact": one.contact}
            lock.tx.execute(sa.update(PARTICIPANT).where(*here, PARTICIPANT.c.n == n).values(**values))
        if not alike:
            continue
        new = {one.n for one in people if one.n in alike and alike[one.n].contact != one.contact}
        carry_over_to(lock, part, new)
        apart.remember(lock, part.id)
        if new and part.state is BookingState.CONFIRMED and not part.taken_away and part.starts_at > lock.tx.now:
            # One message about all parts takes the place of that about the first.
            outbox.tell(lock, settings, part, Event.CONFIRMED, new)
        lock.append(ParticipantsNamed(subject=str(part.id), code=part.code, count=len(people)), actor)


def _is_same(before: ParticipantView, now: ParticipantView) -> bool:
    """Whether this is the same person, with another contact or with a name that was spelled wrong."""
    if (before.name, before.contact) == (now.name, now.contact) or not (before.name and now.name and now.contact):
        return False
    try:
        check_name(before.name, now.name)
    except Refused:
        return False
    return True


def read_for(service: ServiceView, name: str, reference: str) -> tuple[str, str]:
    """Name and case number as a service stores them; raises as `core.participants.read_named`."""
    level = service.confidentiality
    return read_named(name, reference, protected=level.protected, alias=level.takes_alias)


def _are(stored: Sequence[ParticipantView], wanted: Iterable[Mapping[str, Any]]) -> bool:
    """Whether these people, in their order, are stored already."""
    typed = [{name: value for name, value in one.items() if name != "contact_asked_at"} for one in wanted]
    return len(stored) == len(typed) and all(
        getattr(one, name) == value for one, values in zip(stored, typed, strict=True) for name, value in values.items()
    )


def _keep_numbers(lock: Locked, booking: BookingView, gone: int) -> None:
    """Let nobody get the number of somebody who has gone: a page that is still open may name them by it."""
    here = BOOKING.c.branch_id == lock.id, BOOKING.c.id == booking.id, BOOKING.c.last_gone < gone
    lock.tx.execute(sa.update(BOOKING).where(*here).values(last_gone=gone))


def _read(
    tx: Tx,
    settings: BranchSettings,
    booking: BookingView,
    others: Sequence[Person],
    known: dict[int, ParticipantView],
) -> dict[int, dict[str, Any]]:
    """The columns of each person by number; new ones get numbers that nobody has had."""
    service = settings.services[booking.service_id]
    typed = [(place, one) for place, one in enumerate(others, 1) if not one.empty]
    if len(typed) > MOST_OTHERS:
        raise Invalid("participants-many", "others")
    next_n = 1 + max((last_gone(tx, booking.branch_id, booking.id) if typed else 0, *known))
    found: dict[int, dict[str, Any]] = {}
    for place, one in typed:
        try:
            name, reference = read_for(service, one.name, one.reference)
            contact = one.contact.strip() and contacts.read_contact(one.contact, settings.country_code, sure=True).value
            way = {} if one.way is None else asked(tx, settings, booking.service_id, one.way, one.note)
        except Invalid as mistake:
            raise Invalid(mistake.code, f"other-{place}-{mistake.field}", **mistake.values) from None
        n = one.n if one.n in known and one.n not in found else next_n
        next_n += n == next_n
        if n in known and (known[n].contact_way, known[n].contact_note) == (
            way.get("contact_way"),
            way.get("contact_note"),
        ):
            way = {}
        found[n] = {"role": one.role.value, "name": name, "reference": reference, "contact": contact, **way}
    return found
