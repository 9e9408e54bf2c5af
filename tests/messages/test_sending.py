"""Messages go out to a mail server on loopback: once each, again after a fault, and never more than a level allows."""

from __future__ import annotations

import base64
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from icalendar import Calendar
from starlette.applications import Starlette
from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.message_rows import LEASE
from queue_system.actions.outbox import claim_message
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.messages.postman import Postman
from queue_system.store.database import Database, Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.unsent import unsent_messages
from queue_system.store.tables import Branch, Confidentiality, Message, Organisation, Service, table
from tests.kit.hall import Hall, change_settings, enter, furnish
from tests.kit.mail_server import MailServer, Taken, mail_server
from tests.kit.waiting import until

START = datetime(2026, 11, 26, 5, 30, tzinfo=UTC)
LATER = START + timedelta(hours=1)
SERVICE = "civil-extract"
MAIL = "samer@example.org"
NAME = "سامر الحموي"
ADDRESS = "https://queue.house.example"
SENDER = "appointments@house.example"
NEUTRAL = "notice@neutral.example"


@dataclass
class Sending:
    """An installation that sends to a mail server, without its background work."""

    hall: Hall
    postman: Postman
    server: MailServer
    app: Starlette

    def book(self, contact: str = MAIL, language: str = "ar", starts_at: datetime = START) -> BookingView:
        branch = self.hall.branch.id
        order = HoldOrder(branch, self.hall.service(SERVICE), starts_at, NAME, contact, language, VISITOR)
        held = self.hall.db.write_in_now(branch, actions.hold_slot, order)
        return self.hall.db.write_in_now(branch, actions.confirm_booking, branch, held.id, VISITOR)

    def cancel(self, one: BookingView) -> None:
        self.hall.db.write_in_now(self.hall.branch.id, actions.cancel_booking, self.hall.branch.id, one.id, VISITOR)

    def states(self) -> list[str]:
        """Of the messages that are no reminders."""
        rows = table(Message)
        statement = sa.select(rows.c.state).where(rows.c.event != "reminder").order_by(rows.c.sequence)
        return [row.state for row in self.hall.db.read_now(lambda tx: tx.rows(statement))]


