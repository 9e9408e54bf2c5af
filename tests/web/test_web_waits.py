"""The wait that is told: at the kiosk before and after taking a number, on the slip and on the telephone; and what is learnt."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from queue_system.actions import calling, counters
from queue_system.actions.counters import Desk
from queue_system.actions.stopping import stop_numbers
from queue_system.clock import FrozenClock
from queue_system.core.waits.announce import ENOUGH_VISITS
from queue_system.spooler.slips import slip_of
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from queue_system.store.queries.access import staff_by_id
from queue_system.store.queries.line import TicketView, told_with
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.past_waits import outcomes
from queue_system.store.queries.place import place
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.waits import FRESH
from queue_system.web.forecaster import Forecaster
from queue_system.web.installation import Installation
from tests.kit.hall import Hall
from tests.kit.kiosk_hall import Kiosk, book, installed, pair, paired_kiosk
from tests.kit.web_hall import Page, another, sign_in

VISIT = timedelta(minutes=6)


@pytest.fixture
def kiosk(db_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Kiosk]:
    installed(db_url, clock, "embassy")
    with paired_kiosk(db_url, tmp_path, clock) as found:
        yield found


@pytest.fixture
def nour(kiosk: Kiosk) -> Desk:
    return kiosk.hall.sit(kiosk.hall.person("nour"))


def serve(hall: Hall, clock: FrozenClock, desk: Desk, visitors: int) -> Desk:
    """Let so many visitors come one after the other; each is called at once, and the last one is at the counter still."""
    for _ in range(visitors):
        hall.issue()
        called = hall.call_next(desk)
        assert called is not None
        desk = hall.at(desk.staff_id, expected=called.id)
        clock.move(VISIT)
    return desk


def installation(kiosk: Kiosk) -> Installation:
    found: Installation = kiosk.client.app.state.installation  # type: ignore[attr-defined]
    return found


def forecast(kiosk: Kiosk) -> None:
    """What the server does by itself after a change."""
    asyncio.run(Forecaster(installation(kiosk)).renew(kiosk.hall.branch.id))


def on_paper(hall: Hall, ticket: TicketView) -> str | None:
    stands = hall.db.read_now(place, hall.branch, ticket.token)
    return slip_of(stands, hall.branch, hall.db.read_now(organisation), "https://example.org").expected


def test_a_wait_is_told_before_and_with_the_number_on_the_slip_and_on_the_telephone(
    kiosk: Kiosk, clock: FrozenClock, nour: Desk
) -> None:
    hall = kiosk.hall
    serve(hall, clock, nour, ENOUGH_VISITS + 1)
    for _ in range(4):
        hall.issue()
    forecast(kiosk)
    before = kiosk.service("attest-single")
    page = kiosk.take()
    ticket = kiosk.tickets()[-1]
    told = told_with(ticket)
    assert told is not None
    # Four before it and one at the counter, six minutes each.
    assert told.least <= 24 <= told.most <= 60
    sentence = f"الانتظار المتوقّع: من {told.least} إلى {told.most} دقيقة"
    assert sentence in before.text
    assert sentence in page.text
    assert on_paper(hall, ticket) is not None
    assert f"من {told.least} إلى {told.most} دقيقة" in kiosk.open().text
    forecast(kiosk)
    assert "الانتظار المتوقّع" in kiosk.visitor.open(f"/t/{ticket.token}").text


def test_reception_reads_what_the_visitor_is_told(kiosk: Kiosk, clock: FrozenClock, nour: Desk) -> None:
    hall = kiosk.hall
    desk = serve(hall, clock, nour, ENOUGH_VISITS + 1)
    waiting = [hall.issue().ticket for _ in range(3)]
    forecast(kiosk)
    person = another(kiosk.client)
    hall.person("rana", ((hall.branch.id, "receptionist"),))
    sign_in(person, "rana")

    def sentence(page: str) -> list[str]:
        return re.findall(r"الانتظار المتوقّع: [^.<]*?دقيقة", Page(page).text)

    def reception(ticket: TicketView) -> list[str]:
        return sentence(person.get(f"/reception/{hall.branch.slug}/tickets/{ticket.id}").text)

    last = waiting[-1]
    told = sentence(kiosk.client.get(f"/t/{last.token}").text)
    assert told
    assert reception(last) == told
    # Whoever is next and whoever was called are told none.
    assert reception(waiting[0]) == []
    hall.call_next(desk)
    forecast(kiosk)
    assert reception(waiting[0]) == []


def test_with_too_little_seen_only_the_place_is_told(kiosk: Kiosk, clock: FrozenClock, nour: Desk) -> None:
    serve(kiosk.hall, clock, nour, ENOUGH_VISITS - 1)
    kiosk.hall.issue()
    forecast(kiosk)
    page = kiosk.take()
    assert "أمامك شخص واحد" in page.text
    assert "الانتظار المتوقّع" not in page.text
    assert on_paper(kiosk.hall, kiosk.tickets()[-1]) is None


def test_nothing_is_told_while_no_counter_is_open_and_by_a_forecast_that_is_old(
    kiosk: Kiosk, clock: FrozenClock, nour: Desk
) -> None:
    hall = kiosk.hall
    desk = serve(hall, clock, nour, ENOUGH_VISITS + 1)
    hall.issue()
    forecast(kiosk)
    assert "الانتظار المتوقّع" in kiosk.service("attest-single").text
    clock.move(FRESH)
    assert "الانتظار المتوقّع" not in kiosk.service("attest-single").text
    hall.db.write_in_now(hall.branch.id, calling.finish, desk)
    hall.db.write_in_now(hall.branch.id, counters.close_counter, hall.at(desk.staff_id))
    forecast(kiosk)
    assert "الانتظار المتوقّع" not in kiosk.service("attest-single").text


def test_a_wait_that_becomes_longer_says_why(kiosk: Kiosk, clock: FrozenClock, nour: Desk) -> None:
    hall = kiosk.hall
    second = hall.sit(hall.person("second"), "c5")
    serve(hall, clock, nour, ENOUGH_VISITS + 1)
    for _ in range(8):
        hall.issue()
    forecast(kiosk)
    kiosk.take()
    ticket = kiosk.tickets()[-1]
    forecaster = Forecaster(installation(kiosk))
    asyncio.run(forecaster.renew(hall.branch.id))
    hall.db.write_in_now(hall.branch.id, counters.close_counter, second)
    asyncio.run(forecaster.renew(hall.branch.id))
    assert "أُغلق شباك، فصار الانتظار أطول مما قلنا" in kiosk.visitor.open(f"/t/{ticket.token}").text


def test_the_end_of_a_wait_is_its_first_call_and_is_learnt_once(kiosk: Kiosk, clock: FrozenClock, nour: Desk) -> None:
    hall = kiosk.hall
    desk = serve(hall, clock, nour, ENOUGH_VISITS + 1)
    forecast(kiosk)
    kiosk.take()
    issued = clock.now()
    clock.move(VISIT)
    called = hall.call_next(desk)
    assert called is not None
    assert called.wait_ended_at == clock.now()
    clock.move(VISIT)
    (found,) = hall.db.read_now(outcomes, hall.branch, issued - VISIT, clock.now())
    assert found.minutes == VISIT.total_seconds() / 60
    assert found.called
    assert hall.db.read_now(outcomes, hall.branch, clock.now(), clock.now() + VISIT) == []


def test_staff_see_what_people_are_told_and_that_the_last_is_called_after_closing_time(
    kiosk: Kiosk, clock: FrozenClock, nour: Desk
) -> None:
    hall = kiosk.hall
    serve(hall, clock, nour, ENOUGH_VISITS + 1)
    hall.issue()
    forecast(kiosk)
    office = another(kiosk.client)
    hall.administrator("admin")
    sign_in(office, "admin", "en")
    page = office.get("/office").text
    assert "A number taken now waits" in page
    assert "will be called at about" not in page
    for _ in range(40):
        hall.issue()
    forecast(kiosk)
    assert "The last of those who wait now will be called at about" in office.get("/office").text
    desk = another(kiosk.client)
    sign_in(desk, "nour", "en")
    assert re.search(r"\d–\d+\s+to go", Page(desk.get(f"/desk/{hall.branch.slug}/c4").text).text)


def test_the_screen_says_how_long_a_number_taken_now_waits(kiosk: Kiosk, clock: FrozenClock, nour: Desk) -> None:
    hall = kiosk.hall
    serve(hall, clock, nour, ENOUGH_VISITS + 1)
    for _ in range(3):
        hall.issue()
    told = waits_on_screen(kiosk)
    assert "min" not in told
    forecast(kiosk)
    told = waits_on_screen(kiosk)
    assert re.search(r"\d+–\d+", told)
    assert "دقيقة min" in told


def waits_on_screen(kiosk: Kiosk) -> str:
    """The words of the waiting people on a screen of the hall."""
    screen = another(kiosk.client)
    _, token = pair(kiosk.hall, "display")
    screen.cookies.set("device-display", token)
    page = screen.get("/display")
    assert page.status_code == 200
    return Page(page.text.split('class="queues"')[1]).text


def test_who_stands_in_another_queue_than_the_number_is_told_nothing_of_the_old_promise(
    kiosk: Kiosk, clock: FrozenClock, nour: Desk
) -> None:
    hall = kiosk.hall
    desk = serve(hall, clock, nour, ENOUGH_VISITS + 1)
    forecast(kiosk)
    kiosk.take()
    ticket = kiosk.tickets()[-1]
    for _ in range(6):
        hall.issue()
    called = hall.call_next(desk)
    assert called is not None
    assert called.id == ticket.id
    clock.move(VISIT)
    # Missing papers: the visitor waits again, behind the others, and was promised nothing for that.
    here = hall.at(desk.staff_id, expected=called.id)
    hall.db.write_in_now(hall.branch.id, calling.park, here)
    hall.db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, ticket.id, SYSTEM)
    forecast(kiosk)
    page = kiosk.visitor.open(f"/t/{ticket.token}").text
    assert "أطول مما قلنا" not in page
    assert on_paper(hall, hall.db.read_now(line.ticket, hall.branch.id, ticket.id)) is None


def test_a_queue_whose_numbers_are_stopped_tells_no_newcomer_a_wait(
    kiosk: Kiosk, clock: FrozenClock, nour: Desk
) -> None:
    hall = kiosk.hall
    serve(hall, clock, nour, ENOUGH_VISITS + 1)
    forecast(kiosk)
    queue = hall.branch.service("attest-single").queue_id
    assert installation(kiosk).waits.for_queue(hall.branch, queue, clock.now()) is not None
    head = hall.db.read_now(staff_by_id, hall.administrator())
    assert head is not None
    hall.db.write_now(stop_numbers, hall.branch.id, queue, SYSTEM, head)
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    assert installation(kiosk).waits.for_queue(branch, queue, clock.now()) is None


@pytest.mark.parametrize("late", [False, True])
def test_whoever_checks_in_for_an_appointment_is_told_a_wait_with_the_number(
    kiosk: Kiosk, clock: FrozenClock, nour: Desk, *, late: bool
) -> None:
    """On the page, on the slip and on the telephone, before the next forecast; an early visitor until the booked time."""
    hall = kiosk.hall
    starts_at = clock.now() + VISIT * (ENOUGH_VISITS + 5)
    booked = book(hall, starts_at, "attest-batch")
    serve(hall, clock, nour, ENOUGH_VISITS + 1)
    for _ in range(4):
        hall.issue()
    if late:
        clock.set(starts_at + timedelta(minutes=hall.branch.queue_rules.late_grace_min + 1))
    forecast(kiosk)
    page = kiosk.check_in(booked.code)
    ticket = kiosk.tickets()[-1]
    assert ticket.booking_id == booked.id
    told = told_with(ticket)
    assert told is not None
    assert f"الانتظار المتوقّع: من {told.least} إلى {told.most} دقيقة" in page.text
    assert on_paper(hall, ticket) is not None
    forecast(kiosk)
    (after,) = (installation(kiosk).waits.of_ticket(hall.branch.id, ticket.id, clock.now()),)
    # What the next forecast says of the ticket itself is the same.
    assert after is not None
    assert after.range == told
    if not late:
        assert told.most >= (ticket.anchor_at - ticket.issued_at) / timedelta(minutes=1) - 5
