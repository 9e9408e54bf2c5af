"""Requests for a second person: to approve, to refuse, to withdraw, to carry out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import approvals, four_eyes
from ...actions.guarded_decisions import reasons_of
from ...actions.guarded_settings import ACTION, decided_now
from ...core.approvals import ApprovalState
from ...core.errors import Denied, DomainError, Missing
from ...core.promises import Choice
from ...core.rights import ASKING_RIGHTS, ATOMIC, EVERYTHING, Rights, granted, written_out
from ...i18n.filters import localised
from ...store.database import Tx
from ...store.queries.access import StaffView, staff_names
from ...store.queries.approvals import ApprovalView, requests
from ...store.queries.grants import Grant, beyond, grant
from ...store.queries.people import grants_of, invitation_by_token
from ...web import kit
from ...web.confirmed import require_confirmed
from ...web.errors import message
from .asked_settings import AskedChange, decided_in_words, in_words, known
from .asking import is_shown
from .frame import InOffice, enter, office_page
from .people import House, clock_of, house_of
from .person import with_link

PAGE: Final = "/office/approvals"
DATA: Final = "/office/data"
REQUEST: Final = f"{PAGE}/{{approval}}"
SAID: Final = {
    "asked": "approvals.said-asked",
    "approved": "approvals.said-approved",
    "refused": "approvals.said-refused",
    "withdrawn": "approvals.said-withdrawn",
    "done": "approvals.said-done",
}


@dataclass(frozen=True, slots=True)
class Change:
    """The rights, as keys of their words, that a person or the holders of a role would gain and lose."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A request in words: who asked, and what it is about; `about` are (key of the words, value).

    `again`: the person can ask for it once more, because it is over, was not carried out, and is not open anew.
    `text_gone`: they could if what was written with it was still kept.
    """

    request: ApprovalView
    asked_by: str
    decided_by: str
    about: tuple[tuple[str, str], ...]
    change: Change
    settings: AskedChange | None
    own: bool
    decides: bool
    again: bool
    text_gone: bool

    @property
    def by_itself(self) -> bool:
        """Whether it is carried out without a press when it has waited long enough."""
        return four_eyes.acts_by_itself(self.request.action)


async def show(request: Request) -> Response:
    """The requests, those first that something can be done about."""
    return await _page(await enter(request, ASKING_RIGHTS))


def decision(do: Callable[..., object], said: str) -> Callable[[Request], Any]:
    """The handler of a press about a request."""

    async def handler(request: Request) -> Response:
        here = await enter(request, ASKING_RIGHTS)
        await require_confirmed(here)
        try:
            await here.write_anywhere(do, _id(request), here.actor)
        except (DomainError, Denied) as refusal:
            if isinstance(refusal, Missing):
                raise
            return await _page(here, message(refusal, here.words), refusal.status)
        return kit.see_other(f"{PAGE}?said={said}")

    return handler


async def carry_out(request: Request) -> Response:
    """Do what was approved; the page of its person shows a link that this makes, the page of data a receipt."""
    here = await enter(request, ASKING_RIGHTS)
    await require_confirmed(here)
    try:
        given = await here.write_anywhere(four_eyes.carry_out, _id(request), here.actor)
    except DomainError as refusal:
        if isinstance(refusal, Missing):
            raise
        return await _page(here, message(refusal, here.words), refusal.status)
    link = await here.read(invitation_by_token, given) if given else None
    if link is not None and given:
        return with_link(here, link.staff_id, given, "reset")
    if given:
        await asyncio.to_thread(here.installation.database.scrub, thorough=False)
        return kit.see_other(f"{DATA}?{urlencode({'receipt': given})}")
    return kit.see_other(f"{PAGE}?said=done")


def waiting_for(tx: Tx, person: StaffView) -> int:
    """How many requests a person could decide on, or carry out because they asked and may."""
    open_now = [one for one in requests(tx) if one.is_open(tx.now)]
    seen = [one for one in open_now if is_shown(person, one)]
    ready = {one.id for one in seen if one.asked_by == person.id and one.is_ready(tx.now)}
    return len(ready | _to_decide(tx, person.id, seen))


def waiting_alone(tx: Tx, person: StaffView) -> list[ApprovalView]:
    """The requests that nobody else can approve and that wait for their time, which a person sees."""
    return [one for one in requests(tx) if one.is_open(tx.now) and one.is_alone and is_shown(person, one)]


def _id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["approval"])
    except ValueError:
        raise Missing("approval") from None


async def _page(here: InOffice, refusal: str = "", status: int = 200) -> Response:
    house, people = await here.read(house_of), await here.read(staff_names)
    seen = [one for one in await here.read(requests) if is_shown(here.person, one)]
    decided = await here.read(_to_decide, here.person.id, seen)
    still_open = [one for one in seen if one.is_open(here.now)]
    held = await here.read(_held, still_open)
    asked = [one for one in still_open if one.action == ACTION]
    counts = await here.read_apart(decided_now, known(asked)) if asked else {}
    settings = await here.read(in_words, asked, counts, here.person, here.words)
    again = _again(here, seen)
    shown = [
        _shown(
            here,
            one,
            house,
            people,
            held,
            settings.get(one.id),
            decides=one.id in decided,
            again=one.id in again and four_eyes.is_whole(one.action, one.params),
            text_gone=one.id in again and not four_eyes.is_whole(one.action, one.params),
        )
        for one in seen
    ]
    said = here.request.query_params.get("said", "")
    context: dict[str, Any] = {
        "open": [one for one in shown if one.request.is_open(here.now)],
        "over": [one for one in shown if not one.request.is_open(here.now)],
        "clock": clock_of(here),
        "now": here.now,
        "refusal": refusal,
        # Whoever has just taken one back can ask again at once.
        "opens_over": said == "withdrawn",
        "said": SAID.get(said, ""),
    }
    return await office_page(here, "office/approvals.html", context, status=status)


def _to_decide(tx: Tx, person: UUID, seen: list[ApprovalView]) -> set[UUID]:
    """The requests that the person could decide on."""
    return {
        one.id
        for one in seen
        if one.state is ApprovalState.ASKED
        and person in approvals.approvers(tx, one.place, one.asked_by, one.action, one.params)
    }


def _again(here: InOffice, seen: list[ApprovalView]) -> set[UUID]:
    """The requests that the person can ask for once more: the newest of those that are alike."""
    newest: list[ApprovalView] = []
    for one in seen:
        alike = (other for other in newest if (other.action, other.place) == (one.action, one.place))
        if one.asked_by == here.person.id and all(other.params != one.params for other in alike):
            newest.append(one)
    return {one.id for one in newest if not one.is_open(here.now) and one.state is not ApprovalState.DONE}


def _held(tx: Tx, wanted: list[ApprovalView]) -> dict[str, tuple[Grant, ...]]:
    """What the people hold for whom a role was asked."""
    staff = {one.params["staff"] for one in wanted if one.action == "grant-role"}
    return {one: grants_of(tx, UUID(one)) for one in staff}


def _shown(
    here: InOffice,
    one: ApprovalView,
    house: House,
    people: dict[UUID, str],
    held: dict[str, tuple[Grant, ...]],
    settings: AskedChange | None,
    *,
    decides: bool,
    again: bool,
    text_gone: bool,
) -> Shown:
    own = one.asked_by == here.person.id
    decided_by = people.get(one.decided_by, "") if one.decided_by else ""
    about = tuple(_about(here, one, house, people))
    change = _change(one, house, held) if one.is_open(here.now) else Change()
    return Shown(one, people.get(one.asked_by, ""), decided_by, about, change, settings, own, decides, again, text_gone)


def _change(one: ApprovalView, house: House, held: dict[str, tuple[Grant, ...]]) -> Change:
    """What would be gained and lost, as rights are now."""
    params = one.params
    role = house.roles.get(params.get("role") or params.get("slug", ""))
    before: Rights = role.rights if role else frozenset()
    if one.action == "grant-role" and role is not None:
        wanted = grant(UUID(params["place"]), params["department"], role.slug, role.can)
        return Change(_keys(beyond(held.get(params["staff"], ()), wanted)))
    if one.action == "change-role":
        after = granted(params["rights"])
        gained = after if EVERYTHING in after - before else written_out(after) - written_out(before)
        return Change(_keys(gained), _keys(written_out(before) - written_out(after)))
    return Change()


def _keys(rights: Rights) -> tuple[str, ...]:
    if EVERYTHING in rights:
        return ("right.everything",)
    return tuple(f"right.{right}" for right in ATOMIC if right in rights)


def _about(here: InOffice, one: ApprovalView, house: House, people: dict[UUID, str]) -> list[tuple[str, str]]:
    """What the request is about, from its parameters."""
    params, found = one.params, []
    if one.action == "change-settings":
        return list(_about_settings(here, one, house))
    if one.action == "decide-bookings":
        return list(_about_decisions(here, one, house))
    if one.action == "erase-person":
        count = here.words.plural("approvals.to-erase", params["count"])
        return [("approvals.code", params["code"]), ("approvals.appointments", count)]
    if one.action == "accept-meeting":
        branch = house.branches.get(one.place)
        return [
            ("approvals.place", localised(branch.names, here.language) if branch else ""),
            ("approvals.appointments", " · ".join(params["codes"])),
            ("approvals.reason", here.words.text(f"apart.accepted.{params['why']}")),
        ]
    if one.action == "void-ticket":
        branch = house.branches.get(one.place)
        return [
            ("approvals.place", localised(branch.names, here.language) if branch else ""),
            ("approvals.number", params["code"]),
            ("approvals.reason", here.words.text(f"audit.void.{params['void']}")),
        ]
    if "staff" in params:
        found.append(("approvals.person", people.get(UUID(params["staff"]), "")))
    role = house.roles.get(params.get("role") or params.get("slug", ""))
    name = localised(role.names, here.language) or role.slug if role else ""
    wanted = localised(params["names"], here.language) if "names" in params else name
    if name or wanted:
        found.append(("approvals.role", name or wanted))
    if name and name != wanted:
        found.append(("approvals.new-name", wanted))
    if "place" in params:
        branch = house.branches.get(UUID(params["place"]))
        everywhere = here.words.text("people.everywhere")
        found.append(("approvals.place", localised(branch.names, here.language) if branch else everywhere))
        departments = branch.departments.values() if branch else ()
        names = [one.names for one in departments if one.slug == params["department"]]
        found.extend(("approvals.department", localised(name, here.language)) for name in names)
    return found


def _about_decisions(here: InOffice, one: ApprovalView, house: House) -> Iterator[tuple[str, str]]:
    """At which branch, how many appointments would be moved, kept or called off, and why."""
    branch = house.branches.get(one.place)
    yield "approvals.place", localised(branch.names, here.language) if branch else ""
    for sentence in decided_in_words(
        Counter(Choice(choice) for choice in one.params["by_booking"].values()), here.words
    ):
        yield "approvals.appointments", sentence
    reasons = reasons_of(one.params)
    for choice in dict.fromkeys(one.params["by_booking"].values()):
        if (because := reasons.of(Choice(choice))) is not None:
            yield f"office.why-decided-{choice}", here.words.text(f"audit.because.{because}")
    if reasons.text:
        yield "approvals.note", reasons.text


def _about_settings(here: InOffice, one: ApprovalView, house: House) -> Iterator[tuple[str, str]]:
    """Where settings would be changed, and why that needs two people."""
    branch = house.branches.get(one.place)
    yield "approvals.place", localised(branch.names, here.language) if branch else here.words.text("people.everywhere")
    for reason in one.params["reasons"]:
        yield "approvals.reason", here.words.text(f"approvals.reason-{reason}")
    if one.params["note"]:
        yield "approvals.note", one.params["note"]


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{REQUEST}/approval", decision(approvals.approve, "approved"), methods=["POST"]),
    Route(f"{REQUEST}/refusal", decision(approvals.refuse, "refused"), methods=["POST"]),
    Route(f"{REQUEST}/withdrawal", decision(approvals.withdraw, "withdrawn"), methods=["POST"]),
    Route(f"{REQUEST}/again", decision(four_eyes.ask_again, "asked"), methods=["POST"]),
    Route(f"{REQUEST}/use", carry_out, methods=["POST"]),
]
