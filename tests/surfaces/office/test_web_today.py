"""Today: each thing to do appears with its button and goes when it is mended; the hall, its counters, what comes next."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import devices, sessions
from queue_system.actions.counters import close_counter
from queue_system.actions.upkeep import done_by_hand
from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused
from queue_system.core.rights import OFFICE_RIGHTS
from queue_system.i18n import isolates
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import access, audit
from queue_system.store.queries.today import hall_now
from queue_system.store.tables import ORGANISATION, ClosureRow, Device, table
from queue_system.surfaces.office import todo
from queue_system.surfaces.office.todo_item import Item
from tests.kit.deciding import booked, closing, save
from tests.kit.hall import Hall, edit
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import Page, another, sign_in

UNSERVED = "people wait with no open counter"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


def see(client: TestClient, path: str = "/office") -> Page:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return Page(isolates.strip(answer.text))


def device(hall: Hall, slug: str) -> access.DeviceView:
    return next(one for one in hall.db.read_now(access.devices, hall.branch.id) if one.slug == slug)


# ---------------------------------------------------------------- to do


def test_a_queue_with_people_and_no_counter_is_said_until_a_counter_opens(client: TestClient, hall: Hall) -> None:
    hall.issue()
    page = see(client)
    assert UNSERVED in page.text
    assert 'href="#counters"' in page.html
    hall.sit(hall.person("nour"))
    assert UNSERVED not in see(client).text


def test_undecided_appointments_are_said_to_people_who_decide(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    start = clock.now().replace(hour=5, minute=30) + timedelta(days=2)
    booked(hall, start)
    assert "waits for a decision" not in see(client).text
    save(hall, closing(hall, start.date()))
    page = see(client)
    assert "1 appointment cannot take place as agreed and waits for a decision" in page.text
    assert 'href="/office/undecided"' in page.html
    hall.person("tech", ((hall.branch.id, "it"),))
    sign_in(client, "tech", "en")
    assert "waits for a decision" not in see(client).text


def test_a_printer_without_paper_is_said_with_a_trial_slip(client: TestClient, hall: Hall) -> None:
    printer, rows = device(hall, "p2"), table(Device)
    place = dict(printer.data) | {
        "transport": "tcp9100",
        "address": "127.0.0.1:9100",
        "host": "127.0.0.1",
        "port": 9100,
    }

    def status(word: str) -> None:
        edit(
            hall, lambda tx: tx.execute(sa.update(rows).where(rows.c.id == printer.id).values(status=word, data=place))
        )

    status("no_paper")
    page = see(client)
    assert page.form("p2/trial").action == f"/office/printers/{hall.branch.slug}/p2/trial"
    assert "Out of paper" in page.text
    status("ready")
    assert "Out of paper" not in see(client).text


def test_a_silent_kiosk_is_said_until_it_reports(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    kiosk = device(hall, "k1").id
    hall.db.write_in_now(hall.branch.id, devices.enrol_device, hall.branch.id, kiosk)
    hall.db.write_now(devices.touch_devices, hall.branch.id, [kiosk])
    assert "Not responding" not in see(client).text
    clock.move(timedelta(minutes=4))
    assert "Not responding" in see(client).text
    hall.db.write_now(devices.touch_devices, hall.branch.id, [kiosk])
    assert "Not responding" not in see(client).text


def test_a_device_that_waits_to_be_let_in_is_said(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    hall.db.write_now(devices.ask_pairing, "kiosk")
    assert "1 device is waiting to be paired" in see(client).text
    clock.move(devices.PAIRING_LIFETIME)
    assert "waiting to be paired" not in see(client).text


def test_days_that_are_not_confirmed_are_said_a_month_ahead(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    rows, day = table(ClosureRow), clock.now().date() + timedelta(days=20)
    edit(hall, closing(hall, day))
    here = rows.c.branch_id == hall.branch.id
    provisional = sa.update(rows).where(here, rows.c.first == day)
    assert "not confirmed yet" not in see(client).text
    edit(hall, lambda tx: tx.execute(provisional.values(provisional=True)))
    assert see(client).text.count("Closed, Saturday 12 December 2026: not confirmed yet.") == 1


def test_missing_backups_are_said_until_there_is_one(client: TestClient, hall: Hall) -> None:
    assert 'href="/office/health"' in see(client).html.split('id="todo"')[1].split("</section>")[0]
    for task in ("backup", "drill"):
        hall.db.write_in_now(ORGANISATION, done_by_hand, task, {}, SYSTEM)
    assert 'href="/office/health"' not in see(client).html.split('id="todo"')[1].split("</section>")[0]


def test_one_administrator_is_not_enough(client: TestClient, hall: Hall) -> None:
    assert "There is only one administrator" in see(client).text
    hall.administrator("second")
    assert "There is only one administrator" not in see(client).text


def test_an_item_that_fails_does_not_take_the_page_with_it(
    client: TestClient, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tx: Tx, *_: object) -> list[Item]:
        # After a statement that failed PostgreSQL answers nothing more in the same transaction.
        tx.rows(sa.select(sa.literal_column("no_such_column")))
        return []

    monkeypatch.setattr(todo, "SOURCES", (todo.OfBranch(OFFICE_RIGHTS, broken), *todo.SOURCES))
    hall.issue()
    assert UNSERVED in see(client).text


def test_with_nothing_to_do_it_says_so(client: TestClient, hall: Hall) -> None:
    hall.person("auditor", ((hall.branch.id, "auditor"),))
    sign_in(client, "auditor", "en")
    assert "Nothing needs a hand now" in see(client).text


# ---------------------------------------------------------------- the hall, and what comes next


def test_names_of_clerks_are_for_people_who_are_responsible_for_the_hall(client: TestClient, hall: Hall) -> None:
    desk = hall.sit(hall.person("nour"))
    ticket = hall.issue().ticket
    hall.call_next(desk)
    page = see(client)
    assert "nour name" in page.text
    assert ticket.code in page.text
    hall.person("tech", ((hall.branch.id, "it"),))
    sign_in(client, "tech", "en")
    page = see(client)
    assert "nour name" not in page.text
    assert ticket.code in page.text


def test_a_person_of_one_department_sees_its_queues_alone(client: TestClient, hall: Hall) -> None:
    hall.person("dana", ())
    give_in_department(hall, "dana", add_role(hall, "only-today", "see_today"), "legal")
    sign_in(client, "dana", "en")
    own = {
        hall.branch.queues[one.queue_id].slug
        for one in hall.branch.services.values()
        if hall.branch.departments[one.department_id].slug == "legal"
    }
    html = see(client).html
    assert {one.slug for one in hall.branch.queues.values() if f'id="queue-{one.slug}"' in html} == own


def test_the_day_says_what_decided_its_hours_and_what_comes(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    text = see(client).text
    assert "the regular week" in text
    assert "13:30 Last number" in text
    edit(hall, closing(hall, clock.now().date() + timedelta(days=3)))
    assert "Wednesday 25 November 2026 Closed: Closed" in see(client).text
    edit(hall, closing(hall, clock.now().date()))
    assert "Closed today (Closed)" in see(client).text


def test_one_branch_at_a_time_with_a_line_for_each(client: TestClient, hall: Hall) -> None:
    hall.issue()
    other = see(client, "/office?branch=mobile-consulate")
    assert UNSERVED not in other.text
    assert 'hx-get="/office/today?branch=mobile-consulate"' in other.html
    assert f'href="/office?branch={hall.branch.slug}"' in other.html
    assert client.get("/office?branch=no-such").status_code == 404
    hall.person("tech", ((hall.branch.id, "it"),))
    sign_in(client, "tech", "en")
    assert "mobile-consulate" not in see(client).html
    assert client.get("/office/today?branch=mobile-consulate").status_code == 404


def test_the_part_that_refreshes_is_that_of_the_page_and_keeps_no_session_alive(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    hall.issue()
    part = client.get(f"/office/today?branch={hall.branch.slug}")
    assert isolates.strip(part.text).strip() in see(client).html
    clock.move(sessions.SESSION_IDLE.usual / 2)
    assert client.get("/office/today").status_code == 200
    clock.move(sessions.SESSION_IDLE.usual / 2)
    assert client.get("/office/today", headers={"hx-request": "true"}).status_code == 401


# ---------------------------------------------------------------- counters


def supervise(client: TestClient, hall: Hall) -> TestClient:
    """A second browser, of somebody who opens and closes counters and does not work at one."""
    hall.person("karima", ((hall.branch.id, add_role(hall, "only-counters", "open_close_counters")),))
    other = another(client)
    sign_in(other, "karima", "en")
    return other


def who_sits(hall: Hall, counter: str = "c4") -> str | None:
    found = hall.db.read_now(hall_now, hall.branch, (), (), [hall.counter(counter)], sessions.SESSION_IDLE)
    return found.counters[0].name


def test_a_counter_is_opened_for_a_clerk_who_is_signed_in(client: TestClient, hall: Hall) -> None:
    office = supervise(client, hall)
    # An administrator who is signed in might sit down too.
    client.post("/sign-out")
    assert "No clerk is free" in see(office).text
    staff = str(hall.person("nour"))
    sign_in(client, "nour", "en")
    form = see(office).form("c4/opening")
    answer = office.post(form.action, data={"staff": staff})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/office?branch={hall.branch.slug}#counters")
    assert who_sits(hall) == "nour name"
    (entry,) = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="counter.opened"), 10)
    karima = hall.db.read_now(access.staff_by_login, "karima")
    assert karima is not None
    assert (entry.actor_id, entry.data["for_clerk"]) == (str(karima[0]), staff)
    # Nobody is free any more, so a second press changes nothing.
    again = office.post(form.action.replace("c4", "c3"), data={"staff": staff})
    assert again.headers["location"].endswith("said=changed#counters")
    assert who_sits(hall, "c3") is None
    assert client.get(f"/desk/{hall.branch.slug}/c4").status_code == 200


def test_a_clerk_is_chosen_by_hand_where_several_are_free(client: TestClient, hall: Hall) -> None:
    office = supervise(client, hall)
    # The administrator, who is signed in too, might sit down as well.
    hall.person("nour")
    sign_in(another(client), "nour", "en")
    page = see(office)
    chosen = re.search(r'c4/opening">.*?<option value="([^"]*)"', page.html, re.DOTALL)
    assert chosen is not None
    refused = office.post(page.form("c4/opening").action, data={"staff": chosen[1]})
    assert "no clerk was chosen" in see(office, refused.headers["location"]).text
    assert who_sits(hall) is None


def test_a_counter_that_a_clerk_has_left_is_closed_and_a_visitor_there_keeps_it_open(
    client: TestClient, hall: Hall
) -> None:
    office = supervise(client, hall)
    nour = hall.person("nour")
    desk = hall.sit(nour)
    assert "nobody at work" in see(office).text
    sign_in(another(client), "nour", "en")
    assert "nobody at work" not in see(office).text
    form = see(office).form("c4/closing", staff=str(nour))
    assert form.values == {"staff": str(nour)}
    hall.issue()
    called = hall.call_next(desk)
    assert called is not None
    assert "c4/closing" not in see(office).html
    busy = office.post(form.action, data=form.values)
    assert "a visitor is there" in see(office, busy.headers["location"]).text
    assert who_sits(hall) == "nour name"
    hall.call_next(hall.at(nour, expected=called.id))
    assert office.post(form.action, data=form.values).status_code == 303
    assert who_sits(hall) is None


def test_a_press_that_comes_after_another_clerk_sat_down_closes_nothing(client: TestClient, hall: Hall) -> None:
    office = supervise(client, hall)
    hall.db.write_in_now(hall.branch.id, close_counter, hall.sit(nour := hall.person("nour")))
    hall.sit(hall.person("zaina"))
    answer = office.post(f"/office/counters/{hall.branch.slug}/c4/closing", data={"staff": str(nour)})
    assert answer.headers["location"].endswith("said=changed#counters")
    assert who_sits(hall) == "zaina name"


def test_counters_of_other_departments_are_left_alone(client: TestClient, hall: Hall) -> None:
    hall.person("dana", ())
    give_in_department(hall, "dana", add_role(hall, "only-counters", "open_close_counters"), "legal")
    own = {
        hall.branch.queues[one.queue_id].id
        for one in hall.branch.services.values()
        if hall.branch.departments[one.department_id].slug == "legal"
    }
    (foreign, *_) = [one.slug for one in hall.branch.counters.values() if not own & set(one.queues)]
    nour = hall.person("nour")
    hall.sit(nour, foreign)
    office = another(client)
    sign_in(office, "dana", "en")
    answer = office.post(f"/office/counters/{hall.branch.slug}/{foreign}/closing", data={"staff": str(nour)})
    assert answer.status_code == 403
    assert who_sits(hall, foreign) == "nour name"


# ---------------------------------------------------------------- numbers


def test_a_queue_is_stopped_for_the_day_and_gives_numbers_again(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    slug = hall.branch.queue_of(hall.branch.service("attest-single")).slug
    waiting = hall.issue().ticket
    stop = see(client).form(f"{slug}/stop")
    assert client.post(stop.action).headers["location"] == f"/office?branch={hall.branch.slug}#queues"
    assert "No more numbers today" in see(client).text
    with pytest.raises(Refused, match="numbers-stopped"):
        hall.issue()
    api = client.get(f"/api/v1/branches/{hall.branch.slug}/queues").json()
    assert api["gives_tickets"] is True
    assert {one["queue"] for one in api["queues"] if not one["gives_tickets"]} == {slug}
    # Another queue goes on, and so does everybody who waits.
    hall.issue("hajj-payment")
    called = hall.call_next(hall.sit(hall.person("nour")))
    assert called is not None
    assert called.id == waiting.id
    # A second press changes nothing.
    assert client.post(stop.action).status_code == 303
    assert len(hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="settings.changed"), 10)) == 1
    assert client.post(see(client).form(f"{slug}/resume").action).status_code == 303
    assert "No more numbers today" not in see(client).text
    hall.issue()
    client.post(stop.action)
    clock.move(timedelta(days=1))
    sign_in(client, "admin", "en")
    assert "No more numbers today" not in see(client).text
    hall.issue()


def test_numbers_are_stopped_by_people_of_the_department_alone(client: TestClient, hall: Hall) -> None:
    hall.person("dana", ())
    give_in_department(hall, "dana", add_role(hall, "only-stops", "stop_tickets"), "legal")
    sign_in(client, "dana", "en")
    slug = hall.branch.queue_of(hall.branch.service("attest-single")).slug
    assert client.post(f"/office/today/{hall.branch.slug}/{slug}/stop").status_code == 403
    hall.issue()
    own = next(
        hall.branch.queues[one.queue_id].slug
        for one in hall.branch.services.values()
        if hall.branch.departments[one.department_id].slug == "legal"
    )
    assert client.post(see(client).form(f"{own}/stop").action).status_code == 303
    assert "No more numbers today" in see(client).text
