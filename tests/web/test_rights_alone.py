"""Every right alone: what it opens of all addresses of the staff, and nothing more.

The addresses are those of the application. One that asks for a right and is not in OPENS fails the test, so that nobody
forgets to say which right opens a new page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from starlette.testclient import TestClient

from queue_system.actions import sessions
from queue_system.clock import FrozenClock
from queue_system.core import rights
from queue_system.core.rights import ATOMIC, EVERYTHING, Right, Rights
from tests.conftest import SUNDAY_MORNING
from tests.kit.access_matrix import MATRIX
from tests.kit.access_rows import ADMINISTRATOR, FORBIDDEN, IDLE, OPEN, SIGN_IN, SOCKET
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import application, furnished
from tests.kit.whole_answers import answers_to_all

pytestmark = pytest.mark.slow

NOTHING: Final = "01890000-0000-7000-8000-000000000000"
VALUES: Final = {
    "branch": "doha-main",
    "counter": "c4",
    "queue": "q-attest",
    "device": "p1",
    "ticket": NOTHING,
    "booking": NOTHING,
    "visit": NOTHING,
    "view": NOTHING,
    "block": NOTHING,
    "invitation": NOTHING,
    "series": NOTHING,
    "n": "1",
    "person": NOTHING,
    "approval": NOTHING,
    "message": NOTHING,
    "pair": NOTHING,
    "role": "no-such",
    "place": "doha-main",
    "event": "confirmed",
    "kind": "queue",
    "slug": "no-such",
    "change": NOTHING,
    "calendar": "syrian_national",
    "day": "2026-12-01",
}
MESSAGE_RIGHTS: Final[Rights] = frozenset({"edit_messages"})
QUEUE_RIGHTS: Final[Rights] = frozenset({"edit_queues"})
# The beginning of an address, with the rights of which one opens everything below it; the longest beginning counts.
OPENS: Final[dict[str, Rights]] = {
    "GET /desk": rights.DESK_RIGHTS,
    "POST /counters": rights.DESK_RIGHTS,
    "POST /alarms": rights.ALARM_RIGHTS,
    "GET /reception": rights.HALL_RIGHTS,
    "POST /reception": rights.HALL_RIGHTS,
    "GET /reception/{branch}/tickets/{ticket}/referral": rights.REFER_RIGHTS,
    "POST /reception/{branch}/tickets/{ticket}/referral": rights.REFER_RIGHTS,
    "GET /appointments": rights.DAY_RIGHTS,
    "GET /appointments/{branch}/apart": rights.BOOK_RIGHTS | rights.APART_RIGHTS,
    "POST /appointments/{branch}/apart": rights.BOOK_RIGHTS | rights.APART_RIGHTS,
    "GET /appointments/{branch}/accounts": rights.GRANT_RIGHTS,
    "POST /appointments/{branch}/accounts": rights.GRANT_RIGHTS,
    "GET /appointments/{branch}/visits": rights.VISIT_PAGE_RIGHTS,
    "POST /appointments/{branch}/visits": rights.VISIT_PAGE_RIGHTS,
    "POST /appointments/{branch}/visits/{booking}/address": rights.CONTACT_RIGHTS,
    "GET /appointments/{branch}/new": rights.BOOK_RIGHTS,
    "GET /appointments/{branch}/common": rights.BOOK_RIGHTS,
    "GET /appointments/{branch}/together": rights.BOOK_RIGHTS,
    "GET /appointments/{branch}/invitations": rights.BOOK_RIGHTS,
    "GET /appointments/{branch}/helpers": rights.BOOK_RIGHTS,
    "GET /appointments/{branch}/{booking}/people": rights.BOOK_RIGHTS,
    "GET /appointments/{branch}/{booking}/series": rights.BOOK_RIGHTS,
    "GET /appointments/{branch}/{booking}/time": rights.BOOK_RIGHTS | rights.MOVE_RIGHTS,
    "POST /appointments/{branch}/{booking}/time": rights.BOOK_RIGHTS | rights.MOVE_RIGHTS,
    "POST /appointments/{branch}/{booking}/cancellation": rights.BOOK_RIGHTS | rights.CALL_OFF_RIGHTS,
    "GET /appointments/{branch}/{booking}": rights.APPOINTMENT_RIGHTS,
    "GET /appointments/{branch}/series": rights.BOOK_RIGHTS,
    "POST /appointments": rights.BOOK_RIGHTS,
    "POST /appointments/{branch}/views": rights.DAY_RIGHTS,
    "POST /appointments/{branch}/week": rights.DAY_RIGHTS,
    "GET /appointments/{branch}/away": rights.ABSENCE_RIGHTS,
    "POST /appointments/{branch}/away": rights.ABSENCE_RIGHTS,
    "GET /appointments/{branch}/away/{block}": rights.ABSENCE_RIGHTS,
    "POST /appointments/{branch}/away/{block}": rights.ABSENCE_RIGHTS,
    "GET /appointments/{branch}/hand-over": rights.HAND_OVER_RIGHTS,
    "POST /appointments/{branch}/hand-over": rights.HAND_OVER_RIGHTS,
    "GET /appointments/{branch}/moves": rights.MOVE_RIGHTS,
    "POST /appointments/{branch}/moves": rights.MOVE_RIGHTS,
    "GET /appointments/{branch}/calls": rights.PHONE_LIST_RIGHTS,
    "POST /appointments/{branch}/calls": rights.PHONE_LIST_RIGHTS,
    "GET /appointments/{branch}/attendance": rights.ATTENDANCE_RIGHTS,
    "POST /appointments/{branch}/attendance": rights.ATTENDANCE_RIGHTS,
    "GET /appointments/{branch}/{booking}/contact": rights.SAFE_CONTACT_RIGHTS,
    "POST /appointments/{branch}/{booking}/contact": rights.SAFE_CONTACT_RIGHTS,
    "GET /appointments/{branch}/{booking}/notes": rights.NOTE_PAGE_RIGHTS,
    "POST /appointments/{branch}/{booking}/notes": rights.NOTE_PAGE_RIGHTS,
    "GET /appointments/{branch}/{booking}/typo": rights.TYPO_RIGHTS,
    "POST /appointments/{branch}/{booking}/typo": rights.TYPO_RIGHTS,
    "GET /office": rights.OFFICE_RIGHTS,
    "GET /office/today": rights.TODAY_RIGHTS,
    "GET /office/figures": rights.FIGURE_RIGHTS,
    "POST /office/figures/reports": rights.FIGURE_RIGHTS,
    "GET /office/figures/branches": rights.ACROSS_RIGHTS,
    "GET /office/waits": rights.REPORT_RIGHTS,
    "GET /office/fairness": rights.REPORT_RIGHTS,
    "GET /office/what-if": rights.REPORT_RIGHTS,
    "POST /office/today": rights.STOP_RIGHTS,
    "POST /office/counters": rights.COUNTER_RIGHTS,
    "GET /office/devices": rights.DEVICE_RIGHTS,
    "POST /office/devices": rights.DEVICE_RIGHTS,
    "GET /office/printers": rights.PRINTER_RIGHTS,
    "POST /office/printers": rights.PRINTER_RIGHTS,
    "GET /office/health": rights.HEALTH_RIGHTS,
    "GET /office/hours": rights.CLOSING_RIGHTS,
    "GET /office/hours/{branch}/week": rights.HOURS_RIGHTS,
    "GET /office/hours/{branch}/from": rights.HOURS_RIGHTS,
    "POST /office/hours": rights.HOURS_RIGHTS,
    "GET /office/closing": rights.CLOSING_RIGHTS,
    "POST /office/closing": rights.CLOSING_RIGHTS,
    "GET /office/closures": rights.CLOSING_RIGHTS,
    "POST /office/closures": rights.CLOSING_RIGHTS,
    "GET /office/calendars": rights.HOURS_RIGHTS,
    "POST /office/calendars": rights.HOURS_RIGHTS,
    "GET /office/seasons": rights.HOURS_RIGHTS,
    "POST /office/seasons": rights.HOURS_RIGHTS,
    "GET /office/data": rights.DATA_RIGHTS,
    "GET /office/branches": rights.FILE_RIGHTS,
    "POST /office/branches": rights.IMPORT_RIGHTS,
    "POST /office/import": rights.IMPORT_RIGHTS,
    "GET /office/undecided": rights.DECISION_RIGHTS,
    "POST /office/undecided": rights.DECISION_RIGHTS,
    "GET /office/messages": rights.DECISION_RIGHTS,
    "POST /office/messages": rights.DECISION_RIGHTS,
    "GET /office/given-back": rights.PLACES_RIGHTS,
    "POST /office/given-back": rights.PLACES_RIGHTS,
    "GET /office/audit": rights.AUDIT_RIGHTS,
    "GET /office/people": rights.PEOPLE_RIGHTS,
    "POST /office/people": rights.PEOPLE_RIGHTS,
    "GET /office/invitations": rights.INVITE_RIGHTS,
    "POST /office/invitations": rights.INVITE_RIGHTS,
    "GET /office/roles": rights.ROLES_RIGHTS,
    "POST /office/roles": rights.GRANT_RIGHTS,
    "GET /office/rights": rights.ROLES_RIGHTS,
    "GET /office/new-role": rights.GRANT_RIGHTS,
    "POST /office/new-role": rights.GRANT_RIGHTS,
    "GET /office/letters": MESSAGE_RIGHTS,
    "POST /office/letters": MESSAGE_RIGHTS,
    "GET /office/settings": rights.OBJECT_RIGHTS,
    "GET /office/settings/{place}": QUEUE_RIGHTS,
    "POST /office/settings/{place}": QUEUE_RIGHTS,
    "GET /office/new-setting": QUEUE_RIGHTS,
    "POST /office/new-setting": QUEUE_RIGHTS,
    "GET /office/history": QUEUE_RIGHTS,
    "POST /office/undo": rights.SETTINGS_RIGHTS,
    "GET /office/first-steps": rights.HEALTH_RIGHTS,
    "GET /office/approvals": rights.ASKING_RIGHTS,
    "POST /office/approvals": rights.ASKING_RIGHTS,
}
# Addresses whose rights differ from those of their beginning.
EXACTLY: Final[dict[str, Rights]] = {
    "POST /appointments/{branch}": rights.DAY_RIGHTS,
    "GET /office/branches/{branch}/file": rights.EXPORT_RIGHTS,
    # Several rights together.
    "GET /office/branches/{branch}/end": frozenset(),
    "POST /office/branches/{branch}/end": frozenset(),
    "POST /office/audit/verification": rights.AUDIT_RIGHTS & rights.CHAIN_RIGHTS,
    "POST /counters/{branch}/{counter}/parkings": rights.DESK_RIGHTS & rights.PARK_RIGHTS,
    "POST /counters/{branch}/{counter}/transfers": rights.DESK_RIGHTS & rights.TRANSFER_RIGHTS,
}


@dataclass(frozen=True)
class House:
    client: TestClient
    hall: Hall
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    clock, folder = FrozenClock(SUNDAY_MORNING), tmp_path_factory.mktemp("alone")
    with application(furnished(sqlite_template, folder, clock.now()), folder, clock) as (client, hall):
        yield House(client, hall, {right: _token(hall, right) for right in (*ATOMIC, EVERYTHING)})


def _token(hall: Hall, right: Right) -> str:
    role = add_role(hall, f"only-{right}" if right != EVERYTHING else "all-alone", right)
    staff_id = hall.person(f"only-{right}" if right != EVERYTHING else "all-alone", ((hall.branch.id, role),))
    return hall.db.write_now(sessions.start_session, staff_id, "test")


def _guarded() -> list[tuple[str, str]]:
    """The addresses that ask for a right: people who are not signed in are led there, and those without rights refused."""
    return [
        (method, path)
        for (method, path), answers in MATRIX.items()
        if method != SOCKET
        and not path.startswith("/api/")
        and answers[IDLE] == FORBIDDEN
        and answers["nobody"] == SIGN_IN
        and answers[ADMINISTRATOR] == OPEN
    ]


def _needed(method: str, path: str) -> Rights | None:
    named = f"{method} {path}"
    if named in EXACTLY:
        return EXACTLY[named]
    if named.startswith(OTHERS):
        return None
    found = [one for one in OPENS if named == one or named.startswith(f"{one}/")]
    return OPENS[max(found, key=len)] if found else None


def test_every_guarded_address_says_which_rights_open_it() -> None:
    assert _guarded()
    unsaid = [f"{method} {path}" for method, path in _guarded() if _needed(method, path) is None]
    assert [one for one in unsaid if not one.startswith(OTHERS)] == []


# Pages that say it in the tests of their own subject; people are erased, and branches
# added, only by who may do so in the whole organisation.
OTHERS: Final = (
    "POST /office/health",
    "POST /office/data",
    "GET /office/idle",
    "GET /office/new-branch",
    "POST /office/new-branch",
)


@pytest.mark.parametrize("right", [*ATOMIC, EVERYTHING])
def test_a_right_alone_opens_what_it_says_and_nothing_more(house: House, right: Right) -> None:
    asked = [
        (method, path, needed)
        for method, path in _guarded()
        if (needed := _needed(method, path)) is not None and not _is_of_reception_alone(method, path)
    ]
    wrong = {}
    for (method, path, needed), got in zip(asked, _opens(house, right, asked), strict=True):
        expected = right == EVERYTHING or right in needed
        if got != expected:
            wrong[f"{method} {path}"] = got
    assert wrong == {}


def _is_of_reception_alone(method: str, path: str) -> bool:
    """Reception divides its page by what the person may do; tests/surfaces/reception asks for each part."""
    return method == "POST" and path.startswith("/reception")


def _opens(house: House, right: Right, asked: Sequence[tuple[str, str, Rights]]) -> list[bool]:
    """Whether whoever has this right alone gets further than a refusal, at each address."""
    house.client.cookies.clear()
    requests = []
    for method, path, _ in asked:
        address = re.sub(r"{(\w+)}", lambda found: VALUES[found[1]], path)
        requests.append(
            house.client.build_request(method, address, headers={"cookie": f"session={house.tokens[right]}"})
        )
    answers = answers_to_all(house.client, requests)
    assert [(one, answer) for one, answer in zip(asked, answers, strict=True) if answer.status_code >= 500] == []
    return [answer.status_code != 403 for answer in answers]
