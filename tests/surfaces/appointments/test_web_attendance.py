"""The page on which staff record who came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.attendance import Attendance
from queue_system.core.bookings import Booker
from queue_system.core.participants import Person, Role
from queue_system.store.log import SYSTEM
from queue_system.store.queries.attendance import Attended, attendance_of
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.surfaces.appointments import attendance
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import Page, opened, sign_in

HERE = "/appointments/wifaq/attendance"
DAY = date(2026, 11, 24)


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    def people(hall: Hall) -> None:
        hall.person("salma", ((hall.branch.id, add_role(hall, "records", "attendance")),))
        hall.person("dana", ())
        give_in_department(hall, "dana", add_role(hall, "records-some", "attendance"), "custody")

    with opened(sqlite_url, tmp_path, clock, "social-work", "wifaq", people) as found:
        yield found


def test_many_are_recorded_at_once_and_each_of_a_mediation(place: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = place
    one = book(hall, "mediation", Person(Role.OTHER_SIDE, "باسل"))
    two = book(hall, "family-counsel")
    clock.set(max(one.ends_at, two.ends_at))
    sign_in(client, "salma", "en")
    assert f'href="{HERE}"' in client.get("/appointments/wifaq").text
    page = Page(client.get(HERE).text)
    assert "Person 2 – The other party" in page.text
    # A discreet service keeps names off screens.
    assert "باسل" not in page.html
    rest = {f"at-{booking.id}-0": "" for booking in (one, two)} | {f"rest-{DAY}": "came"}
    answer = client.post(HERE, data=rest | {f"at-{one.id}-1": "excused"})
    assert answer.headers["location"] == f"{HERE}?recorded=3"
    assert "3 were recorded." in Page(client.get(answer.headers["location"]).text).text.replace("\u2068", "").replace(
        "\u2069", ""
    )
    assert recorded(hall) == {one.id: ["came", "excused"], two.id: ["came"]}
    # The rest is nobody who has an answer already.
    client.post(HERE, data={f"at-{two.id}-0": "late", f"rest-{DAY}": "absent"})
    assert recorded(hall) == {one.id: ["came", "excused"], two.id: ["late"]}


def test_a_late_record_asks_for_a_reason_and_keeps_the_answers(
    place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    one = book(hall, "mediation")
    clock.set(one.starts_at + timedelta(days=7))
    sign_in(client, "salma", "en")
    assert "This day is more than five days ago" in client.get(HERE).text
    field = f"at-{one.id}-0"
    refused = client.post(HERE, data={field: "excused"})
    assert refused.status_code == 422
    assert 'value="excused" selected' in refused.text
    assert client.post(HERE, data={field: "excused", "reason": "from_paper"}).status_code == 303
    assert recorded(hall) == {one.id: ["excused"]}
    assert "Everything is recorded" in client.get(HERE).text


def test_each_of_many_is_on_a_page_and_the_rest_is_that_of_the_page(
    place: tuple[TestClient, Hall], clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "SHOWN", 2)
    client, hall = place
    three = [book(hall, slug) for slug in ("mediation", "family-counsel", "mediation")]
    clock.set(max(one.ends_at for one in three))
    sign_in(client, "salma", "en")
    first, second = (client.get(f"{HERE}?page={page}").text for page in (1, 2))
    fields = [[f"at-{one.id}-0" for one in three if f"at-{one.id}-0" in page] for page in (first, second)]
    assert [len(found) for found in fields] == [2, 1]
    assert (f'href="{HERE}?page=2"' in first, f'href="{HERE}?page=1"' in second) == (True, True)
    # A page that does not exist is the last one.
    assert fields[1][0] in client.get(f"{HERE}?page=9").text
    answer = client.post(f"{HERE}?page=2", data={fields[1][0]: "", f"rest-{DAY}": "came"})
    assert answer.headers["location"] == f"{HERE}?recorded=1&page=2"
    found = recorded(hall)
    assert sorted(found[one.id] == ["came"] for one in three) == [False, False, True]


def test_what_is_of_another_department_is_neither_shown_nor_recorded(
    place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    one = book(hall, "mediation")
    clock.set(one.ends_at)
    sign_in(client, "dana", "en")
    assert one.code[:4] not in client.get(HERE).text
    assert client.post(HERE, data={f"at-{one.id}-0": "absent"}).headers["location"] == f"{HERE}?recorded=0"
    assert recorded(hall) == {one.id: [None]}


def book(hall: Hall, slug: str, *others: Person) -> BookingView:
    service = hall.branch.service(slug)
    (found,) = hall.db.read_now(free_days, hall.branch, service, DAY, DAY, public=False)
    order = HoldOrder(hall.branch.id, service.id, found.slots[0].start, "", "", "ar", SYSTEM, booker=Booker.STAFF)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    said = Said("سلمى", "", "ar", others=others, later=True)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM, said)


def recorded(hall: Hall) -> dict[object, list[Attendance | None]]:
    found: list[Attended] = hall.db.read_now(attendance_of, hall.branch, set(hall.branch.services), DAY, DAY)
    return {one.booking.id: [person.attendance for person in one.people] for one in found}
