"""The page of common free time, and that of the visit which it holds."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import parse_qsl

from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.channels import Channel
from queue_system.store.queries.bookings import BookingView, booking_views
from queue_system.store.tables import Booking, table
from queue_system.web.visit_form import MOST_PARTS
from tests.actions.test_channels import set_channels
from tests.kit.deciding import closing, save
from tests.kit.hall import Hall, edit, set_branch
from tests.kit.people import give_in_department
from tests.kit.web_hall import Form, Page, another, sign_in

HERE = "/appointments/doha-main"
VISIT = "s1=birth&n1=2&s2=travel-doc&n2=1&gap=30"


def test_a_family_is_booked_in_one_go(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    times = look(client, f"{HERE}/common?{VISIT}")
    held = choose(client, times)
    page = look(client, held)
    # Two persons, because one part is for the first of them alone.
    assert page.text.count("Name or case number of person") == 2
    assert "error-summary" not in page.html, "nothing is wrong yet"
    assert {one.state for one in stored(hall)} == {BookingState.HELD}
    form = confirmation(page)
    wrong = client.post(form.action, data=form.values | {"name1": "Salma Atassi", "name2": "Mahmud", "contact": "12"})
    assert wrong.status_code == 422
    assert 'value="Mahmud"' in wrong.text
    assert 'href="#contact"' in wrong.text
    assert {one.state for one in stored(hall)} == {BookingState.HELD}
    done = client.post(form.action, data=form.values | {"name1": "Salma Atassi", "name2": "Mahmud"})
    assert done.headers["location"] == held
    booked = stored(hall)
    assert {one.state for one in booked} == {BookingState.CONFIRMED}
    assert [one.name for one in booked] == ["Salma Atassi", "Mahmud", "Salma Atassi"]
    shown = look(client, held)
    assert all(one.code in shown.text and f"{HERE}/{one.id}" in shown.html for one in booked)
    assert f"/together/{booked[0].together_id}" in look(client, f"{HERE}/{booked[0].id}").html


def test_what_somebody_has_at_the_time_of_a_visit_is_said_once_before_it_is_confirmed(
    place: tuple[TestClient, Hall],
) -> None:
    client, hall = place
    typed = {"name1": "Salma Atassi", "contact": "+97455512345"}
    first = confirmation(look(client, choose(client, look(client, f"{HERE}/common?s1=travel-doc&n1=1"))))
    assert client.post(first.action, data=first.values | typed).status_code == 303
    (there,) = stored(hall)
    form = confirmation(look(client, choose(client, look(client, f"{HERE}/common?s1=business&n1=1"))))
    told = client.post(form.action, data=form.values | typed)
    assert told.status_code == 409
    page = Page(told.text)
    assert "another appointment at the same time" in page.text
    assert f'href="{HERE}/{there.id}"' in page.html
    assert 'value="Salma Atassi"' in page.html
    again = confirmation(page)
    assert client.post(again.action, data=again.values).headers["location"]
    assert {one.state for one in stored(hall)} == {BookingState.CONFIRMED}
    # Somebody else at that time is nobody's business.
    other = confirmation(look(client, choose(client, look(client, f"{HERE}/common?s1=business&n1=1"))))
    assert client.post(other.action, data=other.values | typed | {"name1": "Mahmud"}).status_code == 303


def test_staff_are_told_how_each_part_takes_place(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    edit(hall, lambda tx: set_channels(tx, hall, {"birth": "onsite_or_video"}))
    set_branch(hall, video_link="https://meet.example.org/{room}")
    page = look(client, choose(client, look(client, f"{HERE}/common?{VISIT}")))
    assert re.findall(r'name="(channel.)" value=""', page.html) == ["channel1", "channel2"]
    form, names = confirmation(page), {"name1": "Salma Atassi", "name2": "Mahmud"}
    by_video = names | {"channel1": "", "channel2": "video"}
    # By video a contact is needed, with which the page that has the link is opened.
    assert client.post(form.action, data=form.values | by_video | {"contact": ""}).status_code == 422
    done = client.post(form.action, data=form.values | by_video | {"contact": "salma@example.org"})
    assert [one.channel for one in stored(hall)] == [None, Channel.VIDEO, None]
    assert look(client, done.headers["location"]).text.count("takes place by video call") == 1


def test_times_that_have_gone_come_back_with_everything_kept(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    times = look(client, f"{HERE}/common?{VISIT}")
    form = next(one for one in times.forms if "request_id" in one.values)
    # Others take the same time until it is full.
    answers = [
        client.post(form.action, data=form.values | {"start": starts(times)[0], "request_id": f"{press}"})
        for press in range(9)
    ]
    answer = next(one for one in answers if one.status_code != 303)
    assert answer.status_code == 409
    again = Page(answer.text)
    assert starts(again)
    assert 'value="birth" selected' in again.html
    assert len(stored(hall)) == 3 * answers.index(answer)
    assert client.post(form.action, data=form.values | {"start": "soon"}).status_code == 422


TYPED = {"name1": "Salma Atassi", "name2": "Mahmud", "contact": "salma@example.org", "language": "en"}


def test_another_time_is_chosen_with_everything_kept(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    held = choose(client, look(client, f"{HERE}/common?{VISIT}"))
    page = look(client, held)
    assert f'formaction="{held}/return"' in page.html
    back = client.post(f"{held}/return", data=confirmation(page).values | TYPED)
    assert back.status_code == 200
    assert {one.state for one in stored(hall)} == {BookingState.CANCELLED}
    over = look(client, held)
    assert "no longer held" in over.text
    # Without what was typed, because this is an address.
    assert starts(look(client, re.findall(rf'href="({HERE}/common\?[^"]+)"', over.html)[0].replace("&amp;", "&")))
    second = choose(client, Page(back.text))
    assert_kept(client, hall, second)


def test_when_the_hold_has_run_out_the_times_come_again_with_everything_kept(
    place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    form = confirmation(look(client, choose(client, look(client, f"{HERE}/common?{VISIT}&from=2026-11-24&at=12:00"))))
    begun = stored(hall)[0].starts_at
    clock.move(timedelta(minutes=11))
    late = client.post(form.action, data=form.values | TYPED)
    assert late.status_code == 409
    again = Page(late.text)
    assert "not confirmed, so it is open to others again" in again.text
    assert "are kept" in again.text
    # The same visit is searched, near its time, and the search for another day keeps what was typed, too.
    assert begun.strftime("%Y%m%dT%H%MZ") in starts(again)
    search = next(one for one in again.forms if "from" in one.values and "request_id" not in one.values)
    wanted = dict(parse_qsl(VISIT)) | {"from": "2026-11-30"}
    other_day = client.post(search.action, data=search.values | wanted)
    assert other_day.status_code == 200
    assert_kept(client, hall, choose(client, Page(other_day.text)))
    assert {one.starts_at.date() for one in stored(hall) if one.state is BookingState.HELD} == {date(2026, 11, 30)}


def test_what_cannot_be_a_name_or_contact_is_asked_for_again_and_the_rest_is_kept(
    place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    form = confirmation(look(client, choose(client, look(client, f"{HERE}/common?{VISIT}"))))
    clock.move(timedelta(minutes=11))
    late = client.post(form.action, data=form.values | TYPED | {"name1": "7 <b>", "contact": "12"})
    page = look(client, choose(client, Page(late.text)))
    assert [(one.name, one.contact) for one in stored(hall) if one.state is BookingState.HELD] == [
        ("", ""),
        ("Mahmud", ""),
        ("", ""),
    ]
    assert 'value="Mahmud"' in page.html


def test_scenario_2_a_visit_whose_time_is_taken_away_says_why_and_is_found_again_with_everything_kept(
    place: tuple[TestClient, Hall],
) -> None:
    client, hall = place
    held = choose(client, look(client, f"{HERE}/common?{VISIT}"))
    form, day = confirmation(look(client, held)), stored(hall)[0].starts_at.date()
    save(hall, closing(hall, day))
    assert "that day is now closed" in re.sub(r"<[^>]+>", "", look(client, held).html)
    late = client.post(form.action, data=form.values | TYPED)
    assert late.status_code == 409
    assert "that day is now closed" in re.sub(r"<[^>]+>", "", late.text)
    assert_kept(client, hall, choose(client, Page(late.text)))
    assert all(one.starts_at.date() > day for one in stored(hall) if one.state is BookingState.HELD)


def assert_kept(client: TestClient, hall: Hall, held: str) -> None:
    """The visit of two persons and three parts is held with what was typed for it."""
    page = look(client, held)
    assert 'value="Salma Atassi"' in page.html
    assert 'value="Mahmud"' in page.html
    parts = [one for one in stored(hall) if one.state is BookingState.HELD]
    assert [one.name for one in parts] == ["Salma Atassi", "Mahmud", "Salma Atassi"]
    assert {(one.contact, one.language) for one in parts} == {("salma@example.org", "en")}


def test_a_visit_of_another_department_is_not_found(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    held = choose(client, look(client, f"{HERE}/common?{VISIT}"))
    hall.person("nadia", ())
    give_in_department(hall, "nadia", "receptionist", "legal")
    other = another(client)
    sign_in(other, "nadia", "en")
    assert other.get(held).status_code == 404
    assert other.get(f"{HERE}/together/nothing").status_code == 404
    assert not starts(look(other, f"{HERE}/common?{VISIT}"))


def test_too_long_a_visit_is_said_and_nonsense_is_nothing(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    too_long = "s1=birth&n1=5&s2=travel-doc&n2=5&s3=birth&n3=1"
    assert f"at most {MOST_PARTS} parts" in look(client, f"{HERE}/common?{too_long}").text
    page = look(client, f"{HERE}/common?s1=nothing&n1=x&gap=-1&at=25:99&from=1&half=night&w1=x")
    assert not starts(page)


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def choose(client: TestClient, times: Page) -> str:
    form = next(one for one in times.forms if "request_id" in one.values)
    answer = client.post(form.action, data=form.values | {"start": starts(times)[0]})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def confirmation(page: Page) -> Form:
    return next(one for one in page.forms if one.action.endswith("/confirmation"))


def starts(times: Page) -> list[str]:
    return [part.split('"')[0] for part in times.html.split('name="start" value="')[1:]]


def stored(hall: Hall) -> list[BookingView]:
    found = hall.db.read_now(booking_views, table(Booking).c.branch_id == hall.branch.id)
    return sorted(found, key=lambda one: one.starts_at)
