"""How long data are kept, what goes in the coming night, and the erasure of one person who asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.guarded_erasure import ACTION, ask_to_erase
from ...core.errors import Denied, Invalid, Missing, Refused
from ...core.rights import DATA_RIGHTS
from ...store.database import Tx
from ...store.queries import retention, upkeep
from ...store.queries.audit import EntryView
from ...store.queries.bookings import BookingView
from ...store.queries.persons import Holdings, holdings_of
from ...store.queries.retention import Due
from ...store.queries.settings import BranchSettings
from ...store.queries.upkeep import Attempt
from ...store.tables import ORGANISATION
from ...web import access, kit
from ...web.confirmed import require_confirmed
from ...web.errors import message
from .asking import about_action, alone_until, asked_about
from .frame import InOffice, enter, moment, office_page

PAGE: Final = "/office/data"
APPROVALS: Final = "/office/approvals"
# A receipt has eight signs; whatever is longer is none.
LONGEST_RECEIPT: Final = 8


@dataclass(frozen=True, slots=True)
class Kept:
    """A branch: what goes in the coming night, and what went last."""

    branch: BranchSettings
    due: Due
    last: EntryView | None
    last_at: Markup | None


async def show(request: Request) -> Response:
    """What is kept how long. `?receipt=` shows what an erasure that was just made has erased."""
    here = await enter(request, DATA_RIGHTS)
    return await _page(here, receipt=request.query_params.get("receipt", "")[:LONGEST_RECEIPT])


async def check(request: Request) -> Response:
    """Show what is stored of the person with this code and contact, before anything is erased."""
    here = await _may_erase(request)
    typed = await _typed(request)
    try:
        booking, found = await here.read(_found, typed["code"], typed["contact"])
    except (Invalid, Missing) as refusal:
        return await _page(here, typed=typed, errors=_errors(here, refusal), status=422)
    context = {
        "booking": booking,
        "found": [(one, moment(one.starts_at, _branch(here, one), here.words, here.now)) for one in found.bookings],
        "of_others": found.of_others,
        "typed": typed,
        "branches": {branch.id: branch for branch in here.branches},
        "alone": await alone_until(here, ORGANISATION, ACTION),
    }
    return await office_page(here, "office/data-person.html", context)


async def erase(request: Request) -> Response:
    """Ask a second person to erase the person."""
    here = await _may_erase(request)
    await require_confirmed(here)
    typed = await _typed(request)
    try:
        booking, _ = await here.read(_found, typed["code"], typed["contact"])
        everyone = typed["everyone"] == "yes"
        await here.write_anywhere(ask_to_erase, booking.branch_id, booking.id, here.actor, everyone=everyone)
    except (Invalid, Missing, Refused) as refusal:
        return await _page(here, typed=typed, errors=_errors(here, refusal), status=422)
    return kit.see_other(f"{APPROVALS}?said=asked")


async def _may_erase(request: Request) -> InOffice:
    """A person is erased at every branch, so the right is needed for the whole organisation; raises Denied."""
    here = await enter(request, DATA_RIGHTS)
    if not here.person.may_any(DATA_RIGHTS, ORGANISATION):
        raise Denied("not-allowed")
    return here


async def _typed(request: Request) -> dict[str, str]:
    form = await kit.form(request)
    return {name: str(form.get(name, "")).strip() for name in ("code", "contact", "everyone")}


def _errors(here: InOffice, refusal: Invalid | Missing | Refused) -> dict[str, str]:
    """The refusal beside its field; one without a field is about the code."""
    if isinstance(refusal, Missing):
        # As it is in the booker's search: it does not say which of the two is wrong.
        return {"code": here.words.text("data.nobody")}
    field = getattr(refusal, "field", None)
    return {field if field == "contact" else "code": message(refusal, here.words)}


def _found(tx: Tx, code: str, contact: str) -> tuple[BookingView, Holdings]:
    booking = access.booking_by_code(tx, code, contact)
    return booking, holdings_of(tx, booking)


async def _page(
    here: InOffice,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    receipt: str = "",
    status: int = 200,
) -> Response:
    kept, attempt, told = await here.read(_kept, here, receipt)
    context: dict[str, Any] = {
        "kept": kept,
        "tidied": attempt,
        "tidied_at": moment(attempt.ended_at, here.branches[0], here.words, here.now)
        if attempt and here.branches
        else None,
        "erases": here.person.may_any(DATA_RIGHTS, ORGANISATION),
        "typed": typed or {},
        "errors": errors or {},
        "receipt": told,
        "asked": await asked_about(here, about_action(ACTION)),
    }
    return await office_page(here, "office/data.html", context, status=status)


def _kept(tx: Tx, here: InOffice, receipt: str) -> tuple[list[Kept], Attempt | None, EntryView | None]:
    kept, told = [], None
    for branch in here.branches:
        last = retention.last_tidied(tx, branch.id)
        at = moment(last.at, branch, here.words, tx.now) if last else None
        kept.append(Kept(branch, retention.tonight(tx, branch.id), last, at))
        if receipt and told is None:
            told = retention.receipt_of(tx, branch.id, receipt)
    return kept, upkeep.last_done(tx).get("tidy"), told


def _branch(here: InOffice, booking: BookingView) -> BranchSettings:
    return next(branch for branch in here.branches if branch.id == booking.branch_id)


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/person", check, methods=["POST"]),
    Route(f"{PAGE}/person/erasure", erase, methods=["POST"]),
]
