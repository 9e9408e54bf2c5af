"""Kiosks and screens: pairing them, revoking them, and their state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.devices import USER_CODE_ALPHABET, approve_pairing, refuse_pairing, revoke_device
from ...core.errors import DomainError, Invalid, Missing
from ...core.rights import DEVICE_RIGHTS
from ...store.queries.access import DeviceView, PairingView, devices, open_pairings
from ...store.queries.settings import BranchSettings
from ...web import kit
from ...web.errors import message
from .frame import InOffice, enter, moment, office_page

KINDS: Final = ("kiosk", "display")
SAID: Final = {"approved": "office.said-approved", "refused": "office.said-refused", "revoked": "office.said-revoked"}
PAGE: Final = "/office/devices"


@dataclass(frozen=True, slots=True)
class Planned:
    """A device that the branch's settings name; `seen` and `since` are times in words."""

    branch: BranchSettings
    device: DeviceView
    seen: Markup | None
    since: Markup | None

    @property
    def place(self) -> str:
        """Its name in the form."""
        return f"{self.branch.slug}/{self.device.slug}"


async def show(request: Request) -> Response:
    """The devices that wait for pairing, and all others; `?code=` is the code that a device shows."""
    here = await enter(request, DEVICE_RIGHTS)
    typed = request.query_params.get("code", "").strip()
    errors = {}
    if typed and await _pairing(here, typed) is None:
        errors["code"] = message(Missing("pairing"), here.words)
    return await _page(here, typed, errors=errors, status=422 if errors else 200)


async def decide(request: Request) -> Response:
    """Let in, or refuse, the device that shows the code."""
    here = await enter(request, DEVICE_RIGHTS)
    form = await kit.form(request)
    typed, place = str(form.get("code", "")), str(form.get("place", ""))
    try:
        if form.get("decision") == "refuse":
            branch = here.named(place.partition("/")[0]) if place else _first(here.branches)
            await here.write_anywhere(refuse_pairing, typed, branch.id, here.actor)
            return _said("refused")
        branch, device_id = await _planned_device(here, place)
        await here.write_anywhere(approve_pairing, typed, branch.id, device_id, here.actor)
    except DomainError as refusal:
        field = refusal.field if isinstance(refusal, Invalid) and refusal.field else "code"
        return await _page(here, typed, place, {field: message(refusal, here.words)}, refusal.status)
    return _said("approved")


async def revoke(request: Request) -> Response:
    """Revoke a device's token."""
    here = await enter(request, DEVICE_RIGHTS)
    place = f"{request.path_params['branch']}/{request.path_params['device']}"
    branch, device_id = await _planned_device(here, place)
    await here.at(branch).do(revoke_device, device_id, here.actor)
    return _said("revoked")


async def _page(
    here: InOffice, typed: str = "", place: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    words, now = here.words, here.now
    planned = await _planned(here)
    pairing = await _pairing(here, typed) if typed else None
    waiting = await here.read(open_pairings)
    return await office_page(
        here,
        "office/devices.html",
        {
            "typed": typed,
            "pairing": pairing,
            "shown_code": _grouped(pairing.user_code) if pairing else "",
            "places": [one for one in planned if pairing and one.device.kind == pairing.kind],
            "place": place,
            "planned": planned,
            "waiting": [
                (one, moment(one.created_at, branch, words, now)) for branch in here.branches[:1] for one in waiting
            ],
            "errors": errors or {},
            "of_branches": here.branches,
            "said": SAID.get(here.request.query_params.get("said", ""), ""),
        },
        status=status,
    )


async def _planned(here: InOffice) -> list[Planned]:
    words, now = here.words, here.now
    return [
        Planned(
            branch,
            device,
            moment(device.seen_at, branch, words, now),
            moment(device.paired_at, branch, words, now),
        )
        for branch in here.branches
        for device in await here.read(devices, branch.id)
        if device.kind in KINDS
    ]


async def _pairing(here: InOffice, typed: str) -> PairingView | None:
    folded = "".join(letter for letter in typed.upper() if letter in USER_CODE_ALPHABET)
    waiting = await here.read(open_pairings)
    return next((one for one in waiting if one.user_code == folded), None)


async def _planned_device(here: InOffice, place: str) -> tuple[BranchSettings, UUID]:
    branch_slug, _, device_slug = place.partition("/")
    if not device_slug:
        raise Invalid("place-missing", "place")
    branch = here.named(branch_slug)
    for device in await here.read(devices, branch.id):
        if device.slug == device_slug and device.kind in KINDS:
            return branch, device.id
    raise Missing("device")


def _first(branches: Sequence[BranchSettings]) -> BranchSettings:
    if not branches:
        raise Missing("branch")
    return branches[0]


def _grouped(code: str) -> str:
    """The code as the device shows it: two groups of four."""
    return f"{code[:4]}-{code[4:]}"


def _said(what: str) -> Response:
    return kit.see_other(f"{PAGE}?{urlencode({'said': what})}")


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/pairing", decide, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{device}}/revocation", revoke, methods=["POST"]),
]
