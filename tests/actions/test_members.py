"""Members of bookings: who is taken, for how long, and who makes room. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, settings
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.errors import Refused
from queue_system.core.slots import EPOCH, MINUTE
from queue_system.settings.edits import Edit
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import bookings as stored
from queue_system.store.queries.appointments import members_had
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.members import members_of
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.stored import stored_branch
from queue_system.store.queries.used_rows import PastUse, in_use, past_use
from queue_system.store.tables import BookingMember, Seat, table
from tests.kit.hall import Hall, enter, furnish

# A Tuesday, 09:00 in Istanbul.
START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOOKING_MEMBER, SEAT = table(BookingMember), table(Seat)


@pytest.fixture
def istanbul(db: Database) -> Hall:
    """The legal aid of the forum, with lawyers and interpreters that have names."""
    return with_resources(
        furnish(db, "forum", "istanbul"),
        {
            "amal": {"kind": "person"},
            "basel": {"kind": "person"},
            "cemil": {"kind": "interpreter"},
            "lawyers": {"kind": "group", "any_of": ["amal", "basel"]},
        },
        {"case-follow": ["lawyers", "cemil"], "assoc-compliance": ["lawyers"]},
    )


def test_a_booking_has_the_same_members_from_its_beginning_to_its_end(istanbul: Hall) -> None:
    one = book(istanbul, "case-follow", START)
    assert set(who(istanbul, one)) == {"amal", "cemil"}
    for member in ("amal", "cemil"):
        assert stretch_of(istanbul, one, member) == (one.starts_at, one.ends_at)


def test_the_scarcest_member_decides_how_many_can_come(istanbul: Hall) -> None:
    book(istanbul, "case-follow", START)
    # There is another lawyer, but no other interpreter.
    assert START not in offered(istanbul, "case-follow")
    assert START in offered(istanbul, "assoc-compliance")
    with pytest.raises(Refused, match="slot-taken"):
        book(istanbul, "case-follow", START)
    assert who(istanbul, book(istanbul, "assoc-compliance", START)) == ["basel"]
    with pytest.raises(Refused, match="slot-taken"):
        book(istanbul, "assoc-compliance", START)


def test_a_member_that_was_asked_for_is_taken_or_nobody_is(istanbul: Hall) -> None:
    wanted = {need(istanbul, "lawyers"): need(istanbul, "basel")}
    assert who(istanbul, book(istanbul, "assoc-compliance", START, wanted)) == ["basel"]
    with pytest.raises(Refused, match="member-taken"):
        book(istanbul, "assoc-compliance", START, wanted)
    assert who(istanbul, book(istanbul, "assoc-compliance", START)) == ["amal"]


def test_scenario_3_all_fit_although_the_first_choices_were_wrong(db: Database) -> None:
    """Members GB, GO, OB and bookings B, O, B: greedy choices refuse the third."""
    hall = with_resources(
        furnish(db, "forum", "istanbul"),
        {
            "gb": {"kind": "person"},
            "go": {"kind": "person"},
            "ob": {"kind": "person"},
            "blue": {"kind": "group", "any_of": ["ob", "gb"]},
            "orange": {"kind": "group", "any_of": ["ob", "go"]},
        },
        # Who is in fewer groups comes first, so the first booking has gb, and the second one ob.
        {"case-follow": ["blue"], "assoc-compliance": ["orange"], "lawyer-advice": ["go"]},
        lanes=5,
    )
    first = book(hall, "case-follow", START)
    second = book(hall, "assoc-compliance", START)
    assert [who(hall, one) for one in (first, second)] == [["gb"], ["ob"]]
    assert START in offered(hall, "case-follow")
    third = book(hall, "case-follow", START)
    found = [who(hall, one) for one in (first, second, third)]
    assert found == [["gb"], ["go"], ["ob"]]
    assert START not in offered(hall, "case-follow")
    for one, (member,) in zip((first, second, third), found, strict=True):
        assert stretch_of(hall, one, member) == (one.starts_at, one.ends_at)


def test_an_announced_choice_never_moves(db: Database) -> None:
    hall = with_resources(
        furnish(db, "forum", "istanbul"),
        {
            "gb": {"kind": "person"},
            "ob": {"kind": "person"},
            "blue": {"kind": "group", "any_of": ["ob", "gb"]},
        },
        {"case-follow": ["blue"], "assoc-compliance": ["ob"], "lawyer-advice": ["gb"]},
        lanes=5,
    )
    asked = {need(hall, "blue"): need(hall, "ob")}
    told = book(hall, "case-follow", START, asked)
    assert START not in offered(hall, "assoc-compliance")
    with pytest.raises(Refused, match="slot-taken"):
        book(hall, "assoc-compliance", START)
    assert who(hall, told) == ["ob"]
    # Where nobody was told, the other one comes, although the one who is booked less was chosen first.
    book(hall, "lawyer-advice", START)
    later = START + HOUR
    silent = book(hall, "case-follow", later)
    assert who(hall, silent) == ["ob"]
    assert later in offered(hall, "assoc-compliance")
    assert who(hall, book(hall, "assoc-compliance", later)) == ["ob"]
    assert who(hall, silent) == ["gb"]


def test_a_longer_appointment_makes_room_for_a_short_one_in_its_middle(db: Database) -> None:
    hall = with_resources(
        furnish(db, "forum", "istanbul"),
        {
            "ob": {"kind": "person"},
            "gb": {"kind": "person"},
            "blue": {"kind": "group", "any_of": ["ob", "gb"]},
        },
        # Both members serve two needs, so the order of the settings decides.
        {"assoc-compliance": ["blue"], "case-follow": ["ob"], "lawyer-advice": ["gb"]},
        lanes=5,
    )
    long = book(hall, "assoc-compliance", START)
    assert who(hall, long) == ["ob"]
    middle = START + timedelta(minutes=20)
    assert long.starts_at < middle < middle + timedelta(minutes=20) < long.ends_at
    assert middle in offered(hall, "case-follow")
    assert who(hall, book(hall, "case-follow", middle)) == ["ob"]
    assert who(hall, long) == ["gb"]
    assert stretch_of(hall, long, "gb") == (long.starts_at, long.ends_at)


def test_a_vehicle_that_appointments_have_is_not_removed(db: Database) -> None:
    hall = furnish(db, "social-work", "ehsan")
    one = book(hall, "home-visit", offered(hall, "home-visit")[0])
    (vehicle,) = who(hall, one)
    found = hall.db.read_now(lambda tx: list(in_use(tx, hall.branch.id, [Edit("counter", vehicle, {}, None)])))
    assert [(one.kind, one.slug, one.fault.code) for one in found] == [("counter", vehicle, "setting-has-history")]
    assert hall.db.read_now(past_use, hall.branch.id, "counter", vehicle) == PastUse(0, 1, 1)


def test_whoever_moves_takes_other_members_and_frees_the_old_ones(istanbul: Hall) -> None:
    one = book(istanbul, "case-follow", START)
    moved = istanbul.db.write_in_now(
        istanbul.branch.id,
        bookings.change_booking,
        istanbul.branch.id,
        one.id,
        START + timedelta(days=1),
        VISITOR,
        Booker.STAFF,
    )
    assert stretch_of(istanbul, moved, "cemil") == (moved.starts_at, moved.ends_at)
    assert len(who(istanbul, moved)) == 2


def test_nobody_gets_the_time_that_a_move_leaves_in_exchange(istanbul: Hall) -> None:
    """Otherwise two bookings would have the lawyer at once, because whoever moves leaves a place that is kept."""
    moving = book(istanbul, "assoc-compliance", START, {need(istanbul, "lawyers"): need(istanbul, "amal")})
    there, later = istanbul.branch.id, START + timedelta(minutes=15)
    other = book(istanbul, "assoc-compliance", later)
    assert who(istanbul, other) == ["basel"]
    asked = {need(istanbul, "lawyers"): need(istanbul, "basel")}
    with pytest.raises(Refused, match="member-taken"):
        istanbul.db.write_in_now(there, bookings.change_booking, there, moving.id, later, VISITOR, Booker.STAFF, asked)
    assert [who(istanbul, one) for one in (moving, other)] == [["amal"], ["basel"]]


def test_the_time_that_a_move_left_is_not_offered_until_it_returns(istanbul: Hall) -> None:
    one, there = book(istanbul, "case-follow", START), istanbul.branch.id
    later = START + timedelta(days=1)
    istanbul.db.write_in_now(there, bookings.change_booking, there, one.id, later, VISITOR, Booker.STAFF)
    # The interpreter has the same appointment at another time, and is kept for the lot at the old one.
    assert START not in offered(istanbul, "case-follow")
    with pytest.raises(Refused, match="slot-taken"):
        book(istanbul, "case-follow", START)


def test_whoever_moves_may_ask_for_a_member(istanbul: Hall) -> None:
    one, there = book(istanbul, "assoc-compliance", START), istanbul.branch.id
    wanted = {need(istanbul, "lawyers"): need(istanbul, "basel")}
    later = START + timedelta(days=1)
    moved = istanbul.db.write_in_now(
        there, bookings.change_booking, there, one.id, later, VISITOR, Booker.STAFF, wanted
    )
    assert who(istanbul, moved) == ["basel"]
    other = book(istanbul, "assoc-compliance", START)
    with pytest.raises(Refused, match="member-taken"):
        istanbul.db.write_in_now(there, bookings.change_booking, there, other.id, later, VISITOR, Booker.STAFF, wanted)
    (had,) = istanbul.db.read_now(members_had, istanbul.branch, [moved])[moved.id]
    assert had.announced


def test_the_way_there_and_back_is_taken_too(db: Database) -> None:
    hall = furnish(db, "social-work", "ehsan")
    service = hall.branch.service("home-visit")
    assert service.travel_min == 30
    times = offered(hall, "home-visit")
    one = book(hall, "home-visit", times[0])
    (vehicle,) = who(hall, one)
    way = timedelta(minutes=30)
    assert stretch_of(hall, one, vehicle) == (one.starts_at - way, one.ends_at + way)
    # The next visit begins after the way back and the way there.
    assert offered(hall, "home-visit")[0] >= one.ends_at + 2 * way


def test_the_first_visit_of_a_day_leaves_time_to_drive_there(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db, "social-work", "ehsan")
    first = offered(hall, "home-visit")[0]
    way = timedelta(minutes=30)
    clock.move(first - way - clock.now())
    assert offered(hall, "home-visit")[0] == first
    clock.move(timedelta(minutes=1))
    assert offered(hall, "home-visit")[0] > first
    with pytest.raises(Refused, match="slot-past"):
        book(hall, "home-visit", first)
    book(hall, "home-visit", offered(hall, "home-visit")[0])


def test_working_hours_of_a_member_are_its_own(db: Database) -> None:
    hall = with_resources(
        furnish(db, "forum", "istanbul"), {"amal": {"kind": "person"}}, {"assoc-compliance": ["amal"]}
    )
    assert START in offered(hall, "assoc-compliance")
    rule = {"layer": "service", "resource": "amal", "days": [1], "opens": "10:00", "closes": "12:00"}
    hours = [one.model_dump(mode="json", exclude_defaults=True) for one in stored_hours(hall)]
    hall = save(hall, Edit("branch", "istanbul", {"hours": hours}, {"hours": [*hours, rule]}))
    times = offered(hall, "assoc-compliance")
    assert times[0] == START + HOUR
    assert all(START + HOUR <= time < START + 3 * HOUR for time in times)


def with_resources(
    hall: Hall, resources: dict[str, dict[str, Any]], needs: dict[str, list[str]], lanes: int = 3
) -> Hall:
    edits = [
        Edit("resource", slug, None, {"names": {"ar": slug, "en": slug}, **values})
        for slug, values in resources.items()
    ]
    known = {slug: hall.branch.service(slug) for slug in needs}
    edits += [
        Edit(
            "service",
            slug,
            {"needs": [hall.branch.resources[one].slug for one in known[slug].resources], "policy": known[slug].policy},
            {"needs": names, "policy": "staff_only"},
        )
        for slug, names in needs.items()
    ]
    queues = {hall.branch.queue_of(one).slug: hall.branch.queue_of(one) for one in known.values()}
    edits += [
        Edit("queue", slug, {"lanes": one.lanes, "public_lanes": one.public_lanes}, {"lanes": lanes, "public_lanes": 1})
        for slug, one in queues.items()
    ]
    return save(hall, *edits)


def save(hall: Hall, *edits: Edit) -> Hall:
    told = hall.db.read_now(settings.preview, hall.branch.id, list(edits))
    hall.db.write_now(settings.save, hall.branch.id, list(edits), told.sha256, actor=SYSTEM, person=None)
    return enter(hall.db, hall.branch.slug)


def stored_hours(hall: Hall) -> Any:
    return hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id)).hours


def need(hall: Hall, slug: str) -> UUID:
    return next(one.id for one in hall.branch.resources.values() if one.slug == slug)


def book(hall: Hall, service: str, starts_at: datetime, members: dict[UUID, UUID] | None = None) -> BookingView:
    order = HoldOrder(
        hall.branch.id,
        hall.service(service),
        starts_at,
        "هالة الحسن",
        "hala@example.org" if not hall.branch.service(service).by_phone else "+905551234567",
        "ar",
        SYSTEM,
        booker=Booker.STAFF,
        members=members or {},
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def offered(hall: Hall, service: str) -> list[datetime]:
    day = START.date()
    (found,) = hall.db.read_now(stored.free_days, hall.branch, hall.branch.service(service), day, day, public=False)
    return [slot.start for slot in found.slots]


def who(hall: Hall, booking: BookingView) -> list[str]:
    def read(tx: Tx) -> list[str]:
        rows = tx.rows(
            sa.select(BOOKING_MEMBER.c.member_id)
            .where(BOOKING_MEMBER.c.booking_id == booking.id)
            .order_by(BOOKING_MEMBER.c.need_id)
        )
        return sorted(members_of(hall.branch)[row.member_id].slug for row in rows)

    return hall.db.read_now(read)


def stretch_of(hall: Hall, booking: BookingView, member: str) -> tuple[datetime, datetime]:
    """From the first to the last seat of a member that a booking has and did not give back; they have no gap."""
    member_id = next(one.id for one in members_of(hall.branch).values() if one.slug == member)
    tick = hall.branch.tick_minutes * MINUTE

    def read(tx: Tx) -> list[int]:
        rows = tx.rows(
            sa.select(SEAT.c.tick)
            .where(SEAT.c.booking_id == booking.id, SEAT.c.resource_id == member_id, SEAT.c.freed_id.is_(None))
            .order_by(SEAT.c.tick)
        )
        return [row.tick for row in rows]

    ticks = hall.db.read_now(read)
    assert ticks == list(range(ticks[0], ticks[-1] + 1))
    return EPOCH + ticks[0] * tick, EPOCH + (ticks[-1] + 1) * tick
