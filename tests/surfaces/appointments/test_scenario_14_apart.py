"""Scenario 14: of two people who must not meet, no page says so to anybody without the right: not by a byte."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions.look_ups import record_look_ups
from queue_system.actions.tickets import check_in
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.rights import ATOMIC
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.appointments import first_free
from queue_system.store.queries.bookings import BookingView, booking_by_id, bookings_between
from tests.conftest import SUNDAY_MORNING
from tests.kit.access_matrix import MATRIX
from tests.kit.apart_hall import (
    CONTACT,
    COUNSELLING,
    HE,
    HIS_TELEPHONE,
    MEDIATION,
    SHE,
    at,
    book,
    hold,
    pair,
    staff_alone,
)
from tests.kit.hall import Hall, enter, furnish
from tests.kit.people import add_role
from tests.kit.web_hall import application, sign_in

KEY: Final = "the key of both installations"
# Whoever reads the log reads that a pair was made; whoever may keep people apart sees who.
KNOWS: Final = ("*", "keep_apart", "read_audit", "verify_chain")
CHOSEN: Final = re.compile(r'name="request_id" value="[^"]*"|"(?:request|epoch|nonce)[^"]*"|data-epoch="[^"]*"')

Answers = dict[str, tuple[int, str]]
World = Callable[[Hall], Any]


@dataclass(frozen=True)
class Prepared:
    """A database with appointments of both on different days, the values of addresses, and the moment."""

    file: Path
    values: dict[str, list[str]]
    at: datetime


@pytest.fixture
def prepared(tmp_path: Path, sqlite_url: str, request: pytest.FixtureRequest) -> Prepared:
    """With the parameter "inside" both are in the hall, and with "alone" his service is for one party.

    `desk` has every right but those that know.
    """
    case = getattr(request, "param", "")
    inside = case == "inside"
    clock = FrozenClock(SUNDAY_MORNING)
    database = Database(sqlite_url, clock, secret=KEY.encode())
    furnish(database, "social-work", "wifaq")
    hall = enter(database, "wifaq")
    role = add_role(hall, "all-but", *(right for right in ATOMIC if right not in KNOWS))
    hall.person("desk", ((hall.branch.id, role),))
    his_service = COUNSELLING if case == "alone" else CONTACT
    staff_alone(hall)
    hers = book(hall, SHE, at(24, 8, 15))
    his = book(hall, HE, at(24 if inside else 25, 8, 30), his_service, HIS_TELEPHONE)
    held = hold(hall, at(25, 10), CONTACT)
    bookings = [database.read_now(booking_by_id, hall.branch.id, one) for one in (hers, his, held)]
    values = {"booking": [str(one.id) for one in bookings], "token": [one.token for one in bookings]}
    if inside:
        clock.set(at(24, 8, 20))
        for one in (hers, his):
            ticket = hall.db.write_in_now(hall.branch.id, check_in, hall.branch.id, one, SYSTEM).ticket
            values.setdefault("ticket", []).append(str(ticket.id))
            values["token"].append(ticket.token)
    database.close()
    return Prepared(tmp_path / "queue.db", values, clock.now())


@pytest.mark.parametrize("prepared", ["parties", "alone"], indirect=True)
def test_scenario_14_no_answer_differs_by_a_byte(prepared: Prepared, tmp_path: Path) -> None:
    without = answers(prepared, tmp_path / "without", another_fact)
    assert len(without) > 100
    assert sum(status == 200 for status, _ in without.values()) > 40
    assert differing(without, answers(prepared, tmp_path / "with", pair)) == []


@pytest.mark.parametrize("prepared", ["inside"], indirect=True)
def test_scenario_14_only_reception_and_the_desks_are_told_of_both_in_the_hall(
    prepared: Prepared, tmp_path: Path
) -> None:
    without = answers(prepared, tmp_path / "without", another_fact)
    told = differing(without, answers(prepared, tmp_path / "with", pair))
    assert told == ["desk /reception/wifaq", "desk /reception/wifaq/state"]


@pytest.mark.parametrize("prepared", ["parties", "alone"], indirect=True)
def test_scenario_14_times_that_are_not_offered_look_as_if_they_were_taken(prepared: Prepared, tmp_path: Path) -> None:
    """Of the 24th, on which she comes, his page has no times: as if others had taken them all."""
    his = prepared.values["booking"][1]
    address = f"/appointments/wifaq/{his}/time?from=2026-11-24"

    def all_taken(hall: Hall) -> None:
        service = hall.db.read_now(booking_by_id, hall.branch.id, UUID(his)).service_id
        view, number = hall.branch.services[service], 0
        while free := hall.db.read_now(first_free, hall.branch, view, at(24, 3), {}).first:
            if free[0].start >= at(25, 3):
                break
            number += 1
            book(hall, f"WQ-{number}", free[0].start, view.slug)

    pages = []
    for name, world in (("taken", all_taken), ("with", pair), ("free", another_fact)):
        with running(prepared, tmp_path / name, world) as (client, _):
            sign_in(client, "desk")
            pages.append(seen(client, address))
            asked = client.get(f"{address}&start=20261124T0830Z")
            sent = {"start": "20261124T0830Z", "from": "2026-11-24", "seen": seen_in(asked.text)}
            refused = client.post(address.partition("?")[0], data=sent)
            pages.append((refused.status_code, CHOSEN.sub("", refused.text)))
    assert pages[0] == pages[2]
    assert pages[1] == pages[3]
    assert pages[0] != pages[4], "without a pair there are times"


def test_scenario_14_the_database_is_asked_the_same_with_a_pair_as_without(prepared: Prepared, tmp_path: Path) -> None:
    his = prepared.values["booking"][1]
    counted = []
    for name, world in (("without", another_fact), ("with", pair)):
        with running(prepared, tmp_path / name, world) as (client, hall):
            sign_in(client, "desk")
            with statements(hall.db) as found:
                client.get(f"/appointments/wifaq/{his}/time?from=2026-11-26")
                asked = client.get(f"/appointments/wifaq/{his}/time?start=20261126T0530Z")
                sent = {"start": "20261126T0530Z", "seen": seen_in(asked.text)}
                moved = client.post(f"/appointments/wifaq/{his}/time", data=sent)
                assert moved.status_code == 303
                client.get("/reception/wifaq")
            # Others are run by what the server does by itself meanwhile.
            counted.append([one for one in found if "apart_" in one])
    assert counted[0] == counted[1]
    assert len(counted[0]) > 3


def another_fact(hall: Hall) -> None:
    """One entry in the log, as a pair leaves one, because some pages have the position of the log."""
    hall.db.write_in_now(hall.branch.id, record_look_ups, hall.branch.id, booked(hall), "name", SYSTEM)


def booked(hall: Hall) -> list[BookingView]:
    """One appointment."""
    return hall.db.read_now(
        lambda tx: bookings_between(tx, hall.branch.id, at(24, 7), at(24, 14), list(BookingState))[:1]
    )


@contextmanager
def running(prepared: Prepared, folder: Path, world: World) -> Iterator[tuple[TestClient, Hall]]:
    """The application on a copy of the database, after `world` has happened."""
    folder.mkdir()
    shutil.copy(prepared.file, folder / "queue.db")
    (folder / "secret.key").write_text(KEY)
    with application(f"sqlite:///{folder / 'queue.db'}", folder, FrozenClock(prepared.at)) as (client, first):
        hall = enter(first.db, "wifaq")
        world(hall)
        yield client, hall


def answers(prepared: Prepared, folder: Path, world: World) -> Answers:
    """What everybody gets at every address, and then what somebody gets with every right but those that know."""
    found: Answers = {}
    with running(prepared, folder, world) as (client, _):
        for person in ("nobody", "desk"):
            if person == "desk":
                sign_in(client, "desk")
            for address in addresses(prepared.values):
                found[f"{person} {address}"] = seen(client, address)
    return found


def addresses(values: dict[str, list[str]]) -> Iterator[str]:
    usual = {
        "branch": "wifaq",
        "counter": "w3",
        "queue": "q-recon",
        "service": MEDIATION,
        "kind": "queue",
        "slug": "q-recon",
        "place": "wifaq",
        "lang": "en",
        "date": "2026-11-24",
        "day": "2026-11-24",
        "device": "p1",
        "digest": "0",
        "path": "base.css",
    }
    for method, path in MATRIX:
        if method != "GET" or "static" in path or path.endswith(("/audit", "/file")) or "/audit/" in path:
            continue
        names = re.findall(r"{(\w+)}", path)
        several = next((name for name in names if name in values), None)
        for value in values[several] if several else [""]:
            filled = {name: usual.get(name, "no-such") for name in names} | ({several: value} if several else {})
            yield re.sub(r"{(\w+)}", lambda match, filled=filled: filled[match.group(1)], path)  # type: ignore[misc]
    yield from ("/appointments/wifaq?day=2026-11-24", "/appointments/wifaq?day=2026-11-25&view=list")
    yield f"/appointments/wifaq/new?service={CONTACT}&from=2026-11-24"
    yield f"/appointments/wifaq/new?service={MEDIATION}"
    yield f"/appointments/wifaq/new?service={COUNSELLING}&from=2026-11-24"


def seen(client: TestClient, address: str) -> tuple[int, str]:
    answer = client.get(address)
    return answer.status_code, CHOSEN.sub("", answer.text)


def seen_in(html: str) -> str:
    """The fingerprint of what a page has shown of an appointment, before it is moved."""
    (found,) = re.findall(r'name="seen" value="([^"]+)"', html)
    return str(found)


def differing(one: Answers, other: Answers) -> list[str]:
    assert one.keys() == other.keys()
    return [address for address, answer in one.items() if other[address] != answer]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that a database runs meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        found.append(statement)

    engines = (database.dialect.reading, database.dialect.writing)
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", note)
