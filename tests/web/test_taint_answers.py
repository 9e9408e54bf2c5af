"""What is said in confidence in a protected service is in no answer to a form or a program, and in no frame of a socket.

`test_taint.py` reads the pages of the same house. Here every address that takes something is sent a filled form by every
kind of client, and by staff with each right alone; what one of them changes is undone before the next one comes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from kiosk.number import SHOWN_FOR, _pass
from queue_system.actions import devices
from queue_system.core.rights import EVERYTHING, Right
from queue_system.store.database import Tx
from queue_system.store.queries import access
from queue_system.store.tables import Device, table
from tests.kit.access_matrix import MATRIX
from tests.kit.access_rows import SOCKET
from tests.kit.hall import Hall
from tests.kit.taint_house import SERVICES, WORDS, House, addresses_of, everything_in, found_in, headers_of, taint_house
from tests.kit.web_hall import another
from tests.kit.whole_answers import answers_to_all

pytestmark = pytest.mark.slow

# The beginning of each word: a search for it finds something, and an answer may repeat it.
TYPED: Final = "SENTINEL"
FILLED: Final[dict[str, str]] = {
    **dict.fromkeys(("text", "name", "note", "address", "reference"), TYPED),
    # A call for help is made, and not only asked about.
    "sure": "1",
    "day": "2026-11-22",
    "from": "2026-11-22",
    "service": "psych",
    "request_id": "0123456789abcdef0123",
    "starts_at": "2026-11-24T09:00:00+03:00",
}
# Whoever asks these is signed in no longer.
LEFT_OUT: Final = frozenset({"/account/sessions/end", "/api/v1/sessions/current", "/sign-out"})
# What each right alone is answered of the words. A contact is shown for one person at a time, to whoever asks for it: the log
# keeps who did. Days, absences, hours and settings name those who work there, as they do on the pages.
ASKED_FOR: Final = frozenset({"contact", "note", "reference", "number"})
MEMBERS: Final = frozenset({"member"})
ANSWERED: Final[dict[Right, frozenset[str]]] = {
    "create_protected_case": frozenset({"alias", "reference", "note", "other", "number"}) | MEMBERS,
    "set_safe_contact": frozenset({"note"}),
    "call_next": ASKED_FOR,
    # The reception also calls whom no message reaches, by the name that they gave.
    **dict.fromkeys(("check_in", "issue_ticket"), ASKED_FOR | {"alias"}),
    "see_contacts": frozenset({"alias", "contact", "note", "address"}),
    **dict.fromkeys(
        (
            *("attendance", "see_bookings", "block_members", "move_bookings", "edit_hours", "close_day"),
            *("cancel_bookings", "edit_services"),
        ),
        MEMBERS,
    ),
    EVERYTHING: frozenset(WORDS) - {"other's contact", "next"},
}
# Where the visitors of the protected service are called.
COUNTER: Final = "a2"
# Each client has an address of its own, so that nobody is refused because others have asked before.
HOSTS: Final = count(1)


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with taint_house(sqlite_template, tmp_path_factory.mktemp("taint-answers")) as found:
        yield found


def test_nobody_else_is_answered_a_word_of_it(house: House) -> None:
    found = {
        (name, path, word)
        for name, cookies in house.outsiders.items()
        for path, text in answers_to(house, cookies)
        for word in found_in(text)
    }
    assert found == set()


def test_each_right_alone_is_answered_what_it_says_and_nothing_more(house: House) -> None:
    shown = {
        right: {(word, path) for path, text in answers_to(house, cookies) for word in found_in(text, WORDS.items())}
        for right, cookies in house.alone.items()
    }
    found = {right: frozenset(word for word, _ in words) for right, words in shown.items() if words}
    assert {right: sorted(shown[right]) for right in shown if found.get(right) != ANSWERED.get(right)} == {}


def test_no_frame_of_a_socket_says_a_word_of_it_to_others(house: House) -> None:
    """The visitor of a protected service waits, and then is called; a house that protects people has no screens."""
    hall, found = house.hall, house.hall.db.read_now(access.staff_by_login, "only-call_next")
    assert found is not None
    sockets = {
        f"/t/{house.values[0]['line']}/live": {},
        f"/desk/{hall.branch.slug}/{COUNTER}/live": house.alone["call_next"],
    }
    with undone(house):
        desk = hall.sit(found[0], COUNTER)
        before = {path: frame(house, path, cookies) for path, cookies in sockets.items()}
        called = hall.call_next(desk)
        assert called is not None
        assert called.token == house.values[0]["line"]
        after = {path: frame(house, path, cookies) for path, cookies in sockets.items()}
    assert after[f"/desk/{hall.branch.slug}/{COUNTER}/live"] != before[f"/desk/{hall.branch.slug}/{COUNTER}/live"]
    said = {(path, word) for frames in (before, after) for path, text in frames.items() for word in found_in(text)}
    assert {word for path, word in said if not path.startswith("/desk/")} == set()
    # Whoever calls there reads which services are given, and once the visitor is there, the note for the next clerk.
    assert {word for path, word in said if path.startswith("/desk/")} <= {*SERVICES, "next"}
    desk_path = f"/desk/{hall.branch.slug}/{COUNTER}/live"
    assert "next" not in found_in(before[desk_path])
    assert "next" in found_in(after[desk_path])


def test_no_screen_and_no_kiosk_of_the_hall_itself_says_a_word_of_it(house: House) -> None:
    """The house has none, because it protects people. Here somebody has put both up, and the visitor is called."""
    hall, found = house.hall, house.hall.db.read_now(access.staff_by_login, "only-call_next")
    assert found is not None
    with undone(house):
        screen, kiosk = ({f"device-{kind}": paired(hall, kind)} for kind in ("display", "kiosk"))
        desk = hall.sit(found[0], COUNTER)
        before = [*read_on_screen(house, screen), *read_at_kiosk(house, kiosk)]
        assert hall.call_next(desk) is not None
        after = [*read_on_screen(house, screen), *read_at_kiosk(house, kiosk)]
    said = {(path, word) for path, text in (*before, *after) for word in found_in(text)}
    # A service that must not be named has another name in public; of those with a name of their own, the kiosk gives numbers.
    assert {word for path, word in said if path.startswith("/display")} == set()
    assert {word for path, word in said if path.startswith("/kiosk")} <= set(SERVICES)
    # The pages are those of this hall, and say something.
    assert len(before) == len(after) == 2 + 2 * 7
    assert all(any(name in text for name in hall.branch.names.values()) for path, text in before if path == "/display")


def read_on_screen(house: House, cookies: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The page of a screen of the branch, and what its socket says."""
    house.client.cookies.clear()
    answer = house.client.get("/display", headers=headers_of(cookies, "ar"), follow_redirects=False)
    assert answer.status_code == 200
    yield "/display", everything_in(answer)
    yield "/display/live", frame(house, "/display/live", cookies)


