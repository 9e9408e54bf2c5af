"""What the forms say of the contact that they ask for: no more and no less than what is done with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.messages import MAIL, SMS, Level, sent_as
from queue_system.i18n.words import words_for
from queue_system.store.database import Database
from queue_system.surfaces.booking.contact_use import contact_use
from tests.kit.hall import Hall, furnish
from tests.kit.public_visitor import Visitor
from tests.kit.web_hall import application
from tests.surfaces.booking.test_web_together import choose

BY_MAIL, BY_TEXT = (frozenset(sent_as(one, level) for level in Level) for one in (MAIL, SMS))
NOTHING: frozenset[str] = frozenset()
CASES: list[tuple[Any, list[str]]] = [
    (NOTHING, ["contact-called-only"]),
    (BY_MAIL, ["contact-by-mail", "contact-called"]),
    (BY_TEXT, ["contact-by-text", "contact-called"]),
    (BY_MAIL | BY_TEXT, ["contact-by-mail", "contact-by-text", "contact-called"]),
]


@pytest.fixture
def centres(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[Visitor, Hall]]:
    database = Database(sqlite_url, clock)
    furnish(database, "social-work")
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, hall):
        yield Visitor(client), hall


@pytest.mark.parametrize(("sends", "said"), CASES)
def test_the_form_says_what_is_sent_and_when_somebody_calls(
    here: tuple[TestClient, Hall], visitor: Visitor, hall: Hall, sends: frozenset[str], said: list[str]
) -> None:
    hall.db.sends = sends
    visitor.open("/book/doha-main/civil-extract")
    visitor.follow("/days$")
    visitor.follow(r"/\d{4}-\d\d-\d\d$")
    for text in (visitor.follow("Z$").text, choose_together(here[0])):
        assert uses_in(text) == [f"booking.{one}" for one in (*said, "contact-needed")]


def test_a_discreet_service_says_that_its_messages_name_nothing(centres: tuple[Visitor, Hall]) -> None:
    _, hall = centres
    branch = hall.branch
    neutral = [one for one in branch.services.values() if one.confidentiality.sms == "neutral"]
    assert neutral
    assert contact_use(branch, neutral[:1], BY_MAIL) == [
        f"booking.{one}" for one in ("contact-by-mail", "contact-neutral", "contact-called", "contact-needed")
    ]
    # One that names no more than it must is not sent without a sender that tells nobody's name.
    assert "booking.contact-by-mail" not in contact_use(branch, neutral[:1], BY_MAIL - {Level.NEUTRAL})


def test_who_is_called_reads_that_an_earlier_call_means_a_change(centres: tuple[Visitor, Hall]) -> None:
    visitor, hall = centres
    hall.db.sends = BY_MAIL
    visitor.open("/book/wifaq/phone-counsel")
    visitor.follow("/days$")
    visitor.follow(r"/2026-11-23$")
    assert uses_in(visitor.follow("Z$").text) == ["booking.phone-use", "booking.contact-needed"]


def choose_together(client: TestClient) -> str:
    form = choose(client)
    answer = client.post(form.action, data=form.values | {"name1": "", "name2": "", "contact": ""})
    assert answer.status_code == 422
    return answer.text


def uses_in(text: str) -> list[str]:
    """Which of the sentences a page has, in their order."""
    words, plain = words_for("ar"), " ".join(text.split())
    keys = (
        *("phone-use", "phone-use-only", "contact-by-mail", "contact-by-text", "contact-neutral"),
        *("contact-called", "contact-called-only", "contact-unused", "contact-needed"),
    )
    found = {f"booking.{key}": plain.find(words.text(f"booking.{key}")) for key in keys}
    return sorted((key for key, at in found.items() if at >= 0), key=lambda key: found[key])
