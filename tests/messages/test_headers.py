"""Subjects, names of senders and recipients survive the way: from text to bytes to what the standard parser reads."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, compat32
from email.policy import default as parsed
from email.utils import parseaddr
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from queue_system.clock import FrozenClock
from queue_system.messages.headers import on_one_line, set_sender, set_subject
from queue_system.store.database import Database
from queue_system.store.tables import Branch, table
from tests.kit.hall import change_settings, furnish
from tests.kit.mail_server import mail_server
from tests.messages.test_sending import SENDER, Sending, made, set_level

# RFC 5322, 2.1.1: what a line must not exceed, and what it should not.
LONGEST: Final = 998
WANTED: Final = 78
MARKS: Final = "\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u202a\u202b\u202c\u200c\u200d"
ARABIC: Final = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤئةىًٌٍَُِّْ،؛؟٠١٢٣"
OTHERS: Final = "abcXYZ 0123456789ÇĞİÖŞÜçğıöşüÄßäéẞ😀🏛"
SIGNS: Final = "()<>[]:;@\\,.\"=?_-–!#$%&'*+/^`{|}~\u00a0"
BREAKS: Final = "\n\r\t\x0b\x0c\x1c\x85\u2028\u2029\x00\x07"
texts = st.text(alphabet=ARABIC + OTHERS + SIGNS + MARKS + BREAKS, max_size=500) | st.text(
    alphabet=st.characters(exclude_categories=["Cs"]), max_size=500
)
HARD: Final = (
    "زعçخق_ع)4😀\u061c1:–ت-\u200cا😀بZİ'Ä",
    "=?utf-8?q?x?= و =?utf-8?b?eA==?=",
    "Besuch\r\nBcc: everybody@example.org",
    "a" * 500,
    "موعد " * 100,
    "İstanbul Şubesi, \"Çağrı\" <merkez@example.org>; 'Zürich'",
)


@given(subject=texts, name=texts)
@example(subject=HARD[0], name=HARD[0])
@example(subject=HARD[1], name=HARD[1])
@example(subject=HARD[2], name=HARD[2])
@example(subject=HARD[3], name=HARD[3])
@example(subject=HARD[4], name=HARD[4])
@example(subject=HARD[5], name=HARD[5])
def test_what_is_written_is_read(subject: str, name: str) -> None:
    letter = EmailMessage(policy=SMTP)
    set_sender(letter, name, SENDER)
    set_subject(letter, subject)
    letter.set_content("x", charset="utf-8", cte="base64")
    for policy in (SMTP, SMTPUTF8):
        sent = letter.as_bytes(policy=policy)
        read = message_from_bytes(sent, policy=parsed)
        assert isinstance(read, EmailMessage)
        assert read["Subject"] == on_one_line(subject)
        assert sender_of(sent) == (on_one_line(name), SENDER)
        assert read.keys() == letter.keys()
        assert read.defects == []
        assert max(map(len, sent.split(b"\r\n"))) <= WANTED
        assert sent.isascii()


def sender_of(letter: bytes) -> tuple[str, str]:
    """Name and address of the sender. The newer parser of Python 3.11 puts a space between two words of a long name."""
    written = "".join(str(message_from_bytes(letter, policy=compat32)["From"]).splitlines())
    name, address = parseaddr(written)
    return str(make_header(decode_header(name))), address


@given(st.integers(1, 64), st.lists(st.integers(1, 63), min_size=1, max_size=3))
def test_a_long_recipient_is_read_as_written(local: int, labels: list[int]) -> None:
    recipient = "a" * local + "@" + ".".join("b" * length for length in [*labels, 2])
    letter = EmailMessage(policy=SMTP)
    letter["To"] = Address(addr_spec=recipient)
    sent = letter.as_bytes()
    (found,) = message_from_bytes(sent, policy=parsed)["To"].addresses
    assert found.addr_spec == recipient
    assert max(map(len, sent.split(b"\r\n"))) <= LONGEST


@given(texts)
def test_a_line_is_one_and_stays_as_it_is(text: str) -> None:
    line = on_one_line(text)
    assert line.splitlines() in ([line], [])
    assert on_one_line(line) == line
    assert [mark for mark in MARKS if mark in text] == [mark for mark in MARKS if mark in line]


# ---------------------------------------------------------------- over a real connection


@pytest.fixture
def sending(sqlite_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(Database(sqlite_url, clock))
    with mail_server(utf8=True) as server:
        yield made(sqlite_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")


@pytest.mark.parametrize("name", HARD)
def test_a_branch_of_any_name_writes_letters_that_arrive(sending: Sending, name: str) -> None:
    set_level(sending.hall, sms="full")
    names = {"ar": name, "en": name}
    change_settings(sending.hall.db, sa.update(table(Branch)).values(names=names))
    sending.book()
    assert sending.postman.send_due() == 1
    (taken,) = sending.server.taken
    letter = taken.message
    assert sender_of(taken.raw) == (on_one_line(name), SENDER)
    assert on_one_line(name) in letter["Subject"]
    assert "Bcc" not in letter
    head, _, _ = taken.raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= WANTED


@pytest.mark.parametrize(
    ("contact", "written"),
    [
        ("سامر@example.org", "سامر@example.org"),
        ("samer@مثال.قطر", "samer@xn--mgbh0fb.xn--wgbl6a"),
        ("ayşe@müller.example", "ayşe@xn--mller-kva.example"),
    ],
)
def test_a_recipient_of_another_script_arrives(sending: Sending, contact: str, written: str) -> None:
    sending.book(contact)
    assert sending.postman.send_due() == 1
    (taken,) = sending.server.taken
    assert taken.recipient == written
    assert f"To: {written}\r\n".encode() in taken.raw
    assert taken.message["Subject"]
