"""The pages of absences, of handing over, and the call list, in the legal aid of the forum."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.promises import Decided
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries import audit
from tests.kit.browser_form import form_of
from tests.kit.hall import Hall, enter
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid, member, who
from tests.kit.people import add_role
from tests.kit.web_hall import SAME_ORIGIN, Page, sign_in
from tests.kit.whole_answers import whole_answers

HERE = "/appointments/istanbul"
LANDLINE = "+902122345678"
ILL = {"from": "2026-11-24", "until": "2026-11-24", "member": "amal", "reason": "illness"}
PLANNER = ("rosters", "reschedule_bulk", "cancel_bookings", "see_contacts")


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    hall.person("planner", ((hall.branch.id, add_role(hall, "planning", *PLANNER)),))
    hall.person("roster", ((hall.branch.id, add_role(hall, "only-rosters", "rosters")),))
    database.close()
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with whole_answers(TestClient(app, headers=SAME_ORIGIN, follow_redirects=False)) as client:
        sign_in(client, "planner", "en")
        yield client, enter(app.state.installation.database, "istanbul")


@pytest.fixture
def hall(place: tuple[TestClient, Hall]) -> Hall:
    return place[1]


def test_a_member_is_away_from_the_questions_to_the_last_call(client: TestClient, hall: Hall) -> None:
    silent = booked(hall, START)
    promised = booked(hall, START + HOUR, asked="amal", contact=LANDLINE)
    off = booked(hall, START + HOUR * 2, asked="amal", contact=LANDLINE)
    assert f"{HERE}/away" in look(client, f"{HERE}?day=2026-11-24").html
    page = Page(client.post(f"{HERE}/away", data=ILL).text)
    assert "3 appointments are concerned" in page.text
    assert "Amal is away" in page.text
    for hidden in ("هالة", "902122", "hala@"):
        assert hidden not in page.html
    form = fields(page)
    assert form[f"booking-{silent.id}"].startswith("stand-in:")
    assert form[f"booking-{promised.id}"].startswith("next:")
    done = client.post(f"{HERE}/away", data=form | {f"booking-{off.id}": "cancel"})
    said = look(client, done.headers["location"])
    for sentence in (
        "1 appointment went to another person",
        "Another time is offered for 1 appointment",
        "1 appointment was called off",
        "2 visitors get no message",
        "Tuesday 24 November 2026",
    ):
        assert sentence in said.text
    assert who(hall, silent) == ["basel"]
    assert as_stored(hall, promised).decision is Decided.MOVE
    assert as_stored(hall, off).state is BookingState.CANCELLED
    # The reason is for those who plan, and in no log.
    (made,) = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="member.blocked"), 9)
    assert "illness" not in str(made.data)
    calls = look(client, f"{HERE}/calls")
    assert (calls.text.count("Show name and number"), "هالة" in calls.html) == (2, False)
    assert "seen only by" not in calls.text
    shown = Page(client.post(f"{HERE}/calls/{off.id}/contact").text)
    assert shown.html.count(f'href="tel:{LANDLINE}"') == 1
    assert "هالة الحسن" in shown.text
    looked = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="booking.looked_up"), 9)
    assert [(entry.data["code"], entry.data["by"]) for entry in looked] == [(off.code, "call")]
    client.post(f"{HERE}/calls/{off.id}", data={"reached": "0"})
    assert "1 call without an answer" in look(client, f"{HERE}/calls").text
    client.post(f"{HERE}/calls/{off.id}", data={"reached": "1"})
    assert look(client, f"{HERE}/calls").text.count("Show name and number") == 1
    # Once reached, nobody has a reason to see the number.
    assert client.post(f"{HERE}/calls/{off.id}/contact").status_code == 404


def test_scenario_4_whoever_confirms_an_old_list_gets_the_new_one_with_the_choices_kept(
    client: TestClient, hall: Hall
) -> None:
    one = booked(hall, START, asked="amal")
    form = fields(Page(client.post(f"{HERE}/away", data=ILL).text)) | {f"booking-{one.id}": "cancel"}
    newer = booked(hall, START + HOUR, asked="amal")
    again = client.post(f"{HERE}/away", data=form)
    assert again.status_code == 409
    page = Page(again.text)
    assert "have changed since this list was shown" in page.text
    assert fields(page)[f"booking-{one.id}"] == "cancel"
    assert f"booking-{newer.id}" in page.html
    assert as_stored(hall, one).state is BookingState.CONFIRMED
    assert client.post(f"{HERE}/away", data=fields(page)).status_code == 303
    assert as_stored(hall, one).state is BookingState.CANCELLED


def test_no_more_is_proposed_than_one_person_may_move(
    client: TestClient, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_system.surfaces.appointments.away_list.MANY_BOOKINGS", 1)
    ones = [booked(hall, START + HOUR * at, asked="amal") for at in range(2)]
    form = fields(Page(client.post(f"{HERE}/away", data=ILL).text))
    assert [form[f"booking-{one.id}"].partition(":")[0] for one in ones] == ["next", "later"]


def test_a_reason_in_a_few_words_is_for_whoever_plans_absences_and_no_day_shows_it(
    client: TestClient, hall: Hall
) -> None:
    why = {"reason": "other", "note": "  Moves \n house "}
    for asked in (ILL | why, ILL | {"member": "basel", "reason": "meeting"}):
        client.post(f"{HERE}/away", data=fields(Page(client.post(f"{HERE}/away", data=asked).text)))
    page = look(client, f"{HERE}/away")
    assert "Other · Moves house" in page.text
    assert "Basel · Meeting" in page.text
    for address in (f"{HERE}?day=2026-11-24", f"{HERE}/week?day=2026-11-24", "/office/audit"):
        assert "Moves house" not in client.get(address).text


def test_whoever_moved_enough_today_hears_of_one_appointment_that_somebody_else_has_to_decide(
    client: TestClient, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 1)
    answers = []
    for day in (0, 2):
        booked(hall, START + timedelta(days=day), asked="amal")
        when = (START + timedelta(days=day)).date().isoformat()
        page = Page(client.post(f"{HERE}/away", data=ILL | {"from": when, "until": when}).text)
        answers.append(client.post(f"{HERE}/away", data=fields(page)))
    assert [one.status_code for one in answers] == [303, 409]
    assert "Somebody else has to decide on this one" in Page(answers[1].text).text


def test_whoever_plans_rosters_only_cannot_move_or_call_off(client: TestClient, hall: Hall) -> None:
    one, other = booked(hall, START, asked="amal"), booked(hall, START + HOUR, asked="amal")
    sign_in(client, "roster", "en")
    page = Page(client.post(f"{HERE}/away", data=ILL).text)
    assert 'value="cancel"' not in page.html
    assert 'value="next:' not in page.html
    forged = fields(page) | {f"booking-{one.id}": "cancel", f"booking-{other.id}": f"stand-in:{member(hall, 'basel')}"}
    assert client.post(f"{HERE}/away", data=forged).status_code == 303
    assert (as_stored(hall, one).state, as_stored(hall, one).decision) == (BookingState.CONFIRMED, Decided.LATER)
    assert who(hall, other) == ["basel"]
    calls = look(client, f"{HERE}/calls").text
    assert "Show name and number" not in calls
    assert "seen only by whoever receives visitors" in calls
    assert client.post(f"{HERE}/calls/all/contact").status_code == 404


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"until": "2026-11-23"}, "must end after it begins"),
        ({"from": "2026-11-20"}, "cannot begin on a day that is over"),
        ({"until": "2027-03-24"}, "lasts 90 days at most"),
        ({"from": "tomorrow"}, "enter a date"),
        ({"until_time": "late"}, "like 09:30"),
        ({"member": "nobody"}, "choose a person or room"),
        ({"reason": "other", "note": "x" * 101}, "The reason is too long"),
    ],
)
def test_what_cannot_be_is_said_beside_its_question(client: TestClient, changed: dict[str, str], sentence: str) -> None:
    answer = client.post(f"{HERE}/away", data=ILL | changed)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert sentence in page.text
    assert 'aria-invalid="true"' in page.html


def test_a_part_of_a_day_and_its_end(client: TestClient, hall: Hall) -> None:
    before, within = booked(hall, START, asked="amal"), booked(hall, START + HOUR * 3, asked="amal")
    page = Page(client.post(f"{HERE}/away", data=ILL | {"from_time": "11:30", "until_time": "14:00"}).text)
    assert f"booking-{before.id}" not in page.html
    client.post(f"{HERE}/away", data=fields(page) | {f"booking-{within.id}": "later"})
    assert as_stored(hall, within).decision is Decided.LATER
    assert "to be decided" in look(client, f"{HERE}?day=2026-11-24").text.lower()
    page = look(client, f"{HERE}/away")
    (action,) = [one for one in page.html.split('"') if one.endswith("/end")]
    assert client.post(action).status_code == 303
    assert as_stored(hall, within).decision is None
    assert client.post(action).status_code == 404


def test_what_is_put_off_leads_from_the_list_to_whoever_could_take_it_over(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START, asked="amal", contact=LANDLINE)
    page = Page(client.post(f"{HERE}/away", data=ILL).text)
    done = client.post(f"{HERE}/away", data=fields(page) | {f"booking-{one.id}": "later"})
    assert 'href="/office/undecided"' in look(client, done.headers["location"]).html
    listed = look(client, "/office/undecided")
    assert "the person or room it is planned with is not available then" in listed.text
    link = f"{HERE}/hand-over?member=amal&day=2026-11-24&booking={one.id}"
    assert link.replace("&", "&amp;") in listed.html
    form = fields(look(client, link))
    assert form["booking"] == str(one.id)
    assert client.post(f"{HERE}/hand-over", data=form).status_code == 303
    assert str(one.id) not in look(client, "/office/undecided").html
    # A name was promised, and there is a telephone only.
    assert "visitor whose appointment has changed gets no message" in look(client, "/office").text


def test_when_the_one_that_was_meant_cannot_go_no_other_is_ticked_in_its_place(client: TestClient, hall: Hall) -> None:
    meant = booked(hall, START, asked="amal")
    booked(hall, START + HOUR, asked="amal")
    booked(hall, START, asked="basel")
    page = look(client, f"{HERE}/hand-over?member=amal&day=2026-11-24&booking={meant.id}")
    assert " checked" not in page.html
    # A browser sends no box that cannot be ticked.
    form = {name: value for name, value in fields(page).items() if name != "booking"}
    refused = client.post(f"{HERE}/hand-over", data=form)
    assert refused.status_code == 422
    assert " checked" not in refused.text
    # It stays meant for another day or person.
    assert refused.text.count(f'name="booking" value="{meant.id}"') == 2


def test_ticked_appointments_go_to_another(client: TestClient, hall: Hall) -> None:
    ones = [booked(hall, START + HOUR * at, asked="amal") for at in range(3)]
    booked(hall, START + HOUR, asked="basel", contact=LANDLINE)
    page = look(client, f"{HERE}/hand-over?member=amal&day=2026-11-24")
    assert page.html.count(" checked") == 2
    assert "Basel is not free then" in page.text
    seen = fields(page)["seen"]
    data: dict[str, Any] = {"member": "amal", "to": "basel", "day": "2026-11-24", "seen": seen}
    assert client.post(f"{HERE}/hand-over", data=data).status_code == 422
    done = client.post(f"{HERE}/hand-over", data=data | {"booking": [str(ones[0].id), str(ones[2].id)]})
    assert "2 appointments were handed over" in look(client, done.headers["location"]).text
    assert [who(hall, one) for one in ones] == [["basel"], ["amal"], ["basel"]]
    again = client.post(f"{HERE}/hand-over", data=data | {"booking": [str(ones[1].id)]})
    assert again.status_code == 409
    assert who(hall, ones[1]) == ["amal"]


def test_an_answered_offer_leaves_the_call_list(client: TestClient, hall: Hall) -> None:
    one = booked(hall, START, asked="amal", contact=LANDLINE)
    client.post(f"{HERE}/away", data=fields(Page(client.post(f"{HERE}/away", data=ILL).text)))
    assert one.code in look(client, f"{HERE}/calls").text
    offered, there = as_stored(hall, one).offered_starts_at, hall.branch.id
    assert offered == START + timedelta(days=1)
    hall.db.write_in_now(there, bookings.change_booking, there, one.id, offered, SYSTEM, Booker.STAFF)
    assert "Nobody is waiting for a call" in look(client, f"{HERE}/calls").text


def test_who_wants_an_appointment_called_off_is_asked(client: TestClient, hall: Hall) -> None:
    words = ("book_for_visitor", "cancel_bookings")
    for login, can in (("booker", words[:1]), ("chief", words)):
        hall.person(login, ((hall.branch.id, add_role(hall, f"{login}-role", *can)),))
    one, other = booked(hall, START), booked(hall, START + HOUR)
    sign_in(client, "booker", "en")
    assert "Who wants it?" not in look(client, f"{HERE}/{one.id}?ask=call-off").text
    # A reason of the house, which this person may not give, is not taken for the visitor's wish.
    assert client.post(f"{HERE}/{one.id}/cancellation", data={"why": "closed"}).status_code == 403
    client.post(f"{HERE}/{one.id}/cancellation", data={"why": ""})
    assert as_stored(hall, one).decision is None
    assert "as the visitor wished" in look(client, f"{HERE}/{one.id}").text
    sign_in(client, "chief", "en")
    asked = look(client, f"{HERE}/{other.id}?ask=call-off")
    assert "Who wants it?" in asked.text
    client.post(f"{HERE}/{other.id}/cancellation", data={"why": "member"})
    assert as_stored(hall, other).decision is Decided.CANCEL
    assert "The house called it off: the person or room it is planned with" in look(client, f"{HERE}/{other.id}").text


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return Page(answer.text)


def fields(page: Page) -> dict[str, str]:
    """What the form of a page would send as it is."""
    return dict(form_of(page.html).items)
