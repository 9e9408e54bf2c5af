"""Printers: how they are, what came out today, where they are found, a trial slip."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from ..actions import office, spool
from ..core.errors import DomainError, Invalid, Missing, Refused
from ..store.database import Tx
from ..store.queries import access as stored
from ..store.queries import slips
from ..store.queries.access import DeviceView, StaffView
from ..store.queries.settings import BranchSettings
from ..store.queries.slips import SlipView
from . import access, kit
from .access import DEVICE_RIGHTS
from .errors import message
from .house import house
from .office_frame import enter, look, moment, named, office_page, words_for

PAGE: Final = "/office/printers"
SHOWN: Final = 25
PORT: Final = 9100
SAID: Final = {
    "address": "office.said-address",
    "trial": "office.said-trial",
    "trial-failed": "office.said-trial-failed",
    "copy": "office.said-copy",
}
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*", re.IGNORECASE)


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

    @property
    def address(self) -> str:
        """host:port, empty for a printer that is not on the network."""
        data = self.device.data
        if data.get("transport") != "tcp9100" or not data.get("host"):
            return ""
        return f"{data['host']}:{data.get('port', PORT)}"


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
    html = await kit.render(house(request), "office/_printers.html", values, language=language, request=request)
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


async def set_address(request: Request) -> Response:
    """Where a printer listens; what was typed wrong stays in the form."""
    person, branches = await enter(request, DEVICE_RIGHTS)
    branch, device = await _printer(request, branches)
    form = await kit.form(request)
    host, port = str(form.get("host", "")).strip(), str(form.get("port", "")).strip()
    try:
        await house(request).database.write_in(
            branch.id,
            office.set_printer_address,
            branch.id,
            device.id,
            read_host(host),
            read_port(port),
            access.actor(person),
        )
    except Invalid as refusal:
        wrong = {
            "place": f"{branch.slug}/{device.slug}",
            "host": host,
            "port": port,
            "errors": {str(refusal.field): message(refusal, words_for(request, person))},
        }
        return await _page(request, person, branches, wrong=wrong, status=refusal.status)
    return _said("address", device)


async def print_trial(request: Request) -> Response:
    """A slip that is nobody's number."""
    person, branches = await enter(request, DEVICE_RIGHTS)
    branch, device = await _printer(request, branches)
    test_slip = house(request).test_slip
    if test_slip is None:
        raise Refused("printer-not-network")
    outcome = await test_slip(branch.id, device.id, words_for(request, person).language)
    if outcome.error is None:
        return _said("trial", device)
    return _said("trial-failed", device, error=outcome.error)


async def print_copy(request: Request) -> Response:
    """A marked copy of a slip, on the printer it was meant for."""
    person, branches = await enter(request, DEVICE_RIGHTS)
    branch, device = await _printer(request, branches)
    form = await kit.form(request)
    database = house(request).database
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
        await database.write_in(branch.id, spool.reprint, branch.id, wanted.ticket_id, device.id, access.actor(person))
    except DomainError as refusal:
        said = message(refusal, words_for(request, person))
        return await _page(request, person, branches, refusal=said, status=refusal.status)
    return _said("copy", device)


def read_host(typed: str) -> str:
    """A name on the network or an IP address; raises Invalid("host-wrong")."""
    try:
        return str(ipaddress.ip_address(typed))
    except ValueError:
        pass
    # What looks like a number and is no address is a slip of the finger, not a name.
    if not _HOST.fullmatch(typed) or re.fullmatch(r"[\d.]+", typed):
        raise Invalid("host-wrong", "host")
    return typed.lower()


def read_port(typed: str) -> int:
    """A TCP port, 9100 where nothing was typed; raises Invalid("port-wrong")."""
    try:
        port = int(typed) if typed else PORT
    except ValueError:
        raise Invalid("port-wrong", "port") from None
    if not 0 < port <= 65535:
        raise Invalid("port-wrong", "port")
    return port


async def _page(
    request: Request,
    person: StaffView,
    branches: list[BranchSettings],
    *,
    wrong: dict[str, Any] | None = None,
    refusal: str = "",
    status: int = 200,
) -> Response:
    values = await _values(request, branches, person)
    said = SAID.get(request.query_params.get("said", ""), "")
    about = request.query_params.get("printer", "")
    return await office_page(
        request,
        person,
        "office/printers.html",
        values
        | {
            "said": said,
            "about": next((one.device for one in values["printers"] if one.device.slug == about), None),
            "error": request.query_params.get("error", ""),
            "wrong": wrong,
            "refusal": refusal,
        },
        status=status,
    )


async def _values(request: Request, branches: list[BranchSettings], person: StaffView | None) -> dict[str, Any]:
    words, now = words_for(request, person), house(request).clock.now()
    printers: list[PrinterToday] = []
    listed: list[SlipToday] = []
    for branch in branches:
        devices, counts, recent = await house(request).database.read(_today, branch)
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


async def _printer(request: Request, branches: list[BranchSettings]) -> tuple[BranchSettings, DeviceView]:
    branch = named(branches, request.path_params["branch"])
    for device in await house(request).database.read(stored.devices, branch.id, "printer"):
        if device.slug == request.path_params["device"]:
            return branch, device
    raise Missing("device")


def _said(what: str, device: DeviceView, **more: str) -> Response:
    return kit.see_other(f"{PAGE}?{urlencode({'said': what, 'printer': device.slug} | more)}")


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/state", state),
    Route(f"{PAGE}/{{branch}}/{{device}}/address", set_address, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{device}}/trial", print_trial, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{device}}/copy", print_copy, methods=["POST"]),
]
