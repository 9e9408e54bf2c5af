"""What is said in confidence in a protected service is on no page, in no header, log or message for whoever may not know it.

Every address of the application is read by every kind of client, and by staff with each right alone. A word that a right
shows is in SHOWN; a new page that shows more fails here until somebody says that it may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings, calling_off, devices, sessions, tickets
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.channels import How
from queue_system.actions.outbox import ClaimedMessage
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.messages import Event, Level
from queue_system.core.participants import Person, Role
from queue_system.core.rights import ATOMIC, EVERYTHING, Right
from queue_system.core.support import Why
from queue_system.messages import letter
from queue_system.settings.edits import Edit
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import access
from queue_system.store.queries.bookings import BookingView, booking_by_id, free_days
from queue_system.store.queries.earlier import Offer
from queue_system.store.queries.messages import Recipient
from queue_system.store.queries.settings import branch_ids
from queue_system.store.queries.visit_parts import PartTold
from queue_system.store.tables import Booking, Ticket, table
from tests.conftest import SUNDAY_MORNING
from tests.kit.access_matrix import MATRIX, STATIC_FILES
from tests.kit.hall import Hall, enter, furnish
from tests.kit.people import add_role
from tests.kit.process_log import process_log
from tests.kit.services import save, set_service
from tests.kit.web_hall import application

pytestmark = pytest.mark.slow

METRICS: Final = "token-of-the-metrics"
PROFILE, BRANCH = "social-work", "aman"
# Services that must not be named; their names stand in the settings, too, so only whoever is not staff here may never read them.
SERVICES: Final = ("جلسة دعم نفسي", "استشارة قانونية", "Psychological support", "Legal consultation")
# Where everybody can read which services there are.
OFFERED: Final = frozenset({"/book/{branch}", "/api/v1/branches/{branch}/services"})
WORDS: Final = {
    "alias": "SENTINELALIAS",
    "reference": "SENTINELCASE-77",
    "contact": "sentinelcontact@example.org",
    "other": "SENTINELCOMPANION",
    "other's contact": "sentinelcompanion@example.org",
    "note": "SENTINELNOTE",
    "address": "SENTINELSTREET",
    "number": "SENTINELNUMBER-5",
    "member": "SENTINELMEMBER",
}


NOTHING: Final = "01890000-0000-7000-8000-000000000000"
# What each right alone shows of the words above. Whoever goes there, or is received, is a subject of other tests.
PEOPLE: Final = frozenset({"alias", "reference", "note", "other", "number"})
MEMBERS: Final = frozenset({"member"})
SHOWN: Final[dict[Right, frozenset[str]]] = {
    # The pages of one appointment. The contact of whom it is for is shown once somebody asks for it, and the log says who.
    "create_protected_case": PEOPLE | MEMBERS | {"other's contact"},
    # Names of these services are for those alone who book them.
    "set_safe_contact": frozenset({"note"}),
    # Days, absences, hours, accounts and settings name those who work there.
    **dict.fromkeys(
        (
            *("attendance", "see_bookings", "block_members", "move_bookings", "edit_hours", "close_day"),
            "cancel_bookings",
            *("edit_services", "edit_levels", "export_settings", "grant_roles", "read_audit"),
        ),
        MEMBERS,
    ),
    # Whoever may book the service and correct typing errors reads the contact in the form for that.
    # The address of a home visit is shown to whoever goes there, and to others once they ask for it.
    EVERYTHING: frozenset(WORDS) - {"address"},
}


@dataclass(frozen=True)
class House:
    """The application, who reads its pages, by their cookies, and values for addresses: one set for each appointment."""

    client: TestClient
    hall: Hall
    outsiders: dict[str, dict[str, str]]
    alone: dict[Right, dict[str, str]]
    values: list[dict[str, str]]
    log: Any


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    clock, folder = FrozenClock(SUNDAY_MORNING), tmp_path_factory.mktemp("taint")
    url = f"sqlite:///{folder / 'hall.db'}"
    (folder / "hall.db").write_bytes(sqlite_template.read_bytes())
    database = Database(url, clock)
    filled = prepared(furnish(database, PROFILE, BRANCH))
    made = [appointment(filled, n) for n in range(5)]
    clock.set(made[2].starts_at)
    after_a_day(filled, made)
    outsiders, alone = dict(outsiders_of(filled)), {right: alone_with(filled, right) for right in (*ATOMIC, EVERYTHING)}
    database.close()
    with (
        pytest.MonkeyPatch.context() as patched,
        process_log(folder, patched) as said,
        application(url, folder, clock, metrics_token=METRICS) as (client, found),
    ):
        hall = enter(found.db, BRANCH)
        ticket = hall.db.read_now(Tx.rows, sa.select(table(Ticket)))[0]
        values = [values_of(hall, one, ticket) for one in made]
        yield House(client, hall, outsiders, alone, values, said)


def prepared(hall: Hall) -> Hall:
    """A branch with a named worker, whose second service is given at people's homes."""
    names = {"ar": WORDS["member"], "en": WORDS["member"]}
    hall = save(hall, [Edit("resource", "worker", None, {"names": names, "kind": "person"})])
    asked = {"names": {"ar": "رقم الإحالة", "en": "Number of the referral"}}
    hall = set_service(hall, "psych", needs=["worker"], issued_number=asked)
    return set_service(hall, "legal", channel="field", issued_number=asked)


