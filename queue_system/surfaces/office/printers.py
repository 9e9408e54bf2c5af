"""Printers: their state, today's slips, their addresses, a trial slip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.slips import reprint
from ...core.errors import DomainError, Missing, Refused
from ...core.rights import PRINTER_RIGHTS
from ...store.database import Tx
from ...store.queries import slips
from ...store.queries.access import DeviceView, devices
from ...store.queries.settings import BranchSettings
from ...store.queries.slips import SlipView
from ...web import kit
from ...web.errors import message
from .frame import InOffice, enter, enter_as_onlooker, moment, office_page

PAGE: Final = "/office/printers"
SHOWN: Final = 25
SAID: Final = {
    "saved": "printer.said-saved",
    "learn": "printer.said-learn",
    "trial": "office.said-trial",
    "trial-failed": "office.said-trial-failed",
    "copy": "office.said-copy",
}


@dataclass(frozen=True, slots=True)
class PrinterToday:
    """A printer, since when its state holds, and the number of today's slips by state."""

    branch: BranchSettings
    device: DeviceView
    since: Markup | None
    counts: dict[str, int]

    @property
    def place(self) -> str:
        return f"{self.branch.slug}/{self.device.slug}"


@dataclass(frozen=True, slots=True)
class SlipToday:
    slip: SlipView
    place: PrinterToday
    at: Markup | None


@dataclass(frozen=True, kw_only=True)
class AtPrinter(InOffice):
    """In the office, with the printer that the address names. The words are the office's, not the branch's."""

    branch: BranchSettings
    device: DeviceView

    @property
    def address(self) -> str:
        """The page of this printer."""
        return f"{PAGE}/{self.branch.slug}/{self.device.slug}"


async def at_printer(request: Request) -> AtPrinter:
    """The printer that the address names; raises SignedOut, Denied, Missing("branch", "device")."""
    here = await enter(request, PRINTER_RIGHTS)
    branch = here.named(request.path_params["branch"])
    for device in await here.read(devices, branch.id, "printer"):
        if device.slug == request.path_params["device"]:
            return AtPrinter(**vars(here), branch=branch, device=device)
    raise Missing("device")


async def show(request: Request) -> Response:
    """The printers of every branch."""
    return await _page(await enter(request, PRINTER_RIGHTS))


async def state(request: Request) -> Response:
    """The part of the page that is refreshed."""
    here = await enter_as_onlooker(request, PRINTER_RIGHTS)
    return await here.part("office/_printers.html", await _values(here))


async def print_trial(request: Request) -> Response:
    """Print a trial slip, which carries no visitor's number."""
    here = await at_printer(request)
    test_slip = here.installation.test_slip
    if test_slip is None:
        raise Refused("printer-not-set")
    outcome = await test_slip(here.branch.id, here.device.id, here.language)
    what = {"said": "trial"} if outcome.error is None else {"said": "trial-failed", "error": outcome.error}
    form = await kit.form(request)
    if form.get("back") == "printer":
        return kit.see_other(f"{here.address}?{urlencode(what)}")
    return _said(here.device, **what)


async def print_copy(request: Request) -> Response:
    """Print a marked copy of a slip on its printer."""
    here = await at_printer(request)
    form = await kit.form(request)
    slip = await _slip(here, form.get("slip", ""))
    try:
        await here.at(here.branch).do(reprint, slip.ticket_id, here.device.id, here.actor)
    except DomainError as refusal:
        return await _page(here, refusal=message(refusal, here.words), status=refusal.status)
    return _said(here.device, said="copy")


def said_of(request: Request) -> str:
    """The catalogue key of what was just done; "" without one."""
    return SAID.get(request.query_params.get("said", ""), "")


# ---------------------------------------------------------------- inside


async def _slip(here: AtPrinter, slip_id: str) -> SlipView:
    """A slip of today on this printer; raises Missing("slip")."""
    for slip in await here.read(slips.slips_today, here.branch, None):
        if str(slip.id) == slip_id and slip.printer_id == here.device.id:
            return slip
    raise Missing("slip")


async def _page(here: InOffice, *, refusal: str = "", status: int = 200) -> Response:
    values = await _values(here)
    query = here.request.query_params
    about = query.get("printer", "")
    values |= {
        "said": said_of(here.request),
        "about": next((one.device for one in values["printers"] if one.device.slug == about), None),
        "error": query.get("error", ""),
        "refusal": refusal,
        "of_branches": here.branches,
    }
    return await office_page(here, "office/printers.html", values, status=status)


async def _values(here: InOffice) -> dict[str, Any]:
    """The values of `office/_printers.html`, the part that is refreshed."""
    words, now = here.words, here.now
    printers: list[PrinterToday] = []
    listed: list[SlipToday] = []
    for branch in here.branches:
        found, counts, recent = await here.read(_today, branch)
        places = {
            device.id: PrinterToday(
                branch, device, moment(device.status_at, branch, words, now), counts.get(device.id, {})
            )
            for device in found
        }
        printers += places.values()
        listed += [
            SlipToday(slip, places[slip.printer_id], moment(slip.created_at, branch, words, now)) for slip in recent
        ]
    listed.sort(key=lambda one: one.slip.created_at, reverse=True)
    return {"printers": printers, "slips": listed[:SHOWN]}


def _today(tx: Tx, branch: BranchSettings) -> tuple[list[DeviceView], dict[Any, dict[str, int]], list[SlipView]]:
    return (
        devices(tx, branch.id, "printer"),
        slips.counts_today(tx, branch),
        slips.slips_today(tx, branch, SHOWN),
    )


def _said(device: DeviceView, said: str, **more: str) -> Response:
    return kit.see_other(f"{PAGE}?{urlencode({'said': said, 'printer': device.slug} | more)}")


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/state", state),
    Route(f"{PAGE}/{{branch}}/{{device}}/trial", print_trial, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{device}}/copy", print_copy, methods=["POST"]),
]
