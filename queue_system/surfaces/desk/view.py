"""The values of the desk's template: the line in calling order, what can be done now, and why the rest cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from ...core.absence import is_followed_up
from ...core.counters import AWAY_MINUTES, AWAY_REASONS
from ...core.dispatch import Choice, Reason
from ...core.rights import CHOOSE_RIGHTS, REFER_RIGHTS
from ...core.staff_notes import LONGEST_FOR_NEXT
from ...core.tickets import Step, TicketState, steps_from
from ...store.queries.access import StaffView
from ...store.queries.calling_departments import department_of
from ...store.queries.class_targets import beyond_target
from ...store.queries.desk import DeskView
from ...store.queries.families import LONGEST_NUMBER
from ...store.queries.line import (
    TicketView,
    absence_rule,
    agreed_time,
    emergencies,
    recall_rule,
    weight_of,
)
from ...store.queries.outcomes import outcomes_of
from ...store.queries.screens import is_kept_off
from ...store.queries.settings import BranchSettings, CounterView, Names
from ...web.at_counter import NEEDED_TOO
from ...web.departments import in_use
from ...web.waits import Waits
from .asking import Answer, classes_for
from .looking import booked_name, look
from .targets import next_services, sender, services_to, whom_to, whom_values

LINE_SHOWN: Final = 30
LAST_DIGIT: Final = 9
BREAK_KEY: Final = "B"
ALARM_KEY: Final = "Q"
CALLED_ENOUGH: Final = "desk.why-called-enough"
# Outcomes of a visit that was not served in full.
OUTCOMES: Final = (
    Answer("documents_missing", "D", "desk.outcome-documents-missing"),
    Answer("refused", "J", "desk.outcome-refused"),
)


@dataclass(frozen=True, slots=True)
class Button:
    """One action: the resource it posts to, its keyboard key, its words.

    With `dialog` it opens the dialog of that name, which posts to the resource. `why` is the key of the sentence that says why
    it cannot be done now, "" if it can; `possible_from` is when that ends by itself.
    """

    resource: str
    key: str
    words: str
    why: str = ""
    likely: bool = False
    dialog: str = ""
    possible_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket in one of the lists; `reason` is set only if the order needs an explanation."""

    ticket: TicketView
    names: Names
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rule weighed for a number: the weight of its class, and its minutes since its anchor at a moment."""

    code: str
    weight: str
    minutes: int


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A service of a visit that has several: its names, its minutes, and whether it is given now."""

    names: Names
    minutes: int
    now: bool


@dataclass(frozen=True, slots=True)
class Absence:
    """The effect of "not here" now: a no-show, or back into the line. `calls` are needed for a no-show.

    `follow_up`: staff of the branch see to whoever missed an appointment.
    """

    no_show: bool
    call: int
    calls: int
    no_show_from: datetime
    follow_up: bool


