"""Reception: send a visitor on to a service, here or at another branch (`actions/referring.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.referring import Referral, refer
from ...core.errors import DomainError, Missing
from ...core.rights import DESK_RIGHTS, REFER_RIGHTS
from ...store.queries import line
from ...web import kit
from ...web.access import branch_named
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from .referral_view import referral_values


async def show(request: Request) -> Response:
    """Where a visitor can be sent, or with `to` and `service` what sending them there means; and what was done."""
    here = await staff_at_branch(request, REFER_RIGHTS)
    return await _page(here, request.query_params)


async def send(request: Request) -> Response:
    """Send the visitor on, with a number if the button says so."""
    here = await staff_at_branch(request, REFER_RIGHTS)
    form = await kit.form(request)
    ticket_id = _ticket(here)
    found = await here.read(line.ticket, here.branch.id, ticket_id)
    if found.service_id not in here.services(REFER_RIGHTS):
        raise Missing("ticket")
    try:
        other = await here.read(branch_named, str(form.get("to", "")))
        order = Referral(
            branch_id=here.branch.id,
            ticket_id=ticket_id,
            to_branch_id=other.id,
            to_service_id=other.service(str(form.get("service", ""))).id,
            number=form.get("with") == "number",
            consent=bool(form.get("consent")),
            actor=here.actor,
        )
        await here.write_anywhere(refer, order)
    except DomainError as refusal:
        return await _page(here, {} if isinstance(refusal, Missing) else form, refusal)
    return kit.see_other(f"{_address(here)}#slips")


async def _page(here: StaffAtBranch, chosen: Mapping[str, str], refusal: DomainError | None = None) -> Response:
    values = await referral_values(here, _ticket(here), chosen.get("to", ""), chosen.get("service", ""))
    values |= {
        "refusal": message(refusal, here.words) if refusal else "",
        "at_desk": here.may_any(DESK_RIGHTS),
        "language_urls": lambda language: f"{_address(here)}?lang={language}",
    }
    return await here.page("reception/referral.html", values, status=refusal.status if refusal else 200)


def _address(here: StaffAtBranch) -> str:
    return f"/reception/{here.branch.slug}/tickets/{here.request.path_params['ticket']}/referral"


def _ticket(here: StaffAtBranch) -> UUID:
    try:
        return UUID(here.request.path_params["ticket"])
    except ValueError:
        raise Missing("ticket") from None


routes: list[BaseRoute] = [
    Route("/reception/{branch}/tickets/{ticket}/referral", show),
    Route("/reception/{branch}/tickets/{ticket}/referral", send, methods=["POST"]),
]
