"""Whoever was promised stays when the appointment moves, whatever moves it; and people get whom they know. On both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, earlier
from queue_system.actions.blocks import BlockOrder, block_members
from queue_system.actions.decisions import decide_listed
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.blocks import Absence, BlockReason, Planned, Remedy, Settling, fingerprint
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.earlier import Wish
from queue_system.core.errors import Refused
from queue_system.core.members import WhyMember
from queue_system.core.promises import Choice
from queue_system.core.series import Scope, SeriesRule
from queue_system.settings.edits import Edit
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.appointments import Had, members_had
from queue_system.store.queries.blocks import concerned
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.earlier import Offer, running_offer
from queue_system.store.queries.series_changes import Change, changes_of
from queue_system.store.tables import Booking, BookingMember, PolicyRow, table
from queue_system.surfaces.booking import times
from tests.kit.deciding import BECAUSE
from tests.kit.hall import Hall, change_settings, enter
from tests.kit.legal_aid import HOUR, START, as_stored, booked, held, legal_aid, member, save, who
from tests.kit.repeating import WEEKLY, repeat
from tests.kit.services import set_service

BOOKING, HAS = table(Booking), table(BookingMember)
SERVICE, FOLLOWED = "assoc-compliance", "case-follow"
DAY = timedelta(days=1)
NEXT = START + DAY
OTHER: dict[str, str] = {"name": "ريم", "contact": "rim@example.org"}
CASE: dict[str, str] = {"name": "2026/17", "contact": ""}


@pytest.fixture
def istanbul(db: Database) -> Hall:
    return legal_aid(db)


@pytest.fixture
def public(istanbul: Hall) -> Hall:
    """Visitors move their appointments themselves."""
    return set_service(istanbul, SERVICE, policy="open_fcfs")


# ---------------------------------------------------------------- one who was promised


def test_a_move_by_the_visitor_keeps_who_was_promised_and_since_when(public: Hall, clock: FrozenClock) -> None:
    one = booked(public, START, SERVICE, "basel")
    told = announced_at(public, one)
    assert told == [clock.now()]
    clock.move(HOUR)
    moved = move(public, one, NEXT)
    assert moved.starts_at == NEXT
    assert (who(public, moved), announced_at(public, moved)) == (["basel"], told)
    # It was wished for, and it is still.
    assert had(public, moved).why is WhyMember.ASKED


def test_a_time_without_who_was_promised_is_neither_offered_for_moving_nor_taken(public: Hall) -> None:
    one = booked(public, START, SERVICE, "basel")
    booked(public, NEXT, SERVICE, "basel", **OTHER)
    # The other lawyer is free then, for everybody else.
    assert NEXT in offered(public, NEXT.date(), None)
    assert NEXT not in offered(public, NEXT.date(), one)
    assert NEXT + HOUR in offered(public, NEXT.date(), one)
    with pytest.raises(Refused, match="member-promised"):
        move(public, one, NEXT)
    assert (as_stored(public, one).starts_at, who(public, one)) == (START, ["basel"])


def test_staff_move_it_to_whom_they_name_and_to_anybody_if_they_say_so(istanbul: Hall) -> None:
    one, other = booked(istanbul, START, SERVICE, "basel"), booked(istanbul, START + HOUR, SERVICE, "basel", **OTHER)
    lawyers = member(istanbul, "lawyers")
    named = move(istanbul, one, NEXT, Booker.STAFF, {lawyers: member(istanbul, "amal")})
    assert (who(istanbul, named), had(istanbul, named).announced) == (["amal"], True)
    booked(istanbul, NEXT + HOUR, SERVICE, "basel", name="سمر", contact="samar@example.org")
    with pytest.raises(Refused, match="member-promised"):
        move(istanbul, other, NEXT + HOUR, Booker.STAFF)
    freed = move(istanbul, other, NEXT + HOUR, Booker.STAFF, {})
    assert (who(istanbul, freed), had(istanbul, freed).announced) == (["amal"], False)


def test_two_who_were_promised_both_stay_when_another_is_named_for_one(istanbul: Hall) -> None:
    hall = with_two_interpreters(istanbul)
    one = promise(hall, booked(hall, START, FOLLOWED, "basel", **CASE))
    promise(hall, booked(hall, NEXT + HOUR, FOLLOWED, "basel", **OTHER))
    assert who(hall, one) == ["basel", "cemil"]
    # So that another interpreter would be chosen.
    hall = save(hall, group(["deniz", "cemil"], before=["cemil", "deniz"]))
    named = {member(hall, "lawyers"): member(hall, "amal")}
    with pytest.raises(Refused, match="member-taken"):
        move(hall, one, NEXT + HOUR, Booker.STAFF, named)
    assert who(hall, move(hall, one, NEXT, Booker.STAFF, named)) == ["amal", "cemil"]


def test_dates_of_a_series_keep_the_others_who_were_promised_when_one_is_named(istanbul: Hall) -> None:
    hall = with_two_interpreters(istanbul)
    asked = {member(hall, group): member(hall, one) for group, one in (("lawyers", "basel"), ("interpreters", "deniz"))}
    made = repeat(hall, booked(hall, START, FOLLOWED, **CASE), SeriesRule(WEEKLY, dates=3), asked=asked)
    second = made.number(2)
    amal = {member(hall, "lawyers"): member(hall, "amal")}
    wishes = hall.db.read_now(changes_of, hall.branch, made, Change(2, Scope.FOLLOWING, second.at, amal))
    assert [one.asked for one in wishes] == [asked | amal] * 2


def test_an_earlier_time_is_offered_only_with_who_was_promised_and_keeps_them(istanbul: Hall) -> None:
    change_settings(istanbul.db, sa.update(table(PolicyRow)).values(freed_slot="waitlist_in_order"))
    hall = enter(istanbul.db, istanbul.branch.slug)
    giver = booked(hall, START, SERVICE, "amal", **OTHER)
    with_basel = booked(hall, NEXT, SERVICE, "basel")
    with_amal = booked(hall, NEXT + 2 * HOUR, SERVICE, "amal", name="سمر", contact="samar@example.org")
    told = announced_at(hall, with_amal)
    for one in (with_basel, with_amal):
        hall.db.write_in_now(hall.branch.id, earlier.wait_for_earlier, hall.branch.id, one.id, Wish(), VISITOR)
    hall.db.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, giver.id, VISITOR)
    # Whoever has waited longer was promised basel, whose time nobody keeps for them.
    assert running(hall, with_basel) is None
    offer = running(hall, with_amal)
    assert offer is not None
    hall.db.write_in_now(hall.branch.id, earlier.accept_earlier, hall.branch.id, with_amal.id, offer.id, VISITOR)
    assert as_stored(hall, with_amal).starts_at == START
    assert (who(hall, with_amal), announced_at(hall, with_amal)) == (["amal"], told)


def test_another_time_that_the_branch_offers_is_with_who_was_promised(istanbul: Hall, clock: FrozenClock) -> None:
    one = booked(istanbul, START, SERVICE, "basel")
    told = announced_at(istanbul, one)
    clock.move(HOUR)
    found = lose(istanbul, one, "closed")
    # Amal is before basel in the order of the settings.
    assert (who(istanbul, one), announced_at(istanbul, one)) == (["basel", "basel"], told * 2)
    assert found.offered_starts_at is not None
    moved = move(istanbul, one, found.offered_starts_at)
    assert (who(istanbul, moved), announced_at(istanbul, moved)) == (["basel"], told)


def test_where_only_others_than_the_promised_are_free_no_other_time_is_offered(istanbul: Hall) -> None:
    one = booked(istanbul, START, SERVICE, "basel")
    away(istanbul, "basel", START - DAY - 9 * HOUR, 60 * DAY)
    assert lose(istanbul, one, "closed").offered_starts_at is None
    # Where the branch took basel away, whoever is there will do.
    assert lose(istanbul, one, "member").offered_starts_at is not None
    assert who(istanbul, one) == ["amal", "basel"]


def test_the_next_time_of_one_who_is_away_is_with_the_others_who_were_promised(istanbul: Hall) -> None:
    hall = with_two_interpreters(istanbul)
    one = promise(hall, booked(hall, START, FOLLOWED, "amal", **CASE))
    told = announced_at(hall, one)
    # On the next day the interpreter has something else at that time.
    hall = save(hall, Edit("service", "lawyer-advice", {"needs": now(hall, "lawyer-advice")}, {"needs": ["cemil"]}))
    busy = booked(hall, NEXT, "lawyer-advice", name="ريم", contact="+905551234567")
    assert "cemil" in who(hall, busy)
    (found,) = concerned_by(hall, "amal", START, 12 * HOUR)
    assert found.next_at is not None
    assert not (busy.starts_at <= found.next_at < busy.ends_at)
    away(hall, "amal", START, 12 * HOUR, {one.id: Settling(Remedy.NEXT, at=found.next_at)})
    assert as_stored(hall, one).offered_starts_at == found.next_at
    assert who(hall, one) == ["amal", "amal", "cemil", "cemil"]
    assert announced_at(hall, one) == told * 2


def test_whoever_is_asked_for_is_announced_also_where_another_made_room(istanbul: Hall) -> None:
    silent = booked(istanbul, START, SERVICE)
    assert who(istanbul, silent) == ["amal"]
    asked = booked(istanbul, START, SERVICE, "amal", **OTHER)
    assert (who(istanbul, silent), who(istanbul, asked)) == (["basel"], ["amal"])
    assert (had(istanbul, asked).announced, had(istanbul, asked).why) == (True, WhyMember.ASKED)


# ---------------------------------------------------------------- whom people know


def test_whom_nobody_was_told_of_stays_where_that_is_possible(istanbul: Hall) -> None:
    booked(istanbul, START, SERVICE, "amal", **OTHER)
    one = booked(istanbul, START, SERVICE)
    assert (who(istanbul, one), had(istanbul, one).why) == (["basel"], WhyMember.ONLY)
    moved = move(istanbul, one, NEXT, Booker.STAFF)
    assert (who(istanbul, moved), had(istanbul, moved).why) == (["basel"], WhyMember.STAYS)
    booked(istanbul, NEXT + HOUR, SERVICE, "basel", **OTHER)
    assert who(istanbul, move(istanbul, moved, NEXT + HOUR, Booker.STAFF)) == ["amal"]


@pytest.mark.parametrize("state", [BookingState.CONFIRMED, BookingState.CHECKED_IN, BookingState.FULFILLED])
def test_a_person_has_the_same_member_again(istanbul: Hall, state: BookingState) -> None:
    put(istanbul, booked(istanbul, START, SERVICE, "basel"), state)
    # The name in another spelling.
    again = booked(istanbul, NEXT, SERVICE, name="هاله الحسن")
    assert (who(istanbul, again), had(istanbul, again).why) == (["basel"], WhyMember.KNOWN)
    # It is a preference, so nobody was told, and it is refused to nobody.
    assert not had(istanbul, again).announced
    booked(istanbul, NEXT + HOUR, SERVICE, "basel", **OTHER)
    assert who(istanbul, booked(istanbul, NEXT + HOUR, SERVICE)) == ["amal"]


def test_the_latest_counts_and_neither_another_person_nor_what_did_not_take_place(istanbul: Hall) -> None:
    put(istanbul, booked(istanbul, START, SERVICE, "amal"), BookingState.FULFILLED)
    put(istanbul, booked(istanbul, START + HOUR, SERVICE, "basel"), BookingState.FULFILLED)
    for n, state in enumerate((BookingState.CANCELLED, BookingState.NO_SHOW, BookingState.EXPIRED), 2):
        put(istanbul, booked(istanbul, START + n * HOUR, SERVICE, "amal"), state)
    assert who(istanbul, booked(istanbul, NEXT, SERVICE)) == ["basel"]
    # One of a family, with the same contact.
    assert who(istanbul, booked(istanbul, NEXT + HOUR, SERVICE, name="ريم الحسن")) == ["amal"]
    # Another service.
    assert who(istanbul, booked(istanbul, NEXT + 2 * HOUR, FOLLOWED)) == ["amal", "cemil"]


def test_on_the_telephone_a_person_has_the_same_member_again_once_the_name_is_said(istanbul: Hall) -> None:
    put(istanbul, booked(istanbul, START, SERVICE, "basel"), BookingState.FULFILLED)

    def confirmed(
        at: datetime, asked: str = "", name: str = "هالة الحسن", contact: str = "hala@example.org"
    ) -> BookingView:
        hold = held(istanbul, at, SERVICE, asked, name="", contact="")
        assert who(istanbul, hold) == ["amal"]
        said = Said(name, contact, "ar")
        there = istanbul.branch.id
        return istanbul.db.write_in_now(there, bookings.confirm_booking, there, hold.id, SYSTEM, said)

    again = confirmed(NEXT)
    assert (who(istanbul, again), had(istanbul, again).why) == (["basel"], WhyMember.KNOWN)
    # Both are whole: the first is free for somebody else, and the other is not.
    assert who(istanbul, booked(istanbul, NEXT, SERVICE, **OTHER)) == ["amal"]
    with pytest.raises(Refused):
        booked(istanbul, NEXT, SERVICE, name="سمر", contact="samar@example.org")
    assert who(istanbul, confirmed(NEXT + HOUR, **OTHER)) == ["amal"]
    assert who(istanbul, confirmed(NEXT + 2 * HOUR, "amal")) == ["amal"]
    booked(istanbul, NEXT + 3 * HOUR, SERVICE, "basel", **OTHER)
    assert who(istanbul, confirmed(NEXT + 3 * HOUR)) == ["amal"]


def test_an_appointment_that_moves_goes_to_whom_the_person_knows(istanbul: Hall) -> None:
    put(istanbul, booked(istanbul, START, SERVICE, "basel"), BookingState.FULFILLED)
    booked(istanbul, NEXT, SERVICE, "basel", **OTHER)
    one = booked(istanbul, NEXT, SERVICE)
    assert who(istanbul, one) == ["amal"]
    moved = move(istanbul, one, NEXT + HOUR, Booker.STAFF)
    assert (who(istanbul, moved), had(istanbul, moved).why) == (["basel"], WhyMember.KNOWN)


@pytest.mark.parametrize("state", [BookingState.CONFIRMED, BookingState.FULFILLED])
def test_in_a_protected_service_a_case_number_is_the_person(istanbul: Hall, state: BookingState) -> None:
    assert istanbul.branch.service(FOLLOWED).confidentiality.protected
    put(istanbul, booked(istanbul, START, FOLLOWED, "basel", **CASE), state)
    again = booked(istanbul, NEXT, FOLLOWED, name="2026/17", contact="rim@example.org")
    assert who(istanbul, again) == ["basel", "cemil"]
    other = booked(istanbul, NEXT + HOUR, FOLLOWED, name="2026/18", contact="")
    assert who(istanbul, other) == ["amal", "cemil"]


def move(
    hall: Hall, one: BookingView, start: datetime, booker: Booker = Booker.PUBLIC, members: Any = None
) -> BookingView:
    there = hall.branch.id
    return hall.db.write_in_now(there, bookings.change_booking, there, one.id, start, VISITOR, booker, members)


def offered(hall: Hall, day: date, own: BookingView | None) -> list[datetime]:
    """The times of a day as the public page has them."""
    found = hall.db.read_now(times.times, hall.branch, hall.branch.service(SERVICE), day, own)
    return [slot.start for part in found.parts for slot in part.slots]


def had(hall: Hall, one: BookingView) -> Had:
    (found,) = hall.db.read_now(members_had, hall.branch, [as_stored(hall, one)])[one.id]
    return found


def announced_at(hall: Hall, one: BookingView) -> list[datetime | None]:
    """Since when its members are promised, also at a time that is only offered."""
    statement = sa.select(HAS.c.announced_at).where(HAS.c.booking_id == one.id)
    return [row.announced_at for row in hall.db.read_now(Tx.rows, statement)]


def promise(hall: Hall, one: BookingView) -> BookingView:
    """Tell the visitor of everybody."""
    hall.db.write_now(Tx.execute, sa.update(HAS).where(HAS.c.booking_id == one.id).values(announced_at=one.created_at))
    return one


def put(hall: Hall, one: BookingView, state: BookingState) -> None:
    """Let it be in a state, and its time be taken by nobody."""
    hall.db.write_now(Tx.execute, sa.update(BOOKING).where(BOOKING.c.id == one.id).values(state=state.value))


def lose(hall: Hall, one: BookingView, why: str) -> BookingView:
    """The branch takes its time away and offers another one."""
    lost = {"decision": "later", "lost_why": why}
    hall.db.write_now(Tx.execute, sa.update(BOOKING).where(BOOKING.c.id == one.id).values(lost))
    hall.db.write_in_now(hall.branch.id, decide_listed, hall.branch.id, {one.id: Choice.MOVE}, BECAUSE, SYSTEM)
    return as_stored(hall, one)


def concerned_by(hall: Hall, slug: str, start: datetime, long: timedelta) -> Any:
    return hall.db.read_now(concerned, hall.branch, Planned((Absence(member(hall, slug), start, start + long),)))


def away(hall: Hall, slug: str, start: datetime, long: timedelta, settlings: Any = None) -> None:
    """The member is away; what is concerned is decided later, or as the settlings say."""
    absence, seen = Absence(member(hall, slug), start, start + long), concerned_by(hall, slug, start, long)
    order = BlockOrder((absence,), BlockReason.ILLNESS, fingerprint(seen), settlings or {})
    hall.db.write_in_now(hall.branch.id, block_members, hall.branch.id, order, SYSTEM)


def running(hall: Hall, one: BookingView) -> Offer | None:
    return hall.db.read_now(running_offer, hall.branch.id, one.id)


def now(hall: Hall, slug: str) -> list[str]:
    return [hall.branch.resources[one].slug for one in hall.branch.service(slug).resources]


def group(members: list[str], before: list[str]) -> Edit:
    return Edit("resource", "interpreters", {"any_of": before}, {"any_of": members})


def with_two_interpreters(hall: Hall) -> Hall:
    """Following a case takes any lawyer and either interpreter."""
    names = {"ar": "مترجمون", "en": "Interpreters"}
    return save(
        hall,
        Edit("resource", "deniz", None, {"names": {"ar": "دنيز", "en": "Deniz"}, "kind": "interpreter"}),
        Edit("resource", "interpreters", None, {"names": names, "kind": "group", "any_of": ["cemil", "deniz"]}),
        Edit("service", FOLLOWED, {"needs": ["lawyers", "cemil"]}, {"needs": ["lawyers", "interpreters"]}),
    )
