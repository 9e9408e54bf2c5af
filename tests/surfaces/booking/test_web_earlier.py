"""The pages on which somebody waits for an earlier time, and answers when one is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.core.messages import Level
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.earlier import Offer, running_offer, wish_of
from queue_system.store.tables import PolicyRow, table
from tests.kit.hall import Hall, change_settings
from tests.kit.web_hall import sign_in

START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
LATER = START + timedelta(days=2)
WISH = {"first_day": "", "part": "any", "notice": "24"}


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    return here[0]


@pytest.fixture
def listed(hall: Hall) -> Hall:
    change_settings(hall.db, sa.update(table(PolicyRow)).values(freed_slot="waitlist_in_order"))
    return hall


def test_one_waits_says_what_suits_and_waits_no_more(client: TestClient, listed: Hall) -> None:
    one = book(listed, LATER)
    page = f"/b/{one.token}"
    assert f'href="{page}/earlier"' in client.get(page).text
    said = client.post(f"{page}/earlier", data={**WISH, "part": "morning", "first_day": "2026-11-23"})
    assert (said.status_code, said.headers["location"]) == (303, f"{page}#earlier")
    waiting = listed.db.read_now(wish_of, listed.branch.id, one.id)
    assert waiting is not None
    assert (str(waiting.wish.first_day), waiting.wish.part.value, waiting.wish.notice_hours) == (
        "2026-11-23",
        "morning",
        24,
    )
    shown = client.get(page, headers={"accept-language": "en"}).text
    assert "Nobody has waited longer" in shown
    # No mail server is set, so the page does not promise a message.
    assert "We cannot write to you" in shown
    listed.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    assert "We also send you a message" in client.get(page, headers={"accept-language": "en"}).text
    client.post(f"{page}/earlier/end")
    assert listed.db.read_now(wish_of, listed.branch.id, one.id) is None


@pytest.mark.parametrize("wrong", [{"first_day": "tomorrow"}, {"part": "night"}, {"notice": "0"}])
def test_what_cannot_be_read_is_said_beside_its_field(client: TestClient, listed: Hall, wrong: dict[str, str]) -> None:
    one = book(listed, LATER)
    answer = client.post(f"/b/{one.token}/earlier", data=WISH | wrong)
    assert answer.status_code == 422
    assert f'id="{next(iter(wrong))}-error"' in answer.text
    assert listed.db.read_now(wish_of, listed.branch.id, one.id) is None


def test_the_page_shows_the_time_that_is_kept_and_takes_the_answer_once(client: TestClient, listed: Hall) -> None:
    giver, one = book(listed, START, "giver@example.org"), book(listed, LATER)
    page = f"/b/{one.token}"
    client.post(f"{page}/earlier", data=WISH)
    listed.db.write_in_now(listed.branch.id, actions.cancel_booking, listed.branch.id, giver.id, VISITOR)
    offer = offer_of(listed, one)
    assert f'value="{offer.id}"' in client.get(page).text
    # Looking answers nothing.
    assert client.get(f"{page}/earlier/answer").status_code == 405
    for _ in range(2):
        accepted = client.post(f"{page}/earlier/answer", data={"offer": str(offer.id), "answer": "accept"})
        assert accepted.headers["location"] == f"{page}?moved"
    assert listed.db.read_now(booking_by_id, listed.branch.id, one.id).starts_at == START
    late = client.post(f"/b/{giver.token}/earlier/answer", data={"offer": str(offer.id), "answer": "accept"})
    assert late.headers["location"] == f"/b/{giver.token}?over"


def test_the_page_of_times_accepts_the_time_that_is_kept(client: TestClient, listed: Hall) -> None:
    giver, one = book(listed, START, "giver@example.org"), book(listed, LATER)
    client.post(f"/b/{one.token}/earlier", data=WISH)
    listed.db.write_in_now(listed.branch.id, actions.cancel_booking, listed.branch.id, giver.id, VISITOR)
    client.post(f"/b/{one.token}/change/2026-11-24/{START:%Y%m%dT%H%MZ}")
    moved = listed.db.read_now(booking_by_id, listed.branch.id, one.id)
    assert (moved.starts_at, moved.changes) == (START, 0)


def test_a_service_without_a_list_says_nothing_of_earlier_times(client: TestClient, hall: Hall) -> None:
    change_settings(hall.db, sa.update(table(PolicyRow)).values(freed_slot="staff_decides"))
    one = book(hall, LATER)
    assert "/earlier" not in client.get(f"/b/{one.token}").text
    assert client.get(f"/b/{one.token}/earlier").headers["location"] == f"/b/{one.token}"


def test_staff_see_for_what_a_place_is_kept_and_how_many_wait_and_cannot_release_it(
    client: TestClient, listed: Hall
) -> None:
    giver, one = book(listed, START, "giver@example.org"), book(listed, LATER)
    client.post(f"/b/{one.token}/earlier", data=WISH)
    listed.db.write_in_now(listed.branch.id, actions.cancel_booking, listed.branch.id, giver.id, VISITOR)
    sign_in(client, "admin")
    shown = client.get("/office/given-back").text
    assert "لمن ينتظر وقتًا أبكر" in shown
    assert "شخص واحد ينتظر وقتًا أبكر" in shown
    assert "سلمى" not in shown
    assert 'name="places"' not in shown


def book(hall: Hall, start: datetime, contact: str = "a@example.org") -> BookingView:
    wanted = HoldOrder(hall.branch.id, hall.service("civil-extract"), start, "سلمى الحسن", contact, "en", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, actions.hold_slot, wanted)
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, VISITOR)


def offer_of(hall: Hall, one: BookingView) -> Offer:
    offer = hall.db.read_now(running_offer, hall.branch.id, one.id)
    assert offer is not None
    return offer
