"""The page of messages that nobody received, Today's line about them, and what pages say about messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions.outbox import claim_message, report_message
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration, read_configuration
from queue_system.core.delivery import ERRORS
from queue_system.core.messages import Outcome
from queue_system.core.rights import MOVE_RIGHTS
from queue_system.ops.doctor import look_at_mail
from queue_system.store.database import Tx
from queue_system.store.queries.bookings import BookingView
from queue_system.store.tables import Booking, Staff, table
from tests.kit.deciding import booked
from tests.kit.hall import Hall, enter
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import SAME_ORIGIN, Page, furnished, sign_in

PAGE = "/office/messages"
MAIL = {"smtp_url": "smtp://127.0.0.1:1", "mail_from": "appointments@example.org"}


@pytest.fixture
def sending(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    """An application with a mail server; its background work does not run, so nothing is sent."""
    url = furnished(sqlite_template, tmp_path, clock.now())
    app = create_app(read_configuration({}, database_url=url, data_dir=tmp_path, **MAIL), clock)
    database = app.state.installation.database
    yield TestClient(app, headers=SAME_ORIGIN, follow_redirects=False), enter(database)
    database.close()


@pytest.fixture
def start(clock: FrozenClock) -> datetime:
    return clock.now().replace(hour=5, minute=30) + timedelta(days=2)


def test_a_refused_address_is_shown_with_what_to_do_until_the_appointment(
    sending: tuple[TestClient, Hall], clock: FrozenClock, start: datetime
) -> None:
    client, hall = sending
    sign_in(client, "admin")
    assert "لا شيء هنا" in client.get(PAGE).text
    one = failed(hall, start, "address")
    page = client.get(PAGE).text
    assert one.code in page
    assert "تثبيت الموعد" in page
    assert "يُرجى سؤال صاحب الموعد عن عنوانه الصحيح" in page
    assert one.contact not in page
    assert one.name not in page
    today = client.get("/office").text
    assert "رسالة واحدة عن موعد قادم لم تصل إلى صاحبه" in today
    assert f'href="{PAGE}"' in today
    clock.set(start)
    sign_in(client, "admin")
    assert one.code not in client.get(PAGE).text


@pytest.mark.parametrize("error", ERRORS)
def test_every_fault_says_what_to_do(sending: tuple[TestClient, Hall], start: datetime, error: str) -> None:
    client, hall = sending
    failed(hall, start, error)
    sign_in(client, "admin", "en")
    page = client.get(PAGE).text
    assert "messages.do-" not in page
    assert "audit.message" not in page
    assert "appointment confirmed" in page


def test_health_says_why_messages_wait(sending: tuple[TestClient, Hall], start: datetime) -> None:
    client, hall = sending
    booked(hall, start)
    sign_in(client, "admin", "en")
    assert "is not going out at the moment" not in client.get("/office/health").text
    claimed = hall.db.write_in_now(hall.branch.id, claim_message, hall.branch.id)
    assert claimed is not None
    about = hall.branch.id, claimed.id, claimed.attempt, Outcome.LATER, "sign_in"
    hall.db.write_in_now(hall.branch.id, report_message, *about)
    page = Page(client.get("/office/health").text).text
    assert "Email about appointments is not going out at the moment" in page
    assert "Correct name and password in QUEUE_SMTP_URL" in page


def test_messages_about_other_departments_are_not_shown(sending: tuple[TestClient, Hall], start: datetime) -> None:
    client, hall = sending
    one = failed(hall, start, "address")
    own = hall.branch.services[one.service_id].department_id
    other = next(one.slug for key, one in hall.branch.departments.items() if key != own)
    hall.person("nadia", ())
    give_in_department(hall, "nadia", add_role(hall, "decider", *MOVE_RIGHTS), other)
    sign_in(client, "nadia")
    assert one.code not in client.get(PAGE).text


def test_a_message_is_taken_given_to_a_colleague_and_done(sending: tuple[TestClient, Hall], start: datetime) -> None:
    client, hall = sending
    one = failed(hall, start, "address")
    colleague = hall.person("nadia", ((hall.branch.id, add_role(hall, "decider", *MOVE_RIGHTS)),))
    clerk = hall.person("clerk")
    sign_in(client, "admin", "en")
    page = Page(client.get(PAGE).text)
    assert "Nobody sees to this message yet" in page.text
    assert f"/appointments/{hall.branch.slug}/{one.id}/typo" in page.html
    assert "clerk name" not in page.text
    assert "and nobody sees to it" in client.get("/office").text
    address = address_of(page)
    taken = client.post(f"{address}/owner", data={"to": "me", "had": ""})
    assert "It is recorded who" in client.get(taken.headers["location"]).text
    assert "You see to this message" in client.get(PAGE).text
    today = client.get("/office").text
    assert "and nobody sees to it" not in today
    assert "You see to one message" in today
    # Somebody else had opened the page before.
    late = client.post(f"{address}/owner", data={"to": str(colleague), "had": ""})
    assert (late.status_code, "Somebody else has taken" in late.text) == (409, True)
    wrong = client.post(f"{address}/owner", data={"to": str(clerk), "had": owner_on(client)})
    assert (wrong.status_code, "choose a colleague" in wrong.text) == (422, True)
    client.post(f"{address}/owner", data={"to": str(colleague), "had": owner_on(client)})
    assert "nadia name" in Page(client.get(PAGE).text).text
    assert "You see to one message" not in client.get("/office").text
    assert client.post(f"{address}/done", data={"how": "lost"}).status_code == 422
    assert client.post(f"{address}/done", data={"how": "phone"}).status_code == 303
    assert one.code not in client.get(PAGE).text
    assert client.post(f"{address}/done", data={"how": "phone"}).status_code == 404


def test_whose_account_is_locked_sees_to_no_message(sending: tuple[TestClient, Hall], start: datetime) -> None:
    client, hall = sending
    failed(hall, start, "address")
    colleague = hall.person("nadia", ((hall.branch.id, add_role(hall, "decider", *MOVE_RIGHTS)),))
    sign_in(client, "admin", "en")
    client.post(f"{address_of(Page(client.get(PAGE).text))}/owner", data={"to": str(colleague), "had": ""})
    assert "and nobody sees to it" not in client.get("/office").text
    hall.db.write_now(Tx.execute, sa.update(table(Staff)).where(table(Staff).c.id == colleague).values(active=False))
    assert "and nobody sees to it" in client.get("/office").text
    assert "Nobody sees to this message yet" in client.get(PAGE).text


def test_a_message_is_sent_again_from_the_page(sending: tuple[TestClient, Hall], start: datetime) -> None:
    client, hall = sending
    one = failed(hall, start, "unreachable")
    sign_in(client, "admin", "en")
    page = Page(client.get(PAGE).text)
    assert 'href="/office/health"' in page.html
    assert "/typo" not in page.html
    sent = client.post(f"{address_of(page)}/again")
    assert "is being sent again" in client.get(sent.headers["location"]).text
    assert one.code not in client.get(PAGE).text
    other = failed(hall, start + timedelta(hours=1), "unreachable", contact="huda@example.org")
    address = address_of(Page(client.get(PAGE).text))
    hall.db.write_now(Tx.execute, sa.update(table(Booking)).values(contact_way="none"))
    refused = client.post(f"{address}/again")
    assert refused.status_code == 409
    assert "No message can be sent to this person" in refused.text
    assert other.code in refused.text


def test_pages_say_that_nothing_is_sent_unless_something_is(
    here: tuple[TestClient, Hall], sending: tuple[TestClient, Hall]
) -> None:
    without, with_mail = (one.get("/privacy").text for one in (here[0], sending[0]))
    assert "لا يرسل هذا الموقع شيئًا إلى الهاتف أو البريد" in without
    assert "لا يرسل هذا الموقع شيئًا" not in with_mail
    assert "تُرسل رسائل عن الموعد إلى عنوان البريد" in with_mail
    assert "لا يُرسل شيء إلى الهاتف" in with_mail
    for client in (here[0], sending[0]):
        sign_in(client, "admin")
    assert "لا ترسل هذه المنصة رسائل" in here[0].get(PAGE).text
    assert "لا تُرسل رسائل" in here[0].get("/office/undecided").text
    assert "لا تُرسل رسائل" not in sending[0].get("/office/undecided").text


def test_calling_off_promises_a_message_only_where_one_is_sent(
    sending: tuple[TestClient, Hall], start: datetime
) -> None:
    client, hall = sending
    sign_in(client, "admin")
    by_mail, by_phone = booked(hall, start), booked(hall, start + timedelta(hours=1), contact="+97455512345")
    asked = [client.get(f"/appointments/{hall.branch.slug}/{one.id}?ask=call-off").text for one in (by_mail, by_phone)]
    assert ["تُرسل رسالة إلى المراجع" in page for page in asked] == [True, False]
    assert ["لا تُرسل أي رسالة" in page for page in asked] == [False, True]


def test_the_doctor_says_whether_messages_are_sent(tmp_path: Path) -> None:
    def found(**more: str) -> list[str]:
        configuration: Configuration = read_configuration({}, data_dir=tmp_path, **more)
        return [one.key for one in look_at_mail(configuration)]

    assert found() == ["doctor.no-mail"]
    assert found(**MAIL) == ["doctor.mail", "doctor.no-neutral-sender"]
    assert found(**MAIL, mail_from_neutral="notice@example.net") == ["doctor.mail"]


def address_of(page: Page) -> str:
    """Where the forms of the only message on the page lead, without their last word."""
    found = re.findall(rf'action="({PAGE}/[^"]+)/owner"', page.html)
    return str(found[0])


def owner_on(client: TestClient) -> str:
    """Who sees to the only message now, as the page says."""
    found = re.findall(r'name="had" value="([^"]*)"', client.get(PAGE).text)
    return str(found[0])


def failed(hall: Hall, start: datetime, error: str, **whose: str) -> BookingView:
    """An appointment whose confirmation was refused by the mail server."""
    one = booked(hall, start, **whose)
    while (claimed := hall.db.write_in_now(hall.branch.id, claim_message, hall.branch.id)) is not None:
        if claimed.booking.id == one.id:
            break
    assert claimed is not None
    hall.db.write_in_now(
        hall.branch.id, report_message, hall.branch.id, claimed.id, claimed.attempt, Outcome.REFUSED, error
    )
    return one
