"""Members that are away, and appointments that another takes over: all or nothing, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings
from queue_system.actions.blocks import BlockOrder, HandOver, block_members, end_blocks, hand_over
from queue_system.actions.decisions import decide_listed
from queue_system.actions.outbox import claim_message
from queue_system.clock import FrozenClock
from queue_system.core.blocks import CALLED_OFF, Absence, BlockReason, Concerned, Planned, Remedy, Settling, fingerprint
from queue_system.core.bookings import BookingState
from queue_system.core.errors import Invalid, Missing, Refused, Stale
from queue_system.core.messages import Event, Level
from queue_system.core.promises import Choice, Decided
from queue_system.core.support import Why
from queue_system.i18n.words import words_for
from queue_system.messages.letter import letter_of
from queue_system.messages.short_text import short_text
from queue_system.settings.edits import Edit
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries import audit
from queue_system.store.queries.blocks import appointments_of, blocks_of, concerned
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.effect import ending_of, undecided
from queue_system.store.queries.phone_calls import phone_calls
from queue_system.store.queries.settings import BranchSettings, branch_settings
from queue_system.store.tables import Message, Seat, table
from queue_system.surfaces.booking.appointment import Phase, phase_of
from tests.actions.test_series_messages import HOUSE, text_of
from tests.kit.deciding import BECAUSE
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, as_stored, booked, held, legal_aid, member, save, who

MESSAGE, SEAT = table(Message), table(Seat)
EVERY: Any = tuple(Remedy)


@pytest.fixture
def istanbul(db: Database) -> Hall:
    return legal_aid(db)


def test_who_was_promised_nobody_gets_the_stand_in_and_who_was_the_next_time_of_the_same(istanbul: Hall) -> None:
    # Both at the same times, so that basel has nothing free at the second.
    silent, promised = booked(istanbul, START, asked=""), booked(istanbul, START + HOUR, asked="amal")
    assert who(istanbul, silent) == ["amal"]
    found = proposal(istanbul)
    assert [(one.booking, one.announced) for one in found] == [(silent.id, False), (promised.id, True)]
    assert [one.usual(EVERY).way for one in found] == [Remedy.STAND_IN, Remedy.NEXT]
    block(istanbul, found, usual(found))
    assert who(istanbul, silent) == ["basel"]
    assert as_stored(istanbul, silent).decision is None
    offered = as_stored(istanbul, promised)
    assert (offered.decision, offered.lost_why, offered.starts_at) == (Decided.MOVE, Why.MEMBER, START + HOUR)
    assert offered.offered_starts_at == found[1].next_at == START + timedelta(days=1) + HOUR
    assert who(istanbul, promised) == ["amal", "amal"]
    assert facts(istanbul, "booking.handed_over")[0].data == {
        "code": silent.code,
        "from_member": "amal",
        "to_member": "basel",
    }
    (made,) = facts(istanbul, "member.blocked")
    assert set(made.data) == {"member", "from_at", "until_at"}


def test_no_time_is_offered_twice(istanbul: Hall) -> None:
    ones = [booked(istanbul, START + HOUR * at, asked="amal") for at in range(3)]
    found = proposal(istanbul)
    times = [one.next_at for one in found]
    assert len(set(times)) == len(ones)
    block(istanbul, found, usual(found))
    assert [as_stored(istanbul, one).offered_starts_at for one in ones] == times


def test_a_stand_in_has_the_seats_and_the_other_has_none(istanbul: Hall) -> None:
    one = booked(istanbul, START)
    before = seats(istanbul, one, "amal")
    found = proposal(istanbul)
    block(istanbul, found, usual(found))
    assert seats(istanbul, one, "basel") == before
    assert seats(istanbul, one, "amal") == 0


def test_what_is_called_off_or_left_says_why(istanbul: Hall) -> None:
    one, other = booked(istanbul, START, asked="amal"), booked(istanbul, START + HOUR, asked="amal")
    found = proposal(istanbul)
    block(istanbul, found, {one.id: CALLED_OFF})
    ended = as_stored(istanbul, one)
    assert (ended.state, ended.decision, ended.lost_why) == (BookingState.CANCELLED, Decided.CANCEL, Why.MEMBER)
    assert listed(istanbul) == [(other.id, Why.MEMBER)]
    assert as_stored(istanbul, other).starts_at == START + HOUR


def test_scenario_1_a_member_goes_away_under_an_appointment_and_its_return_brings_it_back(istanbul: Hall) -> None:
    one = booked(istanbul, START)
    made = block(istanbul, proposal(istanbul), {})
    stays = as_stored(istanbul, one)
    assert (stays.state, stays.starts_at, who(istanbul, one)) == (BookingState.CONFIRMED, START, ["amal"])
    assert listed(istanbul) == [(one.id, Why.MEMBER)]
    # Its owner sees it as it was.
    assert phase_of(stays, one.created_at) is Phase.CONFIRMED
    # Another change of settings finds it supported, but the member is still away.
    queue = istanbul.branch.queue_of(istanbul.branch.service("assoc-compliance")).slug
    save(istanbul, Edit("queue", queue, {"lanes": 3}, {"lanes": 4}))
    assert listed(istanbul) == [(one.id, Why.MEMBER)]
    end(istanbul, made)
    assert listed(istanbul) == []
    assert as_stored(istanbul, one).decision is None
    assert [entry.data["code"] for entry in facts(istanbul, "booking.regained")] == [one.code]
    with pytest.raises(Missing, match="block"):
        end(istanbul, made)


def test_scenario_2_a_hold_with_a_member_who_goes_away_ends_at_once_and_disturbs_nobody_else(istanbul: Hall) -> None:
    one, untouched = held(istanbul, START), held(istanbul, START, contact="omar@example.org", name="عمر")
    assert (who(istanbul, one), who(istanbul, untouched)) == (["amal"], ["basel"])
    found = proposal(istanbul)
    assert found == ()
    block(istanbul, found, {})
    ended = as_stored(istanbul, one)
    assert (ended.state, ended.lost_why, seats(istanbul, one, "amal")) == (BookingState.EXPIRED, Why.MEMBER, 0)
    assert [entry.data for entry in facts(istanbul, "booking.hold_lost")] == [{"code": one.code, "why": "member"}]
    with pytest.raises(Refused, match="slot-withdrawn"):
        confirm(istanbul, one)
    assert confirm(istanbul, untouched).state is BookingState.CONFIRMED


def test_scenario_4_what_has_changed_since_it_was_shown_is_not_done(istanbul: Hall) -> None:
    one = booked(istanbul, START)
    seen = proposal(istanbul)
    newer = booked(istanbul, START + HOUR, asked="amal")
    with pytest.raises(Stale, match="block-changed"):
        block(istanbul, seen, {one.id: CALLED_OFF})
    assert blocks(istanbul) == []
    assert {as_stored(istanbul, each).state for each in (one, newer)} == {BookingState.CONFIRMED}
    fresh = proposal(istanbul)
    assert [each.booking for each in fresh] == [one.id, newer.id]
    block(istanbul, fresh, {one.id: CALLED_OFF})
    assert as_stored(istanbul, newer).decision is Decided.LATER


def test_a_block_that_somebody_else_made_meanwhile_is_not_taken_for_ones_own(istanbul: Hall) -> None:
    one, seen = booked(istanbul, START), proposal(istanbul)
    order = BlockOrder((away_on_tuesday(istanbul),), BlockReason.ILLNESS, fingerprint(seen), {})
    there, other = istanbul.branch.id, Actor("staff", str(istanbul.administrator()))
    istanbul.db.write_in_now(there, block_members, there, order, other)
    with pytest.raises(Stale, match="block-changed"):
        block(istanbul, seen, {one.id: CALLED_OFF})
    assert as_stored(istanbul, one).state is BookingState.CONFIRMED


def test_scenario_5_only_what_lies_in_the_stretch_is_taken_and_only_once(istanbul: Hall, clock: FrozenClock) -> None:
    inside, outside = booked(istanbul, START), booked(istanbul, START + timedelta(days=1))
    assert who(istanbul, outside) == ["amal"]
    found = proposal(istanbul)
    assert [one.booking for one in found] == [inside.id]
    block(istanbul, found, {})
    # Once more, from the same page as when a button is pressed twice; from a new one; and for longer.
    block(istanbul, found, {})
    assert proposal(istanbul) == ()
    block(istanbul, (), {})
    assert len(blocks(istanbul)) == 1
    longer = Absence(member(istanbul, "amal"), START, START + timedelta(days=2))
    again = istanbul.db.read_now(concerned, istanbul.branch, Planned((longer,)))
    assert [one.booking for one in again] == [outside.id]
    block(istanbul, again, {}, longer)
    assert listed(istanbul) == [(inside.id, Why.MEMBER), (outside.id, Why.MEMBER)]
    assert len(facts(istanbul, "booking.put_off")) == 2
    present = clock.now()
    for first, last, code in (
        (present - timedelta(days=1), present + HOUR, "block-past"),
        (START, START, "block-reversed"),
        (START + HOUR, START, "block-reversed"),
        (START, START + timedelta(days=91), "block-long"),
    ):
        with pytest.raises(Invalid, match=code):
            block(istanbul, (), {}, Absence(member(istanbul, "amal"), first, last))
    # Today is no past day, and ninety days are no more than ninety.
    today = Absence(member(istanbul, "cemil"), present - timedelta(minutes=10), present + timedelta(days=89))
    block(istanbul, istanbul.db.read_now(concerned, istanbul.branch, Planned((today,))), {}, today)


def test_scenario_18_one_of_twelve_fails_and_nothing_is_done_and_nobody_told(istanbul: Hall) -> None:
    istanbul.db.sends = frozenset(Level)
    minutes = istanbul.branch.service("assoc-compliance")
    step = timedelta(minutes=minutes.duration_min + minutes.buffer_min)
    days = (START, START + timedelta(days=1), START + timedelta(days=2))
    ones = [booked(istanbul, day + step * at, asked="amal") for day in days for at in range(4)]
    away = Absence(member(istanbul, "amal"), START, START + timedelta(days=3))
    found = istanbul.db.read_now(concerned, istanbul.branch, Planned((away,)))
    assert len(found) == len(ones) == 12
    basel = Settling(Remedy.STAND_IN, to=(member(istanbul, "basel"),))
    chosen = {one.booking: basel if one.announced else one.usual(EVERY) for one in found}
    booked(istanbul, ones[7].starts_at, asked="basel", contact="omar@example.org", name="عمر")
    told = messages(istanbul)
    with pytest.raises(Stale, match="block-changed"):
        block(istanbul, found, chosen, away)
    assert {as_stored(istanbul, one).decision for one in ones} == {None}
    assert {name for one in ones for name in who(istanbul, one)} == {"amal"}
    assert messages(istanbul) == told
    assert blocks(istanbul) == []
    assert facts(istanbul, "booking.handed_over") == facts(istanbul, "member.blocked") == []
    # Without the one that has become impossible all the others are done, and told.
    chosen[ones[7].id] = found[7].usual(EVERY)
    block(istanbul, found, chosen, away)
    assert [who(istanbul, one) for one in ones[:7]] == [["basel"]] * 7
    assert sorted(set(messages(istanbul)) - set(told)) == sorted(
        (one.id, "offered" if one is ones[7] else "handed_over") for one in ones
    )


def test_a_day_is_handed_over_whole_or_not_at_all(istanbul: Hall) -> None:
    ones = [booked(istanbul, START + HOUR * at, asked="amal") for at in (0, 2)]
    busy = booked(istanbul, START + HOUR * 4, asked="amal")
    booked(istanbul, START + HOUR * 4, asked="basel", contact="omar@example.org", name="عمر")
    day = Absence(member(istanbul, "amal"), START, START + timedelta(hours=9))
    found = istanbul.db.read_now(appointments_of, istanbul.branch, day)
    basel, every = member(istanbul, "basel"), {one.booking for one in found}
    assert [(basel,) in one.stand_ins for one in found] == [True, True, False]
    with pytest.raises(Stale, match="block-changed"):
        give(istanbul, HandOver(day, basel, every, fingerprint(found)))
    assert {name for one in (*ones, busy) for name in who(istanbul, one)} == {"amal"}
    assert give(istanbul, HandOver(day, basel, every - {busy.id}, fingerprint(found))) == 2
    assert [who(istanbul, one) for one in ones] == [["basel"], ["basel"]]
    # Pressed twice.
    assert give(istanbul, HandOver(day, basel, every - {busy.id}, fingerprint(found))) == 2
    with pytest.raises(Stale, match="block-changed"):
        give(istanbul, HandOver(day, basel, every, fingerprint(found)))


def test_an_appointment_on_the_list_stands_again_once_somebody_took_it_over(istanbul: Hall) -> None:
    one = booked(istanbul, START)
    block(istanbul, proposal(istanbul), {})
    assert listed(istanbul) == [(one.id, Why.MEMBER)]
    day = Absence(member(istanbul, "amal"), START, START + HOUR)
    found = istanbul.db.read_now(appointments_of, istanbul.branch, day)
    give(istanbul, HandOver(day, member(istanbul, "basel"), {one.id}, fingerprint(found)))
    assert listed(istanbul) == []
    assert who(istanbul, one) == ["basel"]


def test_an_offered_time_that_is_handed_over_stays_offered_and_its_letter_says_with_another(istanbul: Hall) -> None:
    istanbul.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    one = booked(istanbul, START, asked="amal")
    found = proposal(istanbul)
    block(istanbul, found, usual(found))
    at = found[0].next_at
    assert at is not None
    assert waiting(istanbul) == [(one.id, "offered")]
    hand_over_at(istanbul, one, at)
    assert as_stored(istanbul, one).offered_starts_at == at
    assert waiting(istanbul) == [(one.id, "offered")]
    claimed = istanbul.db.write_in_now(istanbul.branch.id, claim_message, istanbul.branch.id)
    assert claimed is not None
    words = words_for("ar").text("messages.offered-with-another")
    assert words in text_of(letter_of(claimed, now(istanbul), HOUSE, istanbul.db.clock.now()).content)
    assert words in short_text(claimed, now(istanbul), HOUSE)


def test_whoever_is_called_about_an_offer_is_told_of_the_offer_although_it_is_handed_over(istanbul: Hall) -> None:
    one = booked(istanbul, START, asked="amal")
    found = proposal(istanbul)
    block(istanbul, found, usual(found))
    assert called(istanbul) == [(one.id, Event.OFFERED, False)]
    at = found[0].next_at
    assert at is not None
    hand_over_at(istanbul, one, at)
    assert called(istanbul) == [(one.id, Event.OFFERED, True)]


def test_a_stand_in_at_an_offered_time_that_a_block_takes_leaves_the_offer(istanbul: Hall) -> None:
    one = booked(istanbul, START, asked="amal")
    found = proposal(istanbul)
    block(istanbul, found, usual(found))
    at = found[0].next_at
    assert at is not None
    more = Absence(member(istanbul, "amal"), at, at + timedelta(hours=12))
    taken = istanbul.db.read_now(concerned, now(istanbul), Planned((more,)))
    block(istanbul, taken, {one.id: Settling(Remedy.STAND_IN, to=(member(istanbul, "basel"),))}, more)
    assert called(istanbul) == [(one.id, Event.OFFERED, True)]


def test_nobody_reads_that_a_time_stays_while_it_is_lost_for_another_reason(istanbul: Hall) -> None:
    istanbul.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    one = booked(istanbul, START, asked="amal")
    day = START.date().isoformat()
    closed = {"first": day, "last": day, "names": {"ar": "عطلة", "en": "Holiday"}}
    save(istanbul, Edit("branch", "istanbul", {"closures": []}, {"closures": [closed]}))
    hand_over_at(istanbul, one, START)
    assert who(istanbul, one) == ["basel"]
    assert waiting(istanbul) == []
    kept = {one.id: Choice.KEEP}
    istanbul.db.write_in_now(istanbul.branch.id, decide_listed, istanbul.branch.id, kept, BECAUSE, SYSTEM)
    assert waiting(istanbul) == [(one.id, "handed_over")]


def test_whoever_heard_that_the_time_is_lost_hears_that_it_stays_with_a_stand_in(
    istanbul: Hall, clock: FrozenClock
) -> None:
    istanbul.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    one = booked(istanbul, START + timedelta(days=7))
    away = Absence(member(istanbul, "amal"), one.starts_at, one.starts_at + timedelta(hours=9))
    found = istanbul.db.read_now(concerned, now(istanbul), Planned((away,)))
    block(istanbul, found, {one.id: next(way for way in found[0].ways if way.way is Remedy.NEXT)}, away)
    until = as_stored(istanbul, one).offer_until
    assert until is not None
    clock.set(until)
    istanbul.db.write_in_now(istanbul.branch.id, bookings.expire_holds, istanbul.branch.id)
    assert as_stored(istanbul, one).decision is Decided.UNANSWERED
    hand_over_at(istanbul, one, one.starts_at)
    assert waiting(istanbul) == [(one.id, "stands")]


def test_what_waits_for_a_decision_keeps_its_reason_when_a_member_goes_away_too(istanbul: Hall) -> None:
    one = booked(istanbul, START)
    day = START.date().isoformat()
    closed = {"first": day, "last": day, "names": {"ar": "عطلة", "en": "Holiday"}}
    save(istanbul, Edit("branch", "istanbul", {"closures": []}, {"closures": [closed]}))
    assert listed(istanbul) == [(one.id, Why.CLOSED)]
    found = proposal(istanbul)
    assert found == ()
    block(istanbul, found, {})
    assert listed(istanbul) == [(one.id, Why.CLOSED)]


def proposal(hall: Hall) -> tuple[Concerned, ...]:
    return hall.db.read_now(concerned, now(hall), Planned((away_on_tuesday(hall),)))


def now(hall: Hall) -> BranchSettings:
    return hall.db.read_now(branch_settings, hall.branch.id)


def away_on_tuesday(hall: Hall) -> Absence:
    return Absence(member(hall, "amal"), START, START + timedelta(hours=12))


def usual(found: tuple[Concerned, ...]) -> dict[UUID, Settling]:
    return {one.booking: one.usual(EVERY) for one in found}


def block(
    hall: Hall, seen: tuple[Concerned, ...], settlings: dict[UUID, Settling], absence: Absence | None = None
) -> UUID:
    order = BlockOrder((absence or away_on_tuesday(hall),), BlockReason.ILLNESS, fingerprint(seen), settlings)
    return hall.db.write_in_now(hall.branch.id, block_members, hall.branch.id, order, SYSTEM)


def end(hall: Hall, plan: UUID) -> None:
    """End all that was planned together."""
    ids = frozenset(one.id for one in blocks(hall) if one.plan_id == plan)
    hall.db.write_in_now(
        hall.branch.id, end_blocks, hall.branch.id, hall.db.read_now(ending_of, now(hall), ids), SYSTEM
    )


def give(hall: Hall, order: HandOver) -> int:
    return hall.db.write_in_now(hall.branch.id, hand_over, hall.branch.id, order, SYSTEM)


def hand_over_at(hall: Hall, one: BookingView, at: datetime) -> None:
    """Amal gives Basel what she has at this time of an appointment, its own or an offered one."""
    stretch = Absence(member(hall, "amal"), at, at + HOUR)
    found = hall.db.read_now(appointments_of, now(hall), stretch)
    assert give(hall, HandOver(stretch, member(hall, "basel"), {one.id}, fingerprint(found))) == 1


def waiting(hall: Hall) -> list[tuple[UUID, str]]:
    """What is still to be said, reminders and confirmations apart."""
    open_ = sa.select(MESSAGE.c.about, MESSAGE.c.event).where(
        MESSAGE.c.ended_at.is_(None), MESSAGE.c.event.not_in(("reminder", "confirmed"))
    )
    return [(row.about, row.event) for row in hall.db.read_now(lambda tx: tx.rows(open_))]


def called(hall: Hall) -> list[tuple[UUID, str, bool]]:
    return [(one.booking.id, one.event, one.with_another) for one in hall.db.read_now(phone_calls, now(hall))]


def confirm(hall: Hall, one: BookingView) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, one.id, SYSTEM)


def listed(hall: Hall) -> list[tuple[UUID, Why]]:
    return [(one.booking.id, one.why) for one in hall.db.read_now(undecided, now(hall))]


def blocks(hall: Hall) -> list[Any]:
    return hall.db.read_now(lambda tx: list(blocks_of(tx, hall.branch)))


def facts(hall: Hall, kind: str) -> list[audit.EntryView]:
    return hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind=kind), 50)


def messages(hall: Hall) -> list[tuple[UUID, str]]:
    kept = sa.select(MESSAGE.c.about, MESSAGE.c.event).where(MESSAGE.c.event.in_(("offered", "handed_over")))
    return [(row.about, row.event) for row in hall.db.read_now(lambda tx: tx.rows(kept))]


def seats(hall: Hall, one: BookingView, slug: str) -> int:
    count = sa.select(sa.func.count()).where(SEAT.c.booking_id == one.id, SEAT.c.resource_id == member(hall, slug))
    return int(hall.db.read_now(lambda tx: tx.scalar(count)))
