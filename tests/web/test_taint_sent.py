"""What is said in confidence in a protected service is in nothing that leaves the house: letters, text messages and paper.

The other tests of this house, for pages, are in `test_taint.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import pytest

from queue_system.actions.outbox import ClaimedMessage
from queue_system.core.messages import Event, Level
from queue_system.core.rights import EVERYTHING
from queue_system.messages import letter
from queue_system.messages.short_text import short_text
from queue_system.spooler.slips import slip_of
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.earlier import Offer
from queue_system.store.queries.messages import Recipient
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.place import place
from queue_system.store.queries.visit_parts import PartTold
from tests.kit.taint_house import ALL_WORDS, House, everything_in, found_in, headers_of, taint_house

pytestmark = pytest.mark.slow

ADDRESS: Final = "https://queue.house.example"
SENDERS: Final = letter.House(ADDRESS, "appointments@house.example", "notice@neutral.example", b"secret")
# A sheet of paper is headed by who works there.
ON_PAPER: Final = {"member"}


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with taint_house(sqlite_template, tmp_path_factory.mktemp("taint-sent")) as found:
        yield found


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("event", list(Event))
def test_no_neutral_letter_says_a_word_of_it(house: House, event: Event, language: str) -> None:
    """The most that anybody gets in a protected service; the only other contact in it is the recipient's own."""
    message = neutral(house, event, language)
    made = letter.letter_of(message, house.hall.branch, SENDERS, message.claimed_at).content
    head = [f"{name}: {value}" for part in made.walk() for name, value in part.items()]
    whole = [cast(bytes, part.get_payload(decode=True)) for part in made.walk() if not part.is_multipart()]
    body = [text.decode().replace("\r\n ", "") for text in whole]
    assert len(body) >= 2
    assert found_in("\n".join(head + body), [*ALL_WORDS, *of_the_house(house, message.booking)]) == set()


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("event", list(Event))
def test_no_neutral_text_message_says_a_word_of_it(house: House, event: Event, language: str) -> None:
    message = neutral(house, event, language)
    text = short_text(message, house.hall.branch, SENDERS)
    assert len(text) > 10
    assert found_in(text, [*ALL_WORDS, *of_the_house(house, message.booking)]) == set()


def test_the_slip_says_nothing_of_it(house: House) -> None:
    """Not even the place, because others may find it in a bag."""
    hall = house.hall
    stands = hall.db.read_now(place, hall.branch, house.values[0]["line"])
    made = slip_of(stands, hall.branch, hall.db.read_now(organisation), ADDRESS)
    assert made.code
    assert found_in(str(asdict(made)), [*ALL_WORDS, *((name, name) for name in hall.branch.names.values())]) == set()


def test_the_printed_day_says_nothing_of_it_to_whoever_may_do_everything(house: House) -> None:
    for day in {one.starts_at.date() for one in bookings_of(house)}:
        for language in ("ar", "en"):
            house.client.cookies.clear()
            address = f"/appointments/{house.hall.branch.slug}/paper?day={day}"
            answer = house.client.get(address, headers=headers_of(house.alone[EVERYTHING], language))
            assert answer.status_code == 200
            assert any(one.code in answer.text for one in bookings_of(house))
            assert found_in(everything_in(answer)) <= ON_PAPER


def neutral(house: House, event: Event, language: str) -> ClaimedMessage:
    """A message about the first appointment, of which all others are parts, series and offer."""
    own, *others = bookings_of(house)
    to = Recipient(0, "recipient@example.org", Level.NEUTRAL)
    parts = tuple(PartTold(one, to) for one in (own, *others))
    at = own.starts_at
    offer = Offer(own.id, own.id, own.id, own.code, at, at - timedelta(days=1), at - timedelta(hours=30), stands=True)
    now = at - timedelta(days=2)
    earlier = offer if event is Event.EARLIER else None
    return ClaimedMessage(own.id, event, Level.NEUTRAL, language, 1, own, to, now, tuple(others), earlier, parts)


def bookings_of(house: House) -> list[BookingView]:
    hall = house.hall
    return [hall.db.read_now(booking_by_id, hall.branch.id, UUID(one["booking"])) for one in house.values]


def of_the_house(house: House, own: BookingView) -> list[tuple[str, str]]:
    """What else a neutral message must not have: who sends it, and the link."""
    told: tuple[Any, ...] = (*house.hall.branch.names.values(), "house.example", "/b/", own.token)
    return [(one, one) for one in told]
