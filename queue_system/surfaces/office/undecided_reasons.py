"""The reasons for which the list of what is to be decided asks: one for each decision, and one for people who may meet.

Every list of the page has its own fields, which are told apart by its mark.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ...core.apart import AcceptedFor
from ...core.decision_reasons import FITTING, Because, Reasons
from ...core.errors import Invalid
from ...core.promises import Choice
from ...i18n.words import Words
from ...store.queries.settings import BranchSettings

# What the fields are about besides a choice: why people may meet, and the words for another reason.
MEETING: Final = "meeting"
TEXT: Final = "text"
Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Given:
    """What a form says: why it decides so, and why people may meet at appointments that it keeps."""

    reasons: Reasons
    accepted_for: AcceptedFor | None

    def mistakes(self, choices: Collection[Choice], *, meets: bool) -> list[Invalid]:
        """What is missing for these decisions, each on what its field is about. `meets`: a meeting is to be kept."""
        missing = meets and self.accepted_for is None
        return [*self.reasons.mistakes(choices), *([Invalid("meeting-reason", MEETING)] if missing else [])]


@dataclass(frozen=True, slots=True)
class Question:
    """A field that asks for a reason: `about` is a choice or MEETING, `options` are (value, words)."""

    about: str
    name: str
    options: tuple[tuple[str, str], ...]
    chosen: str


def mark_of(branch: BranchSettings, key: str) -> str:
    """The mark of the list of a branch that has this key among its lists."""
    return f"{branch.slug}-{key}"


def name_of(about: str, mark: str) -> str:
    """The name of a field in the list with this mark."""
    return f"because-{about}-{mark}"


def read_given(fields: Fields, mark: str) -> Given:
    """The reasons that a form sent; unknown ones are left out."""
    found = dict(fields)

    def sent(about: str) -> str:
        return found.get(name_of(about, mark), "").strip()

    by_choice = {choice: Because(sent(choice)) for choice in FITTING if sent(choice) in set(Because)}
    meeting = sent(MEETING)
    accepted_for = AcceptedFor(meeting) if meeting in set(AcceptedFor) else None
    return Given(Reasons(by_choice, sent(TEXT)), accepted_for)


def questions(
    choices: Collection[Choice], *, meets: bool, mark: str, given: Given, words: Words
) -> tuple[Question, ...]:
    """What a list asks where these choices can be made; `meets`: a meeting can be kept."""
    found = [
        Question(
            choice,
            name_of(choice, mark),
            tuple((one.value, words.text(f"audit.because.{one}")) for one in FITTING[choice]),
            str(given.reasons.of(choice) or ""),
        )
        for choice in FITTING
        if choice in choices
    ]
    if meets:
        options = tuple((one.value, words.text(f"apart.accepted.{one}")) for one in AcceptedFor)
        found.append(Question(MEETING, name_of(MEETING, mark), options, str(given.accepted_for or "")))
    return tuple(found)
