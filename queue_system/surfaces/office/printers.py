"""Printers: how they are, what came out today, where they are found, a trial slip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from ...actions.slips import reprint
from ...core.errors import DomainError, Missing, Refused
from ...store.database import Tx
from ...store.queries import access as stored
from ...store.queries import slips
from ...store.queries.access import DeviceView, StaffView
from ...store.queries.settings import BranchSettings
from ...store.queries.slips import SlipView
from ...web import access, kit
from ...web.access import DEVICE_RIGHTS
from ...web.errors import message
from ...web.installation import installation_of
from .frame import enter, look, moment, named, office_page, words_for

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
    """A printer, since when it is as it is, and its slips of the day by state."""

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


async def show(request: Request) -> Response:
    """The printers of every branch."""
    person, branches = await enter(request, DEVICE_RIGHTS)
    return await _page(request, person, branches)


async def state(request: Request) -> Response:
    """The part of the page that changes by itself."""
    branches = await look(request, DEVICE_RIGHTS)
    values = await _values(request, branches, None)
    language = words_for(request).language
    html = await kit.render(
        installation_of(request), "office/_printers.html", values, language=language, request=request
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


async def print_trial(request: Request) -> Response:
    """A slip that is nobody's number."""
    person, branches = await enter(request, DEVICE_RIGHTS)
    branch, device = await printer_of(request, branches)
    test_slip = installation_of(request).test_slip
    if test_slip is None:
        raise Refused("printer-not-set")
    outcome = await test_slip(branch.id, device.id, words_for(request, person).language)
    what = {"said": "trial"} if outcome.error is None else {"said": "trial-failed", "error": outcome.error}
    form = await kit.form(request)
    if form.get("back") == "printer":
        return kit.see_other(f"{printer_page(branch, device)}?{urlencode(what)}")
    return _said(device, **what)


async def print_copy(request: Request) -> Response:
    """A marked copy of a slip, on the printer it was meant for."""
    person, branches = await enter(request, DEVICE_RIGHTS)
    branch, device = await printer_of(request, branches)
    form = await kit.form(request)
    database = installation_of(request).database
    wanted = next(
        (
            slip
            for slip in await database.read(slips.slips_today, branch, None)
            if str(slip.id) == form.get("slip") and slip.printer_id == device.id
        ),
        None,
    )
    if wanted is None:
        raise Missing("slip")
    try:
        await database.write_in(branch.id, reprint, branch.id, wanted.ticket_id, device.id, access.actor(person))
    except DomainError as refusal:
        said = message(refusal, words_for(request, person))
        return await _page(request, person, branches, refusal=said, status=refusal.status)
    return _said(device, said="copy")


async def _page(
    request: Request,
    person: StaffView,
    branches: list[BranchSettings],
    *,
    refusal: str = "",
    status: int = 200,
) -> Response:
    values = await _values(request, branches, person)
    about = request.query_params.get("printer", "")
    return await office_page(
        request,
        person,
        "office/printers.html",
        values
        | {
            "said": said_of(request),
            "about": next((one.device for one in values["printers"] if one.device.slug == about), None),
            "error": request.query_params.get("error", ""),
            "refusal": refusal,
        },
        status=status,
    )


async def _values(request: Request, branches: list[BranchSettings], person: StaffView | None) -> dict[str, Any]:
    words, now = words_for(request, person), installation_of(request).clock.now()
    printers: list[PrinterToday] = []
    listed: list[SlipToday] = []
    for branch in branches:
        devices, counts, recent = await installation_of(request).database.read(_today, branch)
        places = {
            device.id: PrinterToday(
                branch, device, moment(device.status_at, branch, words, now), counts.get(device.id, {})
            )
            for device in devices
        }
        printers += places.values()
        listed += [
            SlipToday(slip, places[slip.printer_id], moment(slip.created_at, branch, words, now)) for slip in recent
        ]
    listed.sort(key=lambda one: one.slip.created_at, reverse=True)
    return {"printers": printers, "slips": listed[:SHOWN]}


def _today(tx: Tx, branch: BranchSettings) -> tuple[list[DeviceView], dict[Any, dict[str, int]], list[SlipView]]:
    return (
        stored.devices(tx, branch.id, "printer"),
        slips.counts_today(tx, branch),
        slips.slips_today(tx, branch, SHOWN),
    )


async def printer_of(request: Request, branches: list[BranchSettings]) -> tuple[BranchSettings, DeviceView]:
    """The printer that the address names; raises Missing("branch", "device")."""
    branch = named(branches, request.path_params["branch"])
    for device in await installation_of(request).database.read(stored.devices, branch.id, "printer"):
        if device.slug == request.path_params["device"]:
            return branch, device
    raise Missing("device")


def printer_page(branch: BranchSettings, device: DeviceView) -> str:
    """The address of the page of one printer."""
    return f"{PAGE}/{branch.slug}/{device.slug}"


def said_of(request: Request) -> str:
    """The key of what was just done, empty when nothing was."""
    return SAID.get(request.query_params.get("said", ""), "")


def _said(device: DeviceView, said: str, **more: str) -> Response:
    return kit.see_other(f"{PAGE}?{urlencode({'said': said, 'printer': device.slug} | more)}")


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/state", state),
    Route(f"{PAGE}/{{branch}}/{{device}}/trial", print_trial, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{device}}/copy", print_copy, methods=["POST"]),
]
