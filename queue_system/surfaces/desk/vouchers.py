"""The voucher of a visitor who lacked documents, on paper from the clerk's printer."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from ...actions.vouchers import LACKED_DOCUMENTS
from ...core.errors import Missing
from ...core.tickets import TicketState
from ...i18n import dates
from ...store.queries import line
from ...store.queries.line import TicketView
from ...store.queries.vouchers import VoucherView, voucher_of
from ...web import kit
from ...web.at_counter import AtCounter, at_counter
from ...web.qr import qr_svg

PATH: Final = "ticket"


async def voucher_page(request: Request) -> Response:
    """`/desk/{branch}/{counter}/vouchers/{ticket}`: its number and its link as a symbol, in the visitor's language."""
    here = await at_counter(request)
    try:
        ticket_id = UUID(request.path_params[PATH])
    except ValueError:
        raise Missing("voucher") from None
    voucher = await here.read(voucher_of, here.branch.id, ticket_id)
    service = here.branch.services.get(voucher.service_id) if voucher else None
    if voucher is None or service is None or service.queue_id not in here.counter.queues:
        raise Missing("voucher")
    ticket = await here.read(line.ticket, here.branch.id, ticket_id)
    theirs = kit.words_of(
        ticket.language if ticket.language in kit.languages_of(here.branch) else here.branch.default_language,
        here.branch,
    )
    address = f"{here.installation.configuration.address}/t/{voucher.token}"
    hidden = service.confidentiality.hides_service
    values = {
        "voucher": voucher,
        "ticket": ticket,
        "theirs": theirs,
        "day": dates.day(voucher.valid_until, theirs),
        "qr": qr_svg(address, theirs.text("voucher.qr-label")),
        "service": None if hidden else service.shown_names,
        "documents": () if hidden else service.to_bring,
        "back": f"/desk/{here.branch.slug}/{here.counter.slug}",
    }
    return await here.page("desk/voucher.html", values)


async def voucher_after(here: AtCounter, ticket: TicketView | None) -> VoucherView | None:
    """The voucher that the visit has got which has just ended, if it has got one."""
    if ticket is None or ticket.state is not TicketState.SERVED or ticket.outcome != LACKED_DOCUMENTS:
        return None
    return await here.read(voucher_of, here.branch.id, ticket.id)