def read_at_kiosk(house: House, cookies: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The pages of a kiosk of the branch, in both languages, with the number of the visitor who waits."""
    line = house.values[0]["line"]
    # The kiosk shows a number for a while to whoever has taken it, and to nobody who knows its address.
    until = int((house.clock.now() + SHOWN_FOR).timestamp())
    shown = f"?u={_pass(house.client.app.state.installation.secret, line, until)}"  # type: ignore[attr-defined]
    own = [house.hall.service(slug) for slug in ("psych", "legal")]
    for language in ("ar", "en"):
        start = f"/kiosk/{language}"
        number = f"{start}/tickets/{line}{shown}"
        for path in (start, f"{start}/rules", f"{start}/check-in", *(f"{start}/services/{one}" for one in own), number):
            house.client.cookies.clear()
            answer = house.client.get(path, headers=headers_of(cookies, language), follow_redirects=False)
            assert answer.status_code == 200, (path, answer.status_code)
            yield path, everything_in(answer)
        live = f"{start}/tickets/{line}/live{shown}"
        yield live, frame(house, live, cookies)


def paired(hall: Hall, kind: str) -> str:
    """A device of this branch, like one that another branch has; returns its token."""
    rows = table(Device)

    def put_up(tx: Tx) -> UUID:
        like = tx.rows(sa.select(rows).where(rows.c.kind == kind).limit(1))[0]
        new = {"branch_id": hall.branch.id, "id": uuid4(), "slug": f"new-{kind}", "zone_id": None, "token_sha256": None}
        tx.execute(sa.insert(rows).values({**like._mapping, **new}))
        return new["id"]  # type: ignore[return-value]

    device = hall.db.write_now(put_up)
    return hall.db.write_in_now(hall.branch.id, devices.enrol_device, hall.branch.id, device)


def frame(house: House, path: str, cookies: dict[str, str]) -> str:
    """The first frame of a socket, with its letters as they are shown."""
    house.client.cookies.clear()
    headers = {"origin": "http://testserver", **headers_of(cookies, "ar")}
    with house.client.websocket_connect(path, headers=headers) as live:
        return json.dumps(json.loads(live.receive_text()), ensure_ascii=False)


def answers_to(house: House, cookies: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What a client is answered to a filled form at every address that takes one."""
    client = another(house.client, f"192.0.2.{next(HOSTS)}")
    client.cookies.clear()
    asked, requests = [], []
    for method, path in sorted(MATRIX):
        if method in ("GET", SOCKET) or path in LEFT_OUT:
            continue
        for address in addresses_of(house, path):
            about = next(
                (one for one in house.values if {one["booking"], one["token"]} & set(address.split("/"))), None
            )
            filled = FILLED | {name: (about or house.values[0])[name] for name in ("code", "start", "ticket")}
            sent: dict[str, Any] = {"json" if path.startswith("/api/") else "data": filled}
            headers = headers_of(cookies, "ar") | ({"hx-request": "true"} if "/counters/" in path else {})
            asked.append((path, address))
            requests.append(client.build_request(method, address, headers=headers, **sent))
    with undone(house):
        answers = answers_to_all(client, requests)
    for (path, address), answer in zip(asked, answers, strict=True):
        assert answer.status_code < 500, (address, answer.status_code)
        yield path, everything_in(answer)


@contextmanager
def undone(house: House) -> Iterator[None]:
    """Every row is afterwards as it was before."""
    file = house.hall.db.file
    assert file is not None
    with closing(sqlite3.connect(":memory:")) as kept:
        with closing(sqlite3.connect(file)) as stored:
            stored.backup(kept)
        yield
        with closing(sqlite3.connect(file)) as stored:
            kept.backup(stored)
