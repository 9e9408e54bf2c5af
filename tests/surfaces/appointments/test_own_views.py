"""What of a day and a week somebody chooses to see: members and queues with a name, a service, a state, a text."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings, own_views, staff
from queue_system.actions.bookings import HoldOrder
from queue_system.core.bookings import Booker
from queue_system.core.errors import Invalid, Refused
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.tables import OwnView, Staff, table
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import Page, another, sign_in

HERE = "/appointments/doha-main"
DAY = date(2026, 11, 22)
VIEW, STAFF = table(OwnView), table(Staff)


@pytest.fixture
def booked(hall: Hall) -> dict[str, BookingView]:
    """Three appointments of today: two of open services and one of a discreet service."""
    return {
        slug: book(hall, slug, name)
        for slug, name in (("travel-doc", "Salma Atassi"), ("attest-single", "Omar Haddad"), ("divorce", "Rim Halabi"))
    }


def test_a_view_is_saved_chosen_and_deleted(client: TestClient, hall: Hall, booked: dict[str, BookingView]) -> None:
    queue = queue_of(hall, "travel-doc")
    some = look(client, f"{HERE}?day={DAY}&only={queue}")
    assert "Salma Atassi" in some.text
    assert "Omar Haddad" not in some.text
    assert "Only some of the appointments are shown." in some.text
    saved = client.post(
        f"{HERE}/views", data={"from": "week", "day": f"{DAY}", "only": [queue], "name": " My  counter "}
    )
    assert saved.headers["location"] == f"{HERE}/week?day={DAY}&only={queue}"
    for page in (look(client, f"{HERE}?day={DAY}"), look(client, f"{HERE}/week?day={DAY}")):
        assert "My counter" in page.text
        assert f"&amp;only={queue}" in page.html
    chosen = look(client, saved.headers["location"])
    assert "Salma Atassi" in chosen.text
    assert "Omar Haddad" not in chosen.text
    [end] = [one.action for one in chosen.forms if one.action.endswith("/end")]
    # The view is nobody else's: neither seen nor deleted.
    hall.person("other", ((hall.branch.id, "receptionist"),))
    stranger = another(client)
    sign_in(stranger, "other", "en")
    assert "My counter" not in look(stranger, f"{HERE}?day={DAY}").text
    stranger.post(end, data={"from": "day"})
    assert "My counter" in look(client, HERE).text
    client.post(end, data={"from": "day"})
    assert "My counter" not in look(client, HERE).text


def test_a_view_is_deleted_when_somebody_in_it_is_gone_and_when_another_has_the_same_choice(
    client: TestClient, hall: Hall
) -> None:
    queue = queue_of(hall, "travel-doc")
    me = hall.db.read_now(Tx.scalar, sa.select(STAFF.c.id).where(STAFF.c.login == "rana"))
    for name, only in (("one", [queue]), ("two", [queue]), ("three", [queue, "gone"]), ("four", ["gone"])):
        hall.db.write_now(own_views.save_view, hall.branch.id, me, name, only)
    page = look(client, f"{HERE}?day={DAY}&only={queue}")
    # What is shown has a name, so none is asked for.
    assert not [one for one in page.forms if one.action.endswith("/views")]
    ends = [one.action for one in page.forms if one.action.endswith("/end")]
    assert len(ends) == 4
    for end in ends:
        client.post(end, data={"from": "day"})
    assert hall.db.read_now(lambda tx: tx.rows(sa.select(VIEW.c.id))) == []


def test_a_name_is_asked_for_and_the_choice_stays(client: TestClient, hall: Hall) -> None:
    queue = queue_of(hall, "travel-doc")
    answer = client.post(f"{HERE}/views", data={"from": "day", "day": "2026-11-23", "only": [queue], "name": " "})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "Write a name for the view." in page.text
    assert f'value="{queue}" checked' in page.html
    assert "23 November" in page.text


def test_names_are_unique_few_and_short(hall: Hall) -> None:
    me = hall.person("me", ())

    def save(name: str, *only: str) -> None:
        hall.db.write_now(own_views.save_view, hall.branch.id, me, name, only)

    for number in range(own_views.MOST_VIEWS):
        save(f"view {number}", "a")
    save("view 3", "b")
    assert hall.db.read_now(lambda tx: len(tx.rows(sa.select(VIEW.c.id)))) == own_views.MOST_VIEWS
    with pytest.raises(Refused, match="views-many"):
        save("one more", "a")
    with pytest.raises(Refused, match="view-empty"):
        save("none")
    with pytest.raises(Invalid, match="view-name-long"):
        save("x" * (own_views.LONGEST_NAME + 1), "a")


def test_views_go_with_the_account(hall: Hall) -> None:
    """Somebody who signs in with single sign-on has no password, and can have views."""
    me = hall.person("guest", ())
    hall.db.write_now(own_views.save_view, hall.branch.id, me, "mine", ["a"])
    hall.db.write_now(lambda tx: tx.execute(sa.update(STAFF).where(STAFF.c.id == me).values(password="")))
    hall.db.write_now(staff.remove_staff, "guest", SYSTEM)
    assert hall.db.read_now(lambda tx: tx.rows(sa.select(VIEW.c.id))) == []


def test_services_states_and_channels_narrow_a_day_and_its_paper(
    client: TestClient, hall: Hall, booked: dict[str, BookingView]
) -> None:
    for page in ("", "/week", "/paper"):
        seen = look(client, f"{HERE}{page}?day={DAY}&service=attest-single&state=confirmed").text
        assert "Omar Haddad" in seen
        assert "Salma Atassi" not in seen
        assert "Omar Haddad" not in look(client, f"{HERE}{page}?day={DAY}&state=no_show").text
        assert "Omar Haddad" not in look(client, f"{HERE}{page}?day={DAY}&channel=telephone").text
    # The next day keeps the choice, and the time of somebody who is not shown is no free time.
    day = look(client, f"{HERE}?day={DAY}&service=attest-single")
    assert "day=2026-11-23&amp;service=attest-single" in day.html
    assert day.html.count('<div class="appointments-cell quiet">') >= 1
    # What an address invents is left out.
    assert "Salma Atassi" in look(client, f"{HERE}?day={DAY}&only=nobody&service=none&state=x&channel=y").text


def test_a_text_finds_what_its_reader_may_read(client: TestClient, hall: Hall, booked: dict[str, BookingView]) -> None:
    def find(who: TestClient, text: str, page: str = "") -> Page:
        answer = who.post(f"{HERE}{page}?day={DAY}", data={"s": text})
        assert answer.status_code == 200
        return Page(answer.text)

    codes = {slug: one.code for slug, one in booked.items()}

    def found(page: Page) -> set[str]:
        return {slug for slug, one in booked.items() if f"{HERE}/{one.id}" in page.html or one.code in page.text}

    assert found(find(client, "atassi")) == {"travel-doc"}
    assert found(find(client, "haddad", "/week")) == {"attest-single"}
    assert found(find(client, codes["divorce"])) == {"divorce"}
    # The name of a discreet appointment is not on the page, so nobody can guess it there.
    assert found(find(client, "halabi")) == set()
    # Who sees the day and no names finds nothing by them: the text is not obeyed.
    hall.person("seer", ((hall.branch.id, add_role(hall, "sees", "see_bookings")),))
    seer = another(client)
    sign_in(seer, "seer", "en")
    assert "Name, case number or code" not in look(seer, f"{HERE}?day={DAY}").text
    assert found(find(seer, "atassi")) == set(booked)


def look(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def queue_of(hall: Hall, slug: str) -> str:
    return hall.branch.queues[hall.branch.service(slug).queue_id].slug


def book(hall: Hall, slug: str, name: str) -> BookingView:
    service = hall.branch.service(slug)
    (day,) = hall.db.read_now(free_days, hall.branch, service, DAY, DAY, public=False)
    order = HoldOrder(
        hall.branch.id, service.id, day.slots[-1].start, name, "+97444480001", "ar", SYSTEM, booker=Booker.STAFF
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM)
