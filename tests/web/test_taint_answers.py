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

import pytest

from queue_system.core.rights import EVERYTHING, Right
from queue_system.store.queries import access
from tests.kit.access_matrix import MATRIX
from tests.kit.access_rows import SOCKET
from tests.kit.taint_house import SERVICES, WORDS, House, addresses_of, everything_in, found_in, headers_of, taint_house
from tests.kit.web_hall import another

pytestmark = pytest.mark.slow

# The beginning of each word: a search for it finds something, and an answer may repeat it.
TYPED: Final = "SENTINEL"
FILLED: Final[dict[str, str]] = {
    **dict.fromkeys(("text", "name", "note", "address", "reference"), TYPED),
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
    EVERYTHING: frozenset(WORDS) - {"other's contact"},
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
    # Whoever calls there reads which services are given, and not a word more.
    assert {word for path, word in said if path.startswith("/desk/")} <= set(SERVICES)


def frame(house: House, path: str, cookies: dict[str, str]) -> str:
    """The first frame of a socket, with its letters as they are shown."""
    house.client.cookies.clear()
    headers = {"origin": "http://testserver", **headers_of(cookies, "ar")}
    with house.client.websocket_connect(path, headers=headers) as live:
        return json.dumps(json.loads(live.receive_text()), ensure_ascii=False)


def answers_to(house: House, cookies: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What a client is answered to a filled form at every address that takes one."""
    client = another(house.client, f"192.0.2.{next(HOSTS)}")
    with undone(house):
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
                client.cookies.clear()
                answer = client.request(method, address, headers=headers, **sent)
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