def appointment(hall: Hall, n: int) -> BookingView:
    """Made by staff: of a person with a name of their own choosing, or with a case number and an address, by turns."""
    day = SUNDAY_MORNING.date() + timedelta(days=min(n, 2))
    slug = ("psych", "legal")[n % 2]
    (found,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(slug), day, day, public=False)
    order = HoldOrder(
        hall.branch.id, hall.service(slug), found.slots[0].start, "", "", "ar", SYSTEM, booker=Booker.STAFF
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    other = Person(Role.COMPANION, WORDS["other"], WORDS["other's contact"], way="call_at_time", note=WORDS["note"])
    said = Said(
        WORDS["alias" if slug == "psych" else "reference"],
        WORDS["contact"],
        "ar",
        others=(other,),
        way="sms_neutral" if n == 2 else "call_at_time",
        note=WORDS["note"],
        how=How(address=WORDS["address"]) if slug == "legal" else None,
        issued_number=WORDS["number"],
    )
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM, said)


def after_a_day(hall: Hall, made: list[BookingView]) -> None:
    """Two were not recorded, the third has come, one has lost its time and one was called off."""
    here = hall.branch.id
    hall.db.write_in_now(here, tickets.check_in, here, made[2].id, SYSTEM, source="reception")
    lost = {"decision": "later", "lost_why": "member"}
    rows = table(Booking)
    hall.db.write_now(Tx.execute, sa.update(rows).where(rows.c.id == made[3].id).values(lost))
    hall.db.write_in_now(here, calling_off.call_off, here, made[4].id, Why.MEMBER, SYSTEM)


def outsiders_of(hall: Hall) -> Iterator[tuple[str, dict[str, str]]]:
    there = hall.db.read_now(branch_ids)["wifaq"]
    all_of_it = add_role(hall, "all-elsewhere", EVERYTHING)
    yield "nobody", {}
    for name, roles in (("idle", ()), ("elsewhere", ((there, all_of_it),))):
        yield name, {"session": hall.db.write_now(sessions.start_session, hall.person(name, roles), "test")}
    for kind in ("kiosk", "display"):
        found = [
            one
            for place in hall.db.read_now(branch_ids).values()
            for one in hall.db.read_now(access.devices, place, kind)
        ]
        device = found[0]
        token = hall.db.write_in_now(device.branch_id, devices.enrol_device, device.branch_id, device.id)
        yield kind, {f"device-{kind}": token}


def alone_with(hall: Hall, right: Right) -> dict[str, str]:
    name = "all-alone" if right == EVERYTHING else f"only-{right}"
    person = hall.person(name, ((hall.branch.id, add_role(hall, name, right)),))
    return {"session": hall.db.write_now(sessions.start_session, person, "test")}


def values_of(hall: Hall, booking: BookingView, ticket: Any) -> dict[str, str]:
    start = booking.starts_at
    own = {
        "branch": BRANCH,
        "place": BRANCH,
        "booking": str(booking.id),
        "visit": str(ticket.id),
        "ticket": str(ticket.id),
    }
    at = {
        "day": "2026-11-24",
        "date": "2026-11-24",
        "start": f"{start:%Y%m%dT%H%MZ}",
        "n": "1",
        "digest": "0",
        "path": "base.css",
    }
    named = {
        "service": "psych",
        "counter": "a2",
        "queue": "q-support",
        "device": "s1",
        "kind": "service",
        "slug": "psych",
        "event": "confirmed",
    }
    named |= {
        "calendar": "qatar_public",
        "lang": "ar",
        "group": "support",
        "role": "no-such",
        "token": booking.token,
        "line": ticket.token,
    }
    rest = ("block", "invitation", "series", "method", "person", "approval", "pair", "change")
    return dict.fromkeys(rest, NOTHING) | own | at | named


