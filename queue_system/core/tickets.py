"""A ticket: its states, the steps between them, its number."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Final

from .errors import IllegalTransition, Refused

# The class of a visitor without an appointment who does not ask for another; every branch has it.
ORDINARY: Final = "walkin"
# The class of a visitor who comes in time for an appointment, and that of one who comes too late for it.
APPOINTMENT: Final = "appointment"
LATE_APPOINTMENT: Final = "late_appointment"


class TicketState(StrEnum):
    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    PARKED = "parked"
    SERVED = "served"
    NO_SHOW = "no_show"
    LEFT = "left"
    VOID = "void"


class Step(StrEnum):
    """A step of a ticket; the page's button, the API's resource and the event have the same name."""

    CALL = "call"
    RECALL = "recall"
    START = "start"
    FINISH = "finish"
    SKIP = "skip"
    NO_SHOW = "no_show"
    PARK = "park"
    RESUME = "resume"
    RETURN = "return"
    TRANSFER = "transfer"
    RAISE = "raise"
    LEAVE = "leave"
    JOIN = "join"
    SPLIT = "split"
    VOID = "void"


# One literal: docs/states.md draws its diagram from this table, and a test compares them.
# A visitor who was called and did not come may still turn up (RETURN from NO_SHOW); served and left are final, and void is,
# but for a number that is called with another one (SPLIT).
TRANSITIONS: Final[dict[tuple[TicketState, Step], TicketState]] = {
    (TicketState.WAITING, Step.CALL): TicketState.CALLED,
    (TicketState.PARKED, Step.CALL): TicketState.CALLED,
    (TicketState.CALLED, Step.RECALL): TicketState.CALLED,
    (TicketState.CALLED, Step.START): TicketState.SERVING,
    (TicketState.SERVING, Step.FINISH): TicketState.SERVED,
    (TicketState.CALLED, Step.SKIP): TicketState.WAITING,
    (TicketState.CALLED, Step.NO_SHOW): TicketState.NO_SHOW,
    (TicketState.CALLED, Step.PARK): TicketState.PARKED,
    (TicketState.SERVING, Step.PARK): TicketState.PARKED,
    (TicketState.PARKED, Step.RESUME): TicketState.WAITING,
    (TicketState.NO_SHOW, Step.RETURN): TicketState.WAITING,
    (TicketState.CALLED, Step.TRANSFER): TicketState.WAITING,
    (TicketState.SERVING, Step.TRANSFER): TicketState.WAITING,
    (TicketState.PARKED, Step.TRANSFER): TicketState.WAITING,
    (TicketState.WAITING, Step.TRANSFER): TicketState.WAITING,
    (TicketState.WAITING, Step.RAISE): TicketState.WAITING,
    (TicketState.PARKED, Step.RAISE): TicketState.PARKED,
    (TicketState.WAITING, Step.LEAVE): TicketState.LEFT,
    (TicketState.PARKED, Step.LEAVE): TicketState.LEFT,
    (TicketState.WAITING, Step.VOID): TicketState.VOID,
    (TicketState.PARKED, Step.VOID): TicketState.VOID,
    (TicketState.WAITING, Step.JOIN): TicketState.VOID,
    (TicketState.VOID, Step.SPLIT): TicketState.WAITING,
}

# The results of a visit. FORGOTTEN: the clerk had not entered one when the day ended.
OUTCOMES: Final = ("done", "documents_missing", "refused")
FORGOTTEN: Final = "forgotten"
# How a service ended that is not the last of its visit: another began, it goes on after an interruption, or elsewhere.
FOLLOWED: Final = "followed"
INTERRUPTED: Final = "interrupted"
HANDED_ON: Final = "handed_on"

# A press at a counter can be taken back for this long.
TAKE_BACK: Final = timedelta(seconds=15)

OPEN: Final = frozenset({TicketState.WAITING, TicketState.PARKED, TicketState.CALLED, TicketState.SERVING})
AT_COUNTER: Final = frozenset({TicketState.CALLED, TicketState.SERVING})

# The step that closes a ticket that is still open at the end of its session.
LAST_STEPS: Final = {
    TicketState.WAITING: Step.VOID,
    TicketState.PARKED: Step.VOID,
    TicketState.CALLED: Step.NO_SHOW,
    TicketState.SERVING: Step.FINISH,
}

LARGEST_NUMBER: Final = 999


def after(state: TicketState, step: Step) -> TicketState:
    """The state that `step` leads to; raises IllegalTransition where the step is not possible."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition("ticket-step", state=state, step=step.value) from None


def left_behind(state: TicketState) -> TicketState:
    """The state of a ticket after the end of its session."""
    step = LAST_STEPS.get(state)
    return state if step is None else after(state, step)


def steps_from(state: TicketState) -> frozenset[Step]:
    """The steps that are possible from `state`."""
    return frozenset(step for (origin, step) in TRANSITIONS if origin == state)


def next_number(last: int) -> int:
    """The number after `last` in a series of one business day: 1 … 999, then numbers of four digits.

    A hall that needs more than 999 numbers of one letter on one day gets four digits rather than a
    second A001, because with a repeated number two visitors would come to the same counter.
    """
    return last + 1


def random_number(taken: Collection[int], source: random.Random) -> int:
    """A random number, which reveals neither order nor volume, for confidential queues.

    Drawn from 100 … 999 without those `taken` on this day; raises Refused when they are used up.
    """
    free = LARGEST_NUMBER - 99 - len(taken)
    if free <= 0:
        raise Refused("numbers-used-up")
    while True:
        number = source.randint(100, LARGEST_NUMBER)
        if number not in taken:
            return number


def code_of(prefix: str, number: int) -> str:
    """The code that the visitor sees and hears: the queue's letter and at least three digits, `A012`."""
    return f"{prefix}{number:03d}"
