"""Appointments that the settings no longer support and on which nobody has decided yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import guarded_meetings
from ...actions.decisions import decide_listed
from ...actions.guarded_decisions import ACTION, ask_to_decide
from ...actions.guarded_meetings import Kept, is_about, keep_meetings
from ...actions.look_ups import record_look_ups
from ...actions.second_person import SecondPersonNeeded
from ...core import contacts
from ...core.apart import AcceptedFor
from ...core.effect import Effect
from ...core.errors import Invalid, Missing
from ...core.promises import Choice, Choices
from ...core.rights import APART_RIGHTS, CALL_OFF_RIGHTS, CONTACT_RIGHTS, DECISION_RIGHTS, MOVE_RIGHTS
from ...core.support import Why
from ...i18n import dates
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.apart import is_for_one, meetings
from ...store.queries.approvals import requests
from ...store.queries.effect import Undecided, undecided
from ...store.queries.previews import Preview
from ...store.queries.settings import BranchSettings, Names
from ...web import kit
from ...web.departments import services_for
from ...web.errors import message
from ...web.safe_contact import way_of
from . import undecided_line
from .asking import Concerns, alone_until, asked_about, is_shown
from .effects import MOST_FIELDS, Group, Row, grouped, read_choices
from .frame import InOffice, enter, office_page
from .undecided_line import PAGE, LineList, line_list
from .undecided_members import hand_over_links
from .undecided_reasons import Question, mark_of, name_of, questions, read_given

APPROVALS: Final = "/office/approvals"
# In each form: which of the lists of its branch it is.
LIST: Final = "list"
ASK: Final = ("step", "ask")
# The log has this word for a contact that was shown so that the visitor can be called.
BY_CALL: Final = "call"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a person may do with an appointment; it follows from the department of its service."""

    choices: frozenset[Choice]
    sees_contacts: bool

    @property
    def key(self) -> str:
        """Its name in a form and in ids."""
        return "-".join(
            [*sorted(choice.value for choice in self.choices), *(["contacts"] if self.sees_contacts else [])]
        )


@dataclass(frozen=True, slots=True)
class BranchList:
    """What is to be decided at one branch and in the same way; `departments` where others there differ."""

    branch: BranchSettings
    groups: tuple[Group, ...]
    allowed: Allowed
    departments: tuple[Names, ...]
    # Why what was sent needs a second person, and when it would be carried out because nobody else can approve it.
    reasons: tuple[str, ...] = ()
    alone: Markup | None = None
    questions: tuple[Question, ...] = ()
    text: str = ""
    sees_apart: bool = False

    @property
    def mark(self) -> str:
        """Tells its fields from those of other lists on the page."""
        return mark_of(self.branch, self.allowed.key)

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(choice for choice in Choice if choice in self.allowed.choices)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the form of a branch's list sent, and why it was not done: `reasons` for a second person, or `mistakes`."""

    branch: UUID
    fields: Sequence[tuple[str, str]]
    reasons: tuple[str, ...] = ()
    mistakes: Mapping[str, Invalid] = field(default_factory=dict)


async def show(request: Request) -> Response:
    """The list, by branch and reason."""
    return await _page(await enter(request, DECISION_RIGHTS))


async def decide(request: Request) -> Response:
    """Carry out what is chosen, or ask a second person for it; what is left for later stays on the list."""
    here = await enter(request, DECISION_RIGHTS)
    branch = here.named(request.path_params["branch"])
    fields = await kit.form_items(request, most=MOST_FIELDS)
    allowed, sees = allowed_of(here.person, branch), _sees_apart(here.person, branch)
    decided: dict[UUID, Choice] = {}
    together: list[UUID] = []
    for one in await here.read(_listed, here.person, branch):
        may = allowed[one.booking.service_id]
        # A form decides only on its own list, because another one may have the same reasons.
        if (LIST, may.key) in fields:
            choice = read_choices(fields, may.choices).of(one.booking.id, one.why)
            if choice is Choice.KEEP and one.why is Why.APART and sees:
                together.append(one.booking.id)
            elif choice is not Choice.LATER:
                decided[one.booking.id] = choice
    mark = mark_of(branch, dict(fields).get(LIST, ""))
    given = read_given(fields, mark)
    if mistakes := given.mistakes(set(decided.values()), meets=bool(together)):
        found = {name_of(one.field or "", mark): one for one in mistakes}
        return await _page(here, sent=Sent(branch.id, fields, mistakes=found))
    done, asked = {}, False
    try:
        done = await here.at(branch).do(decide_listed, decided, given.reasons, here.actor) if decided else {}
    except SecondPersonNeeded as needed:
        if ASK not in fields:
            return await _page(here, sent=Sent(branch.id, fields, needed.reasons))
        await here.write_anywhere(ask_to_decide, branch.id, decided, given.reasons, here.actor)
        asked = True
    # Last, because who is called off or moved meets nobody any more.
    kept = Kept()
    if together and given.accepted_for is not None:
        kept = await here.write_anywhere(keep_meetings, branch.id, together, given.accepted_for, here.actor)
    if asked:
        return kit.see_other(f"{APPROVALS}?said=asked")
    missed = sum(1 for key, how in done.items() if how.value != decided[key].value)
    told = {"done": len(done) - missed + kept.stand, "missed": missed, "asked": kept.asked}
    return kit.see_other(f"{PAGE}?{urlencode(told)}")