def context(view: DeskView, person: StaffView, now: datetime, waits: Waits, *, everybody: bool) -> dict[str, Any]:
    """The values of `desk/_desk.html` for `person`; `everybody`: the whole line instead of its beginning."""
    settings, current = view.settings, view.current
    order = view.order
    by_hand = _by_hand(view, person, order)
    tickets = {ticket.id: ticket for ticket in view.waiting}
    shown = order if everybody else order[:LINE_SHOWN]
    mine = view.holder is not None and view.holder.staff_id == person.id
    whom, sent_by = whom_to(view, now), sender(view)
    return {
        "view": view,
        "departments": {
            counter.id: department.names
            for counter in settings.counters.values()
            if (department := department_of(settings, counter))
        },
        "mine": mine,
        "away": view.holder if mine and view.holder and view.holder.away else None,
        "away_reasons": AWAY_REASONS,
        "break_key": BREAK_KEY,
        "alarm_key": ALARM_KEY,
        "away_minutes": AWAY_MINUTES,
        "ticket": current,
        "service": settings.services[current.service_id] if current else None,
        "priority": settings.priorities.get(current.priority) if current else None,
        "name": booked_name(settings, view.current, view.booking),
        "foreseen": look(view, order[0], tickets) if order and settings.queue_rules.look_before_calling else None,
        "expected": current.id if current else "",
        "own_note": next((one.text or "" for one in view.notes if one.own), ""),
        "longest_note": LONGEST_FOR_NEXT,
        "note_stays": current is not None and not _note_follows(view, current),
        "figures": figures(view),
        "unseen": _unseen(view),
        "emergencies": [
            (ticket, settings.priorities[ticket.priority].names) for ticket in emergencies(settings, view.waiting)
        ],
        "beyond": beyond_target(settings, view.waiting, now),
        "absence": absence(view, now),
        "outcomes": (*OUTCOMES, *_own_outcomes(settings, current)),
        "given": _given(view, now),
        "buttons": buttons(view, person, now),
        "to_second": lambda instant: f"{instant.astimezone(settings.zone):%H:%M:%S}",
        "hint": _hint(view),
        "line": [_row(tickets[choice.ticket_id], settings, choice.reason) for choice in shown],
        "waits": {choice.ticket_id: waits.of_ticket(settings.id, choice.ticket_id, now) for choice in shown},
        "waiting": len(order),
        "hidden": len(order) - len(shown),
        "raisable": _raisable(view, now),
        "splits": [
            (first.code, one)
            for first in (*view.waiting, *view.parked, *view.missed)
            for one in view.families.get(first.id, ())
        ],
        "longest_number": LONGEST_NUMBER,
        "by_hand": by_hand,
        "in_turn_only": any(choice.ticket_id not in by_hand for choice in shown),
        "parked": [_row(ticket, settings) for ticket in view.parked],
        "missed": [_row(ticket, settings) for ticket in view.missed],
        "colleagues": [
            counter
            for counter in in_use(settings.counters.values(), settings, view.holders, now)
            if counter.id != view.counter.id
        ],
        "targets": services_to(view, now),
        "whom": whom,
        "whom_values": whom_values(whom, sent_by),
        "sender": sent_by,
        "reserved": [_row(ticket, settings) for ticket in view.reserved(now)],
        "next_services": next_services(view, now),
        "may_refer": person.may_any(REFER_RIGHTS, settings.id),
        "base": f"/counters/{settings.slug}/{view.counter.slug}",
        "here": f"/desk/{settings.slug}/{view.counter.slug}",
        "everybody": everybody,
    }


def buttons(view: DeskView, person: StaffView, now: datetime) -> list[Button]:
    """The row of actions; each always has the same place."""
    current = view.current
    state = current.state if current else None
    able = steps_from(state) if state else frozenset()
    nobody = "" if current else "desk.why-nobody-here"

    def why(step: Step) -> str:
        return nobody or ("" if step in able else "desk.why-visit-began")

    def allowed(act: str, reason: str) -> str:
        return reason if person.may_any(NEEDED_TOO[act], view.settings.id) else "desk.why-no-right"

    recall = _recall(view, now) if Step.RECALL in able else Button("recalls", "R", "desk.recall", why(Step.RECALL))
    called_enough = recall.why == CALLED_ENOUGH
    return [
        Button("calls", "N", "desk.next", "" if view.waiting else "desk.why-nobody-waits", likely=current is None),
        recall,
        Button(
            "starts",
            "S",
            "desk.start",
            why(Step.START),
            likely=state is TicketState.CALLED and not called_enough,
        ),
        Button("finishes", "F", "desk.finish", nobody, likely=state is TicketState.SERVING),
        Button("absences", "X", "desk.no-show", why(Step.NO_SHOW), likely=called_enough),
        Button("parkings", "H", "desk.park", allowed("parkings", why(Step.PARK))),
        Button("transfers", "T", "desk.transfer", allowed("transfers", why(Step.TRANSFER)), dialog="transfer"),
        Button(
            "services",
            "G",
            "desk.next-service",
            nobody or ("" if state is TicketState.SERVING else "desk.why-visit-not-begun"),
            dialog="next-service",
        ),
        Button("take-backs", "Z", "desk.take-back", "" if view.undo_until else "desk.why-nothing-to-take-back"),
    ]


def _recall(view: DeskView, now: datetime) -> Button:
    """The button that calls the visitor in front once more: after the pause, and until it was pressed often enough."""
    current, rule = view.current, recall_rule(view.settings)
    button = Button("recalls", "R", "desk.recall")
    if current is None or current.called_at is None:
        return button
    if rule.is_used_up(current.calls):
        return replace(button, why=CALLED_ENOUGH)
    if rule.still_pausing(current.called_at, now):
        return replace(button, why="desk.why-just-called", possible_from=current.called_at + rule.pause)
    return button


def absence(view: DeskView, now: datetime) -> Absence | None:
    """The effect of "not here" for the visitor who was called; None if nobody is."""
    current = view.current
    if current is None or current.state is not TicketState.CALLED or current.first_called_at is None:
        return None
    rule = absence_rule(view.settings)
    return Absence(
        no_show=rule.is_no_show(current.calls, current.first_called_at, agreed_time(current), now),
        call=current.calls,
        calls=rule.calls,
        no_show_from=rule.no_show_from(current.first_called_at, agreed_time(current)),
        follow_up=is_followed_up(view.settings.queue_rules.no_show_action),
    )


