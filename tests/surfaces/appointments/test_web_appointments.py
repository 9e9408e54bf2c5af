"""The book of appointments: a day, booking for somebody on the telephone, moving and calling off."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.store.queries.bookings import BookingView, booking_by_id, booking_views
from queue_system.store.tables import Booking, Confidentiality, table
from tests.kit.deciding import closing, save
from tests.kit.hall import Hall, change_settings
from tests.kit.people import add_role, give_in_department
from tests.kit.repeating import officers
from tests.kit.web_hall import Page, another, sign_in

HERE = "/appointments/doha-main"
NAME = "سلمى الأتاسي"
# Only staff book it.
SERVICE = "travel-doc"


def test_a_service_that_only_staff_book_is_booked_on_the_telephone(client: TestClient, hall: Hall) -> None:
    assert client.get("/appointments").headers["location"] == HERE
    assert "No matching service can be booked" in look(client, f"{HERE}/new?s=laisser").text
    # What: one service fits, so its times follow at once.
    page = look(client, f"{HERE}/new?s=laissez")
    assert "Laissez-passer" in page.text
    # When.
    held = hold(client, hall, page)
    assert (held.state, held.source, held.name) == (BookingState.HELD, "staff", "")
    one = look(client, f"{HERE}/{held.id}")
    assert "The time is held until" in one.text
    # Who, with a mistake first.
    wrong = send(client, one, "confirmation", name=NAME, contact="12")
    assert wrong.status_code == 422
    assert NAME in wrong.text
    done = send(client, one, "confirmation", name=NAME, contact="+97455512345", language="ar")
    assert done.headers["location"] == f"{HERE}/{held.id}"
    booked = read(hall, held)
    assert (booked.state, booked.name, booked.contact, booked.language) == (
        BookingState.CONFIRMED,
        NAME,
        "+97455512345",
        "ar",
    )
    said = look(client, done.headers["location"]).text
    assert "Your appointment: Laissez-passer" in re.sub(r"\s+", " ", said)
    assert f"{booked.code[:4]} {booked.code[4:]}" in said
    assert hall.branch.service(SERVICE).to_bring[0].names["en"] in said
    # No page shows the contact again.
    assert "555" not in said
    day = look(client, f"{HERE}?day={booked.starts_at.date()}")
    assert NAME in day.text
    assert f"{HERE}/{held.id}" in day.html


def test_scenario_16_when_the_hold_has_ended_the_times_come_again_with_everything_kept(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}"))
    one = look(client, f"{HERE}/{held.id}")
    clock.move(timedelta(minutes=11))
    answer = send(client, one, "confirmation", name=NAME, contact="+97455512345")
    assert answer.status_code == 409
    again = Page(answer.text)
    assert "Name and contact are kept" in again.text
    other = hold(client, hall, again)
    assert (other.name, other.contact) == (NAME, "+97455512345")
    assert f'value="{NAME}"' in look(client, f"{HERE}/{other.id}").html
    # What was typed stays with the next time, too.
    third = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}&instead={other.id}"), which=1)
    assert (third.name, third.contact) == (NAME, "+97455512345")
    assert read(hall, other).state is BookingState.CANCELLED


def test_scenario_2_when_the_time_is_taken_away_the_page_says_why_and_the_times_come_with_everything_kept(
    client: TestClient, hall: Hall
) -> None:
    held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}"))
    one = look(client, f"{HERE}/{held.id}")
    save(hall, closing(hall, held.starts_at.date()))
    # Whoever opens it again, or has not typed anything yet.
    over = look(client, f"{HERE}/{held.id}")
    assert "that day is now closed" in plain(over)
    again = f"{HERE}/new?service={SERVICE}&amp;instead={held.id}"
    assert f'href="{again}"' in over.html
    answer = send(client, one, "confirmation", name=NAME, contact="+97455512345")
    assert answer.status_code == 409
    times = Page(answer.text)
    assert "that day is now closed" in plain(times)
    other = hold(client, hall, times)
    assert (other.name, other.contact) == (NAME, "+97455512345")
    assert other.starts_at.date() > held.starts_at.date()


def test_a_time_can_be_held_again_from_the_page_that_shows_it(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    page = look(client, f"{HERE}/new?service={SERVICE}")
    first = hold(client, hall, page, which=2)
    assert hold(client, hall, page, which=2).id == first.id, "the button was pressed twice"
    clock.move(timedelta(minutes=11))
    # Neither a name nor a number; both will be asked for again.
    second = hold(client, hall, page, which=2, name="7 <b>", contact="12")
    assert second.id != first.id
    assert (second.starts_at, second.name, second.contact) == (first.starts_at, "", "")


def test_another_time_replaces_the_hold(client: TestClient, hall: Hall) -> None:
    held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}"))
    times = look(client, f"{HERE}/new?service={SERVICE}&instead={held.id}")
    other = hold(client, hall, times, which=2)
    assert other.starts_at > held.starts_at
    assert read(hall, held).state is BookingState.CANCELLED


def test_nothing_typed_is_lost_by_looking_for_another_time_or_another_day(client: TestClient, hall: Hall) -> None:
    held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}"))
    typed = {"name": NAME, "contact": "+97455512345", "reference": "2026/17", "language": "en"}
    times = Page(send(client, look(client, f"{HERE}/{held.id}"), "confirmation", **typed, **{"other-time": "1"}).text)
    day = held.starts_at.date() + timedelta(days=7)
    search = next(form for form in times.forms if form.action.endswith("/new"))
    answer = client.post(search.action, data={**search.values, "from": str(day), "search": "1"})
    assert answer.status_code == 200
    found = Page(answer.text)
    # No address has what was typed, so a reader's search is sent, too.
    assert re.findall(r'method="([a-z]+)" action="[^"]*/new"', found.html) == ["post", "post"]
    other = hold(client, hall, found)
    assert other.starts_at.date() >= day
    assert (other.name, other.contact, other.reference, other.language) == (NAME, "+97455512345", "2026/17", "en")
    # The first time was nobody's yet, and two times are not held for one caller.
    assert read(hall, held).state is BookingState.CANCELLED
    assert f'value="{NAME}"' in look(client, f"{HERE}/{other.id}").html


def test_after_a_refusal_another_day_is_looked_for_with_everything_kept(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}"))
    one = look(client, f"{HERE}/{held.id}")
    clock.move(timedelta(minutes=11))
    refused = Page(send(client, one, "confirmation", name=NAME, contact="+97455512345").text)
    search = next(form for form in refused.forms if form.action.endswith("/new"))
    found = client.post(search.action, data={**search.values, "from": "2026-11-30", "search": "1"})
    other = hold(client, hall, Page(found.text))
    assert (other.name, other.contact) == (NAME, "+97455512345")


def test_a_time_that_has_gone_is_refused_with_the_times(client: TestClient, hall: Hall) -> None:
    page = look(client, f"{HERE}/new?service={SERVICE}")
    wrong = send(client, page, "new", start="20200101T0900Z")
    assert wrong.status_code in (409, 422)
    assert "First times" in wrong.text
    assert send(client, page, "new", start="no time").status_code == 422
    assert not bookings(hall)


def test_an_appointment_is_moved_and_called_off(client: TestClient, hall: Hall) -> None:
    booked = book(client, hall)
    times = look(client, f"{HERE}/{booked.id}/time")
    start = starts(times)[2]
    assert booked.starts_at.strftime("%Y%m%dT%H%MZ") not in starts(times)
    assert send(client, confirmation(client, times, start), "time").status_code == 303
    moved = read(hall, booked)
    assert moved.starts_at.strftime("%Y%m%dT%H%MZ") == start
    assert moved.code == booked.code
    asks = look(client, f"{HERE}/{booked.id}?ask=call-off")
    # A reason that nobody offered is not taken for the visitor's wish.
    assert client.post(f"{HERE}/{booked.id}/cancellation", data={"why": "weather"}).status_code == 403
    assert read(hall, booked).state is BookingState.CONFIRMED
    assert send(client, asks, "cancellation").status_code == 303
    assert read(hall, booked).state is BookingState.CANCELLED
    over = look(client, f"{HERE}/{booked.id}")
    assert not [form for form in over.forms if "/appointments" in form.action]
    assert client.get(f"{HERE}/{booked.id}/time").status_code == 303


def test_a_form_of_before_the_cancellation_does_not_say_that_it_moved(client: TestClient, hall: Hall) -> None:
    one = book(client, hall)
    start = starts(look(client, f"{HERE}/{one.id}/time"))[1]
    form = look(client, f"{HERE}/{one.id}/time?start={start}")
    assert send(client, form, "time").headers["location"].endswith("?done=moved")
    # The button was pressed twice.
    assert send(client, form, "time").headers["location"].endswith("?done=moved")
    assert client.post(f"{HERE}/{one.id}/cancellation").status_code == 303
    assert send(client, form, "time").headers["location"] == f"{HERE}/{one.id}"
    assert read(hall, one).state is BookingState.CANCELLED


def test_who_was_asked_for_stays_when_the_appointment_moves(client: TestClient, hall: Hall) -> None:
    officers(hall, SERVICE)
    page = look(client, f"{HERE}/new?service={SERVICE}&with=basel")
    held = hold(client, hall, page)
    assert send(client, look(client, f"{HERE}/{held.id}"), "confirmation", name=NAME).status_code == 303
    assert "With: basel" in look(client, f"{HERE}/{held.id}").text
    # Nobody else has basel at that time, but there is another officer.
    assert starts(page)[0] not in starts(look(client, f"{HERE}/new?service={SERVICE}&with=basel"))
    assert starts(page)[0] in starts(look(client, f"{HERE}/new?service={SERVICE}"))
    times = look(client, f"{HERE}/{held.id}/time")
    assert '<option value="basel" selected>' in times.html
    assert send(client, confirmation(client, times, starts(times)[0]), "time").status_code == 303
    assert "With: basel" in look(client, f"{HERE}/{held.id}").text
    times = look(client, f"{HERE}/{held.id}/time?with=amal")
    assert send(client, confirmation(client, times, starts(times)[0]), "time").status_code == 303
    assert "With: amal" in look(client, f"{HERE}/{held.id}").text


def test_the_page_says_in_a_sentence_why_somebody_was_chosen_and_whether_the_name_was_given(
    client: TestClient, hall: Hall
) -> None:
    officers(hall, SERVICE)
    first = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}"))
    # Both serve one need and have nothing yet.
    assert "amal: first in the order of the settings." in plain(look(client, f"{HERE}/{first.id}"))
    assert send(client, look(client, f"{HERE}/{first.id}"), "confirmation", name=NAME).status_code == 303
    said = plain(look(client, f"{HERE}/{first.id}"))
    assert "amal: first in the order of the settings." in said
    assert "This name was given" not in said
    # What is read to the visitor names nobody who may still change.
    assert said.count("With: amal") == 1
    named = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}&with=basel"))
    assert send(client, look(client, f"{HERE}/{named.id}"), "confirmation", name=NAME).status_code == 303
    said = plain(look(client, f"{HERE}/{named.id}"))
    assert "basel: asked for by name. This name was given, so it stays." in said
    assert said.count("With: basel") == 2


def test_who_was_asked_for_is_wanted_at_another_time_than_the_held_one_too(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    officers(hall, SERVICE)
    held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}&with=basel"))
    other = look(client, f"{HERE}/new?service={SERVICE}&instead={held.id}")
    assert '<option value="basel" selected>' in other.html
    again = hold(client, hall, other, which=1)
    one = look(client, f"{HERE}/{again.id}")
    assert "basel: asked for by name." in plain(one)
    # Also where the hold has ended.
    clock.move(timedelta(minutes=11))
    late = send(client, one, "confirmation", name=NAME)
    assert late.status_code == 409
    assert '<option value="basel" selected>' in late.text


def test_without_a_name_the_visitors_page_still_opens(client: TestClient, hall: Hall) -> None:
    booked = book(client, hall, name="")
    assert another(client).get(f"/b/{booked.token}").status_code == 200
    assert "No name" in look(client, f"{HERE}/{booked.id}").text
    # Reception does not say that the level of the service hides a name.
    found = client.post("/reception/doha-main/search", data={"text": booked.code})
    assert "No name" in found.text
    assert "Not shown" not in found.text


def test_who_only_sees_appointments_learns_no_name_and_books_nothing(client: TestClient, hall: Hall) -> None:
    booked = book(client, hall)
    hall.person("sami", ((hall.branch.id, add_role(hall, "onlooker", "see_bookings")),))
    other = another(client)
    sign_in(other, "sami", "en")
    for view in ("", "&view=list"):
        day = look(other, f"{HERE}?day={booked.starts_at.date()}{view}")
        assert booked.code in day.text
        assert NAME not in day.html
        assert str(booked.id) not in day.html
        assert "/new" not in day.html
    assert other.get(f"{HERE}/new").status_code == 403
    assert other.get(f"{HERE}/{booked.id}").status_code == 403


def test_a_person_of_another_department_finds_neither_service_nor_appointment(client: TestClient, hall: Hall) -> None:
    booked = book(client, hall)
    mine = hall.branch.departments[hall.branch.service(SERVICE).department_id].slug
    theirs = next(one.slug for one in hall.branch.departments.values() if one.slug != mine)
    hall.person("nadia", ())
    give_in_department(hall, "nadia", "receptionist", theirs)
    other = another(client)
    sign_in(other, "nadia", "en")
    assert booked.code not in look(other, f"{HERE}?day={booked.starts_at.date()}").text
    for address in (f"{HERE}/new?service={SERVICE}", f"{HERE}/{booked.id}", f"{HERE}/{booked.id}/time"):
        assert other.get(address).status_code == 404
    assert other.post(f"{HERE}/{booked.id}/cancellation").status_code == 404
    assert read(hall, booked).state is BookingState.CONFIRMED


def test_scenario_21_other_appointments_of_the_same_person_are_shown_and_stop_nobody(
    client: TestClient, hall: Hall
) -> None:
    def booked(name: str) -> BookingView:
        held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}"))
        page, typed = look(client, f"{HERE}/{held.id}"), {"name": name, "contact": "+97455512345"}
        answer = send(client, page, "confirmation", **typed)
        if answer.status_code == 409:
            # Shown once, before it is too late to say it to the caller.
            assert said in answer.text
            answer = send(client, Page(answer.text), "confirmation", **typed)
        assert answer.status_code == 303
        return read(hall, held)

    said = "The same person has other appointments to come"
    first, second, other = booked(NAME), booked("سلمي  الاتاسي"), booked("هدى الأتاسي")
    assert said in look(client, f"{HERE}/{second.id}").text
    assert f'href="{HERE}/{first.id}"' in look(client, f"{HERE}/{second.id}").html
    assert said not in look(client, f"{HERE}/{other.id}").text
    # A discreet service says nothing about a person, neither here nor there.
    rows = table(Confidentiality)
    change_settings(hall.db, sa.update(rows).values(display="code_random"))
    assert said not in look(client, f"{HERE}/{second.id}").text


def test_what_is_entered_after_the_confirmation_is_not_lost_without_a_word(client: TestClient, hall: Hall) -> None:
    held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}"))
    form, said = look(client, f"{HERE}/{held.id}"), {"name": NAME, "contact": "+97455512345"}
    assert send(client, form, "confirmation", **said).status_code == 303
    # The button was pressed twice.
    assert send(client, form, "confirmation", **said).status_code == 303
    # Back, another name, and once more.
    again = send(client, form, "confirmation", **said | {"name": "هدى الأتاسي"})
    assert again.status_code == 409
    assert "was confirmed before with another name or contact" in again.text
    assert read(hall, held).name == NAME
    # Back, and to be repeated: that is possible, and no second appointment is made.
    repeated = send(client, form, "confirmation", repeat="1", **said)
    assert repeated.headers["location"] == f"{HERE}/{held.id}/series"
    assert [one.state for one in bookings(hall)] == [BookingState.CONFIRMED]


def test_days_beyond_the_calendar_are_no_error(client: TestClient) -> None:
    page = look(client, f"{HERE}/new?service={SERVICE}")
    for start in ("00010101T0000Z", "99991231T2359Z"):
        assert send(client, page, "new", start=start).status_code == 422
    for day in ("9999-12-31", "0001-01-01", "no-day", "2026-02-30"):
        assert client.get(f"{HERE}?day={day}").status_code == 200
        assert client.get(f"{HERE}/new?service={SERVICE}&from={day}").status_code == 200


def book(client: TestClient, hall: Hall, name: str = NAME) -> BookingView:
    held = hold(client, hall, look(client, f"{HERE}/new?service={SERVICE}"))
    assert send(client, look(client, f"{HERE}/{held.id}"), "confirmation", name=name).status_code == 303
    return read(hall, held)


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def plain(page: Page) -> str:
    """Its text, also where a name stands in the middle of a sentence."""
    return re.sub(r"<[^>]+>", "", page.html)


def starts(page: Page) -> list[str]:
    return re.findall(r'name="start" value="([^"]+)"', page.html)


def hold(client: TestClient, hall: Hall, page: Page, which: int = 0, **typed: str) -> BookingView:
    answer = send(client, page, "new", start=starts(page)[which], **typed)
    assert answer.status_code == 303, answer.text
    return next(one for one in bookings(hall) if answer.headers["location"] == f"{HERE}/{one.id}")


def send(client: TestClient, page: Page, action: str, **values: str) -> Any:
    """Send the last form of the page with this action."""
    form = [one for one in page.forms if one.action.endswith(f"/{action}")][-1]
    return client.post(form.action, data={**form.values, **values})


def confirmation(client: TestClient, times: Page, start: str) -> Page:
    """What a time that is chosen among others would change."""
    form = [one for one in times.forms if one.action.endswith("/time")][-1]
    return look(client, f"{form.action}?{urlencode({**form.values, 'start': start})}")


def bookings(hall: Hall) -> list[BookingView]:
    return hall.db.read_now(booking_views, table(Booking).c.source == "staff")


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