def read(
    house: House, cookies: dict[str, str], path: str, languages: tuple[str, ...] = ("ar",)
) -> Iterator[tuple[str, str]]:
    """Each address of this form, with head and body of its answer."""
    wanted = re.findall(r"{(\w+)}", path)
    by_booking = {"booking", "token", "start"} & set(wanted)
    for values in house.values if by_booking else house.values[:1]:
        if "/t/" in path or "tickets" in path:
            values = values | {"token": values["line"]}
        if path.endswith("/static/{digest}/{path}"):
            values = values | {"path": STATIC_FILES.get(path.split("/")[1], values["path"])}
        address = re.sub(r"{(\w+)}", lambda found: values[found[1]], path)  # noqa: B023 - used at once
        for language in languages:
            house.client.cookies.clear()
            cookie = "; ".join(f"{name}={value}" for name, value in {**cookies, "language": language}.items())
            answer = house.client.get(address, headers={"cookie": cookie}, follow_redirects=False)
            assert answer.status_code < 500, (address, answer.status_code)
            yield address, f"{answer.headers}\n{answer.text}"


def addresses() -> list[str]:
    return sorted(path for method, path in MATRIX if method == "GET" and "/static/" not in path)


def found_in(text: str, words: Any) -> set[str]:
    return {name for name, word in words if word in text}


def test_nobody_else_reads_a_word_of_it(house: House) -> None:
    words = [*WORDS.items(), *((word, word) for word in SERVICES)]
    found = {
        (name, path, word)
        for name, cookies in house.outsiders.items()
        for path in addresses()
        for _, text in read(house, cookies, path, ("ar", "en"))
        for word in found_in(text, words)
        if word not in SERVICES or path not in OFFERED
    }
    assert found == set()
    # They get as far as the pages that every link opens.
    for path in ("/b/{token}", "/b/{token}.ics", "/t/{token}"):
        assert any("SENTINEL" not in text and len(text) > 300 for _, text in read(house, {}, path))


def test_each_right_alone_shows_what_it_says_and_nothing_more(house: House) -> None:
    shown = {
        right: {
            (word, path)
            for path in addresses()
            for _, text in read(house, cookies, path)
            for word in found_in(text, WORDS.items())
        }
        for right, cookies in house.alone.items()
    }
    found = {right: frozenset(word for word, _ in words) for right, words in shown.items() if words}
    assert {right: sorted(shown[right]) for right in shown if found.get(right) != SHOWN.get(right)} == {}


def test_logs_and_measures_say_nothing_of_it(house: House) -> None:
    answer = house.client.get("/metrics", headers={"authorization": f"Bearer {METRICS}"})
    assert answer.status_code == 200
    entries = house.hall.db.read_now(log.after, house.hall.branch.id, 0)
    assert len(entries) > 10
    said = "\n".join([answer.text, house.log.getvalue(), *(str(one.data) for one in entries)])
    tokens = [(one["token"], one["token"]) for one in house.values]
    assert found_in(said, [*WORDS.items(), *((word, word) for word in SERVICES), *tokens]) == set()


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("event", list(Event))
def test_no_neutral_letter_says_a_word_of_it(house: House, event: Event, language: str) -> None:
    """The most that anybody gets in a protected service; the only other contact in it is the recipient's own."""
    hall = house.hall
    senders = letter.House(
        "https://queue.house.example", "appointments@house.example", "notice@neutral.example", b"secret"
    )
    ids = [UUID(one["booking"]) for one in house.values]
    own, *others = (hall.db.read_now(booking_by_id, hall.branch.id, one) for one in ids)
    to = Recipient(0, "recipient@example.org", Level.NEUTRAL)
    parts = tuple(PartTold(one, to) for one in (own, *others))
    at = own.starts_at
    offer = Offer(own.id, own.id, own.id, own.code, at, at - timedelta(days=1), at - timedelta(hours=30), stands=True)
    message = ClaimedMessage(
        own.id,
        event,
        Level.NEUTRAL,
        language,
        1,
        own,
        to,
        at - timedelta(days=2),
        tuple(others),
        offer if event is Event.EARLIER else None,
        parts,
    )
    made = letter.letter_of(message, hall.branch, senders, at - timedelta(days=2)).content
    head = [f"{name}: {value}" for part in made.walk() for name, value in part.items()]
    whole = [cast(bytes, part.get_payload(decode=True)) for part in made.walk() if not part.is_multipart()]
    body = [text.decode().replace("\r\n ", "") for text in whole]
    said = "\n".join(head + body)
    assert len(body) >= 2
    house_itself = [(name, name) for name in (*hall.branch.names.values(), "house.example", "/b/", own.token)]
    assert found_in(said, [*WORDS.items(), *((word, word) for word in SERVICES), *house_itself]) == set()
