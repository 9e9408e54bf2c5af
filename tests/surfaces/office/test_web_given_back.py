"""An address that gives back many appointments: its limits, what the office is told, what staff can do."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from limits import parse
from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.together import confirm_together, hold_together
from queue_system.clock import FrozenClock
from queue_system.core.freed import RELEASES, SPREAD
from queue_system.store.log import VISITOR
from queue_system.store.queries.freed import kept_places
from queue_system.web import limits
from queue_system.web.given_back import AT_MOST, WITHIN, WORTH_TELLING
from tests.kit.api_program import Answer, Program
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import another, sign_in

ROUNDS = 120


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    return here[0]


@pytest.fixture
def program(client: TestClient) -> Program:
    return Program(client)


def test_one_machine_cannot_empty_the_calendar_and_what_it_took_returns(
    program: Program, hall: Hall, clock: FrozenClock
) -> None:
    before = program.slots()
    last_day = [start for start in before if start[:10] == before[-1][:10]]
    statuses = [give_back(program, start).status for start in (last_day * ROUNDS)[:ROUNDS]]
    kept = hall.db.read_now(kept_places, hall.branch.id)
    assert len(kept) == statuses.count(200) == AT_MOST
    assert set(statuses) == {200, 429}
    clock.move(timedelta(days=RELEASES) + SPREAD)
    hall.db.write_in_now(hall.branch.id, actions.expire_holds, hall.branch.id)
    assert hall.db.read_now(kept_places, hall.branch.id) == []


def test_who_gave_back_many_can_book_again_after_an_hour(program: Program, clock: FrozenClock) -> None:
    starts = program.slots()[-AT_MOST - 2 :]
    for start in starts[:AT_MOST]:
        assert give_back(program, start).status == 200
    refused = program.hold(starts[-1])
    assert (refused.status, refused.code) == (429, "too-many")
    assert int(refused.headers["retry-after"]) == WITHIN.total_seconds()
    clock.move(WITHIN)
    assert program.hold(starts[-1]).status == 201


def test_what_was_held_before_is_neither_confirmed_nor_moved_and_can_always_be_cancelled(program: Program) -> None:
    starts = program.slots()[-AT_MOST - 3 :]
    held, booked = program.hold(starts[-1]), program.hold(starts[-2])
    assert program.post(f"bookings/{booked.body['token']}/confirmation").status == 200
    for start in starts[:AT_MOST]:
        assert give_back(program, start).status == 200
    assert program.post(f"bookings/{held.body['token']}/confirmation").status == 429
    moved = program.send("PUT", f"bookings/{booked.body['token']}/start", {"starts_at": starts[-3]})
    assert moved.status == 429
    page = program.client.post(f"/b/{booked.body['token']}/change/{starts[-3][:10]}/20261210T0530Z")
    assert (page.status_code, int(page.headers["retry-after"]) > 0) == (429, True)
    assert program.delete(f"bookings/{booked.body['token']}").status == 200


def test_confirming_again_and_again_without_coming_ends_too(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.RATES, "confirmations", parse("2 per hour"))
    held = [program.hold(start) for start in program.slots()[:3]]
    statuses = [program.post(f"bookings/{one.body['token']}/confirmation").status for one in held]
    assert statuses == [200, 200, 429]
    # Confirming again does not count as another confirmation.
    assert program.post(f"bookings/{held[0].body['token']}/confirmation").status == 200


def test_the_office_hears_of_an_address_that_gives_back_many(program: Program, client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin")
    starts = program.slots()[-WORTH_TELLING:]
    for start in starts[:-1]:
        give_back(program, start)
    assert "من عنوان واحد خلال ساعة" not in client.get("/office").text
    give_back(program, starts[-1])
    page = client.get("/office").text
    assert "من عنوان واحد خلال ساعة" in page
    assert 'href="/office/given-back"' in page


def test_a_visit_of_many_parts_that_is_called_off_is_one_appointment_for_the_office_and_many_places(
    program: Program, client: TestClient, hall: Hall
) -> None:
    here, service = hall.branch.id, hall.service("attest-single")
    starts = [datetime.fromisoformat(one) for one in program.slots()[-WORTH_TELLING:]]
    orders = [HoldOrder(here, service, one, "سلمى الأتاسي", "s@example.org", "ar", VISITOR) for one in starts]
    visit = hall.db.write_in_now(here, hold_together, here, orders)
    for part in hall.db.write_in_now(here, confirm_together, here, visit, VISITOR, {}):
        assert program.delete(f"bookings/{part.token}").status == 200
    sign_in(client, "admin")
    assert "من عنوان واحد خلال ساعة" not in client.get("/office").text
    page = client.get("/office/given-back").text
    kept = hall.db.read_now(kept_places, here)
    assert len(kept) == WORTH_TELLING
    assert all(place.code in page for place in kept)


def test_staff_see_what_is_kept_and_let_it_return(client: TestClient, hall: Hall, program: Program) -> None:
    day = [start for start in program.slots("passport-lost") if start.startswith("2026-11-25")]
    for start in day[:3]:
        give_back(program, start, "passport-lost")
    program.client.cookies.clear()
    assert client.get("/office/given-back").status_code == 303
    hall.person("head", ((hall.branch.id, "supervisor"),))
    sign_in(client, "head")
    page = client.get("/office/given-back").text
    kept = hall.db.read_now(kept_places, hall.branch.id)
    assert all(place.code in page for place in kept)
    assert "ينتظر الموظف" in page
    release = "/office/given-back/doha-main/release"
    one, *others = [place.id for place in kept]
    assert "أُتيح موعد واحد للجميع" in after(client, release, one)
    assert program.slots("passport-lost").count(day[0]) == 1
    assert "أُتيح موعدان للجميع" in after(client, release, *others)
    assert "لم يُتح شيء" in after(client, release, one)
    assert "لم يُتح شيء" in client.post(release, data={"places": "x,"}, follow_redirects=True).text
    assert "لا مواعيد متروكة الآن" in client.get("/office/given-back").text


def test_places_are_released_in_ones_own_department_alone(client: TestClient, hall: Hall, program: Program) -> None:
    give_back(program, next(one for one in program.slots("passport-lost") if one > "2026-11-25"), "passport-lost")
    program.client.cookies.clear()
    (kept,) = hall.db.read_now(kept_places, hall.branch.id)
    hall.person("lina", ())
    give_in_department(hall, "lina", add_role(hall, "only-release", "release_places"), "legal")
    sign_in(client, "lina")
    assert kept.code not in client.get("/office/given-back").text
    assert "لم يُتح شيء" in after(client, "/office/given-back/doha-main/release", kept.id)
    assert len(hall.db.read_now(kept_places, hall.branch.id)) == 1


def test_whoever_may_not_release_places_does_not_see_them(client: TestClient, hall: Hall) -> None:
    hall.person("reader", ((hall.branch.id, "auditor"),))
    sign_in(another(client), "reader")
    other = another(client)
    sign_in(other, "reader")
    assert other.get("/office/given-back").status_code == 403
    assert "/office/given-back" not in other.get("/office").text


def give_back(program: Program, start: str, service: str = "attest-single") -> Answer:
    """Hold, confirm and cancel, each time with another name; the answer to the last possible step."""
    answer = program.hold(start, service)
    if answer.status == 201:
        address = f"bookings/{answer.body['token']}"
        answer = program.post(f"{address}/confirmation")
        if answer.status == 200:
            answer = program.delete(address)
    return answer


def after(client: TestClient, address: str, *ids: UUID) -> str:
    return client.post(address, data={"places": ",".join(map(str, ids))}, follow_redirects=True).text
