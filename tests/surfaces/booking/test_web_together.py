"""Several persons or services in one visit, as the public books it: all or none, and seen whole only by who booked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.channels import Channel
from queue_system.store.queries.bookings import BookingView, booking_views
from queue_system.store.tables import Booking, table
from queue_system.web.open_holds import AT_ONCE
from tests.actions.test_channels import set_channels
from tests.kit.deciding import closing, save
from tests.kit.hall import Hall, edit, set_branch
from tests.kit.web_hall import Form, Page, another, application, furnished

HERE = "/together/doha-main"
VISIT = {"s1": "birth", "n1": "2", "s2": "edu-guidance", "n2": "1", "gap": "60"}
PEOPLE = {"name1": "سلمى الأتاسي", "name2": "محمود الأتاسي", "contact": "+97455512345"}


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def test_a_family_books_two_services_in_one_visit(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    assert HERE in look(client, "/book/doha-main").html
    form = choose(client)
    wrong = client.post(form.action, data=form.values | PEOPLE | {"name2": "", "contact": "12"})
    assert wrong.status_code == 422
    assert PEOPLE["name1"] in wrong.text
    assert not stored(hall)
    held = client.post(form.action, data=form.values | PEOPLE)
    check = look(client, held.headers["location"])
    parts = stored(hall)
    assert [(one.state, one.name) for one in parts] == [
        (BookingState.HELD, PEOPLE["name1"]),
        (BookingState.HELD, PEOPLE["name2"]),
        (BookingState.HELD, PEOPLE["name1"]),
    ]
    again = client.post(form.action, data=form.values | PEOPLE)
    assert again.headers["location"] == held.headers["location"], "the button was pressed twice"
    assert len(stored(hall)) == 3
    press = confirmation(check)
    assert client.post(press.action).headers["location"] == held.headers["location"]
    assert client.post(press.action).status_code == 303
    assert {one.state for one in stored(hall)} == {BookingState.CONFIRMED}
    shown = look(client, held.headers["location"])
    assert all(one.code in shown.text and f"/b/{one.token}" in shown.html for one in parts)


def test_each_part_says_how_it_takes_place(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    edit(hall, lambda tx: set_channels(tx, hall, {"birth": "onsite_or_video"}))
    set_branch(hall, video_link="https://meet.example.org/{room}")
    form = choose(client)
    assert "channel3" not in form.values, "there is nothing to choose for this service"
    by_video = {"channel1": "video", "channel2": ""}
    # A mistake leaves the choice as it is.
    wrong = client.post(form.action, data=form.values | PEOPLE | by_video | {"contact": "12"})
    assert re.findall(r'name="(channel.)" value="(\w*)"[^>]* checked', wrong.text) == [
        ("channel1", "video"),
        ("channel2", ""),
    ]
    # Nobody gets by video what is not given by video.
    held = client.post(form.action, data=form.values | PEOPLE | by_video | {"channel3": "video"})
    check = look(client, held.headers["location"])
    assert check.text.count("يجري الموعد بمكالمة فيديو") == 1
    assert [one.channel for one in stored(hall)] == [Channel.VIDEO, None, None]
    client.post(confirmation(check).action)
    links = [bool(one.video_room) for one in stored(hall)]
    assert links == [True, False, False]
    assert look(client, held.headers["location"]).text.count("يجري الموعد بمكالمة فيديو") == 1


def test_a_form_that_is_sent_again_corrects_what_it_holds(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    edit(hall, lambda tx: set_channels(tx, hall, {"birth": "onsite_or_video"}))
    set_branch(hall, video_link="https://meet.example.org/{room}")
    form = choose(client)
    held = client.post(form.action, data=form.values | PEOPLE | {"channel1": "video"})
    again = client.post(
        form.action, data=form.values | PEOPLE | {"name2": "محمد الأتاسي", "channel1": "", "channel2": "video"}
    )
    assert again.headers["location"] == held.headers["location"]
    assert [(one.name, one.channel) for one in stored(hall)] == [
        (PEOPLE["name1"], None),
        ("محمد الأتاسي", Channel.VIDEO),
        (PEOPLE["name1"], None),
    ]
    other = client.post(form.action, data=form.values | PEOPLE | {"s2": "birth", "n1": "1"})
    assert other.status_code == 409
    assert len(stored(hall)) == 3


def test_the_link_of_one_part_does_not_show_the_others(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    form = choose(client)
    client.post(form.action, data=form.values | PEOPLE)
    first, second, _ = stored(hall)
    other = another(client)
    assert other.get(f"/b/{first.token}/together").headers["location"] == f"/b/{first.token}"
    assert second.token not in other.get(f"/b/{first.token}").text
    assert other.post(f"/b/{first.token}/together/confirmation").headers["location"] == f"/b/{first.token}"
    assert {one.state for one in stored(hall)} == {BookingState.HELD}


def test_what_is_held_is_given_back_whole(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    form = choose(client)
    held = client.post(form.action, data=form.values | PEOPLE).headers["location"]
    assert client.post(f"{held}/return").headers["location"] == HERE
    assert {one.state for one in stored(hall)} == {BookingState.CANCELLED}
    assert "لم تعد هذه المواعيد محجوزة" in look(client, held).text


def test_times_that_have_gone_come_back_with_the_answers(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    form = choose(client)
    answers = []
    for press in range(9):
        asked = {"request_id": f"0b8e4a52-6f8b-4f5e-9d0c-2f7f5a1c9e1{press}"}
        people = {
            "name1": f"سلمى {'ابت'[press % 3]}",
            "name2": f"محمود {'ابت'[press % 3]}",
            "contact": f"+9745551234{press}",
        }
        answers.append(another(client).post(form.action, data=form.values | asked | people))
        if answers[-1].status_code != 303:
            break
    assert answers[-1].status_code == 409
    assert len(stored(hall)) == 3 * (len(answers) - 1)
    again = Page(answers[-1].text)
    other = next(one for one in again.forms if one.values.get("contact"))
    assert other.values["name1"].startswith("سلمى")
    done = another(client).post(other.action, data=other.values | {"start": starts(again)[-1]})
    assert done.status_code == 303


def test_scenario_2_a_visit_that_has_ended_says_why_and_is_booked_again_without_typing(
    place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    form = choose(client)
    held = client.post(form.action, data=form.values | PEOPLE).headers["location"]
    day = stored(hall)[0].starts_at.date()
    save(hall, closing(hall, day))
    over = look(client, held)
    assert "صار ذلك اليوم يوم إغلاق" in over.text
    # The link alone keeps nothing: names are shown in the browser that made it only.
    (again,) = re.findall(rf'href="({HERE}\?again=[^"]+)"', over.html)
    assert PEOPLE["name2"] not in look(another(client), again).html
    # Also after a search for another day.
    times = look(client, f"{again}&from={day + timedelta(days=5)}&at=")
    (form,) = [one for one in times.forms if one.action.endswith("/details")]
    second = client.post(form.action, data=form.values | {"start": starts(times)[0]}).headers["location"]
    parts = [one for one in stored(hall) if one.state is BookingState.HELD]
    assert [one.name for one in parts] == [PEOPLE["name1"], PEOPLE["name2"], PEOPLE["name1"]]
    assert {one.contact for one in parts} == {PEOPLE["contact"]}
    clock.move(timedelta(minutes=11))
    assert "انتهت مهلة تأكيد هذا الوقت" in look(client, second).text


def test_each_part_counts_as_a_hold(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    form = choose(client)
    statuses = []
    for press in range(AT_ONCE // 3 + 1):
        asked = {"request_id": f"0b8e4a52-6f8b-4f5e-9d0c-2f7f5a1c9e{press:02}"}
        times = starts(look(client, f"{HERE}?{urlencode(VISIT)}"))
        answer = client.post(form.action, data=form.values | asked | PEOPLE | {"start": times[0]})
        statuses.append(answer.status_code)
    assert statuses == [303] * (AT_ONCE // 3) + [429]
    assert len(stored(hall)) == AT_ONCE // 3 * 3


def test_what_nobody_books_alone_is_no_part(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    page = look(client, f"{HERE}?s1=travel-doc&n1=1")
    assert 'value="travel-doc"' not in page.html
    assert not starts(page)
    far = f"s1=birth&n1={'9' * 5000}&from=9999-12-31"
    for nonsense in (far, "s1=birth&n1=9&from=x&at=77:00&half=no&gap=7", "s1=&s2=&s3=", "s1=birth&n1=5&s2=birth&n2=5"):
        assert client.get(f"{HERE}?{nonsense}").status_code == 200
    assert client.post(f"{HERE}/details", data={"s1": "travel-doc", "start": "20261124T0700Z"}).status_code == 409
    assert client.post(f"{HERE}/details", data=VISIT | {"start": "soon"}).status_code == 404
    for nowhere in ("9999-12-31", "9999-12-31/00010101T0000Z", "2026-11-24/00010101T0000Z"):
        assert client.get(f"/book/doha-main/birth/{nowhere}").status_code == 404, nowhere
    assert not stored(hall)


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def choose(client: TestClient) -> Form:
    times = look(client, f"{HERE}?{urlencode(VISIT)}")
    (form,) = [one for one in times.forms if one.action.endswith("/details")]
    page = look(client, f"{form.action}?{urlencode(form.values | {'start': starts(times)[0]})}")
    (asks,) = [one for one in page.forms if one.action.endswith("/details")]
    return asks


def confirmation(page: Page) -> Form:
    return next(one for one in page.forms if one.action.endswith("/confirmation"))


def starts(page: Page) -> list[str]:
    return re.findall(r'name="start" value="([^"]+)"', page.html)


def stored(hall: Hall) -> list[BookingView]:
    found = hall.db.read_now(booking_views, table(Booking).c.branch_id == hall.branch.id)
    return sorted(found, key=lambda one: (one.created_at, one.starts_at))
