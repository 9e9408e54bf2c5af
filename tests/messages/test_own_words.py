"""A house's own words in letters to a mail server on loopback: the most particular wins, and the level wins over all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from queue_system.clock import FrozenClock
from queue_system.core.messages import Event
from queue_system.core.wording import marks_for, marks_in, worded
from queue_system.store.database import Database
from queue_system.store.queries.bookings import free_days
from queue_system.store.tables import Organisation, Text, table
from tests.kit.hall import change_settings, furnish, set_branch
from tests.kit.mail_server import mail_server
from tests.messages.test_sending import (
    ADDRESS,
    SENTINELS,
    SERVICE,
    START,
    Sending,
    body,
    found_in,
    made,
    set_level,
    taint,
)

Message = dict[str, Any]


@pytest.fixture
def sending(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        yield made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")


# ---------------------------------------------------------------- whose words


def test_the_most_particular_words_win_language_by_language(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    of_all = words("ALL", event="confirmed")
    of_house(sending, of_all)
    assert said(sending).startswith("ALL-ar")
    of_branch(sending, words("BRANCH", event="confirmed"))
    assert said(sending).startswith("BRANCH-ar")
    in_arabic = {"event": "confirmed", "body": [{"ar": "ARABIC"}]}
    of_branch(sending, in_arabic)
    assert said(sending).startswith("ARABIC")
    assert said(sending, "en").startswith("ALL-en")
    of_branch(sending, words("BRANCH", event="confirmed"), words("SERVICE", event="confirmed", service=SERVICE))
    assert said(sending).startswith("SERVICE-ar")
    of_branch(sending, words("BRANCH", event="confirmed"), words("OTHER", event="confirmed", service="travel-doc"))
    assert said(sending).startswith("BRANCH-ar")
    of_branch(sending, words("ANY", event="confirmed"), words("MAIL", event="confirmed", channel="mail"))
    assert said(sending).startswith("MAIL-ar")
    of_branch(sending, words("SMS", event="confirmed", channel="sms"), words("OTHER", event="reminder"))
    assert said(sending).startswith("ALL-ar")


def test_a_subject_and_paragraphs_are_told_with_the_facts_of_the_appointment(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    text = "أهلًا بكم يوم {day} الساعة {time}: {service}. الرمز {code}. {link}"
    of_branch(sending, {"event": "confirmed", "subject": both("موعد {code} في {branch}"), "body": [both(text)]})
    letter = sent(sending)
    one = sending.hall.db.read_now(lambda tx: tx.rows(sa.text("SELECT code FROM booking")))[0].code
    code = f"{one[:4]} {one[4:]}"
    plain, html = body(letter, "plain"), body(letter, "html")
    assert letter["Subject"].startswith("موعد")
    assert code in letter["Subject"]
    assert "السفارة" in letter["Subject"]
    # Each fact once: what the words say does not follow again.
    assert (plain.count(code), plain.count(f"{ADDRESS}/my-booking"), plain.count("08:30")) == (1, 1, 1)
    assert f'<a href="{ADDRESS}/my-booking" dir="ltr">' in html
    assert "ثُبّت موعدك" not in plain
    assert "المكان:" in plain


def test_words_that_forget_a_fact_are_followed_by_it(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    of_branch(sending, {"event": "confirmed", "body": [both("نراكم قريبًا <b>هنا</b>.")]})
    letter = sent(sending)
    plain, html = body(letter, "plain"), body(letter, "html")
    for fact in ("08:30", "رمز الموعد:", f"{ADDRESS}/my-booking", "الخدمة:", "المكان:"):
        assert fact in plain
    assert "<b>" in plain
    assert "&lt;b&gt;" in html


def test_a_paragraph_whose_mark_has_nothing_to_say_is_left_out(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    set_branch(sending.hall, phone=None)
    of_branch(sending, {"event": "confirmed", "body": [both("الهاتف {phone}"), both("نراكم.")]})
    assert said(sending).startswith("نراكم.")
    of_branch(sending, {"event": "confirmed", "body": [both("الهاتف {phone}")]})
    assert said(sending).startswith("ثُبّت موعدك.")


# ---------------------------------------------------------------- the level wins

NAMING = {"ar": "SENTINEL-OWN {branch} {service}", "en": "SENTINEL-OWN {branch} {service}"}
TELLING: Message = {
    "event": "confirmed",
    "subject": {"ar": "SENTINEL-OWN {branch}", "en": "SENTINEL-OWN {branch}"},
    "body": [NAMING],
}


def test_a_neutral_letter_never_has_the_words_of_the_house(sending: Sending) -> None:
    set_level(sending.hall, display="code_random", sms="neutral")
    taint(sending)
    of_branch(sending, TELLING)
    sending.book()
    sending.postman.send_due()
    assert found_in(sending.server.taken[0], ("SENTINEL-OWN", *SENTINELS)) == []


def test_where_the_service_is_not_named_no_words_name_it(sending: Sending) -> None:
    set_level(sending.hall, sms="minimal")
    taint(sending)
    naming = both("بخصوص sentinel-service")
    of_branch(sending, {**TELLING, "body": [NAMING, naming, both("SENTINEL-PLAIN")]})
    sending.book()
    sending.postman.send_due()
    (taken,) = sending.server.taken
    assert "SENTINEL-SERVICE" not in found_in(taken, SENTINELS)
    assert "sentinel-service" not in body(taken.message, "plain")
    assert "SENTINEL-PLAIN" in body(taken.message, "plain")
    assert taken.message["Subject"].startswith("SENTINEL-OWN")
    # With a level that names the service, the same words do.
    set_level(sending.hall, sms="full")
    assert "SENTINEL-SERVICE" in said(sending)


def test_a_neutral_letter_has_the_branch_s_neutral_sentence_unless_it_names_somebody(sending: Sending) -> None:
    set_level(sending.hall, display="code_random", sms="neutral")
    sentence(sending, "موعدك محفوظ.")
    assert "موعدك محفوظ." in said(sending)
    taint(sending)
    sentence(sending, "نراكم في SENTINEL-BRANCH.")
    assert "SENTINEL-BRANCH" not in said(sending)
    set_level(sending.hall, display="code", sms="full")
    sentence(sending, "موعدك محفوظ.")
    assert "موعدك محفوظ." not in said(sending)


# ---------------------------------------------------------------- the marks


def test_every_event_offers_only_marks_that_it_can_fill() -> None:
    assert {"day", "time", "code", "link"} <= set(marks_for(Event.CONFIRMED))
    assert "reason" in marks_for(Event.CALLED_OFF)
    assert "reason" not in marks_for(Event.CONFIRMED)
    assert not {"day", "time"} & set(marks_for(Event.OFFERED))
    assert set(marks_for(Event.SERIES)) == {"branch", "organisation", "phone"}
    assert "link" not in marks_for(Event.CONFIRMED, subject=True)


def test_marks_are_filled_once_and_a_value_with_braces_stays_as_it_is() -> None:
    assert marks_in("{day} {day} {") == ("day", "day")
    found = worded("{place} {day}", {"place": "{day}", "day": "الأحد"})
    assert found is not None
    assert found.text == "{day} الأحد"
    assert worded("{place}", {"place": ""}) is None


def both(text: str) -> dict[str, str]:
    return {"ar": text, "en": text}


def words(name: str, **about: str) -> Message:
    """Words that say their own name and their language."""
    return {**about, "body": [{language: f"{name}-{language}" for language in ("ar", "en")}]}


def of_branch(sending: Sending, *texts: Message) -> None:
    set_branch(sending.hall, messages={f"text-{n}": {**one, "slug": f"text-{n}"} for n, one in enumerate(texts)})


def of_house(sending: Sending, one: Message) -> None:
    rows = table(Organisation)
    row = sending.hall.db.read_now(lambda tx: tx.row(sa.select(rows)))
    assert row is not None
    data = row.data | {"messages": {"all": {**one, "slug": "all"}}}
    change_settings(sending.hall.db, sa.update(rows).values(data=data))


def sentence(sending: Sending, text: str) -> None:
    rows = table(Text)
    row = {"branch_id": sending.hall.branch.id, "slug": "neutral", "position": 99, "names": both(text)}
    here = (rows.c.branch_id == sending.hall.branch.id) & (rows.c.slug == "neutral")
    change_settings(sending.hall.db, sa.delete(rows).where(here), sa.insert(rows).values(**row))


def sent(sending: Sending, language: str = "ar") -> Any:
    """The letter about an appointment that is booked now."""
    sending.server.taken.clear()
    hall = sending.hall
    day = START.date()
    (found,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), day, day)
    starts_at = next(slot.start for slot in found.slots if slot.start >= START)
    # Somebody else each time, because a person has one appointment.
    sending.book(f"{uuid4().hex}@example.org", language, starts_at)
    sending.postman.send_due()
    (taken,) = sending.server.taken
    return taken.message


def said(sending: Sending, language: str = "ar") -> str:
    return body(sent(sending, language), "plain")
