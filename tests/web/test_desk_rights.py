"""Each word of a role that is about the desk or the hall acts: alone it opens what it says, and everything else does not.

Profiles name abilities in words of their own; some are atomic rights, and some stand for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from starlette.testclient import TestClient

from queue_system.actions import sessions
from queue_system.clock import FrozenClock
from queue_system.core.rights import ATOMIC, OBEYED, granted
from queue_system.store.queries.access import staff_by_login
from tests.conftest import SUNDAY_MORNING
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import application, furnished

COUNTER: Final = "/counters/doha-main/c4"
TICKET: Final = "/reception/doha-main/tickets/{ticket}"


@dataclass(frozen=True)
class Deed:
    """What a word opens; `besides`: a right that it counts with, because one must be at a counter first."""

    method: str
    path: str
    besides: tuple[str, ...] = ()


CALL: Final = ("call_next",)
DEEDS: Final[dict[str, tuple[Deed, ...]]] = {
    "call_next": (Deed("POST", f"{COUNTER}/calls"), Deed("GET", "/desk/doha-main/c4")),
    "recall": (Deed("POST", f"{COUNTER}/recalls"),),
    "complete": (Deed("POST", f"{COUNTER}/finishes"), Deed("POST", f"{COUNTER}/services")),
    "no_show": (Deed("POST", f"{COUNTER}/absences"),),
    "park": (Deed("POST", f"{COUNTER}/parkings", CALL),),
    "transfer": (Deed("POST", f"{COUNTER}/transfers", CALL),),
    "refer": (Deed("GET", f"{TICKET}/referral"),),
    "grant_priority": (Deed("POST", f"{TICKET}/raises"),),
    "void_ticket": (Deed("POST", f"{TICKET}/void"),),
    "void_ticket_with_reason": (Deed("POST", f"{TICKET}/void"),),
    "open_close_counters": (
        Deed("POST", "/office/counters/doha-main/c4/opening"),
        Deed("POST", "/office/counters/doha-main/c4/closing"),
    ),
    "stop_tickets": (Deed("POST", "/office/today/doha-main/q-attest/stop"),),
    "see_reports": (Deed("GET", "/office/figures?branch=doha-main"), Deed("GET", "/office/fairness?branch=doha-main")),
    "reports": (Deed("GET", "/office/figures?branch=doha-main"),),
    "read_audit": (Deed("GET", "/office/audit?branch=doha-main"),),
    "release_places": (Deed("GET", "/office/given-back?branch=doha-main"),),
}
# What else opens one of these, besides the word itself.
ALSO: Final[dict[str, tuple[str, ...]]] = {
    # Whoever calls or receives visitors raises them, too.
    "grant_priority": ("call_next", "issue_ticket", "check_in"),
    "see_reports": ("reports_aggregate",),
    "reports": ("reports_aggregate",),
}
CASES: Final = [(word, deed) for word, deeds in DEEDS.items() for deed in deeds]
NAMES: Final = [f"{word} {deed.path.rpartition('/')[2]}" for word, deed in CASES]


@dataclass(frozen=True)
class House:
    client: TestClient
    hall: Hall
    ticket: str

    def answer(self, name: str, rights: tuple[str, ...], deed: Deed) -> int:
        """The status for a person with exactly these words at the branch."""
        found = self.hall.db.read_now(staff_by_login, name)
        person = (
            found[0] if found else self.hall.person(name, ((self.hall.branch.id, add_role(self.hall, name, *rights)),))
        )
        token = self.hall.db.write_now(sessions.start_session, person, "test")
        self.client.cookies.clear()
        path = deed.path.replace("{ticket}", self.ticket)
        headers = {"cookie": f"session={token}"}
        return int(self.client.request(deed.method, path, headers=headers, follow_redirects=False).status_code)


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    clock, folder = FrozenClock(SUNDAY_MORNING), tmp_path_factory.mktemp("desk-rights")
    with application(furnished(sqlite_template, folder, clock.now()), folder, clock) as (client, hall):
        yield House(client, hall, str(hall.issue().ticket.id))


def test_each_of_these_words_counts_as_acted_on() -> None:
    """What is not is listed by `queue-system doctor`."""
    assert set(DEEDS) <= OBEYED


@pytest.mark.parametrize(("word", "deed"), CASES, ids=NAMES)
def test_the_word_opens_it(house: House, word: str, deed: Deed) -> None:
    status = house.answer(f"has-{word}", (word, *deed.besides), deed)
    assert status < 500
    assert status != 403


@pytest.mark.parametrize(("word", "deed"), CASES, ids=NAMES)
def test_everything_else_together_does_not(house: House, word: str, deed: Deed) -> None:
    opens = granted([word, *ALSO.get(word, ())])
    others = tuple(right for right in ATOMIC if right not in opens)
    assert house.answer(f"lacks-{word}", others, deed) == 403


@pytest.mark.parametrize("word", ["park", "transfer"])
def test_at_a_counter_the_right_to_call_is_needed_besides(house: House, word: str) -> None:
    (deed,) = DEEDS[word]
    assert house.answer(f"only-{word}", (word,), deed) == 403
