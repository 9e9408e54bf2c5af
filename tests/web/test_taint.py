"""What is said in confidence in a protected service is on no page, in no header, log or message for whoever may not know it.

Every address of the application is read by every kind of client, and by staff with each right alone. A word that a right
shows is in SHOWN; a new page that shows more fails here until somebody says that it may.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from queue_system.core.rights import EVERYTHING, Right
from queue_system.store import log
from tests.kit.access_matrix import MATRIX
from tests.kit.taint_house import (
    ALL_WORDS,
    METRICS,
    SERVICES,
    WORDS,
    House,
    addresses_of,
    everything_in,
    found_in,
    headers_of,
    taint_house,
)
from tests.kit.whole_answers import answers_to_all

pytestmark = pytest.mark.slow

# Where everybody can read which services there are.
OFFERED: Final = frozenset({"/book/{branch}", "/api/v1/branches/{branch}/services"})
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
    # A note for the next clerk is read at the counter where its visitor is, and nowhere else.
    EVERYTHING: frozenset(WORDS) - {"address", "next"},
}


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with taint_house(sqlite_template, tmp_path_factory.mktemp("taint")) as found:
        yield found


def read(
    house: House, cookies: dict[str, str], paths: Sequence[str], languages: tuple[str, ...] = ("ar",)
) -> Iterator[tuple[str, str]]:
    """Head and body of the answer of each address of these forms, after the form."""
    house.client.cookies.clear()
    asked = [(path, address, one) for path in paths for address in addresses_of(house, path) for one in languages]
    requests = [
        house.client.build_request("GET", address, headers=headers_of(cookies, language))
        for _, address, language in asked
    ]
    for (path, address, _), answer in zip(asked, answers_to_all(house.client, requests), strict=True):
        assert answer.status_code < 500, (address, answer.status_code)
        yield path, everything_in(answer)


def addresses() -> list[str]:
    return sorted(path for method, path in MATRIX if method == "GET" and "/static/" not in path)


def test_nobody_else_reads_a_word_of_it(house: House) -> None:
    found = {
        (name, path, word)
        for name, cookies in house.outsiders.items()
        for path, text in read(house, cookies, addresses(), ("ar", "en"))
        for word in found_in(text)
        if word not in SERVICES or path not in OFFERED
    }
    assert found == set()
    # They get as far as the pages that every link opens.
    for path in ("/b/{token}", "/b/{token}.ics", "/t/{token}"):
        assert any("SENTINEL" not in text and len(text) > 300 for _, text in read(house, {}, [path]))


def test_each_right_alone_shows_what_it_says_and_nothing_more(house: House) -> None:
    shown = {
        right: {
            (word, path) for path, text in read(house, cookies, addresses()) for word in found_in(text, WORDS.items())
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
    assert found_in(said, [*ALL_WORDS, *tokens]) == set()
