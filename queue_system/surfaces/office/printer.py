"""One printer: where it is found, how it behaves, a trial slip of what was set."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import printers as actions
from ...core import printers
from ...core.errors import Invalid
from ...store.queries.access import DeviceView, StaffView
from ...store.queries.settings import BranchSettings
from ...web import access, kit
from ...web.access import DEVICE_RIGHTS
from ...web.errors import message
from ...web.installation import installation_of
from ...web.printer_words import VALUES
from .frame import enter, office_page, words_for
from .printers import PAGE, printer_of, printer_page, said_of


async def show(request: Request) -> Response:
    """The settings of a printer, as they are."""
    person, branches = await enter(request, DEVICE_RIGHTS)
    branch, device = await printer_of(request, branches)
    return await _page(request, person, branch, device, _as_typed(device.data))


async def save(request: Request) -> Response:
    """Set them; what was typed wrong stays in the form."""
    person, branches = await enter(request, DEVICE_RIGHTS)
    branch, device = await printer_of(request, branches)
    form = await kit.form(request)
    typed = {name: str(form.get(name, "")).strip() for name in (*_FIELDS, *printers.HABITS)}
    try:
        await installation_of(request).database.write_in(
            branch.id,
            actions.set_printer,
            branch.id,
            device.id,
            printers.read_configuration(typed),
            access.actor(person),
        )
    except Invalid as refusal:
        errors = {str(refusal.field): message(refusal, words_for(request, person))}
        return await _page(request, person, branch, device, typed, errors, status=refusal.status)
    return kit.see_other(f"{printer_page(branch, device)}?said=saved")


async def learn_again(request: Request) -> Response:
    """Find out anew whether the printer confirms."""
    person, branches = await enter(request, DEVICE_RIGHTS)
    branch, device = await printer_of(request, branches)
    await installation_of(request).database.write_in(
        branch.id, actions.learn_again, branch.id, device.id, access.actor(person)
    )
    return kit.see_other(f"{printer_page(branch, device)}?said=learn")


async def _page(
    request: Request,
    person: StaffView,
    branch: BranchSettings,
    device: DeviceView,
    typed: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    words = words_for(request, person)
    choices = {name: [(value, words.text(key)) for value, key in known.items()] for name, known in VALUES.items()}
    values: dict[str, Any] = {
        "branch": branch,
        "device": device,
        "place": f"{branch.slug}/{device.slug}",
        "typed": typed,
        "choices": choices | {"baud": [(str(baud), str(baud)) for baud in printers.BAUDS]},
        "errors": errors or {},
        "node": platform.node().lower(),
        "learnt": printers.LEARNT in device.data,
        "unsupported": "" if device.prints_here else device.data["transport"],
        "said": said_of(request),
        "error": request.query_params.get("error", ""),
    }
    return await office_page(request, person, "office/printer.html", values, status=status)


def _as_typed(settings: Mapping[str, Any]) -> dict[str, str]:
    """The settings as the form sends them."""
    shown = {name: str(printers.setting(settings, name)) for name in _FIELDS}
    for name in printers.HABITS:
        value = printers.setting(settings, name)
        shown[name] = next((text for text, meant in printers.CHOICES[name].items() if meant == value), "")
    if shown["transport"] not in printers.IN_FORCE:
        shown["transport"] = printers.TRANSPORTS[0]
    return shown


_FIELDS: Final = ("transport", "host", "port", "path", "baud", "flow", "node")

routes: list[BaseRoute] = [
    Route(f"{PAGE}/{{branch}}/{{device}}", show),
    Route(f"{PAGE}/{{branch}}/{{device}}", save, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{device}}/learn", learn_again, methods=["POST"]),
]
