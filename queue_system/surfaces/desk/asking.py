"""Questions that a press at the desk leaves open: what became of the visitor, why out of turn, which priority class.

The question appears in place. Its answer repeats the press, because the first one changed nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ...core.reasons import OUT_OF_TURN
from ...core.tickets import TicketState
from ...store.queries.classes import heavier_classes
from ...store.queries.desk import DeskView
from ...store.queries.line import TicketView
from ...store.queries.settings import BranchSettings, Names

# Which refusal asks which question.
ASKED: Final = {
    "visitor-not-begun": "became",
    "call-reason-missing": "reason",
    "raise-class-missing": "class",
}
# Fields of the first press that the answer repeats.
_KEPT: Final = ("ticket", "current", "reason", "seen")


@dataclass(frozen=True, slots=True)
class Answer:
    """One button of a question: the value it adds, its keyboard key, and its words as a catalogue key or as names.

    `age_from`: the age that the visitor says to have, for a class that has one.
    """

    value: str
    key: str
    words: str = ""
    names: Names | None = None
    note: str = ""
    age_from: int | None = None


_CANCEL: Final = Answer("", "W", "desk.ask-cancel")


@dataclass(frozen=True, slots=True)
class Question:
    """`field` is what the answers set, `said` the fields of the first press, `ticket` the visitor it is about.

    `none_of_them` is the button that cancels the press.
    """

    words: str
    resource: str
    field: str
    said: Mapping[str, str]
    ticket: TicketView
    answers: tuple[Answer, ...]
    none_of_them: Answer


def question(refusal: str, resource: str, form: Mapping[str, str], view: DeskView, now: datetime) -> Question | None:
    """The question that a refused press asks; None if its visitor has gone meanwhile."""
    kind = ASKED[refusal]
    said = {name: str(form[name]) for name in _KEPT if form.get(name)}
    ticket = view.current if kind == "became" else _found(view, said.get("ticket", ""))
    if ticket is None:
        return None
    if kind == "became":
        came, absent = Answer("done", "F", "desk.came-and-done"), Answer("absent", "X", "desk.no-show")
        wait = Answer("", "W", "desk.ask-wait")
        return Question("desk.ask-became", resource, "current", said, ticket, (came, absent), wait)
    if kind == "reason":
        answers = tuple(Answer(code, str(number), f"audit.basis.{code}") for number, code in enumerate(OUT_OF_TURN, 1))
        return Question("desk.ask-reason", resource, "reason", said, ticket, answers, _CANCEL)
    return Question("desk.ask-class", resource, "class", said, ticket, classes_for(view.settings, ticket, now), _CANCEL)


def classes_for(settings: BranchSettings, ticket: TicketView, now: datetime) -> tuple[Answer, ...]:
    """The heavier classes that staff may give a ticket now, heaviest first, each with the evidence it needs."""
    found = heavier_classes(settings, ticket, settings.timetable.business_date(now))
    return tuple(
        Answer(
            priority.slug,
            str(number),
            names=priority.names,
            note=f"audit.basis.{reason}",
            age_from=priority.age_from,
        )
        for number, (priority, reason) in enumerate(found, 1)
    )


def _found(view: DeskView, ticket_id: str) -> TicketView | None:
    every = (*view.waiting, *view.parked)
    return next((one for one in every if str(one.id) == ticket_id and one.state is not TicketState.CALLED), None)
