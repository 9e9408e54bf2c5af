"""The pages of absences of several members or on several days, in the legal aid of the forum."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.core.promises import Decided
from queue_system.store.database import Database
from queue_system.store.queries.blocks import BlockView, blocks_of
from tests.kit.browser_form import form_of
from tests.kit.hall import Hall, enter
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid, member, who
from tests.kit.people import add_role
from tests.kit.web_hall import SAME_ORIGIN, Page, sign_in
from tests.kit.whole_answers import whole_answers

HERE = "/appointments/istanbul"
WEEK = timedelta(weeks=1)
#: Supervision on Tuesdays from nine to ten.
TUESDAYS: dict[str, Any] = {
    "member": "amal",
    "from": "2026-11-24",
    "from_time": "09:00",
    "until": "2026-11-24",
    "until_time": "10:00",
    "reason": "meeting",
    "note": "Supervision",
    "every": "1",
    "times": "4",
}


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    can = ("rosters", "reschedule_bulk", "cancel_bookings", "see_contacts")
    hall.person("planner", ((hall.branch.id, add_role(hall, "planning", *can)),))
    database.close()
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with whole_answers(TestClient(app, headers=SAME_ORIGIN, follow_redirects=False)) as client:
        sign_in(client, "planner", "en")
        yield client, enter(app.state.installation.database, "istanbul")


@pytest.fixture
def hall(place: tuple[TestClient, Hall]) -> Hall:
    return place[1]


def test_supervision_every_week_from_the_questions_to_the_end_of_one_date(client: TestClient, hall: Hall) -> None:
    ones = [booked(hall, START + n * WEEK, asked="amal") for n in range(3)]
    page = proposal(client, TUESDAYS)
    assert "Amal is away" in page.text
    assert "4 times in all" in page.text
    assert "3 appointments are concerned" in page.text
    later = {f"booking-{one.id}": "later" for one in ones}
    done(client, page, later)
    assert [one.starts_at for one in recorded(hall)] == [START + n * WEEK for n in range(4)]
    page = look(client, f"{HERE}/away")
    assert "Amal · Meeting · Supervision" in page.text
    assert re.search(r"Tuesday 24 November 2026\W+09:00\W+to\W+10:00", page.text)
    assert "And 3 more times" in page.text
    first, second, *_ = recorded(hall)
    page = look(client, f"{HERE}/away/{first.id}")
    assert f"{HERE}/away/{second.id}" in page.html
    assert client.post(f"{HERE}/away/{second.id}/end").status_code == 303
    assert [as_stored(hall, one).decision for one in ones] == [Decided.LATER, None, Decided.LATER]
    assert len(recorded(hall)) == 3
    assert client.post(f"{HERE}/away/{first.id}/end", data={"scope": "all"}).status_code == 303
    assert recorded(hall) == []
    assert client.get(f"{HERE}/away/{first.id}").status_code == 404
    assert client.post(f"{HERE}/away/{first.id}/end").status_code == 404


def test_a_day_that_is_left_out_is_not_recorded(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START + WEEK, asked="amal")
    page = proposal(client, TUESDAYS)
    assert f"booking-{one.id}" in page.html
    skipped = {"skip": "2026-12-01"}
    again = Page(client.post(f"{HERE}/away", data=fields(page) | skipped | {"step": "list"}).text)
    assert f"booking-{one.id}" not in again.html
    assert "3 times in all" in again.text
    assert re.search(r'value="2026-12-01" checked', again.html)
    done(client, again, skipped)
    assert [each.starts_at for each in recorded(hall)] == [START, START + 2 * WEEK, START + 3 * WEEK]
    assert as_stored(hall, one).decision is None


def test_ticking_a_day_at_the_last_step_shows_the_new_list_where_other_appointments_are_concerned(
    client: TestClient, hall: Hall
) -> None:
    booked(hall, START + WEEK, asked="amal")
    page = proposal(client, TUESDAYS)
    answer = client.post(f"{HERE}/away", data=fields(page) | {"skip": "2026-12-01"})
    assert answer.status_code == 409
    assert recorded(hall) == []
    done(client, Page(answer.text), {"skip": "2026-12-01"})
    assert len(recorded(hall)) == 3


def test_a_team_meeting_has_one_list_for_all(client: TestClient, hall: Hall) -> None:
    one, other = booked(hall, START, asked="amal"), booked(hall, START, asked="basel", contact="o@example.org")
    page = proposal(client, TUESDAYS | {"also": ["amal", "basel"], "every": "", "times": ""})
    assert "Away: Amal, Basel" in page.text
    assert f"booking-{one.id}" in page.html
    assert f"booking-{other.id}" in page.html
    assert 'value="stand-in:' not in page.html
    done(client, page)
    assert {each.member_id for each in recorded(hall)} == {member(hall, "amal"), member(hall, "basel")}
    assert {as_stored(hall, each).decision for each in (one, other)} == {Decided.MOVE}
    first = recorded(hall)[0]
    page = look(client, f"{HERE}/away/{first.id}")
    assert "Everybody" in page.text
    client.post(f"{HERE}/away/{first.id}/end", data={"whom": "basel"})
    assert [each.member_id for each in recorded(hall)] == [member(hall, "amal")]


def test_a_later_hour_for_this_and_following_splits_them_off(client: TestClient, hall: Hall) -> None:
    done(client, proposal(client, TUESDAYS))
    after = booked(hall, START + WEEK + 2 * HOUR, asked="amal")
    second = recorded(hall)[1]
    page = look(client, f"{HERE}/away/{second.id}")
    assert 'value="2026-12-01"' in page.html
    assert 'value="09:00"' in page.html
    moved = {
        "scope": "following",
        "from": "2026-12-01",
        "from_time": "11:00",
        "until": "2026-12-01",
        "until_time": "12:00",
    }
    page = Page(client.post(f"{HERE}/away/{second.id}", data=moved | {"reason": "training"}).text)
    assert "1 appointment is concerned" in page.text
    done(client, page, {f"booking-{after.id}": f"stand-in:{member(hall, 'basel')}"}, f"{HERE}/away/{second.id}")
    assert who(hall, after) == ["basel"]
    now = recorded(hall)
    assert [one.starts_at - START for one in now] == [timedelta(0), *(n * WEEK + 2 * HOUR for n in (1, 2, 3))]
    assert len({one.plan_id for one in now}) == 2
    assert [one.reason for one in now] == ["meeting", "training", "training", "training"]


def test_all_that_are_to_come_move_by_as_many_days_and_stay_together(client: TestClient, hall: Hall) -> None:
    done(client, proposal(client, TUESDAYS))
    first = recorded(hall)[0]
    moved = {"scope": "all", "from": "2026-11-25", "from_time": "", "until": "2026-11-26", "until_time": ""}
    page = Page(client.post(f"{HERE}/away/{first.id}", data=moved | {"reason": "training"}).text)
    done(client, page, {}, f"{HERE}/away/{first.id}")
    now = recorded(hall)
    assert {one.plan_id for one in now} == {first.plan_id}
    assert {one.ends_at - one.starts_at for one in now} == {timedelta(days=2)}
    assert (now[-1].starts_at - now[0].starts_at) == 3 * WEEK


def test_what_has_begun_can_be_made_longer(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    ill = {"member": "amal", "from": "2026-11-22", "until": "2026-11-24", "reason": "illness"}
    done(client, proposal(client, ill))
    clock.set(START)
    sign_in(client, "planner", "en")
    (one,) = recorded(hall)
    longer = ill | {"until": "2026-11-27"}
    page = Page(client.post(f"{HERE}/away/{one.id}", data=longer).text)
    done(client, page, {}, f"{HERE}/away/{one.id}")
    (now,) = recorded(hall)
    assert (now.starts_at, now.ends_at) == (one.starts_at, one.ends_at + timedelta(days=3))
    earlier = ill | {"from": "2026-11-21"}
    assert client.post(f"{HERE}/away/{now.id}", data=earlier).status_code == 422


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"times": ""}, "Please say when the repetition ends"),
        ({"last": "2026-12-30"}, "Please say when the repetition ends"),
        ({"times": "many"}, "Please say when the repetition ends"),
        ({"times": "99"}, "reaches a year after the first day at most"),
        ({"times": "", "last": "2026-11-23"}, "None of these days comes before the end"),
        ({"every": "13"}, "every week, or at most every 12 weeks"),
        ({"weekday": ["1", "2"], "until": "2026-11-26"}, "The absences overlap"),
    ],
)
def test_what_cannot_recur_is_said_and_nothing_typed_is_lost(
    client: TestClient, changed: dict[str, Any], sentence: str
) -> None:
    answer = client.post(f"{HERE}/away", data=TUESDAYS | changed | {"also": ["basel"]})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert sentence in page.text
    form = fields(page)
    assert (form["note"], form["from_time"], form["also"]) == ("Supervision", "09:00", "basel")


def test_whoever_goes_back_from_the_list_finds_the_questions_as_they_were(client: TestClient) -> None:
    page = proposal(client, TUESDAYS | {"also": ["basel"], "weekday": ["1", "3"]})
    form = Page(client.post(f"{HERE}/away", data=sent(page) | {"step": "change"}).text)
    assert fields(form)["note"] == "Supervision"
    assert form.html.count(" checked") == 3


def proposal(client: TestClient, asked: dict[str, Any]) -> Page:
    answer = client.post(f"{HERE}/away", data=asked)
    assert answer.status_code == 200, Page(answer.text).text
    return Page(answer.text)


def done(client: TestClient, page: Page, more: dict[str, Any] | None = None, path: str = f"{HERE}/away") -> None:
    """Send the list as it is shown, but for some answers."""
    answer = client.post(path, data=sent(page) | (more or {}))
    assert answer.status_code == 303, Page(answer.text).text


def sent(page: Page) -> dict[str, Any]:
    """What the form of a page would send, with all answers to a question."""
    several: dict[str, Any] = {}
    for name, value in form_of(page.html).items:
        several.setdefault(name, []).append(value)
    return several


def recorded(hall: Hall) -> list[BlockView]:
    return hall.db.read_now(blocks_of, hall.branch)


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return Page(answer.text)


def fields(page: Page) -> dict[str, str]:
    """What the form of a page would send as it is."""
    return dict(form_of(page.html).items)
