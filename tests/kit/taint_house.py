"""Appointments with words in them that nobody may read who has no right to: the house of the tests that look for these words."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from uuid_utils.compat import uuid7

from queue_system.actions import bookings, calling_off, devices, sessions, tickets
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.channels import How
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.participants import Person, Role
from queue_system.core.rights import ATOMIC, EVERYTHING, Right
from queue_system.core.support import Why
from queue_system.settings.edits import Edit
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import access
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.queries.settings import branch_ids
from queue_system.store.tables import Booking, Ticket, TicketNote, table
from tests.conftest import SUNDAY_MORNING
from tests.kit.access_matrix import STATIC_FILES
from tests.kit.hall import Hall, enter, furnish
from tests.kit.people import add_role
from tests.kit.process_log import process_log
from tests.kit.services import save, set_service
from tests.kit.web_hall import application

METRICS: Final = "token-of-the-metrics"
PROFILE, BRANCH = "social-work", "aman"
# Services that must not be named; their names stand in the settings, too, so only whoever is not staff here may never read them.
SERVICES: Final = ("جلسة دعم نفسي", "استشارة قانونية", "Psychological support", "Legal consultation")
WORDS: Final = {
    "alias": "SENTINELALIAS",
    "reference": "SENTINELCASE-77",
    "contact": "sentinelcontact@example.org",
    "other": "SENTINELCOMPANION",
    "other's contact": "sentinelcompanion@example.org",
    "note": "SENTINELNOTE",
    "next": "SENTINELFORNEXT",
    "address": "SENTINELSTREET",
    "number": "SENTINELNUMBER-5",
    "member": "SENTINELMEMBER",
}
#: The words and the names of the services, each with its name.
ALL_WORDS: Final = (*WORDS.items(), *((name, name) for name in SERVICES))
NOTHING: Final = "01890000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class House:
    """The application, who reads its pages, by their cookies, and values for addresses: one set for each appointment."""

    client: TestClient
    hall: Hall
    outsiders: dict[str, dict[str, str]]
    alone: dict[Right, dict[str, str]]
    values: list[dict[str, str]]
    log: Any
    clock: FrozenClock


@contextmanager
def taint_house(template: Path, folder: Path) -> Iterator[House]:
    """The running application in an empty folder; what its process logs meanwhile is kept."""
    clock = FrozenClock(SUNDAY_MORNING)
    url = f"sqlite:///{folder / 'hall.db'}"
    (folder / "hall.db").write_bytes(template.read_bytes())
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
        yield House(client, hall, outsiders, alone, values, said, clock)


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
    hall.db.write_now(_note_for_next, hall, hall.person("wrote", ()))
    lost = {"decision": "later", "lost_why": "member"}
    rows = table(Booking)
    hall.db.write_now(Tx.execute, sa.update(rows).where(rows.c.id == made[3].id).values(lost))
    hall.db.write_in_now(here, calling_off.call_off, here, made[4].id, Why.MEMBER, SYSTEM)


def _note_for_next(tx: Tx, hall: Hall, writer: UUID) -> None:
    """A note for the next clerk about the visitor who has come, as it is stored where a level restricts it."""
    (ticket,) = tx.rows(sa.select(table(Ticket)))
    row = {"branch_id": hall.branch.id, "id": uuid7(), "ticket_id": ticket.id, "service_id": ticket.service_id}
    row |= {"rule": "restricted", "text": WORDS["next"], "written_at": tx.now, "written_by": writer}
    tx.execute(sa.insert(table(TicketNote)), row)


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
        "code": booking.code,
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
    rest = ("view", "block", "invitation", "series", "method", "person", "approval", "pair", "change", "message")
    return dict.fromkeys(rest, NOTHING) | own | at | named


def addresses_of(house: House, path: str) -> Iterator[str]:
    """The addresses of a route: one for each appointment if it has one in it."""
    by_booking = {"booking", "token", "start"} & set(re.findall(r"{(\w+)}", path))
    for values in house.values if by_booking else house.values[:1]:
        if "/t/" in path or "tickets" in path:
            values = values | {"token": values["line"]}
        if path.endswith("/static/{digest}/{path}"):
            values = values | {"path": STATIC_FILES.get(path.split("/")[1], values["path"])}
        yield re.sub(r"{(\w+)}", lambda found: values[found[1]], path)  # noqa: B023 - used at once


def headers_of(cookies: dict[str, str], language: str) -> dict[str, str]:
    """The headers of a client; a program has the session of its person as its token."""
    cookie = "; ".join(f"{name}={value}" for name, value in {**cookies, "language": language}.items())
    token = {"authorization": f"Bearer {cookies['session']}"} if "session" in cookies else {}
    return {"cookie": cookie, **token}


def everything_in(answer: Any) -> str:
    """Head and body of an answer as text: encoded letters decoded, folded lines joined, packed files unpacked."""
    bodies = [answer.content]
    if answer.content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            bodies += [packed.read(name) for name in packed.namelist()]
    said = "\n".join(body.decode("utf-8", "replace") for body in bodies)
    return f"{unquote(str(answer.headers))}\n{said}".replace("\r\n ", "")


def found_in(text: str, words: Collection[tuple[str, str]] = ALL_WORDS) -> set[str]:
    """The names of the words that are in a text."""
    return {name for name, word in words if word in text}
