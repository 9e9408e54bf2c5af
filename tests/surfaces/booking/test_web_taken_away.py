"""The page of an appointment whose time the branch took away: what happened, and what its visitor can do."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions.decisions import decide_at_once
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.promises import Choice
from queue_system.core.support import Why
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, locked
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.settings import branch_settings
from queue_system.store.tables import ClosureRow, table
from tests.kit.api_program import Program
from tests.kit.deciding import as_stored, booked, closing, for_all, save
from tests.kit.hall import Hall
from tests.kit.public_visitor import Visitor

SERVICE = "civil-extract"


@pytest.fixture
def one(hall: Hall, clock: FrozenClock) -> BookingView:
    """An appointment in two days, at 08:30 in Doha."""
    return booked(hall, clock.now().replace(hour=5, minute=30) + timedelta(days=2), SERVICE)


def close(hall: Hall, one: BookingView, choice: Choice) -> BookingView:
    save(hall, closing(hall, one.starts_at.date()), for_all(choice))
    return as_stored(hall, one)


def test_an_offer_says_what_happened_and_is_accepted_with_one_press(
    visitor: Visitor, hall: Hall, one: BookingView
) -> None:
    offered = close(hall, one, Choice.MOVE)
    page = visitor.open(f"/b/{one.token}")
    assert "نعرض عليك وقتًا آخر" in page.text
    assert "صار ذلك اليوم يوم إغلاق" in page.text
    assert [href for href in page.hrefs("/b/") if href.endswith(("/change", "/cancellation"))]
    action, _, _ = next(form for form in page.forms if "/change/" in form[0])
    after = visitor.post(action, {})
    assert "تغيّر موعدك" in after.text
    assert as_stored(hall, one).starts_at == offered.offered_starts_at


def test_another_time_can_be_chosen_or_the_appointment_cancelled(
    visitor: Visitor, hall: Hall, one: BookingView
) -> None:
    offered = close(hall, one, Choice.MOVE)
    visitor.open(f"/b/{one.token}")
    visitor.follow("/change$")
    visitor.follow(r"/change/\d{4}-\d\d-\d\d$", 2)
    visitor.follow(r"/\d{8}T\d{4}Z$", 1)
    assert "تغيّر موعدك" in visitor.send().text
    moved = as_stored(hall, one)
    assert moved.starts_at not in (one.starts_at, offered.offered_starts_at)
    assert moved.changes == 0
    visitor.follow("/cancellation$")
    visitor.send()
    assert as_stored(hall, one).state is BookingState.CANCELLED


def test_an_offer_that_has_ended_still_leaves_every_other_way(
    visitor: Visitor, hall: Hall, one: BookingView, clock: FrozenClock
) -> None:
    offered = close(hall, one, Choice.MOVE)
    assert offered.offer_until is not None
    clock.set(offered.offer_until)
    page = visitor.open(f"/b/{one.token}")
    assert "موعدك بانتظار قرار الجهة" in page.text
    assert not [form for form in page.forms if "/change/" in form[0]]
    visitor.follow("/cancellation$")
    visitor.send()
    assert as_stored(hall, one).state is BookingState.CANCELLED


def test_what_is_called_off_says_why_and_leads_to_a_new_appointment(
    visitor: Visitor, hall: Hall, one: BookingView
) -> None:
    close(hall, one, Choice.CANCEL)
    page = visitor.open(f"/b/{one.token}")
    assert "أُلغي موعدك من جهتنا" in page.text
    assert "صار ذلك اليوم يوم إغلاق" in page.text
    assert page.hrefs(f"/{SERVICE}/days")
    visitor.language = "en"
    assert "that day is now closed" in visitor.open(f"/b/{one.token}").text


def test_what_is_kept_says_that_it_stands(visitor: Visitor, hall: Hall, one: BookingView) -> None:
    close(hall, one, Choice.KEEP)
    page = visitor.open(f"/b/{one.token}")
    assert "موعدك مؤكَّد" in page.text
    assert "موعدك قائم كما هو" in page.text


def test_programs_read_the_offer_and_accept_it_by_moving(
    here: tuple[TestClient, Hall], hall: Hall, one: BookingView
) -> None:
    program = Program(here[0])
    assert program.get(f"bookings/{one.token}").body["offer"] is None
    close(hall, one, Choice.MOVE)
    told = program.get(f"bookings/{one.token}").body
    assert (told["decision"], told["why"]) == ("move", "closed")
    assert told["offer"]["answer_by"] < told["offer"]["starts_at"]
    moved = program.send("PUT", f"bookings/{one.token}/start", {"starts_at": told["offer"]["starts_at"]})
    assert (moved.status, moved.body["starts_at"], moved.body["changes"]) == (200, told["offer"]["starts_at"], 0)
    assert (moved.body["decision"], moved.body["offer"]) == (None, None)


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(minutes=50)], ids=["early", "too late to cancel"])
def test_scenario_1_the_page_and_programs_stay_as_they_were_while_staff_look_for_another_person(
    here: tuple[TestClient, Hall], visitor: Visitor, hall: Hall, clock: FrozenClock, one: BookingView, ahead: timedelta
) -> None:
    clock.set(one.starts_at - ahead)
    before = visitor.open(f"/b/{one.token}").html

    def put_off(tx: Tx) -> None:
        with locked(tx, hall.branch.id) as lock:
            decide_at_once(lock, branch_settings(tx, hall.branch.id), one, Choice.LATER, Why.MEMBER, None, SYSTEM)

    hall.db.write_in_now(hall.branch.id, put_off)
    told = Program(here[0]).get(f"bookings/{one.token}").body
    assert (told["state"], told["decision"], told["why"]) == ("confirmed", None, None)
    after = visitor.open(f"/b/{one.token}")
    assert "موعدك مؤكَّد" in after.text
    assert after.html == before


def test_scenario_1_a_lost_time_is_told_while_nothing_is_decided_and_once_it_is_back_the_page_is_as_before(
    visitor: Visitor, hall: Hall, one: BookingView
) -> None:
    """Whoever comes to a closed door was not told; so the page says it, and its owner can choose another time at once."""
    before = visitor.open(f"/b/{one.token}").html
    stays = close(hall, one, Choice.LATER)
    assert (stays.state, stays.code, stays.starts_at) == (BookingState.CONFIRMED, one.code, one.starts_at)
    page = visitor.open(f"/b/{one.token}")
    assert "موعدك بانتظار قرار الجهة" in page.text
    assert page.hrefs("/change$")
    closures = table(ClosureRow)
    day = (closures.c.branch_id == hall.branch.id) & (closures.c.first == one.starts_at.date())
    save(hall, lambda tx: tx.execute(sa.delete(closures).where(day)))
    assert visitor.open(f"/b/{one.token}").html == before
