"""Access control: every route of the application, for every kind of client.

A route without a line in MATRIX fails the test, so that nobody forgets to decide who may use a new one.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from queue_system import app
from queue_system.actions import bookings, devices, sessions
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.tokens import sha256
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import access
from queue_system.store.queries.settings import branch_ids
from queue_system.store.schema import METADATA
from queue_system.store.tables import ORGANISATION
from queue_system.web.errands import Errands
from queue_system.web.installation import Installation
from tests.conftest import SUNDAY_MORNING
from tests.kit.access_matrix import MATRIX, NAMES_NOTHING, STATIC_FILES
from tests.kit.access_rows import (
    ADMINISTRATOR,
    AUDITOR,
    CLERK,
    DISPLAY,
    ELSEWHERE,
    EVERYBODY,
    FORBIDDEN,
    IDLE,
    KIOSK,
    KIOSK_ELSEWHERE,
    LINK,
    NOBODY,
    OPEN,
    OTHER,
    PAIR,
    RECEPTIONIST,
    REVOKED,
    SIGN_IN,
    SOCKET,
    SUPERVISOR,
    TECHNICIAN,
    UNKNOWN,
)
from tests.kit.hall import Hall
from tests.kit.waiting import until
from tests.kit.web_hall import application, furnished

# ---------------------------------------------------------------- the application

NO_TICKET = "01890000-0000-7000-8000-000000000000"

STORED = {
    name: [column.name for column in rows.columns if (name, column.name) != ("device", "seen_at")]
    for name, rows in METADATA.tables.items()
}


@dataclass(frozen=True)
class Person:
    """A browser's cookies, or a program's token, and the links that the client has."""

    name: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    links: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Door:
    """The application, its hall, all kinds of clients, and the values for the addresses."""

    client: TestClient
    hall: Hall
    people: dict[str, Person]
    values: dict[str, str]

    @property
    def errands(self) -> Errands:
        found: Installation = cast(Starlette, self.client.app).state.installation
        return found.errands

    def snapshot(self) -> dict[str, list[str]]:
        """Every row of every table as it is stored, except when a device was last seen, which is stored once a minute."""
        file = self.hall.db.file
        assert file is not None
        with closing(sqlite3.connect(file)) as database:
            return {
                name: sorted(map(repr, database.execute(f'SELECT {", ".join(columns)} FROM "{name}"')))
                for name, columns in STORED.items()
            }


@pytest.fixture(scope="module")
def door(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    clock, folder = FrozenClock(SUNDAY_MORNING), tmp_path_factory.mktemp("matrix")
    filled = furnished(sqlite_template, folder, clock.now())
    with pytest.MonkeyPatch.context() as patched:
        # The work of the night changes rows, and on a busy machine its time comes while the tests run.
        patched.setattr(app, "LOOK_EVERY_SECONDS", 3_600.0)
        with application(filled, folder, clock) as (client, hall):
            people = dict(_people(hall))
            number = _number_on_the_kiosk(client, hall, people[KIOSK])
            yield Door(client, hall, people, _values(hall) | {"shown": number})


def _people(hall: Hall) -> Iterator[tuple[str, Person]]:
    here, there = hall.branch.id, hall.db.read_now(branch_ids)["mobile-consulate"]
    links = {"booking": _booking(hall), "ticket": hall.issue().ticket.token}
    yield NOBODY, Person(NOBODY, links=links)
    # Links of the right branch that open nothing: a booking's link used for a number, and the reverse.
    yield OTHER, Person(OTHER, links={"booking": links["ticket"], "ticket": links["booking"]})
    for name, place, role in (
        (IDLE, here, None),
        (ELSEWHERE, there, "officer"),
        (CLERK, here, "officer"),
        (SUPERVISOR, here, "supervisor"),
        (RECEPTIONIST, here, "receptionist"),
        (AUDITOR, here, "auditor"),
        (TECHNICIAN, here, "it"),
        (ADMINISTRATOR, ORGANISATION, "administrator"),
    ):
        staff_id = hall.person(name, ((place, role),) if role else ())
        token = hall.db.write_now(sessions.start_session, staff_id, "test")
        yield name, Person(name, {"session": token}, token, links)
    for name, kind, place in ((KIOSK, "kiosk", here), (KIOSK_ELSEWHERE, "kiosk", there), (DISPLAY, "display", here)):
        token = _enrolled(hall, kind, place)
        yield name, Person(name, {f"device-{kind}": token}, token, links)
    token = _enrolled(hall, "display", here, 1)
    screen = hall.db.read_now(access.device_by_token, sha256(token))
    assert screen is not None
    hall.db.write_in_now(here, devices.revoke_device, here, screen.id, SYSTEM)
    yield REVOKED, Person(REVOKED, {f"device-{kind}": token for kind in ("kiosk", "display")}, token, links)


def _booking(hall: Hall) -> str:
    """The link of a confirmed booking for tomorrow."""
    order = HoldOrder(
        branch_id=hall.branch.id,
        service_id=hall.service("passport-lost"),
        starts_at=datetime(2026, 11, 23, 5, 30, tzinfo=UTC),
        name="سمر الحلبي",
        contact="+97455123456",
        language="ar",
        actor=VISITOR,
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)
    return held.token


def _enrolled(hall: Hall, kind: str, branch_id: Any, number: int = 0) -> str:
    device = hall.db.read_now(access.devices, branch_id, kind)[number]
    return hall.db.write_in_now(branch_id, devices.enrol_device, branch_id, device.id)


def _number_on_the_kiosk(client: TestClient, hall: Hall, kiosk: Person) -> str:
    """The end of the address of a number that was just taken there: token and pass."""
    wish = {"service": str(hall.service("attest-single")), "request_id": "0123456789abcdef"}
    taken = client.post("/kiosk/ar/tickets", data=wish, headers=_cookies(kiosk))
    assert taken.status_code == 303, taken.text
    return str(taken.headers["location"]).rpartition("/")[2]


def _values(hall: Hall) -> dict[str, str]:
    return {
        "branch": hall.branch.slug,
        "counter": "c4",
        "queue": "q-attest",
        "service": "passport-lost",
        "kiosk-service": str(hall.service("attest-single")),
        "date": "2026-11-23",
        "start": "20261123T0530Z",
        "device": "p1",
        "booking": NO_TICKET,
        "visit": NO_TICKET,
        "block": NO_TICKET,
        "invitation": NO_TICKET,
        "series": NO_TICKET,
        "n": "1",
        "method": NO_TICKET,
        "ticket": NO_TICKET,
        "person": NO_TICKET,
        "approval": NO_TICKET,
        "message": NO_TICKET,
        "pair": NO_TICKET,
        "view": NO_TICKET,
        "role": "no-such",
        "place": hall.branch.slug,
        "event": "confirmed",
        "kind": "queue",
        "slug": "no-such",
        "change": NO_TICKET,
        "calendar": "syrian_national",
        "day": "2026-12-01",
        "lang": "ar",
        "group": "consular",
        "digest": "0",
        "path": "base.css",
    }


# ---------------------------------------------------------------- the tests


def test_every_route_has_its_line(door: Door) -> None:
    served = door.client.app
    assert isinstance(served, Starlette)
    assert sorted(_routes(served.routes)) == sorted(MATRIX)


def test_a_demonstration_s_own_routes_are_not_in_a_real_installation(door: Door) -> None:
    for address in ("/paper", "/paper/1.png", "/paper/list", "/demo/kiosk", "/demo/display"):
        assert door.client.get(address).status_code == 404
    assert door.client.post("/paper/condition").status_code == 404


@pytest.mark.parametrize(("method", "path"), [pytest.param(*line, id=" ".join(line)) for line in MATRIX])
def test_everybody_gets_what_the_matrix_says(door: Door, method: str, path: str) -> None:
    expected = MATRIX[method, path]
    before = door.snapshot()
    refused = {name: _answer(door, door.people[name], method, path) for name in EVERYBODY if expected[name] != OPEN}
    assert refused == {name: answer for name, answer in expected.items() if answer != OPEN}
    assert door.snapshot() == before
    for name in EVERYBODY:
        if expected[name] == OPEN:
            person = door.people[name]
            if path in ("/sign-out", "/api/v1/sessions/current") and method != "GET":
                # A client that signs out must end neither another's session nor that of other tests.
                person = _signed_in_again(door, person)
            answer = _answer(door, person, method, path)
            # A backup that was begun changes rows after its answer, and the next address looks at them.
            until(lambda: not door.errands.underway)
            assert answer == OPEN or (answer == UNKNOWN and path in NAMES_NOTHING), name


def test_a_method_that_is_not_there_is_refused_for_everybody(door: Door) -> None:
    paths = {path for method, path in MATRIX if method != SOCKET}
    for path in sorted(paths):
        known = {method for method, known in MATRIX if known == path}
        method = next(method for method in ("DELETE", "PATCH", "PUT") if method not in known)
        for name in (NOBODY, ADMINISTRATOR, KIOSK):
            answer = _send(door, door.people[name], method, path)
            assert answer.status_code == 405, (method, path, name)
            assert set(answer.headers["allow"].split(", ")) - {"HEAD"} == known, path


def test_what_one_may_not_know_of_is_not_there(door: Door) -> None:
    """A client without access gets the same answer for existing and for other things."""
    elsewhere = replace(door, values=door.values | {"counter": "no-such", "device": "no-such"})
    for (method, path), expected in MATRIX.items():
        if not {"{counter}", "{device}"} & set(re.findall(r"{\w+}", path)):
            continue
        for name in (NOBODY, IDLE, ELSEWHERE, KIOSK, REVOKED):
            assert _answer(elsewhere, door.people[name], method, path) == expected[name], (method, path, name)
        assert _answer(elsewhere, door.people[ADMINISTRATOR], method, path) in (UNKNOWN, OPEN)


def test_a_link_of_another_branch_s_key_or_with_odd_letters_opens_nothing(door: Door) -> None:
    for links in ({"booking": "x", "ticket": "x"}, {"booking": "%00" * 24, "ticket": "%F0%9F%98%80" * 6}):
        stranger = Person("stranger", links=links)
        for method, path in ((method, path) for (method, path), answers in MATRIX.items() if answers is LINK):
            assert _answer(door, stranger, method, path) == UNKNOWN, (method, path)


# ---------------------------------------------------------------- inside


def _routes(routes: list[BaseRoute], above: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _routes(list(route.routes), above + route.path)
        elif isinstance(route, WebSocketRoute):
            yield SOCKET, above + _plain(route.path)
        else:
            assert isinstance(route, Route)
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, above + _plain(route.path)


def _plain(path: str) -> str:
    """`{service:uuid}` → `{service}`."""
    return re.sub(r"{(\w+):\w+}", r"{\1}", path)


def _address(door: Door, person: Person, path: str) -> str:
    link = person.links["ticket" if "/t/" in path or "tickets" in path else "booking"]
    values = door.values | {"token": link}
    if path.startswith("/kiosk/") and "{service}" in path:
        values["service"] = values["kiosk-service"]
    if path.endswith("/static/{digest}/{path}"):
        values["path"] = STATIC_FILES.get(path.split("/")[1], values["path"])
    if path == "/kiosk/{lang}/tickets/{token}/live":
        token, _, shown_for = door.values["shown"].partition("?")
        return f"/kiosk/ar/tickets/{token}/live?{shown_for}"
    address = re.sub(r"{(\w+)}", lambda found: values[found[1]], path)
    return f"{address}?kind=display" if path.startswith("/pair") else address


def _headers(person: Person, path: str) -> dict[str, str]:
    if path.startswith("/api/"):
        return {"authorization": f"Bearer {person.token}"} if person.token else {}
    return _cookies(person)


API_COUNTER: Final = "/api/v1/branches/{branch}/counters/{counter}/"


def _cookies(person: Person) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items())}


def _send(door: Door, person: Person, method: str, path: str) -> Any:
    door.client.cookies.clear()
    more: dict[str, Any] = {}
    if path.startswith("/api/") and method in ("POST", "PUT"):
        more["json"] = _body(path)
    return door.client.request(
        method, _address(door, person, path), headers=_headers(person, path), follow_redirects=False, **more
    )


def _body(path: str) -> dict[str, object]:
    """Just enough fields that the check of the client is reached."""
    if path.endswith("/branches/{branch}/tickets"):
        return {"request_id": "0123456789abcdef0123", "service": "attest-single"}
    if path.endswith("/appointments/search"):
        return {"text": "لا أحد"}
    if path.endswith("/arrivals"):
        return {"code": "no code"}
    if path.endswith(("/transfers", "{counter}/services")):
        return {"expected": NO_TICKET, "service": "attest-single"}
    if path.endswith("/breaks"):
        return {"reason": "prayer", "minutes": 20}
    if path.endswith("/returns"):
        return {"ticket": NO_TICKET}
    if path.endswith("/raises"):
        return {"ticket": NO_TICKET, "priority": "elderly", "reason": "seen"}
    if path.endswith("/notes"):
        return {"expected": NO_TICKET, "text": "x"}
    if path.startswith(API_COUNTER) and not path.endswith(("/sitting", "/alarms", "/answers")):
        return {"expected": NO_TICKET}
    if path.endswith("/start"):
        return {"starts_at": "2026-11-23T08:30:00+03:00"}
    return {}


def _answer(door: Door, person: Person, method: str, path: str) -> str:
    if method == SOCKET:
        return _socket(door, person, path)
    answer = _send(door, person, method, path)
    assert answer.status_code < 500, (person.name, method, path, answer.text)
    location = answer.headers.get("location", "")
    if answer.status_code == 303 and location.startswith("/sign-in") and path != "/sign-out":
        return SIGN_IN
    if answer.status_code == 303 and location.startswith("/pair?"):
        return PAIR
    return {401: SIGN_IN, 403: FORBIDDEN, 404: UNKNOWN}.get(answer.status_code, OPEN)


def _socket(door: Door, person: Person, path: str) -> str:
    door.client.cookies.clear()
    headers = {"origin": "http://testserver", **_headers(person, path)}
    try:
        with door.client.websocket_connect(_address(door, person, path), headers=headers) as live:
            live.receive_text()
            return OPEN
    except WebSocketDisconnect as closed:
        nobody = PAIR if path.startswith(("/kiosk", "/display")) else SIGN_IN
        return {4401: nobody, 4403: FORBIDDEN, 4404: UNKNOWN}[closed.code]


def _signed_in_again(door: Door, person: Person) -> Person:
    if "session" not in person.cookies:
        return person
    found = door.hall.db.read_now(access.staff_by_login, person.name)
    assert found is not None
    token = door.hall.db.write_now(sessions.start_session, found[0], "test")
    return replace(person, cookies={"session": token}, token=token)
