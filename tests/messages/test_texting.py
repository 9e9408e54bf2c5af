"""Text messages go through Apprise's own plug-in to a gateway on loopback: short, once each, never more than a level allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from queue_system.actions.booking_invitations import InvitationOrder, invite_guest
from queue_system.actions.calling_off import call_off
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration, ConfigurationError, read_configuration
from queue_system.core.booking_invitations import personal_link
from queue_system.core.bookings import BookingState
from queue_system.core.messages import Event, Level
from queue_system.core.support import Why
from queue_system.core.telephones import takes_texts
from queue_system.core.text_messages import segments
from queue_system.messages.letter import House
from queue_system.messages.postman import Postman
from queue_system.messages.sample import sample
from queue_system.messages.short_text import short_text
from queue_system.messages.texting import Gateway
from queue_system.ops.doctor import look_at_channels, look_at_texting
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.visit_parts import PartTold
from queue_system.store.tables import Message, PhoneCall, table
from queue_system.web.kit import words_of
from tests.kit.hall import enter, furnish, set_branch
from tests.kit.mail_server import MailServer
from tests.kit.process_log import process_log
from tests.kit.services import set_service
from tests.kit.text_gateway import TextGateway, text_gateway
from tests.messages.test_sending import ADDRESS, NAME, Sending, set_level, taint

# A plug-in of Apprise asks for a module that Python will lose.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NUMBER = "+97433123456"
LANDLINE = "+97444123456"
SENTINELS = ("SENTINEL-SERVICE", "SENTINEL-BRANCH", "SENTINEL-HOUSE", "house.example", NAME)


@dataclass
class Texting:
    """An installation that sends text messages, and the gateway that takes them."""

    sending: Sending
    gateway: TextGateway

    @property
    def texts(self) -> list[str]:
        return [text for _, _, text in self.gateway.taken]

    def book(self, language: str = "ar") -> BookingView:
        return self.sending.book(NUMBER, language)

    def close(self) -> None:
        self.sending.app.state.installation.database.close()

    def called(self) -> int:
        """How many people are on the call list."""
        return len(self.sending.hall.db.read_now(lambda tx: tx.rows(sa.select(table(PhoneCall)))))


@pytest.fixture
def texting(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Texting]:
    furnish(db)
    with text_gateway() as gateway:
        texting = made(db_url, clock, tmp_path, gateway, sms_url=gateway.address())
        yield texting
        texting.close()


def made(db_url: str, clock: FrozenClock, folder: Path, gateway: TextGateway, **urls: str) -> Texting:
    configuration = read_configuration({}, database_url=db_url, data_dir=folder, public_url=ADDRESS, **urls)
    app = create_app(configuration, clock)
    installation = app.state.installation
    sending = Sending(enter(installation.database), Postman(installation), MailServer(), app)
    return Texting(sending, gateway)


def test_whoever_left_a_number_gets_one_short_text_with_code_and_link(texting: Texting) -> None:
    set_level(texting.sending.hall, sms="full")
    one = texting.book()
    assert texting.sending.postman.send_due() == 1
    assert texting.sending.postman.send_due() == 0
    ((token, number, text),) = texting.gateway.taken
    assert (token, number) == ("house", NUMBER)
    for said in ("ثُبّت موعدك", "08:30", f"{one.code[:4]} {one.code[4:]}", f"{ADDRESS}/my-booking", "السفارة"):
        assert said in text
    assert NAME not in text
    assert not set(text) & set("\u2066\u2067\u2068\u2069\n")
    assert segments(text) <= 3
    texting.sending.cancel(one)
    texting.sending.postman.send_due()
    assert "my-booking" not in texting.texts[1]


def test_a_text_is_in_the_language_and_the_words_of_the_house(texting: Texting) -> None:
    set_level(texting.sending.hall, sms="full")
    body = [{"ar": "نراكم {day}.", "en": "See you on {day} at {time}: {link}"}]
    set_branch(
        texting.sending.hall, messages={"x": {"slug": "x", "event": "confirmed", "channel": "sms", "body": body}}
    )
    texting.book("en")
    texting.sending.postman.send_due()
    (text,) = texting.texts
    assert "See you on Thursday 26 November 2026 at 08:30: https://queue.house.example/my-booking" in text
    assert text.count("my-booking") == 1
    # The dash in the name of the branch is a plain one here.
    assert "Embassy premises - Doha:" in text
    assert segments(text) == 1
    assert "appointment code" in text.lower()


def test_a_gateway_that_fails_is_tried_again(texting: Texting, clock: FrozenClock) -> None:
    texting.gateway.behaviours = ["500"]
    texting.book()
    assert texting.sending.postman.send_due() == 0
    assert texting.sending.states() == ["queued"]
    clock.move(timedelta(minutes=1))
    assert texting.sending.postman.send_due() == 1
    assert texting.sending.states() == ["sent"]


def test_a_gateway_that_does_not_answer_may_have_sent_it(texting: Texting) -> None:
    texting.gateway.behaviours = ["silent"]
    texting.sending.postman._gateway = Gateway(texting.gateway.address(), seconds=0.2)
    texting.book()
    assert texting.sending.postman.send_due() == 0
    assert texting.sending.states() == ["unknown"]


@pytest.mark.parametrize(
    ("status", "error"), [("401", "gateway_sign_in"), ("402", "gateway_credit"), ("403", "gateway_sign_in")]
)
def test_an_account_that_is_refused_or_empty_costs_no_message_an_attempt(
    texting: Texting, clock: FrozenClock, status: str, error: str
) -> None:
    texting.gateway.behaviours = [status]
    texting.book()
    assert texting.sending.postman.send_due() == 0
    message = table(Message)
    kept = texting.sending.hall.db.read_now(
        lambda tx: tx.rows(sa.select(message).where(message.c.event == "confirmed"))
    )
    assert [(one.state, one.attempts, one.error) for one in kept] == [("queued", 0, error)]
    (found,) = texting.sending.hall.db.read_now(look_at_channels)
    assert (found.level, found.code) == ("bad", f"channel-{error.replace('_', '-')}")
    clock.move(timedelta(minutes=15))
    assert texting.sending.postman.send_due() == 1


# ---------------------------------------------------------------- nothing more than the level allows


def test_a_neutral_text_needs_a_gateway_of_its_own_and_names_nobody(
    db: Database, db_url: str, clock: FrozenClock, tmp_path: Path
) -> None:
    furnish(db)
    with text_gateway() as gateway:
        urls = {"sms_url": gateway.address(), "sms_url_neutral": gateway.address("neutral")}
        texting = made(db_url, clock, tmp_path, gateway, **urls)
        set_level(texting.sending.hall, display="code_random", sms="neutral")
        taint(texting.sending)
        texting.book()
        texting.sending.postman.send_due()
        ((token, _, text),) = gateway.taken
        assert token == "neutral"
        assert [one for one in SENTINELS if one in text] == []
        assert "08:30" in text
        texting.close()


def test_without_a_neutral_gateway_a_discreet_service_sends_nothing(texting: Texting) -> None:
    set_level(texting.sending.hall, display="code_random", sms="full")
    texting.book()
    assert texting.sending.postman.send_due() == 0
    assert (texting.sending.states(), texting.gateway.taken) == ([], [])


def test_where_the_service_is_not_named_no_text_names_it(texting: Texting) -> None:
    set_level(texting.sending.hall, sms="minimal")
    taint(texting.sending)
    texting.book()
    texting.sending.postman.send_due()
    assert "SENTINEL-BRANCH" in texting.texts[0]
    assert "SENTINEL-SERVICE" not in texting.texts[0]


@pytest.mark.parametrize("language", ["ar", "en"])
def test_what_was_called_off_is_said_first_and_is_never_cut(
    texting: Texting, clock: FrozenClock, language: str
) -> None:
    branch = texting.sending.hall.branch
    service = branch.service("travel-doc")
    one = sample(branch, service, Event.VISIT_CALLED_OFF, language, clock.now())
    first, second = one.parts
    stands = replace(first.booking, state=BookingState.CONFIRMED)
    over = replace(second.booking, state=BookingState.CANCELLED, starts_at=first.booking.starts_at + timedelta(hours=3))
    parts = (PartTold(stands, first.to), PartTold(over, second.to))
    house = House(ADDRESS, "house@example.org", "", b"secret")
    text = short_text(replace(one, level=Level.FULL, parts=parts), branch, house)
    words = words_of(language, branch)
    assert "13:00" in text
    assert text.index(words.text("messages.no-longer")) < text.index("13:00")
    if "10:00" in text:
        assert text.index("13:00") < text.index(words.text("messages.still-stands")) < text.index("10:00")
    # The page behind the link opens with the code of what still stands.
    assert f"{stands.code[:4]} {stands.code[4:]}" in text
    assert segments(text) <= 4
    nothing_left = tuple(PartTold(replace(part.booking, state=BookingState.CANCELLED), part.to) for part in parts)
    text = short_text(replace(one, level=Level.FULL, parts=nothing_left), branch, house)
    assert "my-booking" not in text


def test_numbers_of_visitors_stay_out_of_the_log_when_the_gateway_fails(
    texting: Texting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_level(texting.sending.hall, sms="full")
    texting.gateway.behaviours = ["500"]
    with process_log(tmp_path, monkeypatch) as said:
        texting.book()
        texting.sending.postman.send_due()
    assert "message.not_sent" in said.getvalue()
    assert NUMBER[1:] not in said.getvalue()
    assert "Failed to send" not in said.getvalue()


def test_a_number_that_apprise_would_drop_is_called() -> None:
    assert takes_texts(NUMBER)
    # Andorra: a gateway would write to its own sender, and say that it was sent.
    assert not takes_texts("+376312345")


# ---------------------------------------------------------------- the call list


def test_an_invitation_brings_its_link_to_a_telephone(texting: Texting, clock: FrozenClock) -> None:
    hall = set_service(texting.sending.hall, "passport-lost", policy="invite", mode="invite")
    set_level(hall, sms="full")
    last = clock.now().date() + timedelta(days=3)
    order = InvitationOrder(hall.service("passport-lost"), NAME, NUMBER, "ar", last)
    one = hall.db.write_in_now(hall.branch.id, invite_guest, hall.branch.id, order, SYSTEM)
    assert texting.sending.postman.send_due() == 1
    (text,) = texting.texts
    assert personal_link(ADDRESS, hall.branch.key, texting.sending.app.state.installation.secret, one) in text
    assert NAME not in text
    assert "ولا أحد يقرأ" not in text


@pytest.mark.parametrize("sends", [True, False])
def test_whom_a_text_reaches_nobody_has_to_call(texting: Texting, *, sends: bool) -> None:
    hall = texting.sending.hall
    set_level(hall, sms="full")
    if not sends:
        hall.db.sends = frozenset({"full", "minimal"})
    one = texting.book()
    hall.db.write_in_now(hall.branch.id, call_off, hall.branch.id, one.id, Why.OTHER, SYSTEM)
    assert texting.called() == (0 if sends else 1)


def test_a_landline_gets_no_text_and_is_called(texting: Texting) -> None:
    hall = texting.sending.hall
    set_level(hall, sms="full")
    one = texting.sending.book(LANDLINE)
    hall.db.write_in_now(hall.branch.id, call_off, hall.branch.id, one.id, Why.OTHER, SYSTEM)
    assert texting.sending.postman.send_due() == 0
    assert (texting.gateway.taken, texting.called()) == ([], 1)


# ---------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("json://127.0.0.1/{to}", "begins with one of"),
        ("file:///etc/passwd?{to}", "begins with one of"),
        ("twilio://AC1:token@from/", "needs {to} once"),
        ("twilio://AC1:token@from/{to}?verify=no", "must not have verify"),
        ("kavenegar://key/{to}", "begins with one of"),
        ("smseagle://token@10.0.0.1/{to}", "on this machine"),
    ],
)
def test_only_gateways_of_text_messages_are_accepted(url: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match="QUEUE_SMS_URL") as refused:
        read_configuration({}, sms_url=url)
    assert why in str(refused.value)


def test_doctor_says_what_is_set() -> None:
    def codes(configuration: Configuration) -> list[str]:
        return [one.code for one in look_at_texting(configuration)]

    twilio = "twilio://AC1:token@from/{to}"
    assert codes(read_configuration({})) == []
    assert codes(read_configuration({}, sms_url=twilio)) == ["texting", "no-neutral-texting"]
    assert codes(read_configuration({}, sms_url=twilio, sms_url_neutral=twilio)) == ["texting"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ا" * 70, 1),
        ("ا" * 71, 2),
        ("ا" * 134, 2),
        ("ا" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments_are_counted_as_networks_count_them(text: str, count: int) -> None:
    assert segments(text) == count
