"""Appointments by video: chosen by whoever books, found on their page, in their calendar and mail, and by who serves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.messages import Level
from queue_system.store import log
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.channels import video_link
from queue_system.web.calendar_file import calendar_file
from queue_system.web.kit import words_of
from tests.actions.test_channels import set_channels
from tests.kit.hall import Hall, edit, enter, set_branch
from tests.kit.public_visitor import NAME, PHONE, Answer, Visitor, stored
from tests.kit.web_hall import Page, another, application, furnished, sign_in

SERVICE = "passport-lost"
LINK = r"https://meet\.example\.org/[0-9a-f]{32}"
BY_VIDEO = "يجري الموعد بمكالمة فيديو"


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        edit(hall, lambda tx: set_channels(tx, hall, {SERVICE: "onsite_or_video", "civil-extract": "field"}))
        set_branch(hall, video_link="https://meet.example.org/{room}")
        yield client, enter(hall.db)


@pytest.fixture
def visitor(place: tuple[TestClient, Hall]) -> Visitor:
    return Visitor(place[0])


def book(visitor: Visitor, channel: str) -> Answer:
    visitor.choose_time()
    visitor.send(name=NAME, contact=PHONE, channel=channel)
    return visitor.send("/confirmation")


def test_whoever_books_chooses_video_and_finds_the_call_on_the_page(visitor: Visitor) -> None:
    assert "في الفرع أو بمكالمة فيديو" in visitor.open(f"/book/doha-main/{SERVICE}").text
    visitor.choose_time()
    check = visitor.send(name=NAME, contact=PHONE, channel="video")
    assert BY_VIDEO in check.text
    assert not re.search(LINK, check.html), "not before it is confirmed"
    # A mistake is corrected with the choice kept.
    visitor.follow(r"Z\?instead=")
    assert re.search(r'value="video" checked|value="video"[^>]*checked', visitor.page.html)
    visitor.send(name=NAME, contact=PHONE, channel="video")
    done = visitor.send("/confirmation")
    assert re.search(LINK, done.html)
    assert "فتح مكالمة الفيديو" in done.text
    assert "مقر السفارة" not in done.text.partition("ما الخطوة التالية")[0].partition(BY_VIDEO)[0][-200:]
    for door in ("جهاز الأرقام", 'class="qr"'):
        assert door not in done.html


def test_whoever_comes_to_the_branch_has_no_call(visitor: Visitor) -> None:
    done = book(visitor, "")
    assert not re.search(LINK, done.html)
    assert 'class="qr"' in done.html


def test_without_an_address_of_calls_nobody_is_offered_one(visitor: Visitor, place: tuple[TestClient, Hall]) -> None:
    done = book(visitor, "video")
    set_branch(place[1], video_link=None)
    assert "رابط المكالمة غير متاح الآن" in visitor.open(done.url).text
    assert "فيديو" not in visitor.open(f"/book/doha-main/{SERVICE}").text
    visitor.choose_time()
    assert "فيديو" not in visitor.page.text
    # A form that was open before.
    refused = visitor.send(name="نور", contact="nour@example.org", channel="video")
    assert (refused.status, "لا تجري هذه الخدمة بالفيديو الآن" in refused.text) == (409, True)


def test_the_calendar_has_the_call_unless_the_file_must_be_neutral(
    visitor: Visitor, place: tuple[TestClient, Hall]
) -> None:
    booking = stored(place[1], book(visitor, "video"))
    link = video_link(place[1].branch, booking)
    event = entry(place[1], booking)
    assert (event["CONFERENCE"], event["CONFERENCE"].params["FEATURE"]) == (link, "VIDEO")
    assert (event["URL"], event["LOCATION"]) == (link, BY_VIDEO)
    neutral = entry(place[1], booking, Level.NEUTRAL)
    assert not {"CONFERENCE", "URL", "LOCATION"} & set(neutral)


def test_reception_opens_the_call_with_the_contact_and_no_earlier(
    visitor: Visitor, place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    booking = stored(hall, book(visitor, "video"))
    clock.move(booking.starts_at - clock.now())
    staff = another(client)
    sign_in(staff, "rana")
    before = staff.get("/reception/doha-main").text
    assert str(booking.id) in before
    assert not re.search(LINK, before)
    shown = staff.post(f"/reception/doha-main/bookings/{booking.id}/contact")
    assert re.search(LINK, shown.text)


def test_the_room_of_a_call_is_told_to_nobody_else_and_in_no_entry_of_the_log(
    visitor: Visitor, place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    booking = stored(hall, book(visitor, "video"))
    room = str(booking.video_room)
    day = booking.starts_at.date()
    for login in ("rana", "admin"):
        staff = another(client)
        sign_in(staff, login)
        here = "/appointments/doha-main"
        pages = [f"{here}?day={day}", f"{here}/week?day={day}", f"{here}/paper?day={day}"]
        for path in [*pages, "/reception/doha-main", "/office", "/office/audit"]:
            answer = staff.get(path, follow_redirects=True)
            assert answer.status_code == 200 or login == "rana", path
            assert room not in answer.text, path
    # Whoever has the booking's own secret is told its call, as on its page; the list of services tells no room.
    assert client.get(f"/api/v1/bookings/{booking.token}").json()["video_link"].endswith(room)
    assert room not in client.get("/api/v1/branches/doha-main/services").text
    assert not [one for one in hall.db.read_now(log.after, hall.branch.id, 0) if room in str(one)]


def test_staff_book_a_call_and_open_it(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    sign_in(client, "rana", "en")
    here = "/appointments/doha-main"
    page = Page(client.get(f"{here}/new?service={SERVICE}").text)
    start = re.findall(r'name="start" value="([^"]+)"', page.html)[0]
    held = client.post(f"{here}/new", data={"service": SERVICE, "start": start}).headers["location"]
    values = {"name": NAME, "contact": "", "language": "ar", "channel": "video"}
    missing = client.post(f"{held}/confirmation", data=values)
    assert missing.status_code == 422
    assert 'value="video" checked' in re.sub(r'id="channel" ?', "", missing.text)
    client.post(f"{held}/confirmation", data=values | {"contact": "+97455512345"})
    done = client.get(held).text
    assert "The appointment takes place by video call" in done
    assert re.search(LINK, done)


def test_a_public_home_visit_asks_for_an_address_and_shows_it_only_to_its_browser(
    visitor: Visitor, place: tuple[TestClient, Hall]
) -> None:
    address = "شارع الياقوت، مبنى 7"
    visitor.choose_time("civil-extract")
    missing = visitor.send(name=NAME, contact=PHONE, address="  ")
    assert (missing.status, "يُرجى كتابة عنوان الزيارة" in missing.text) == (422, True)
    check = visitor.send(name=NAME, contact=PHONE, address=address)
    assert address in check.text
    assert "نأتي إليك" in check.text
    stranger = Visitor(another(place[0]))
    assert address not in stranger.open(check.url).text
    done = visitor.send("/confirmation")
    assert address not in done.html
    booking = stored(place[1], done)
    assert address not in str(entry(place[1], booking).to_ical(), "utf-8").replace("\r\n ", "")


def entry(hall: Hall, booking: BookingView, most: Level = Level.FULL) -> Any:
    content = calendar_file(
        booking, hall.branch, words_of("ar", hall.branch), booking.created_at, "https://q.example", most
    )
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    return event