def figures(view: DeskView) -> tuple[Figures, list[Figures]] | None:
    """The figures of the visitor who was called, and of those who came before and were passed and still wait."""
    current = view.current
    if current is None or view.called is None:
        return None
    # Not of the latest call: whoever is called again was chosen when the first call was made.
    at, settings = view.called.at, view.settings
    reserved = {ticket.id for ticket in view.reserved(at)}
    passed = [
        one
        for one in view.waiting
        if one.anchor_at < current.anchor_at and one.issued_at <= at and not one.aside and one.id not in reserved
    ]

    def of(ticket: TicketView) -> Figures:
        weight = weight_of(settings, ticket.priority)
        return Figures(ticket.code, f"{weight:g}", max(0, (at - ticket.anchor_at) // timedelta(minutes=1)))

    return of(current), [of(one) for one in passed]


def queue_names(settings: BranchSettings, counter: CounterView) -> list[Names]:
    """What is served at a counter."""
    return [settings.queues[queue_id].names for queue_id in counter.queues]


def _row(ticket: TicketView, settings: BranchSettings, reason: Reason | None = None) -> Row:
    return Row(ticket, settings.services[ticket.service_id].listed_names, reason)


def _note_follows(view: DeskView, ticket: TicketView) -> bool:
    """Whether a note about the visitor is read for another service, too."""
    return view.settings.services[ticket.service_id].confidentiality.staff_note == "allowed"


def _raisable(view: DeskView, now: datetime) -> set[UUID]:
    """The tickets in line that can get a heavier class, which follows from the class that they have."""
    rows = (*view.waiting, *view.parked)
    one_of_each = {row.priority: row for row in rows}
    able = {priority for priority, row in one_of_each.items() if classes_for(view.settings, row, now)}
    return {row.id for row in rows if row.priority in able}


def _by_hand(view: DeskView, person: StaffView, order: Sequence[Choice]) -> set[UUID]:
    """The tickets that a button of their own calls; out of turn only where the person may choose."""
    settings = view.settings
    first = order[0].ticket_id if order else None

    def chooses(ticket: TicketView) -> bool:
        department = settings.departments[settings.services[ticket.service_id].department_id].slug
        return person.may_in(CHOOSE_RIGHTS, settings.id, department)

    return {
        ticket.id
        for ticket in (*view.waiting, *view.parked)
        if ticket.id == first or ticket.skips or ticket.state is TicketState.PARKED or chooses(ticket)
    }


def _own_outcomes(settings: BranchSettings, current: TicketView | None) -> list[Answer]:
    """The outcomes that the branch has for the service of the visitor, the first nine with a digit as their key."""
    own = outcomes_of(settings, current.service_id) if current else {}
    return [
        Answer(slug, str(number) if number <= LAST_DIGIT else "", names=outcome.names)
        for number, (slug, outcome) in enumerate(own.items(), 1)
    ]


def _given(view: DeskView, now: datetime) -> list[GivenRow]:
    """The services of a visit that has several, each with its whole minutes so far."""
    return [
        GivenRow(
            view.settings.services[one.service_id].names,
            max(0, ((one.ended_at or now) - one.started_at) // timedelta(minutes=1)),
            one.ended_at is None,
        )
        for one in view.given
    ]


def _hint(view: DeskView) -> str:
    current = view.current
    if current is None:
        return "desk.hint-free" if view.waiting else "desk.hint-empty"
    if current.state is not TicketState.CALLED:
        return "desk.hint-serving"
    return "desk.hint-called-enough" if recall_rule(view.settings).is_used_up(current.calls) else "desk.hint-called"


def _unseen(view: DeskView) -> str:
    """The key of the sentence on how to bring the visitor here, where the screens alone do not call; "" where they do."""
    current = view.current
    if current is None or current.state is not TicketState.CALLED:
        return ""
    if view.fetched_by is not None:
        return "desk.fetched" if view.fetched_by else "desk.fetch"
    level = view.settings.services[current.service_id].confidentiality
    if is_kept_off(view.settings, current.service_id, current.series_id):
        return "desk.call-kept-off"
    if not level.is_spoken:
        return "desk.call-unspoken" if view.live else "desk.call-unseen-unspoken"
    return "" if view.live else "desk.call-unseen"