@pytest.fixture
def sending(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        yield made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")


def made(
    db_url: str, clock: FrozenClock, folder: Path, server: MailServer, url: str, neutral: str = NEUTRAL
) -> Sending:
    configuration = read_configuration(
        {},
        database_url=db_url,
        data_dir=folder,
        public_url=ADDRESS,
        smtp_url=url,
        mail_from=SENDER,
        mail_from_neutral=neutral,
    )
    app = create_app(configuration, clock)
    installation = app.state.installation
    return Sending(enter(installation.database), Postman(installation), server, app)


# ---------------------------------------------------------------- once, and again after a fault


def test_each_message_is_sent_once(sending: Sending) -> None:
    one, other = sending.book(), sending.book("huda@example.org", starts_at=LATER)
    assert sending.postman.send_due() == 2
    assert sending.postman.send_due() == 0
    sending.cancel(one)
    assert sending.postman.send_due() == 1
    assert [taken.recipient for taken in sending.server.taken] == [MAIL, "huda@example.org", MAIL]
    assert other.id != one.id
    assert len({taken.message["Message-ID"] for taken in sending.server.taken}) == 3
    assert sending.states().count("sent") == 3


def test_a_full_mailbox_is_tried_again_and_another_letter_is_not_held_up(sending: Sending, clock: FrozenClock) -> None:
    sending.server.behaviours = ["452 full"]
    sending.book()
    sending.book("huda@example.org", starts_at=LATER)
    assert sending.postman.send_due() == 1
    assert [taken.recipient for taken in sending.server.taken] == ["huda@example.org"]
    clock.move(timedelta(hours=1))
    assert sending.postman.send_due() == 1
    assert sending.server.taken[-1].recipient == MAIL


def test_an_unknown_address_is_given_up_and_listed(sending: Sending, clock: FrozenClock) -> None:
    sending.server.behaviours = ["550 no such user"]
    one = sending.book()
    assert sending.postman.send_due() == 0
    clock.move(timedelta(hours=2))
    assert sending.postman.send_due() == 0
    (listed,) = sending.hall.db.read_now(unsent_messages, sending.hall.branch.id)
    assert (listed.code, listed.error) == (one.code, "address")
    assert sending.server.taken == []


def test_a_connection_cut_after_the_letter_is_tried_once_more_with_the_same_id(
    sending: Sending, clock: FrozenClock
) -> None:
    sending.server.behaviours = ["cut", "cut"]
    sending.book()
    assert sending.postman.send_due() == 0
    assert sending.states() == ["unknown"]
    clock.move(timedelta(minutes=1))
    sending.postman.send_due()
    clock.move(timedelta(hours=3))
    sending.postman.send_due()
    first, second = sending.server.taken
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert sending.states() == ["unknown"]


def test_a_worker_that_was_killed_before_it_sent_is_followed_by_another(sending: Sending, clock: FrozenClock) -> None:
    sending.book()
    branch = sending.hall.branch.id
    assert sending.hall.db.write_in_now(branch, claim_message, branch) is not None
    assert sending.postman.send_due() == 0
    clock.move(LEASE)
    assert sending.postman.send_due() == 1
    assert sending.postman.send_due() == 0
    assert len(sending.server.taken) == 1


def test_a_server_that_is_away_costs_neither_attempt_nor_message(
    db: Database, db_url: str, clock: FrozenClock, tmp_path: Path
) -> None:
    furnish(db)
    with mail_server() as server:
        closed = server.port
    with mail_server() as server:
        away = made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{closed}")
        away.book()
        away.book("huda@example.org", starts_at=LATER)
        assert away.postman.send_due() == 0
        assert sorted(away.states()) == ["queued", "queued"]
        back = made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")
        clock.move(timedelta(minutes=1))
        assert back.postman.send_due() == 2


def test_the_running_application_sends_what_waits_and_stops(
    sqlite_url: str, clock: FrozenClock, tmp_path: Path
) -> None:
    furnish(Database(sqlite_url, clock))
    with mail_server() as server:
        sending = made(sqlite_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")
        sending.book()
        with TestClient(sending.app):
            until(lambda: sending.states() == ["sent"])
        assert [taken.recipient for taken in server.taken] == [MAIL]


# ---------------------------------------------------------------- TLS and sign-in


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    key, made_out = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(key), "-out", str(made_out), "-days", "9", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return key, made_out


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_letters_go_encrypted_to_a_server_with_a_right_certificate_alone(
    sqlite_url: str,
    clock: FrozenClock,
    tmp_path: Path,
    certificate: tuple[Path, Path],
    scheme: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    furnish(Database(sqlite_url, clock))
    key, made_out = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made_out, key)
    password = base64.b64encode(b"\0clerk\0s3cret:/word").decode()
    with mail_server(context, implicit=scheme == "smtps", password=password) as server:
        url = f"{scheme}://clerk:s3cret%3A%2Fword@localhost:{server.port}"
        sending = made(sqlite_url, clock, tmp_path, server, url)
        sending.book()
        # Nobody vouches for the certificate yet.
        assert sending.postman.send_due() == 0
        assert (server.signed_in, server.taken) == (0, [])
        monkeypatch.setenv("SSL_CERT_FILE", str(made_out))
        clock.move(timedelta(minutes=15))
        assert sending.postman.send_due() == 1
        assert server.signed_in == 1
        assert server.taken[0].encrypted


def test_a_server_without_starttls_gets_nothing(sqlite_url: str, clock: FrozenClock, tmp_path: Path) -> None:
    furnish(Database(sqlite_url, clock))
    with mail_server() as server:
        sending = made(sqlite_url, clock, tmp_path, server, f"smtp+starttls://localhost:{server.port}")
        sending.book()
        assert sending.postman.send_due() == 0
        assert server.taken == []


# ---------------------------------------------------------------- what is in a letter


def test_a_letter_in_arabic_survives_the_way(sending: Sending, clock: FrozenClock) -> None:
    set_level(sending.hall, sms="full")
    one = sending.book()
    sending.postman.send_due()
    (taken,) = sending.server.taken
    assert taken.raw.isascii()
    assert max(map(len, taken.raw.split(b"\r\n"))) <= 78
    letter = taken.message
    assert "موعدك في" in letter["Subject"]
    assert letter["From"].addresses[0].addr_spec == taken.sender == SENDER
    assert letter["From"].addresses[0].display_name == "مقر السفارة – الدوحة"
    assert letter["To"] == MAIL
    assert (letter["Content-Language"], letter["Auto-Submitted"]) == ("ar", "auto-generated")
    assert letter["Date"].datetime == clock.now()
    text, html = body(letter, "plain"), body(letter, "html")
    for part in (text, html):
        assert "ثُبّت موعدك" in part
        assert f"{one.code[:4]} {one.code[4:]}" in part
        assert f"{ADDRESS}/my-booking" in part
        assert "الخدمة:" in part
        assert NAME not in part
        assert one.token not in part
    assert '<html lang="ar" dir="rtl">' in html


def test_a_calendar_takes_the_appointment_over_and_removes_it(sending: Sending) -> None:
    one = sending.book(language="en")
    sending.postman.send_due()
    sending.cancel(one)
    sending.postman.send_due()
    published, removed = (entry(taken) for taken in sending.server.taken)
    assert (published["METHOD"], removed["METHOD"]) == ("PUBLISH", "CANCEL")
    first, last = published.walk("VEVENT")[0], removed.walk("VEVENT")[0]
    assert first["UID"] == last["UID"] == str(one.id)
    assert last["SEQUENCE"] > first["SEQUENCE"]
    assert (first["STATUS"], last["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert first.start == START
    assert "confirmed" in body(sending.server.taken[0].message, "plain")
    assert body(sending.server.taken[1].message, "html").count('lang="en" dir="ltr"') == 1


# ---------------------------------------------------------------- nothing more than the level allows

SENTINELS = ("SENTINEL-SERVICE", "SENTINEL-BRANCH", "SENTINEL-HOUSE", "house.example", NAME)


def test_a_neutral_letter_names_neither_house_nor_service_nor_place(sending: Sending) -> None:
    set_level(sending.hall, display="code_random", sms="neutral")
    taint(sending)
    one = sending.book()
    sending.postman.send_due()
    sending.cancel(one)
    sending.postman.send_due()
    assert len(sending.server.taken) == 2
    for taken in sending.server.taken:
        assert taken.sender == NEUTRAL
        assert found_in(taken, SENTINELS) == []
    assert sending.server.taken[0].message["Subject"] == "موعدك"
    # The search finds what is there, so that it would find a leak.
    assert found_in(sending.server.taken[0], (NEUTRAL, f"{one.code[:4]} {one.code[4:]}", "موعد")) != []


def test_an_ordinary_letter_does_hold_what_a_neutral_one_must_not(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    taint(sending)
    sending.book()
    sending.postman.send_due()
    assert found_in(sending.server.taken[0], SENTINELS) == ["SENTINEL-SERVICE", "SENTINEL-BRANCH", "house.example"]


def test_a_minimal_letter_does_not_name_the_service(sending: Sending) -> None:
    set_level(sending.hall, sms="minimal")
    taint(sending)
    sending.book()
    sending.postman.send_due()
    assert found_in(sending.server.taken[0], SENTINELS) == ["SENTINEL-BRANCH", "house.example"]


@pytest.mark.parametrize(
    ("display", "sms"), [("none", "full"), ("none", "neutral"), ("none", "opt_in_only"), ("code_random", "opt_in_only")]
)
def test_protected_services_get_nothing_whatever_their_level_says(sending: Sending, display: str, sms: str) -> None:
    set_level(sending.hall, display=display, sms=sms)
    sending.cancel(sending.book())
    assert sending.postman.send_due() == 0
    assert (sending.states(), sending.server.taken) == ([], [])


def test_without_a_neutral_sender_a_discreet_service_gets_nothing(
    db: Database, db_url: str, clock: FrozenClock, tmp_path: Path
) -> None:
    furnish(db)
    with mail_server() as server:
        sending = made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}", neutral="")
        set_level(sending.hall, display="code_random", sms="full")
        sending.book()
        assert sending.postman.send_due() == 0
        assert (sending.states(), server.taken) == ([], [])


# ---------------------------------------------------------------- inside


def set_level(hall: Hall, **values: str) -> None:
    """Set the level of confidentiality of every service: what it displays, and what messages may say."""
    rows = table(Confidentiality)

    def change(tx: Tx) -> None:
        for row in tx.rows(sa.select(rows)):
            sms = values.get("sms", row.data["sms"])
            # Names are typed in these tests, which protected services take by this rule alone.
            rules = sorted({*row.data.get("rules", ()), "alias_allowed"})
            changed = {"display": values.get("display", row.display), "data": row.data | {"sms": sms, "rules": rules}}
            tx.execute(sa.update(rows).where(rows.c.slug == row.slug).values(**changed))

    change_settings(hall.db, change)


def taint(sending: Sending) -> None:
    """Give names to house, branch and services that can be looked for."""
    both = {one: {"ar": f"SENTINEL-{one}", "en": f"SENTINEL-{one}"} for one in ("SERVICE", "BRANCH", "HOUSE")}
    change_settings(
        sending.hall.db,
        sa.update(table(Service)).values(names=both["SERVICE"], public_names=None),
        sa.update(table(Branch)).values(names=both["BRANCH"]),
        sa.update(table(Organisation)).values(names=both["HOUSE"]),
    )


def found_in(taken: Taken, wanted: tuple[str, ...]) -> list[str]:
    """Those of some texts that are anywhere in a letter: envelope, headers, parts, file names, calendar entry."""
    letter = taken.message
    everything = [taken.sender, taken.greeting, taken.raw.decode("ascii")]
    for part in letter.walk():
        everything += [f"{name}: {value}" for name, value in part.items()]
        if not part.is_multipart():
            everything.append(content_of(part).replace("\r\n ", ""))
    return [one for one in wanted if any(one in text for text in everything)]


def content_of(part: Any) -> str:
    """The content of a part as text, whatever its transfer encoding."""
    return str(part.get_payload(decode=True).decode("utf-8"))


def body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def entry(taken: Taken) -> Any:
    (attached,) = taken.message.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    assert attached.get_filename() == "appointment.ics"
    found = Calendar.from_ical(content_of(attached))
    assert found["METHOD"] == attached.get_param("method")
    return found
