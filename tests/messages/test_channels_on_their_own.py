"""A mail server or a gateway that is out of order holds up nothing that another one can send."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions.safe_contact import set_contact_ways
from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from tests.kit.hall import furnish
from tests.kit.mail_server import mail_server
from tests.kit.text_gateway import TextGateway, text_gateway
from tests.kit.waiting import until
from tests.messages.test_sending import LATER, MAIL, NEUTRAL, SENDER, set_level
from tests.messages.test_texting import NUMBER, Texting, made

# A plug-in of Apprise asks for a module that Python will lose.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def gateway() -> Iterator[TextGateway]:
    with text_gateway() as running:
        yield running


def test_a_text_is_sent_at_once_although_the_mail_server_refuses_connections(
    db: Database, db_url: str, clock: FrozenClock, tmp_path: Path, gateway: TextGateway
) -> None:
    furnish(db)
    with mail_server() as server:
        closed = server.port
    one = house(db_url, clock, tmp_path, gateway, closed)
    one.sending.book(MAIL)
    one.sending.book(NUMBER, starts_at=LATER)
    assert one.sending.postman.send_due() == 1
    assert [number for _, number, _ in gateway.taken] == [NUMBER]
    assert sorted(one.sending.states()) == ["queued", "sent"]
    one.close()


def test_a_text_is_sent_while_the_mail_server_says_nothing(
    sqlite_url: str, clock: FrozenClock, tmp_path: Path, gateway: TextGateway
) -> None:
    furnish(Database(sqlite_url, clock))
    with mail_server() as server:
        server.answers.clear()
        one = house(sqlite_url, clock, tmp_path, gateway, server.port)
        one.sending.book(MAIL)
        one.sending.book(NUMBER, starts_at=LATER)
        with TestClient(one.sending.app):
            until(lambda: bool(server.connections and gateway.taken))
            until(lambda: sorted(one.sending.states()) == ["claimed", "sent"])
            assert server.taken == []
            server.answers.set()
            until(lambda: one.sending.states() == ["sent", "sent"])
        assert [taken.recipient for taken in server.taken] == [MAIL]


def test_letters_go_out_although_the_gateway_fails(
    db: Database, db_url: str, clock: FrozenClock, tmp_path: Path, gateway: TextGateway
) -> None:
    furnish(db)
    gateway.behaviours = ["500"]
    with mail_server() as server:
        one = house(db_url, clock, tmp_path, gateway, server.port)
        one.sending.book(NUMBER)
        one.sending.book(MAIL, starts_at=LATER)
        assert one.sending.postman.send_due() == 1
        assert [taken.recipient for taken in server.taken] == [MAIL]
        one.close()


@pytest.mark.parametrize("neutral_fails", [True, False])
def test_the_neutral_gateway_and_the_other_do_not_wait_for_each_other(
    db: Database, db_url: str, clock: FrozenClock, tmp_path: Path, gateway: TextGateway, *, neutral_fails: bool
) -> None:
    furnish(db)
    with text_gateway() as broken:
        broken.behaviours = ["500"] * 9
        addresses = {"sms_url": gateway.address(), "sms_url_neutral": broken.address("neutral")}
        if not neutral_fails:
            addresses = {"sms_url": broken.address(), "sms_url_neutral": gateway.address("neutral")}
        one = made(db_url, clock, tmp_path, gateway, **addresses)
        hall = one.sending.hall
        set_level(hall, sms="full")
        booked = [one.sending.book(f"{NUMBER[:-1]}{n}", starts_at=LATER + timedelta(minutes=30 * n)) for n in range(4)]
        for each in booked[:2] if neutral_fails else booked[2:]:
            said = {0: ("sms_neutral", "")}
            hall.db.write_in_now(hall.branch.id, set_contact_ways, hall.branch.id, each.id, SYSTEM, said)
        assert one.sending.postman.send_due() == 2
        assert len(gateway.taken) == 2
        # Only one message has lost an attempt, because the others would have met the same.
        assert len(broken.behaviours) == 8
        one.close()


def house(db_url: str, clock: FrozenClock, folder: Path, gateway: TextGateway, mail_port: int) -> Texting:
    return made(
        db_url,
        clock,
        folder,
        gateway,
        sms_url=gateway.address(),
        smtp_url=f"smtp://127.0.0.1:{mail_port}",
        mail_from=SENDER,
        mail_from_neutral=NEUTRAL,
    )
