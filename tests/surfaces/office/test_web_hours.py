"""The page of the hours of a branch: the lines of its week, and the six weeks that follow from them."""

from __future__ import annotations

import re
from datetime import date, time
from html import unescape

import pytest
from starlette.testclient import TestClient

from queue_system.actions import settings
from queue_system.core.calendars import Layer
from queue_system.settings.agenda import HoursRule
from queue_system.settings.edits import Edit
from queue_system.settings.objects import objects_of
from queue_system.store.log import SYSTEM
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.values import branch_at
from queue_system.surfaces.office.hours_words import next_days, weekdays_words
from queue_system.web import kit
from tests.kit.browser_form import form_of
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>|[\u2066-\u2069]", " ", page)).split())


def test_the_result_says_of_each_day_when_it_is_open_and_what_decided(client: TestClient) -> None:
    page = client.get("/office/hours/doha-main").text
    days = re.findall(
        r"<li(?: class=\"(is-closed)\")?>\s*<a href=\"/office/hours/doha-main/day/([\d-]+)\">(.*?)</a>", page, re.DOTALL
    )
    assert len(days) == 42
    told = {day: (closed, text_of(words)) for closed, day, words in days}
    assert told["2026-11-22"] == ("", "الأحد 22 تشرين الثاني/نوفمبر 2026 من 08:30 إلى 14:30")
    closed, words = told["2026-12-08"]
    assert closed
    assert "ذكرى التحرير" in words


def test_the_lines_are_said_in_words_by_their_layer(client: TestClient) -> None:
    text = text_of(client.get("/office/hours/doha-main").text)
    assert "من الأحد إلى الخميس من 08:30 إلى 14:30 13:30" in text
    assert "رمضان · استلام جواز سفر" in text


def test_the_hours_of_a_member_are_said_with_its_name(client: TestClient, hall: Hall) -> None:
    names = {"ar": "أمل النجار", "en": "Amal"}
    own = {"days": [6], "opens": "09:00:00", "closes": "11:00:00", "resource": "amal"}
    day = {"layer": "exception", "first": "2026-12-06", "last": "2026-12-06"}
    before = hall.db.read_now(lambda tx: objects_of(branch_at(StoredRows(tx), hall.branch.id)))["branch", "doha-main"]
    after = [*before["hours"], {"layer": "service", **own}, {**own, **day, "closes": "10:00:00"}]
    edits = [
        Edit("resource", "amal", None, {"names": names, "kind": "person"}),
        Edit("branch", "doha-main", {"hours": before["hours"]}, {"hours": after}),
    ]
    told = hall.db.read_now(settings.preview, hall.branch.id, edits)
    hall.db.write_now(settings.save, hall.branch.id, edits, told.sha256, actor=SYSTEM, person=None)
    assert "الأحد من 09:00 إلى 11:00 حتى الإغلاق أمل النجار" in text_of(client.get("/office/hours/doha-main").text)
    # Her own week speaks of every day; once she has but an exception, she is there on other days.
    assert "كلما عملت خدمة" not in client.get("/office/hours/doha-main").text
    edits = [Edit("branch", "doha-main", {"hours": after}, {"hours": [*before["hours"], after[-1]]})]
    told = hall.db.read_now(settings.preview, hall.branch.id, edits)
    hall.db.write_now(settings.save, hall.branch.id, edits, told.sha256, actor=SYSTEM, person=None)
    assert "كلما عملت خدمة يلزم حضورهم فيها: أمل النجار" in text_of(client.get("/office/hours/doha-main").text)
    assert "من 09:00 إلى 10:00 · أمل النجار" in text_of(client.get("/office/hours/doha-main/day/2026-12-06").text)


def test_the_address_without_a_branch_leads_to_the_first_one(client: TestClient) -> None:
    assert client.get("/office/hours").headers["location"] == "/office/hours/doha-main"


def test_weekdays_in_a_row_are_told_together_also_over_the_end_of_a_week(hall: Hall) -> None:
    words = kit.words_of("en", hall.branch)
    said = {days: weekdays_words(days, 6, words) for days in ((6, 0, 1, 2, 3), (5, 6), (0, 2), (4, 5, 6, 0))}
    plain = {days: re.sub(r"[\u2066-\u2069]", "", text) for days, text in said.items()}
    assert plain == {
        (6, 0, 1, 2, 3): "Sunday to Thursday",
        (5, 6): "Saturday, Sunday",
        (0, 2): "Monday, Wednesday",
        (4, 5, 6, 0): "Friday to Monday",
    }


def test_the_next_days_of_a_rare_line_follow_where_a_week_begins() -> None:
    rule = HoursRule(
        layer=Layer.REGULAR, days=(6, 0), opens=time(9), closes=time(12), every_weeks=2, anchor=date(2026, 11, 29)
    )
    found = {starts: [day.isoformat() for day in next_days(rule, starts, date(2026, 11, 29))][:3] for starts in (6, 0)}
    assert found == {6: ["2026-11-29", "2026-11-30", "2026-12-13"], 0: ["2026-11-29", "2026-12-07", "2026-12-13"]}


def test_a_week_that_does_not_tell_which_lines_were_seen_is_out_of_date(client: TestClient) -> None:
    """Taken as new lines it would put them beside all others, or ask about a branch that somebody removed."""
    address = "/office/hours/doha-main/week"
    items = form_of(re.findall(r'<form class="[^"]*".*?</form>', client.get(address).text, re.DOTALL)[0]).items
    sent: dict[str, list[str]] = {}
    for name, value in items:
        if name != "was":
            sent.setdefault(name, []).append(value)
    assert "was" in dict(items)
    assert client.post(address, data=sent).status_code == 409
