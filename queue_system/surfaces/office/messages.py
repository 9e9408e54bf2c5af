"""Messages about coming appointments that nobody received: who sees to each, what to do about it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.given_up import send_again, settle, take_over
from ...core.delivery import OF_CHANNEL
from ...core.errors import DomainError, Invalid, Missing, Refused, Stale
from ...core.messages import Settled
from ...core.rights import BOOK_RIGHTS, DECISION_RIGHTS, HEALTH_RIGHTS, TYPO_RIGHTS
from ...i18n import dates
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.people import staff_at
from ...store.queries.phone_calls import phone_calls
from ...store.queries.settings import BranchSettings
from ...store.queries.unsent import UnsentMessage, unsent_messages
from ...web import kit
from ...web.departments import services_for
from ...web.errors import message
from .frame import InOffice, enter, office_page

PAGE: Final = "/office/messages"
# The value of the field `to` for the person who presses.
MYSELF: Final = "me"
SAID: Final = {"taken": "messages.said-taken", "again": "messages.said-again", "done": "messages.said-done"}
#: Faults of the contact, which staff correct, and of the machine that sends, which the technical support mends.
OF_CONTACT: Final = frozenset({"address", "mailbox_full"})
OF_MACHINE: Final = frozenset({*OF_CHANNEL, "too_large", "refused", "internal", "gateway"})


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message, the time of its appointment in words, and the pages that mend its fault, as (address, key of the words).

    `owner` is the name of who sees to it, "" for nobody; `colleagues` are the others to whom it can be given.
    """

    message: UnsentMessage
    at: str
    mends: tuple[tuple[str, str], ...]
    owner: str
    is_mine: bool
    colleagues: tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class BranchMessages:
    """The messages of one branch."""

    branch: BranchSettings
    messages: tuple[Unsent, ...]


async def show(request: Request) -> Response:
    """The messages by branch, the next appointment first."""
    return await _page(await enter(request, DECISION_RIGHTS))


async def take(request: Request) -> Response:
    """Somebody sees to a message: `to` is `me`, or the id of a colleague; `had` is who did, as the page showed it."""
    here, branch, found = await _enter(request)
    form = await kit.form(request)
    owners = await here.read(owners_of, branch)
    to, had = form.get("to", ""), form.get("had", "")
    chosen = next((one.id for one in owners.get(found.service_id, ()) if str(one.id) == to), None)
    owner = here.person.id if to == MYSELF else chosen
    if owner is None:
        return await _page(here, Invalid("message-owner", "to"))
    try:
        instead_of = found.owner if str(found.owner or "") == had else None
        await here.at(branch).do(take_over, found.id, owner, here.actor, instead_of=instead_of)
    except Stale as failure:
        return await _page(here, failure)
    return kit.see_other(f"{PAGE}?said=taken")


async def again(request: Request) -> Response:
    """Send a message once more."""
    here, branch, found = await _enter(request)
    try:
        await here.at(branch).do(send_again, found.id, here.person.id, here.actor)
    except (Refused, Stale) as failure:
        return await _page(here, failure)
    return kit.see_other(f"{PAGE}?said=again")


async def done(request: Request) -> Response:
    """Nothing more is done about a message; `how` says why."""
    here, branch, found = await _enter(request)
    sent = (await kit.form(request)).get("how", "")
    how = next((one for one in Settled if one.value == sent), None)
    if how is None:
        return await _page(here, Invalid("message-how", "how"))
    try:
        await here.at(branch).do(settle, found.id, how, here.actor)
    except Stale as failure:
        return await _page(here, failure)
    return kit.see_other(f"{PAGE}?said=done")


def unsent_for(tx: Tx, person: StaffView, branch: BranchSettings) -> list[UnsentMessage]:
    """Those about the services on whose appointments a person decides."""
    allowed = services_for(person, branch, DECISION_RIGHTS)
    return [one for one in unsent_messages(tx, branch.id) if one.service_id in allowed]


def owners_of(tx: Tx, branch: BranchSettings) -> dict[UUID, list[StaffView]]:
    """Who can see to messages, by the service that they are about."""
    found: dict[UUID, list[StaffView]] = {}
    for one in staff_at(tx, branch.id):
        for service in services_for(one, branch, DECISION_RIGHTS):
            found.setdefault(service, []).append(one)
    return found


async def _enter(request: Request) -> tuple[InOffice, BranchSettings, UnsentMessage]:
    """The branch and the message that the address names; raises Missing for a branch or message of others."""
    here = await enter(request, DECISION_RIGHTS)
    branch = here.named(request.path_params["branch"])
    for one in await here.read(unsent_for, here.person, branch):
        if str(one.id) == request.path_params["message"]:
            return here, branch, one
    raise Missing("message")


async def _page(here: InOffice, failure: DomainError | None = None) -> Response:
    lists = [await here.read(_of_branch, here, branch) for branch in here.branches]
    values = {
        "lists": [one for one in lists if one.messages],
        "sends": bool(here.installation.configuration.sends),
        "hows": tuple(Settled),
        "said": SAID.get(here.request.query_params.get("said", ""), ""),
        "failure": message(failure, here.words) if failure else "",
    }
    return await office_page(
        here, "office/messages.html", values, status=failure.status if failure else 200, belongs=PAGE
    )


def _of_branch(tx: Tx, here: InOffice, branch: BranchSettings) -> BranchMessages:
    found = unsent_for(tx, here.person, branch)
    if not found:
        return BranchMessages(branch, ())
    owners = owners_of(tx, branch)
    called = {(one.booking.id, one.n) for one in phone_calls(tx, branch) if one.reached_at is None}
    return BranchMessages(branch, tuple(_unsent(here, branch, one, owners, called) for one in found))


def _unsent(
    here: InOffice,
    branch: BranchSettings,
    one: UnsentMessage,
    owners: Mapping[UUID, Sequence[StaffView]],
    called: set[tuple[UUID, int]],
) -> Unsent:
    able = owners.get(one.service_id, ())
    return Unsent(
        message=one,
        at=dates.day_time(one.starts_at, branch.zone, here.words),
        mends=tuple(_mends(here, branch, one, is_called=(one.booking_id, one.n) in called)),
        owner=next((known.name for known in able if known.id == one.owner), ""),
        is_mine=one.owner == here.person.id,
        colleagues=tuple((known.id, known.name) for known in able if known.id not in (one.owner, here.person.id)),
    )


def _mends(here: InOffice, branch: BranchSettings, one: UnsentMessage, *, is_called: bool) -> list[tuple[str, str]]:
    appointments = f"/appointments/{branch.slug}"
    own, found = f"{appointments}/{one.booking_id}", []
    if one.error in OF_CONTACT and one.stands:
        rights, page = (BOOK_RIGHTS, f"{own}/people") if one.n else (TYPO_RIGHTS, f"{own}/typo")
        if one.service_id in services_for(here.person, branch, rights):
            found.append((page, "messages.correct-contact"))
    if one.error in OF_MACHINE and here.person.may_somewhere(HEALTH_RIGHTS):
        found.append(("/office/health", "messages.to-health"))
    found.append((f"{appointments}/calls", "messages.to-calls") if is_called else (own, "messages.to-appointment"))
    return found


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/{{branch}}/{{message}}/owner", take, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{message}}/again", again, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{message}}/done", done, methods=["POST"]),
]