async def contact(request: Request) -> Response:
    """The page with the contact of one visitor, so that they can be called; the log keeps who looked it up."""
    here = await enter(request, DECISION_RIGHTS)
    branch = here.named(request.path_params["branch"])
    callable_for = services_for(here.person, branch, CONTACT_RIGHTS)
    listed = [one.booking for one in await here.read(_listed, here.person, branch)]
    wanted = [
        booking
        for booking in listed
        if str(booking.id) == request.path_params["booking"] and booking.service_id in callable_for
    ]
    if not wanted:
        raise Missing("booking")
    fields = await kit.form_items(here.request, most=MOST_FIELDS)
    await here.at(branch).do(record_look_ups, wanted, BY_CALL, here.actor)
    return await _page(here, shown=wanted[0].id, sent=Sent(branch.id, fields))


def allowed_of(person: StaffView, branch: BranchSettings) -> dict[UUID, Allowed]:
    """What a person may do with appointments, by their service."""
    moves = services_for(person, branch, MOVE_RIGHTS)
    calls_off = services_for(person, branch, CALL_OFF_RIGHTS)
    sees = services_for(person, branch, CONTACT_RIGHTS)
    return {
        service: Allowed(
            frozenset(
                {
                    Choice.LATER,
                    *((Choice.MOVE, Choice.KEEP) if service in moves else ()),
                    *((Choice.CANCEL,) if service in calls_off else ()),
                }
            ),
            service in sees,
        )
        for service in branch.services
    }


def may_decide(person: StaffView, told: Preview, branches: Mapping[UUID, BranchSettings]) -> frozenset[Choice]:
    """The choices that the person may make for every one of the appointments that are lost."""
    found = frozenset(Choice)
    for key, effect in told.effects.items():
        if key in branches and effect.bookings:
            found &= _may_at(person, branches[key], effect)
    return found


def _may_at(person: StaffView, branch: BranchSettings, effect: Effect) -> frozenset[Choice]:
    allowed = allowed_of(person, branch)
    lost = {one.service for one in effect.bookings}
    concerned = [allowed[service.id].choices for service in branch.services.values() if service.slug in lost]
    return frozenset(Choice).intersection(*concerned) if concerned else frozenset({Choice.LATER})


def may_in_line(person: StaffView, branch: BranchSettings) -> dict[str, frozenset[Choice]]:
    """What a person may do with people in line, by slug of their service: the same as with appointments."""
    return {branch.services[service].slug: one.choices for service, one in allowed_of(person, branch).items()}


async def _page(here: InOffice, shown: UUID | None = None, sent: Sent | None = None) -> Response:
    params = here.request.query_params
    mistakes = sent.mistakes if sent else {}
    values = {
        "lists": [one for branch in here.branches for one in await _branch_lists(here, branch, shown, sent)],
        "lines": [one for branch in here.branches if (one := await _line(here, branch)).groups],
        "sends": bool(here.installation.configuration.sends),
        "done": _count(params.get("done", "")),
        "missed": _count(params.get("missed", "")),
        "asked_second": _count(params.get("asked", "")),
        "errors": {name: message(one, here.words) for name, one in mistakes.items()},
        "asked": await asked_about(here, _concerns(here)),
    }
    return await office_page(here, "office/undecided.html", values, status=Invalid.status if mistakes else 200)


def _concerns(here: InOffice) -> Concerns:
    """Requests about appointments of the list; those about people who are kept apart for whoever may know of them."""
    places = [branch.id for branch in here.branches]
    return lambda one: (
        one.place in places
        and (one.action == ACTION or (one.action == guarded_meetings.ACTION and is_shown(here.person, one)))
    )


async def _line(here: InOffice, branch: BranchSettings) -> LineList:
    return await line_list(here, branch, may_in_line(here.person, branch))


