"""Booking from the front page to the confirmation, without scripts, in Arabic and English."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from uuid_utils.compat import uuid7

from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.store import tables
from queue_system.store.database import Database, Tx
from tests.kit.hall import Hall, change_settings, furnish
from tests.kit.public_visitor import NAME, Visitor, stored, token_of
from tests.kit.web_hall import another, application


@pytest.mark.parametrize(
    ("language", "day", "said"),
    [
        ("ar", "غدًا، الاثنين 23 تشرين الثاني/نوفمبر 2026", "موعدك مؤكَّد"),
        ("en", "Tomorrow, Monday 23 November 2026", "Your appointment is confirmed"),
    ],
)
def test_the_whole_way_without_scripts(
    here: tuple[TestClient, Hall], hall: Hall, language: str, day: str, said: str
) -> None:
    visitor = Visitor(here[0], language)
    visitor.open("/")
    visitor.follow("^/book/doha-main$")
    visitor.follow("/passport-lost$")
    visitor.follow("/days$")
    visitor.follow(r"/2026-11-23$")
    form = visitor.follow("/20261123T0620Z$")
    assert form.fields["request_id"]["type"] == "hidden"
    check = visitor.send(name=NAME, contact="٥٥١٢ ٣٤٥٦")
    assert check.url.endswith("/check")
    assert NAME in check.text
    assert "+974 5512 3456" in check.text
    assert "10:10" in check.text
    assert stored(hall, check).state is BookingState.HELD
    done = visitor.send("/confirmation")
    assert f'<html lang="{language}"' in done.html
    assert said in done.text
    assert day in done.text
    assert "09:20" in done.text
    booking = stored(hall, done)
    assert f"{booking.code[:4]} {booking.code[4:]}" in done.text
    assert (booking.state, booking.starts_at, booking.language) == (
        BookingState.CONFIRMED,
        datetime(2026, 11, 23, 6, 20, tzinfo=UTC),
        language,
    )
    assert done.html.count('type="checkbox"') == 4
    assert '<svg role="img"' in done.html
    assert done.hrefs(r"\.ics$")
    assert done.hrefs("/change$")
    assert done.hrefs("/cancellation$")
    # The link may be passed on, so other browsers show neither who comes nor how to reach them.
    assert NAME in done.text
    passed_on = Visitor(another(visitor.client)).open(done.url)
    assert NAME not in passed_on.html
    assert "55123456" not in passed_on.html


def test_every_service_is_listed_with_how_it_is_had(visitor: Visitor, hall: Hall) -> None:
    page = visitor.open("/book/doha-main")
    assert len(page.hrefs("^/book/doha-main/")) == len(hall.branch.services) == 27
    assert page.text.count("دون موعد، برقم من الصالة") == 5
    assert page.text.count("رقم من الاستقبال") == 3
    assert "أقرب موعد: اليوم" in page.text
    assert "مفتوح الآن اليوم من 08:30 إلى 14:30 (تُعطى الأرقام حتى 13:30)" in page.text
    assert "يُرجى عدم دفع أي مبلغ لأي وسيط" in page.text


@pytest.mark.parametrize(
    ("service", "instead"),
    [
        ("passport-collect", "يكفي الحضور في أوقات الاستقبال وأخذ رقم عند الوصول"),
        ("passport-apply", "يُقدَّم الطلب أولًا على منصة المركز القنصلي الإلكتروني"),
        ("travel-doc", "يُرجى التوجّه إلى الاستقبال في الفرع"),
    ],
)
def test_what_cannot_be_booked_says_what_to_do_instead(visitor: Visitor, service: str, instead: str) -> None:
    page = visitor.open(f"/book/doha-main/{service}")
    assert instead in " ".join(page.text.split())
    assert not page.hrefs("/days")
    for address in ("days", "2026-11-23", "2026-11-23/20261123T0620Z"):
        assert visitor.open(f"/book/doha-main/{service}/{address}").url.endswith(f"/{service}")


def test_services_stand_before_what_is_merely_good_to_know(visitor: Visitor) -> None:
    text = visitor.open("/book/doha-main").text
    parts = ("يُقدَّم طلب الجواز أولًا", "بدل جواز سفر ضائع", "معلومات مفيدة", "يُرجى عدم دفع أي مبلغ لأي وسيط")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_days_say_how_many_places_and_why_there_are_none(visitor: Visitor) -> None:
    page = visitor.open("/book/doha-main/passport-lost/days")
    assert "اليوم، الأحد 22" in page.text
    assert "14 موعدًا" in page.text
    assert "من الجمعة 27 إلى السبت 28 مغلق" in page.text
    assert "الثلاثاء 8 ذكرى التحرير" in page.text
    assert len(page.hrefs(r"/2026-\d\d-\d\d$")) == 15
    # The policy's horizon is 21 days: the page names the last day and offers no later one.
    assert "آخر يوم يمكن حجزه الآن: الأحد 13 كانون الأول/ديسمبر 2026" in page.text
    assert not page.hrefs("from=")


def test_months_are_paged_where_the_horizon_is_long(here: tuple[TestClient, Hall], hall: Hall) -> None:
    policy = tables.table(tables.PolicyRow)
    change_settings(hall.db, sa.update(policy).where(policy.c.slug == "open_fcfs").values(horizon_days=60))
    visitor = Visitor(here[0])
    seen = [*visitor.open("/book/doha-main/birth/days").hrefs(r"/20\d\d-\d\d-\d\d$")]
    while visitor.page.hrefs("from=") and "أيام لاحقة" in visitor.page.text:
        visitor.follow("from=", -1)
        seen += visitor.page.hrefs(r"/20\d\d-\d\d-\d\d$")
    assert len(seen) == len(set(seen)) > 30
    assert seen[-1] == "/book/doha-main/birth/2027-01-21"
    assert visitor.follow("from=").status == 200


def test_times_are_grouped_by_part_of_the_day(visitor: Visitor) -> None:
    page = visitor.open("/book/doha-main/passport-lost/2026-11-23")
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", page.html) == ["صباحًا", "بعد الظهر"]
    assert "08:30" in page.text
    assert "بالتوقيت المحلي: قطر" in page.text
    today = visitor.open("/book/doha-main/passport-lost/2026-11-22")
    assert "08:30" not in today.text
    assert "10:10" in today.text


def test_a_repeated_form_gives_one_booking(visitor: Visitor, hall: Hall) -> None:
    form = visitor.choose_time()
    values = form.forms[0][1] | {"name": NAME, "contact": "a@example.org"}
    first, second = visitor.post(form.url, values), visitor.post(form.url, values)
    assert token_of(first) == token_of(second)
    assert hall.db.read_now(_count) == 1
    visitor.send("/confirmation")
    # A visitor who goes back and sends the form again gets the same appointment, not a second one.
    assert "موعدك مؤكَّد" in visitor.post(form.url, values).text
    assert hall.db.read_now(_count) == 1


def test_answers_are_changed_without_typing_them_again(visitor: Visitor, hall: Hall) -> None:
    check = visitor.hold()
    first = stored(hall, check)
    form = visitor.follow(r"/\d{8}T\d{4}Z\?instead=")
    assert (form.fields["name"]["value"], form.fields["contact"]["value"]) == (NAME, "+97455123456")
    corrected = stored(hall, visitor.send(name="أحمد العلي", contact="+97455123456"))
    assert (corrected.name, corrected.starts_at) == ("أحمد العلي", first.starts_at)
    visitor.follow(r"/days\?instead=")
    visitor.follow(r"/2026-11-24\?instead=")
    form = visitor.follow(r"Z\?instead=")
    assert form.fields["name"]["value"] == "أحمد العلي"
    moved = stored(hall, visitor.send(name="أحمد العلي", contact="+97455123456"))
    assert moved.starts_at.date() == date(2026, 11, 24)
    states = hall.db.read_now(_states)
    assert states == {first.id: "cancelled", corrected.id: "cancelled", moved.id: "held"}


def test_one_branch_needs_no_choice(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> None:
    with application(_installed(sqlite_template, tmp_path, clock, "policy-unit"), tmp_path, clock) as (client, hall):
        page = Visitor(client).open("/")
        assert len(page.hrefs(f"^/book/{hall.branch.slug}/")) == len(hall.branch.services)


def test_a_protected_service_leaves_no_name(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> None:
    with application(_installed(sqlite_template, tmp_path, clock, "social-work"), tmp_path, clock) as (client, _):
        visitor = Visitor(client)
        visitor.open("/book/bhc")
        visitor.follow("^/book/bhc/")
        pages = [visitor.page, visitor.follow("/days$"), visitor.follow(r"/2026-11-23$"), visitor.follow("Z$")]
        pages += [visitor.send(name=NAME, contact="a@example.org"), visitor.send("/confirmation")]
        for page in pages:
            assert re.search(r"/(?:[0-9a-f-]{36}|b/)", page.url), page.url
            title = re.search(r"<title>(.*?)</title>", page.html)
            assert title
            assert "المؤسسة" not in title[1]
            assert "data-exit" in page.html
        assert "السلوك" not in pages[-2].text.replace("مركز دعم الصحة السلوكية", "")
        assert 'type="checkbox"' not in pages[-1].html


def test_a_sensitive_service_stands_in_no_title(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> None:
    with application(_installed(sqlite_template, tmp_path, clock, "social-work"), tmp_path, clock) as (client, _):
        visitor = Visitor(client)
        pages = [visitor.open("/book/wifaq/family-counsel"), visitor.follow("/days$")]
        pages += [visitor.follow(r"/2026-11-23$"), visitor.follow("Z$")]
        pages += [visitor.send(name=NAME, contact="a@example.org"), visitor.send("/confirmation")]
        for page in pages:
            title = re.search(r"<title>(.*?)</title>", page.html)
            assert title
            assert not [name for name in ("استشارة", "المؤسسة", "وفاق") if name in title[1]]
            assert '<meta name="robots" content="noindex">' in page.html
        assert "استشارة أسرية فردية" in pages[0].text


def test_an_hour_that_comes_twice_is_two_times(sqlite_template: Path, tmp_path: Path) -> None:
    clock = FrozenClock(datetime(2027, 10, 29, 8, 0, tzinfo=UTC))
    url = _installed(sqlite_template, tmp_path, clock, "embassy")

    def open_at_night(tx: Tx) -> None:
        branch, row = tables.table(tables.Branch), tables.table(tables.OpeningHours)
        # The template becomes a real mission.
        mission = sa.update(branch).where(branch.c.slug == "mission-template").values(kind="office")
        berlin = tx.scalar(mission.returning(branch.c.id))
        night = {"branch_id": berlin, "id": uuid7(), "position": 99, "layer": "exception", "days": [6]}
        night |= {"opens": time(1), "closes": time(4), "first": date(2027, 10, 31), "last": date(2027, 10, 31)}
        tx.execute(sa.insert(row), night)

    with application(url, tmp_path, clock) as (client, hall):
        change_settings(hall.db, open_at_night)
        visitor = Visitor(client, "en")
        page = visitor.open("/book/mission-template/civil-extract/2027-10-31")
        assert "02:30 CEST" in page.text
        assert "02:30 CET" in page.text
        assert page.hrefs("/20271031T0030Z$")
        assert page.hrefs("/20271031T0130Z$")
        assert "Local time: Berlin" in page.text
        visitor.follow("/20271031T0130Z$")
        check = visitor.send(name=NAME, contact="a@example.org")
        assert "02:30 CET" in check.text


def test_unknown_addresses_are_not_found(visitor: Visitor) -> None:
    for address in (
        "/book/nowhere",
        "/book/doha-main/nothing",
        "/book/doha-main/birth/2026-13-01",
        "/book/doha-main/birth/tomorrow",
        "/book/doha-main/birth/days?from=x",
        "/book/doha-main/birth/2026-11-23/0900",
        "/b/nothing",
        "/b/nothing/check",
        "/b/nothing.ics",
        "/b/nothing/change/2026-11-23",
    ):
        assert visitor.open(address).status == 404, address
    assert visitor.post("/b/nothing/confirmation", {}).status == 404
    assert visitor.post("/b/nothing/cancellation", {}).status == 404


def test_nothing_is_kept_by_browsers_and_pages_stay_light(visitor: Visitor) -> None:
    for address in ("/", "/book/doha-main", "/book/doha-main/birth/days", "/book/doha-main/birth/2026-11-23"):
        page = visitor.open(address)
        assert page.headers["cache-control"] == "no-store"
        assert len(page.html.encode()) < 30_000, address
        assert "style=" not in page.html


def _installed(template: Path, folder: Path, clock: FrozenClock, profile: str) -> str:
    path = folder / "other.db"
    path.write_bytes(template.read_bytes())
    database = Database(f"sqlite:///{path}", clock)
    furnish(database, profile)
    database.close()
    return f"sqlite:///{path}"


def _count(tx: Tx) -> int:
    return int(tx.scalar(sa.select(sa.func.count()).select_from(tables.table(tables.Booking))))


def _states(tx: Tx) -> dict[object, str]:
    booking = tables.table(tables.Booking)
    return {row.id: row.state for row in tx.rows(sa.select(booking.c.id, booking.c.state))}
