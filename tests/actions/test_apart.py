"""Two people who must not meet get no times that bring them together. On both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from queue_system.actions import apart, bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.erasure import erase_person
from queue_system.actions.participants import name_participants
from queue_system.actions.said import Said
from queue_system.actions.second_person import SecondPersonNeeded
from queue_system.actions.series import SeriesOrder, make_series
from queue_system.clock import FrozenClock
from queue_system.core.apart import AcceptedFor, Reason, Scope
from queue_system.core.bookings import BookingState
from queue_system.core.errors import Invalid, Missing, Refused
from queue_system.core.participants import Person, Role
from queue_system.core.series import Chance, Rhythm, SeriesRule
from queue_system.store.database import AnyRow, Database, Tx
from queue_system.store.log import SYSTEM, VISITOR, locked
from queue_system.store.queries import audit
from queue_system.store.queries.apart import people_of
from queue_system.store.queries.series_chances import WantedDate, dates_shown, planned, prospects
from queue_system.store.tables import ApartAccepted, ApartKey, ApartPair, Service, table
from tests.kit.apart_hall import (
    ACCEPTS,
    CONTACT,
    COUNSELLING,
    HE,
    HIS_TELEPHONE,
    SEES,
    SHE,
    THIRD,
    at,
    book,
    cancel,
    confirm,
    hold,
    met,
    move,
    pair,
    read,
    staff_alone,
)
from tests.kit.hall import Hall, edit, furnish, set_branch
from tests.kit.services import set_place


@pytest.fixture
def wifaq(db: Database) -> Hall:
    return furnish(db, "social-work", "wifaq")


def test_a_day_on_which_the_other_comes_is_refused_and_every_other_is_not(wifaq: Hall) -> None:
    pair(wifaq)
    book(wifaq, SHE, at(24, 8, 15))
    held = hold(wifaq, at(24, 11, 30), CONTACT)
    with pytest.raises(Refused, match="slot-taken"):
        confirm(wifaq, held, HE)
    # It is still held, and nothing was stored about him.
    assert (read(wifaq, held).state, read(wifaq, held).name) == (BookingState.HELD, "")
    assert confirm(wifaq, held, THIRD).state is BookingState.CONFIRMED
    book(wifaq, HE, at(25, 8, 15))


def test_without_a_pair_both_come(wifaq: Hall) -> None:
    book(wifaq, SHE, at(24, 8, 15))
    book(wifaq, HE, at(24, 11, 30), CONTACT)


def test_a_hold_counts_and_one_that_was_given_back_does_not(wifaq: Hall) -> None:
    pair(wifaq)
    hers = hold(wifaq, at(24, 8, 15), name=SHE)
    with pytest.raises(Refused, match="slot-taken"):
        hold(wifaq, at(24, 11, 30), CONTACT, HE)
    cancel(wifaq, hers)
    hold(wifaq, at(24, 11, 30), CONTACT, HE)


def test_a_move_to_a_day_of_the_other_is_refused(wifaq: Hall) -> None:
    pair(wifaq)
    book(wifaq, SHE, at(24, 8, 15))
    his = book(wifaq, HE, at(25, 8, 15))
    with pytest.raises(Refused, match="slot-taken"):
        move(wifaq, his, at(24, 12))
    assert read(wifaq, his).starts_at == at(25, 8, 15)
    assert move(wifaq, his, at(25, 12)).starts_at == at(25, 12)


def test_in_different_zones_on_one_day_only_the_minutes_of_the_branch_count(wifaq: Hall) -> None:
    pair(wifaq, scope=Scope.ZONE_DAY)
    book(wifaq, SHE, at(24, 8, 15))
    with pytest.raises(Refused, match="slot-taken"):
        book(wifaq, HE, at(24, 12))
    # Mediation is at entrance A, and children are met at entrance B.
    book(wifaq, HE, at(24, 8, 30), CONTACT)


def test_minutes_are_counted_from_end_to_beginning(wifaq: Hall) -> None:
    pair(wifaq, scope=Scope.MINUTES, minutes=60)
    book(wifaq, SHE, at(24, 8, 15))
    for refused in (at(24, 8, 30), at(24, 10)):
        with pytest.raises(Refused, match="slot-taken"):
            book(wifaq, HE, refused, CONTACT)
    book(wifaq, HE, at(24, 11, 30), CONTACT)


def test_the_rule_of_the_branch_holds_for_every_pair(wifaq: Hall) -> None:
    """The centre asks for 20 minutes in one zone, although this pair is content with five."""
    pair(wifaq, scope=Scope.MINUTES, minutes=5)
    book(wifaq, SHE, at(24, 8, 15))
    with pytest.raises(Refused, match="slot-taken"):
        book(wifaq, HE, at(24, 9, 30))
    book(wifaq, HE, at(24, 10, 45))


@pytest.mark.parametrize(
    ("typed", "name", "contact"),
    [
        ("wq 2026 - 0115", HE, ""),
        ("+974 5551 2345", "باسل الحسن", HIS_TELEPHONE),
        ("55512345", "باسل الحسن", HIS_TELEPHONE),
        ("Basel@Example.org", "باسل الحسن", "basel@example.org"),
        ("ق ٢٠٢٦/٧", "ق-2026/7", ""),
    ],
)
def test_a_person_is_known_however_the_reference_is_written(wifaq: Hall, typed: str, name: str, contact: str) -> None:
    pair(wifaq, other=typed)
    book(wifaq, SHE, at(24, 8, 15))
    with pytest.raises(Refused, match="slot-taken"):
        book(wifaq, name, at(24, 11, 30), CONTACT, contact)


def test_everybody_who_comes_along_is_kept_apart_too(wifaq: Hall) -> None:
    pair(wifaq)
    hers = book(wifaq, THIRD, at(24, 8, 15))
    with_her = Person(Role.OTHER_SIDE, SHE)
    wifaq.db.write_in_now(wifaq.branch.id, name_participants, wifaq.branch.id, hers, SYSTEM, [with_her])
    with pytest.raises(Refused, match="slot-taken"):
        book(wifaq, HE, at(24, 11, 30), CONTACT)


def test_both_in_one_appointment_would_meet_there(wifaq: Hall) -> None:
    pair(wifaq)
    held = hold(wifaq, at(24, 8, 15))
    said = Said(SHE, "", "ar", others=(Person(Role.OTHER_SIDE, HE),))
    branch = wifaq.branch.id
    with pytest.raises(Refused, match="slot-taken"):
        wifaq.db.write_in_now(branch, bookings.confirm_booking, branch, held, SYSTEM, said)
    # A pair whose last day is over keeps nobody apart.
    wifaq.db.write_now(lambda tx: tx.execute(sa.update(table(ApartPair)).values(until=date(2026, 11, 21))))
    both = wifaq.db.write_in_now(branch, bookings.confirm_booking, branch, held, SYSTEM, said)
    assert both.state is BookingState.CONFIRMED


def test_staff_with_the_right_are_told_and_can_accept_it_for_a_reason(wifaq: Hall) -> None:
    made = pair(wifaq)
    book(wifaq, SHE, at(24, 8, 15))
    held = hold(wifaq, at(24, 11, 30), CONTACT, HE, SEES)
    with pytest.raises(Refused, match="kept-apart"):
        confirm(wifaq, held, HE, leave=SEES)
    assert confirm(wifaq, held, HE, leave=ACCEPTS).state is BookingState.CONFIRMED
    assert not met(wifaq)
    (entry,) = entries(wifaq, "apart.accepted")
    assert (entry.subject, entry.data) == (str(made), {"reason": "other-entrance"})
    # It was accepted at this time, and at no other.
    with pytest.raises(Refused, match="kept-apart"):
        move(wifaq, held, at(24, 10), SEES)
    move(wifaq, held, at(24, 10), ACCEPTS)
    assert not met(wifaq)
    # Whoever may not see pairs accepts nothing.
    with pytest.raises(Refused, match="slot-taken"):
        move(wifaq, held, at(24, 8, 30))


def test_a_pair_that_is_made_later_leaves_both_and_one_that_goes_clears_both(wifaq: Hall) -> None:
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 11, 30), CONTACT)
    made = pair(wifaq)
    (meeting,) = met(wifaq)
    assert (meeting.pair, set(meeting.ids)) == (made, {hers, his})
    assert {read(wifaq, one).state for one in (hers, his)} == {BookingState.CONFIRMED}
    # Neither page of theirs says anything, because nothing is stored with the appointments.
    assert read(wifaq, hers).decision is None
    assert not read(wifaq, hers).taken_away
    (entry,) = entries(wifaq, "apart.made")
    assert entry.data == {"scope": "building-day", "reason": "court", "meetings": 1}
    move(wifaq, his, at(25, 11, 30))
    assert not met(wifaq)
    move(wifaq, his, at(24, 11, 30), ACCEPTS)
    assert not met(wifaq)


def test_one_of_a_later_pair_that_is_cancelled_clears_both(wifaq: Hall) -> None:
    hers, _ = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 11, 30), CONTACT)
    pair(wifaq)
    cancel(wifaq, hers)
    assert not met(wifaq)


def test_two_that_meet_are_accepted_from_the_list(wifaq: Hall) -> None:
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 11, 30), CONTACT)
    made, branch = pair(wifaq), wifaq.branch.id
    accept = apart.accept_meeting
    with pytest.raises(Missing):
        wifaq.db.write_in_now(branch, accept, branch, made, [hers], AcceptedFor.AGREED, SYSTEM)
    wifaq.db.write_in_now(branch, accept, branch, made, [hers, his], AcceptedFor.AGREED, SYSTEM)
    assert not met(wifaq)
    with pytest.raises(Missing):
        wifaq.db.write_in_now(branch, accept, branch, made, [hers, his], AcceptedFor.AGREED, SYSTEM)


def test_in_a_protected_service_one_person_lets_nobody_meet(wifaq: Hall) -> None:
    services = table(Service)
    here = services.c.branch_id == wifaq.branch.id, services.c.slug == CONTACT
    edit(wifaq, lambda tx: tx.execute(sa.update(services).where(*here).values(confidentiality="protected")))
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(25, 8, 30), CONTACT)
    made, branch = pair(wifaq), wifaq.branch.id
    with pytest.raises(Refused, match="kept-apart-protected"):
        move(wifaq, his, at(24, 11, 30), ACCEPTS)
    wifaq.db.write_in_now(branch, apart.end_pair, branch, made, SYSTEM)
    move(wifaq, his, at(24, 11, 30))
    again = pair(wifaq)
    with pytest.raises(SecondPersonNeeded):
        wifaq.db.write_in_now(branch, apart.accept_meeting, branch, again, [hers, his], AcceptedFor.AGREED, SYSTEM)
    assert met(wifaq)


def test_each_date_of_a_series_is_looked_at(wifaq: Hall) -> None:
    pair(wifaq)
    book(wifaq, SHE, at(30, 9, 30))
    hers = book(wifaq, THIRD, at(23, 8, 15))
    his = book(wifaq, HE, at(23, 11, 30), CONTACT)
    weekly = SeriesRule(Rhythm.WEEKLY, dates=2)
    wanted = {THIRD: hers, HE: his}
    for name, refused in ((THIRD, False), (HE, True)):
        first = read(wifaq, wanted[name])
        dates = planned(wifaq.branch, first, weekly)
        order = SeriesOrder(first.id, weekly, {n: start for n, start in dates if n > 1}, dates_shown(first, dates))
        if refused:
            with pytest.raises(Refused, match="series-taken"):
                wifaq.db.write_in_now(wifaq.branch.id, make_series, wifaq.branch.id, order, SYSTEM)
        else:
            wifaq.db.write_in_now(wifaq.branch.id, make_series, wifaq.branch.id, order, SYSTEM)
        found = [WantedDate(n, start, people=wifaq.db.read_now(people_of, first)) for n, start in dates[1:]]
        service = wifaq.branch.services[first.service_id]
        (told,) = wifaq.db.read_now(prospects, wifaq.branch, service, found)
        if refused:
            assert told.chance is Chance.TAKEN
            assert {slot.start.date() for slot in told.alternatives} & {at(30, 8).date()} == set()


def test_whoever_came_along_and_is_erased_is_known_no_more(wifaq: Hall) -> None:
    hers = book(wifaq, THIRD, at(24, 8, 15))
    his_own = book(wifaq, "باسل الحسن", at(25, 8, 30), CONTACT, HIS_TELEPHONE)
    other = Person(Role.OTHER_SIDE, "باسل الحسن", HIS_TELEPHONE)
    wifaq.db.write_in_now(wifaq.branch.id, name_participants, wifaq.branch.id, hers, SYSTEM, [other])
    assert len([row for row in rows(wifaq, ApartKey) if row.booking_id == hers]) == 2
    wifaq.db.write_now(erase_person, wifaq.branch.id, his_own, SYSTEM)
    assert [row.booking_id for row in rows(wifaq, ApartKey)] == [hers]


def test_an_ended_pair_refuses_nothing(wifaq: Hall) -> None:
    made, branch = pair(wifaq), wifaq.branch.id
    book(wifaq, SHE, at(24, 8, 15))
    wifaq.db.write_in_now(branch, apart.end_pair, branch, made, SYSTEM)
    book(wifaq, HE, at(24, 11, 30), CONTACT)
    with pytest.raises(Missing):
        wifaq.db.write_in_now(branch, apart.end_pair, branch, made, SYSTEM)
    assert [one.kind for one in entries(wifaq, "apart.ended")] == ["apart.ended"]


def test_after_its_last_day_a_pair_refuses_nothing(wifaq: Hall) -> None:
    order = apart.PairOrder(SHE, HE, Scope.BUILDING_DAY, Reason.COURT, until=date(2026, 11, 24))
    wifaq.db.write_in_now(wifaq.branch.id, apart.make_pair, wifaq.branch.id, order, SYSTEM)
    for day, refused in ((24, True), (25, False)):
        book(wifaq, SHE, at(day, 8, 15))
        if refused:
            with pytest.raises(Refused, match="slot-taken"):
                book(wifaq, HE, at(day, 11, 30), CONTACT)
        else:
            book(wifaq, HE, at(day, 11, 30), CONTACT)


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"one": "سلمى الأتاسي"}, "apart-reference", "one"),
        ({"other": ""}, "apart-reference", "other"),
        ({"other": "nobody@"}, "email-wrong", "other"),
        ({"other": "wq 2026 114"}, "apart-same", "other"),
        ({"scope": Scope.MINUTES}, "apart-minutes", "minutes"),
        ({"until": date(2026, 11, 21)}, "apart-until", "until"),
    ],
)
def test_what_is_no_pair_is_refused_with_its_field(
    wifaq: Hall, changed: dict[str, object], code: str, field: str
) -> None:
    usual = {"one": SHE, "other": HE, "scope": Scope.BUILDING_DAY, "reason": Reason.COURT}
    order = apart.PairOrder(**(usual | changed))  # type: ignore[arg-type]
    with pytest.raises(Invalid, match=code) as mistake:
        wifaq.db.write_in_now(wifaq.branch.id, apart.make_pair, wifaq.branch.id, order, SYSTEM)
    assert mistake.value.field == field
    assert not rows(wifaq, ApartPair)


def test_one_pair_is_made_once_whoever_is_named_first(wifaq: Hall) -> None:
    pair(wifaq)
    with pytest.raises(Refused, match="apart-known"):
        pair(wifaq, HE, SHE)


def test_a_branch_without_the_rule_has_no_pairs_and_stores_nothing_about_them(hall: Hall) -> None:
    with pytest.raises(Missing):
        pair(hall)
    starts_at = datetime.fromisoformat("2026-11-24T05:30Z")
    order = HoldOrder(
        hall.branch.id, hall.service("civil-extract"), starts_at, "هالة", "hala@example.org", "ar", VISITOR
    )
    hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    assert not rows(hall, ApartKey)


def test_appointments_from_before_the_rule_are_known_to_the_first_pair(wifaq: Hall) -> None:
    kept = wifaq.branch.constraints
    assert kept
    constraints = {slug: one.model_dump(mode="json") for slug, one in kept.items()}
    set_branch(wifaq, constraints=None)
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 11, 30), CONTACT)
    assert not rows(wifaq, ApartKey)
    set_branch(wifaq, constraints=constraints)
    pair(wifaq)
    assert [one.ids for one in met(wifaq)] == [{hers, his}]


def test_a_service_that_everybody_books_refuses_nobody_and_the_meeting_is_listed(wifaq: Hall) -> None:
    pair(wifaq, other=HIS_TELEPHONE)
    hers = book(wifaq, SHE, at(24, 8, 15))
    order = HoldOrder(
        wifaq.branch.id, wifaq.service(COUNSELLING), at(24, 9), "باسل الحسن", HIS_TELEPHONE, "ar", VISITOR
    )
    his = wifaq.db.write_in_now(wifaq.branch.id, bookings.hold_slot, order).id
    wifaq.db.write_in_now(wifaq.branch.id, bookings.confirm_booking, wifaq.branch.id, his, VISITOR)
    assert [one.ids for one in met(wifaq)] == [{hers, his}]


def test_a_service_for_one_party_that_staff_alone_book_refuses_its_times_too(wifaq: Hall) -> None:
    staff_alone(wifaq)
    pair(wifaq)
    book(wifaq, SHE, at(24, 8, 15))
    with pytest.raises(Refused, match="slot-taken"):
        hold(wifaq, at(24, 9), COUNSELLING, HE)
    held = hold(wifaq, at(24, 9), COUNSELLING)
    with pytest.raises(Refused, match="slot-taken"):
        confirm(wifaq, held, HE)
    with pytest.raises(Refused, match="kept-apart"):
        confirm(wifaq, held, HE, leave=SEES)
    confirm(wifaq, held, HE, leave=ACCEPTS)
    assert not met(wifaq)
    his = book(wifaq, HE, at(25, 9), COUNSELLING)
    with pytest.raises(Refused, match="slot-taken"):
        move(wifaq, his, at(24, 11))


def test_in_a_service_that_an_organisation_books_for_people_the_meeting_is_listed(wifaq: Hall) -> None:
    """It sees its free times, so a time that is refused would tell it of the other."""
    staff_alone(wifaq)
    set_place(
        wifaq,
        helpers={"bar": {"slug": "bar", "names": {"ar": "نقابة", "en": "Bar"}, "services": [COUNSELLING], "places": 2}},
    )
    pair(wifaq)
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 9), COUNSELLING)
    assert [one.ids for one in met(wifaq)] == [{hers, his}]


def test_visitors_are_refused_alike_on_every_day_when_they_move_by_themselves(wifaq: Hall) -> None:
    """A service that only staff give cannot be moved on the internet, so nobody can try out days."""
    pair(wifaq)
    book(wifaq, SHE, at(24, 8, 15))
    his = book(wifaq, HE, at(25, 8, 30), CONTACT)
    codes = []
    for day in (24, 26):
        with pytest.raises(Refused) as refusal:
            wifaq.db.write_in_now(
                wifaq.branch.id, bookings.change_booking, wifaq.branch.id, his, at(day, 11, 30), VISITOR
            )
        codes.append(str(refusal.value))
    assert codes[0] == codes[1] != "slot-taken"


def test_the_tables_name_nobody(wifaq: Hall) -> None:
    pair(wifaq, other=HIS_TELEPHONE)
    book(wifaq, SHE, at(24, 8, 15))
    stored = repr([*rows(wifaq, ApartPair), *rows(wifaq, ApartKey)]).casefold()
    assert not [one for one in ("wq", "2026-114", "55512345", "case:", "contact:") if one in stored]
    said = repr([one.data for one in entries(wifaq, "apart.made")])
    assert SHE not in said
    assert HIS_TELEPHONE not in said


def test_a_person_who_is_erased_is_known_no_more(wifaq: Hall) -> None:
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 11, 30), CONTACT)
    pair(wifaq)
    wifaq.db.write_now(erase_person, wifaq.branch.id, hers, SYSTEM)
    assert {row.booking_id for row in rows(wifaq, ApartKey)} == {his}


def test_pairs_go_when_names_would_after_they_ended(wifaq: Hall, clock: FrozenClock) -> None:
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 11, 30), CONTACT)
    made, branch = pair(wifaq), wifaq.branch.id
    wifaq.db.write_in_now(branch, apart.accept_meeting, branch, made, [hers, his], AcceptedFor.AGREED, SYSTEM)
    open_one = pair(wifaq, other=THIRD)
    wifaq.db.write_in_now(branch, apart.end_pair, branch, made, SYSTEM)
    before = clock.now() + timedelta(days=1)
    assert drop_ended(wifaq, clock.now()) == 0
    assert drop_ended(wifaq, before) == 1
    assert [row.id for row in rows(wifaq, ApartPair)] == [open_one]
    assert not rows(wifaq, ApartAccepted)


def drop_ended(hall: Hall, before: datetime) -> int:
    def work(tx: Tx) -> int:
        with locked(tx, hall.branch.id) as lock:
            return apart.drop_ended(lock, before)

    return hall.db.write_now(work)


def rows(hall: Hall, model: type[SQLModel]) -> list[AnyRow]:
    return hall.db.read_now(lambda tx: tx.rows(sa.select(table(model))))


def entries(hall: Hall, kind: str) -> list[audit.EntryView]:
    return hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind=kind), 10)
