"""A typed contact is accepted, or the form asks which reading is meant; one press answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from tests.kit.api_program import Program
from tests.kit.hall import Hall
from tests.kit.public_visitor import NAME, Visitor, stored
from tests.kit.web_hall import application, furnished

UNKNOWN_TO_EVERY_PLAN = "1234 5678"


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


@pytest.fixture
def hall(here: tuple[TestClient, Hall]) -> Hall:
    return here[1]


@pytest.fixture
def visitor(here: tuple[TestClient, Hall]) -> Visitor:
    return Visitor(here[0])


@pytest.fixture
def program(here: tuple[TestClient, Hall]) -> Program:
    here[0].headers.pop("sec-fetch-site")
    return Program(here[0])


@pytest.mark.parametrize(
    ("typed", "understood", "kept"),
    [
        ("963 944 123 456", "المقصود +963 944 123 456", "+963944123456"),
        (UNKNOWN_TO_EVERY_PLAN, "المقصود +974 12345678", "+97412345678"),
        ("salma@gmial.com", "المقصود salma@gmail.com", "salma@gmial.com"),
    ],
)
def test_a_doubtful_contact_is_asked_back_and_taken_in_one_press(
    visitor: Visitor, hall: Hall, typed: str, understood: str, kept: str
) -> None:
    visitor.choose_time()
    page = visitor.send(name=NAME, contact=typed)
    assert page.status == 422
    assert understood in page.text
    assert page.fields["name"]["value"] == NAME
    check = visitor.send()
    assert check.url.endswith("/check")
    assert stored(hall, check).contact == kept


def test_enter_in_the_form_sends_what_was_corrected_and_not_what_was_understood(visitor: Visitor, hall: Hall) -> None:
    visitor.choose_time()
    page = visitor.send(name=NAME, contact=UNKNOWN_TO_EVERY_PLAN)
    hidden = page.forms[-1][1]
    assert "contact_sure" not in hidden
    check = visitor.post(page.url, hidden | {"name": NAME, "contact": "5512 3456"})
    assert stored(hall, check).contact == "+97455123456"


def test_a_number_is_shown_in_its_groups_to_be_checked(visitor: Visitor, hall: Hall) -> None:
    check = visitor.hold(contact="974 5551 2345")
    assert "+974 5551 2345" in check.text
    assert stored(hall, check).contact == "+97455512345"


def test_the_form_and_its_refusal_show_a_number_of_the_own_country(visitor: Visitor) -> None:
    assert "رقم هاتف مثل +974 3312 3456" in visitor.choose_time().text
    assert "مع رمز البلد، مثل +974 3312 3456." in visitor.send(name=NAME, contact="12").text


def test_a_booking_is_found_by_its_number_however_it_is_written(visitor: Visitor, hall: Hall) -> None:
    done = visitor.book(contact="5551 2345")
    for typed in ("97455512345", "+974 (0) 5551-2345", "٠٠٩٧٤ ٥٥٥١ ٢٣٤٥"):
        visitor.open("/my-booking")
        assert visitor.send(code=stored(hall, done).code, contact=typed).url == done.url


def test_one_person_is_one_person_however_the_number_is_written(visitor: Visitor) -> None:
    visitor.book(contact="5551 2345")
    visitor.choose_time(day=2)
    assert visitor.send(name=NAME, contact="974 5551 2345").status == 409


def test_a_program_is_told_what_was_understood_and_sends_what_was_chosen(program: Program) -> None:
    start = program.slots()[0]
    asked = program.hold(start, contact=UNKNOWN_TO_EVERY_PLAN)
    assert (asked.status, asked.body["code"], asked.body["field"]) == (422, "contact-doubtful", "contact")
    assert asked.body["understood"] == ["+97412345678"]
    assert program.hold(start, contact="+97412345678").status == 422
    assert program.hold(start, contact="+97412345678", contact_sure=True).status == 201


def test_a_sentence_in_a_programs_log_has_no_invisible_marks(program: Program) -> None:
    refused = program.hold(program.slots()[0], contact="12")
    assert "+974\u00a03312\u00a03456" in refused.body["detail"]
    assert not set(refused.body["detail"]) & set("\u2066\u2067\u2068\u2069")
