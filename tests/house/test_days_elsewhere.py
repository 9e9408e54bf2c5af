"""Outreach days: the branch is open, booked and visited on these days only, at the place of the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder, hold_slot
from queue_system.actions.installation import install
from queue_system.clock import FrozenClock
from queue_system.core import hours
from queue_system.core.bookings import Booker
from queue_system.core.errors import Refused
from queue_system.core.slots import Slot
from queue_system.i18n import isolates
from queue_system.profiles.reader import profile_names
from queue_system.spooler.slips import slip_of
from queue_system.store.database import Database, Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.queries.freed import kept_places
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.outings import place_on
from queue_system.store.queries.place import place
from queue_system.store.queries.settings import branch_ids
from queue_system.store.tables import Branch, OutreachDay, table
from tests.kit.furnished import profile_of
from tests.kit.hall import Hall, change_settings, enter, furnish
from tests.kit.kiosk_hall import paired_kiosk
from tests.kit.public_visitor import NAME, Visitor
from tests.kit.web_hall import application

DOHA = ZoneInfo("Asia/Qatar")
AL_KHOR = date(2027, 1, 16)
NEXT = date(2027, 1, 30)
SERVICE = "attest-single"


def at(wall: str, day: date = AL_KHOR) -> datetime:
    return datetime.fromisoformat(f"{day}T{wall}+03:00").astimezone(UTC)


@pytest.fixture
def clock() -> FrozenClock:
    """The Monday before the mobile consulate is in Al Khor."""
    return FrozenClock(at("10:00", date(2027, 1, 11)))


@pytest.fixture
def mobile(db: Database) -> Hall:
    return furnish(db, branch="mobile-consulate")


def hold(hall: Hall, number: int, wall: str = "10:00") -> BookingView:
    order = HoldOrder(
        hall.branch.id, hall.service(SERVICE), at(wall), NAME, f"visitor{number}@example.org", "ar", VISITOR
    )
    return hall.db.write_in_now(hall.branch.id, hold_slot, order)


# ---------------------------------------------------------------- where nobody is, nothing is offered


@pytest.mark.parametrize("name", profile_names())
def test_every_time_that_can_be_booked_lies_where_and_when_somebody_works(
    name: str, sqlite_url: str, clock: FrozenClock
) -> None:
    """Sixty days from the middle of December, which include all outreach days of the samples but the last."""
    clock.set(at("06:00", date(2026, 12, 20)))
    database, profile = Database(sqlite_url, clock), profile_of(name)
    database.write_now(install, profile)
    ids = database.read_now(branch_ids)
    assert list(ids) == [slug for slug, branch in profile.branches.items() if branch.kind != "replica"]
    for slug in ids:
        written, branch = profile.branches[slug], enter(database, slug).branch
        elsewhere = {day.day: day for day in written.outreach_days}
        for service in branch.services.values():
            first = date(2026, 12, 20)
            found = database.read_now(free_days, branch, service, first, first + timedelta(days=60), public=False)
            for day in found:
                out = elsewhere.get(day.day)
                if out is None or (out.services is not None and service.slug not in out.services):
                    assert not (day.slots and written.kind == "outreach"), (slug, service.slug, day.day)
                    assert place_on(branch, service, day.day) is None
                    continue
                for slot in day.slots:
                    opens, closes = (moment.astimezone(branch.zone) for moment in (slot.start, slot.end))
                    assert out.opens <= opens.time() < closes.time() <= out.closes, (slug, service.slug, slot)
                    if not service.elsewhere:
                        assert place_on(branch, service, slot.start) == out.place
    database.close()


def test_the_days_elsewhere_can_be_booked(mobile: Hall) -> None:
    service = mobile.branch.service(SERVICE)
    days = mobile.db.read_now(free_days, mobile.branch, service, AL_KHOR - timedelta(days=5), AL_KHOR)
    assert [day.day for day in days if day.slots] == [AL_KHOR]
    assert days[-1].slots[0].start == at("09:00")
    assert at("14:45") < days[-1].slots[-1].end <= at("15:00")


def test_a_template_is_no_place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock)
    furnish(database)
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, hall):
        visitor = Visitor(client)
        assert "بعثة جديدة" not in visitor.open("/").text
        assert visitor.open("/book/mission-template").status == 404
        assert client.get("/api/v1/branches/mission-template/services").status_code == 404
        stored = sa.select(table(Branch).c.slug).where(table(Branch).c.kind == "replica")
        assert hall.db.read_now(Tx.scalar, stored) == "mission-template", "it is kept for whoever starts from it"


# ---------------------------------------------------------------- as many as the place takes


@pytest.fixture
def small(mobile: Hall) -> Hall:
    return takes_three(mobile)


def takes_three(hall: Hall) -> Hall:
    """Limit the day in Al Khor to three visitors."""
    days = table(OutreachDay)
    change_settings(hall.db, sa.update(days).where(days.c.day == AL_KHOR).values(capacity=3))
    return enter(hall.db, "mobile-consulate")


def test_a_day_elsewhere_takes_no_more_than_its_capacity(small: Hall, clock: FrozenClock) -> None:
    held = [hold(small, number, f"{10 + number}:00") for number in range(3)]
    with pytest.raises(Refused, match="day-full"):
        hold(small, 3, "14:00")
    service = small.branch.service(SERVICE)
    (day,) = small.db.read_now(free_days, small.branch, service, AL_KHOR, AL_KHOR)
    assert (day.slots, day.refusal) == ((), "day-full")

    cancel(small, held[0])
    clock.set(at("09:30"))
    small.issue(SERVICE)
    with pytest.raises(Refused, match="outing-full"):
        small.issue(SERVICE)


def test_moving_within_a_full_day_is_no_second_place(small: Hall) -> None:
    held = [hold(small, number, f"{10 + number}:00") for number in range(3)]
    small.db.write_in_now(small.branch.id, bookings.confirm_booking, small.branch.id, held[0].id, VISITOR)
    moved = small.db.write_in_now(
        small.branch.id, bookings.change_booking, small.branch.id, held[0].id, at("14:00"), VISITOR
    )
    assert moved.starts_at == at("14:00")


def test_a_day_elsewhere_offers_no_more_places_than_it_has(small: Hall) -> None:
    for taken in range(3):
        (day,) = small.db.read_now(free_days, small.branch, small.branch.service(SERVICE), AL_KHOR, AL_KHOR)
        assert day.places == 3 - taken
        assert len(day.slots) > 3
        assert {slot.places for slot in day.slots} <= set(range(1, 3 - taken + 1))
        hold(small, taken, f"{10 + taken}:00")


def test_a_place_given_back_on_a_full_day_waits_for_its_lot(small: Hall, clock: FrozenClock) -> None:
    booked = [book(small, number) for number in range(3)]
    cancel(small, booked[0])
    assert free(small) == ((), "day-full")
    with pytest.raises(Refused, match="day-full"):
        hold(small, 3, "14:00")
    (place,) = small.db.read_now(kept_places, small.branch.id)
    assert place.returns_at is not None
    clock.set(place.returns_at)
    small.db.write_in_now(small.branch.id, bookings.expire_holds, small.branch.id)
    assert hold(small, 3, "14:00").starts_at == at("14:00")
    assert free(small) == ((), "day-full")


def test_who_moves_away_from_a_full_day_leaves_a_place_that_waits_and_can_come_back(small: Hall) -> None:
    moved = move(small, book(small, 0), at("10:00", NEXT))
    for number in (1, 2):
        book(small, number)
    with pytest.raises(Refused, match="day-full"):
        hold(small, 3, "14:00")
    assert move(small, moved, at("14:30")).starts_at == at("14:30")


def test_who_moved_within_the_day_gives_one_place_of_it_back(small: Hall, clock: FrozenClock) -> None:
    one = move(small, book(small, 0), at("14:00"))
    book(small, 1)
    assert hold(small, 2, "12:00").starts_at == at("12:00"), "the time left is no second place"
    cancel(small, one)
    with pytest.raises(Refused, match="day-full"):
        hold(small, 3, "14:30")


def test_who_stands_there_is_given_a_place_that_somebody_gave_back(small: Hall, clock: FrozenClock) -> None:
    booked = [book(small, number) for number in range(3)]
    clock.set(at("09:30"))
    with pytest.raises(Refused, match="outing-full"):
        small.issue(SERVICE)
    cancel(small, booked[0])
    small.issue(SERVICE)
    with pytest.raises(Refused, match="outing-full"):
        small.issue(SERVICE)


def book(hall: Hall, number: int) -> BookingView:
    held = hold(hall, number, f"{10 + number}:00")
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def cancel(hall: Hall, one: BookingView) -> None:
    hall.db.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, one.id, VISITOR, booker=Booker.STAFF)


def move(hall: Hall, one: BookingView, starts_at: datetime) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, bookings.change_booking, hall.branch.id, one.id, starts_at, VISITOR)


def free(hall: Hall) -> tuple[tuple[Slot, ...], str | None]:
    (day,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), AL_KHOR, AL_KHOR)
    return day.slots, day.refusal


# ---------------------------------------------------------------- the place is told


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    database = Database(sqlite_url, clock)
    furnish(database)
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, hall):
        yield client, enter(hall.db, "mobile-consulate")


def test_the_site_tells_the_days_and_the_place_of_each(site: tuple[TestClient, Hall]) -> None:
    visitor = Visitor(site[0])
    branch = visitor.open("/book/mobile-consulate")
    assert "مغلق الآن" in branch.text
    for place_name in ("مدينة الخور", "مدينة دخان", "مدينة الوكرة", "المنطقة الصناعية"):
        assert place_name in branch.text
    visitor.open(f"/book/mobile-consulate/{SERVICE}/days")
    assert "المكان: مدينة الخور" in visitor.page.text
    times = visitor.follow(r"/2027-01-16$")
    assert "المكان: مدينة الخور" in times.text
    details = visitor.follow("Z$")
    assert "المكان: مدينة الخور" in details.text
    check = visitor.send(name=NAME, contact="a@example.org")
    assert "مدينة الخور · القنصلية المتنقلة" in check.text
    done = visitor.send("/confirmation")
    assert "المكان: مدينة الخور" in done.text
    file = visitor.follow(r"\.ics$").html.replace("\r\n ", "")
    assert "LOCATION:مدينة الخور – القنصلية المتنقلة" in file


def test_before_booking_opens_the_site_says_when_and_offers_no_day(
    site: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    clock.set(at("10:00", AL_KHOR - timedelta(days=22)))
    visitor = Visitor(site[0])
    opens = "مدينة الخور، السبت 16 كانون الثاني/يناير 2027: يُفتح الحجز يوم السبت 26 كانون الأول/ديسمبر 2026."
    untrue = ("تُفتح أيام جديدة كل يوم", "خلال الأيام الـ", "لا مواعيد متاحة")
    for page in ("", f"/{SERVICE}", f"/{SERVICE}/days"):
        text = visitor.open(f"/book/mobile-consulate{page}").text
        assert opens in text
        assert [words for words in untrue if words in text] == []
        assert not visitor.page.hrefs(f"{SERVICE}/(days|2027)[^?]*$")
    clock.set(at("10:00", AL_KHOR - timedelta(days=21)))
    service = visitor.open(f"/book/mobile-consulate/{SERVICE}")
    assert service.hrefs("/days$")
    assert "يُفتح حجز كل يوم من أيام هذا الفرع قبله بـ21 يومًا." in service.text
    assert visitor.follow("/days$").hrefs("/2027-01-16$")


def test_where_the_days_are_full_or_over_the_site_promises_no_new_day_every_day(
    site: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    visitor, hall = Visitor(site[0]), takes_three(site[1])
    clock.set(at("10:00", NEXT - timedelta(days=22)))
    for number in range(3):
        hold(hall, number, f"{10 + number}:00")
    full = visitor.open(f"/book/mobile-consulate/{SERVICE}/days").text
    assert "مدينة دخان، السبت 30 كانون الثاني/يناير 2027: يُفتح الحجز يوم السبت 9 كانون الثاني/يناير 2027." in full
    assert "تُفتح أيام جديدة كل يوم" not in full
    clock.set(at("10:00", date(2027, 6, 1)))
    assert "لم تُحدَّد أيام قادمة لهذا الفرع." in visitor.open(f"/book/mobile-consulate/{SERVICE}/days").text


def test_the_api_tells_the_place(site: tuple[TestClient, Hall]) -> None:
    client, _ = site
    answer = client.get(
        f"/api/v1/branches/mobile-consulate/services/{SERVICE}/slots", params={"from": "2027-01-15", "to": "2027-01-16"}
    ).json()
    assert [day["place"] and day["place"]["en"] for day in answer["days"]] == [None, "Al Khor"]


def test_the_slip_says_where_the_branch_is_today(mobile: Hall, clock: FrozenClock) -> None:
    clock.set(at("09:30"))
    issued = mobile.issue(SERVICE)
    stands = mobile.db.read_now(place, mobile.branch, issued.ticket.token)
    made = slip_of(stands, mobile.branch, mobile.db.read_now(organisation), "https://queue.example.org")
    assert isolates.strip(made.office or "") == "القنصلية المتنقلة · مدينة الخور"


def test_no_number_is_given_on_another_day(mobile: Hall) -> None:
    with pytest.raises(Refused, match="closed"):
        mobile.issue(SERVICE)
    assert hours.next_opening(mobile.db.clock.now(), mobile.branch.calendar) == at("09:00")


def test_the_kiosk_says_where_the_branch_is_today(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock)
    furnish(database)
    every_day = sa.update(table(OutreachDay)).values(branch_id=enter(database).branch.id)
    change_settings(database, every_day)
    database.close()
    clock.set(at("09:30"))
    with paired_kiosk(sqlite_url, tmp_path, clock) as kiosk:
        assert "مقر السفارة – الدوحة · مدينة الخور" in kiosk.visitor.open("/kiosk/ar").text