async def _branch_lists(
    here: InOffice, branch: BranchSettings, shown: UUID | None, sent: Sent | None
) -> list[BranchList]:
    answered = sent if sent is not None and sent.branch == branch.id else None
    alone = await alone_until(here, branch.id, ACTION) if answered and answered.reasons else None
    allowed, sees = allowed_of(here.person, branch), _sees_apart(here.person, branch)
    alike: dict[Allowed, list[Undecided]] = {}
    all_listed = await here.read(_listed, here.person, branch)
    second = await here.read(_of_two, here.person, branch)
    hand_over = await hand_over_links(here, branch, all_listed)
    for one in all_listed:
        alike.setdefault(allowed[one.booking.service_id], []).append(one)
    found = []
    for may, listed in alike.items():
        own = answered if answered is not None and (LIST, may.key) in answered.fields else None
        choices = read_choices(own.fields, may.choices) if own else Choices()
        rows = [
            (
                one.why,
                replace(
                    _row(here, branch, one, sees=may.sees_contacts, shown=shown),
                    chosen=choices.by_booking.get(one.booking.id),
                    hand_over=hand_over.get(one.booking.id, ""),
                    second=second.get(one.booking.id, "") if one.why is Why.APART else "",
                ),
            )
            for one in listed
        ]
        departments = _departments(branch, listed) if len(alike) > 1 else ()
        mark = mark_of(branch, may.key)
        given = read_given(own.fields if own else (), mark)
        meets = [one.why is Why.APART and sees for one in listed]
        if own is None and any(meets):
            given = replace(given, accepted_for=await here.read(_accepted_before, here.person, branch, listed))
        asked = may.choices - ({Choice.KEEP} if all(meets) else set())
        found.append(
            BranchList(
                branch,
                grouped(rows, choices),
                may,
                departments,
                own.reasons if own else (),
                alone if own else None,
                questions(
                    asked, meets=Choice.KEEP in may.choices and any(meets), mark=mark, given=given, words=here.words
                ),
                given.reasons.text,
                sees,
            )
        )
    return found


def _departments(branch: BranchSettings, listed: Iterable[Undecided]) -> tuple[Names, ...]:
    concerned = {branch.services[one.booking.service_id].department_id for one in listed}
    return tuple(one.names for key, one in branch.departments.items() if key in concerned)


def _row(here: InOffice, branch: BranchSettings, one: Undecided, *, sees: bool, shown: UUID | None) -> Row:
    booking = one.booking
    way = way_of(branch, here.words, booking.service_id, booking.contact_way, booking.contact_note)
    return Row(
        id=booking.id,
        code=booking.code,
        at=dates.day_time(booking.starts_at, branch.zone, here.words),
        service=branch.services[booking.service_id].listed_names,
        name=booking.name if sees else None,
        contact="" if not way.shows else contacts.shown(booking.contact) if sees and booking.id == shown else None,
        way=way if sees and way.says else None,
        unanswered=one.unanswered,
    )


def _listed(tx: Tx, person: StaffView, branch: BranchSettings) -> list[Undecided]:
    """What is to be decided in the departments of a person."""
    allowed = services_for(person, branch, DECISION_RIGHTS)
    return [
        one
        for one in _by_time(undecided(tx, branch, apart=_sees_apart(person, branch)))
        if one.booking.service_id in allowed
    ]


def _sees_apart(person: StaffView, branch: BranchSettings) -> bool:
    """Whether the person may know who is kept apart; for others, an appointment just cannot stay at its time."""
    return person.may_any(APART_RIGHTS, branch.id)


def _of_two(tx: Tx, person: StaffView, branch: BranchSettings) -> dict[UUID, str]:
    """What is said of appointments that one person may not keep, because people would meet who must not."""
    if not _sees_apart(person, branch):
        return {}
    asked = [one for one in requests(tx) if one.is_open(tx.now)]
    return {
        id_: "apart.second-asked"
        if any(is_about(one, meeting.pair, meeting.ids) for one in asked)
        else "apart.second-needed"
        for meeting in meetings(tx, branch)
        if not is_for_one(tx, branch, meeting)
        for id_ in meeting.ids
    }


def _accepted_before(tx: Tx, person: StaffView, branch: BranchSettings, listed: list[Undecided]) -> AcceptedFor | None:
    """Why this person wanted people of the list to meet, in the last request of theirs about it that is over; None without one."""
    ids = {one.booking.id for one in listed}
    met = [one for one in meetings(tx, branch) if one.ids & ids]
    mine = [one for one in requests(tx) if one.asked_by == person.id]
    found = (one for one in mine if any(is_about(one, meeting.pair, meeting.ids) for meeting in met))
    last = next(found, None)
    return None if last is None or last.is_open(tx.now) else AcceptedFor(last.params["why"])


def _by_time(listed: Iterable[Undecided]) -> list[Undecided]:
    """Those first whose visitors must be called, because they were asked in vain."""
    return sorted(listed, key=lambda one: (not one.unanswered, one.booking.starts_at, one.booking.code))


def _count(sent: str) -> int | None:
    return int(sent) if sent.isdecimal() and len(sent) < 5 else None


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/{{branch}}", decide, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{booking}}/contact", contact, methods=["POST"]),
    *undecided_line.routes,
]
