"""Every refusal has a sentence in every language: what happened, what was kept, what to do."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from queue_system.core.bookings import BookingState
from queue_system.core.errors import Count, Days, DomainError, IllegalTransition, Minutes, Refused, TimeOfDay, TooMany
from queue_system.core.tickets import TicketState
from queue_system.i18n import isolates
from queue_system.i18n.catalogues import catalogues
from queue_system.i18n.words import available_languages, words_for
from queue_system.web.errors import HTTP_CODES, message
from tests.i18n.test_i18n_families import ERROR_CLASSES, raised
from tests.kit.i18n_usage import modules

LANGUAGES = available_languages()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence(language: str) -> None:
    known = {key.removeprefix("errors.") for key in catalogues()[language].messages if key.startswith("errors.")}
    wanted = {code for _, code in raised()} | set(HTTP_CODES.values()) | {"fault"}
    assert wanted - known == set()
    assert "slot-taken" in wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_gets_the_values_it_speaks_of(language: str) -> None:
    """A placeholder without a value would be shown as an ellipsis."""
    messages = catalogues()[language].messages
    wrong = [
        f"{where}: {code} needs {sorted(needed - given)}"
        for where, code, given in with_values()
        if (needed := set(messages[f"errors.{code}"].placeholders())) - given
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "error",
    [
        TooMany("too-many", seconds=300),
        Refused("booking-too-late", minutes=Minutes(1440)),
        Refused("day-too-far", days=Days(14)),
        Refused("too-early", opens_at=datetime(2026, 11, 22, 7, tzinfo=UTC).astimezone(ZoneInfo("Asia/Qatar"))),
        *(IllegalTransition("ticket-step", state=state, step="call") for state in TicketState),
        *(IllegalTransition("booking-step", state=state, step="cancel") for state in BookingState),
    ],
    ids=str,
)
def test_values_are_said_as_people_say_them(language: str, error: DomainError) -> None:
    text = isolates.strip(message(error, words_for(language)))
    assert "{" not in text
    assert "…" not in text
    if language == "ar":
        assert not [letter for letter in text if "a" <= letter <= "z"], text


def test_lengths_of_time_agree_with_their_number() -> None:
    words = words_for("ar")
    assert "5 دقائق" in isolates.strip(message(TooMany("too-many", seconds=300), words))
    assert "24 ساعة" in isolates.strip(message(Refused("booking-too-late", minutes=Minutes(1440)), words))
    assert "14 يومًا" in isolates.strip(message(Refused("day-too-far", days=Days(14)), words))


def test_a_value_is_said_by_its_type_whatever_it_is_called() -> None:
    words = words_for("en")
    closed = datetime(2026, 11, 22, 15, tzinfo=ZoneInfo("Asia/Qatar"))
    said = {
        "from today: 14.": Refused("day-too-far", days=Count(14)),
        "from today: 14 days.": Refused("day-too-far", days=Days(14)),
        "closed at 15:00.": Refused("too-late", starts_at=closed, closed_at=TimeOfDay(closed)),
        "closed at Sunday 22 November 2026 at 15:00.": Refused("too-late", starts_at=closed, closed_at=closed),
    }
    for sentence, error in said.items():
        assert sentence in isolates.strip(message(error, words)).replace(",", " at")


def test_one_who_has_asked_too_often_waits_at_least_a_second() -> None:
    assert TooMany("too-many", seconds=-0.4).seconds == 1


def with_values() -> list[tuple[str, str, set[str]]]:
    """(place, code, names of values) of every error with a constant code."""
    found = []
    for path in modules():
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in ERROR_CLASSES and isinstance(node.args[0].value, str):
                given = {keyword.arg for keyword in node.keywords if keyword.arg} | _in_mapping(node, tree)
                found.append((f"{path.name}:{node.lineno}", node.args[0].value, given))
    return found


def _in_mapping(call: ast.Call, tree: ast.Module) -> set[str]:
    """The names of values that a fault has in its third argument: a mapping, or the variable last set to one."""
    third = call.args[2] if len(call.args) > 2 else None
    if isinstance(third, ast.Name):
        before = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and node.lineno < call.lineno and ast.unparse(node.targets[0]) == third.id
        ]
        third = max(before, key=lambda node: node.lineno).value if before else None
    keys = third.keys if isinstance(third, ast.Dict) else []
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)}
