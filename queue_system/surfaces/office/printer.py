"""One printer: its address, its habits, a trial slip with these settings."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.printers import learn_again, set_printer
from ...core import printers
from ...core.errors import Invalid
from ...web import kit
from ...web.errors import message
from ...web.printer_words import VALUES
from .frame import office_page
from .printers import PAGE, AtPrinter, at_printer, said_of


async def show(request: Request) -> Response:
    """The form with the stored settings."""
    here = await at_printer(request)
    return await _page(here, _as_typed(here.device.data))


async def save(request: Request) -> Response:
    """Store the settings; an invalid text stays in the form, with what is wrong."""
    here = await at_printer(request)
    form = await kit.form(request)
    typed = {name: str(form.get(name, "")).strip() for name in (*_FIELDS, *printers.HABITS)}
    try:
        configuration = printers.read_configuration(typed)
        await here.at(here.branch).do(set_printer, here.device.id, configuration, here.actor)
    except Invalid as refusal:
        errors = {str(refusal.field): message(refusal, here.words)}
        return await _page(here, typed, errors, status=refusal.status)
    return kit.see_other(f"{here.address}?said=saved")


async def learn(request: Request) -> Response:
    """Forget what was learnt, so that the server finds out again whether the printer confirms slips."""
    here = await at_printer(request)
    await here.at(here.branch).do(learn_again, here.device.id, here.actor)
    return kit.see_other(f"{here.address}?said=learn")


async def _page(
    here: AtPrinter, typed: Mapping[str, str], errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    words, device = here.words, here.device
    choices = {name: [(value, words.text(key)) for value, key in known.items()] for name, known in VALUES.items()}
    values: dict[str, Any] = {
        "branch": here.branch,
        "device": device,
        "place": f"{here.branch.slug}/{device.slug}",
        "typed": typed,
        "choices": choices | {"baud": [(str(baud), str(baud)) for baud in printers.BAUDS]},
        "errors": errors or {},
        "node": platform.node().lower(),
        "learnt": printers.LEARNT in device.data,
        "unsupported": "" if device.prints_here else device.data["transport"],
        "said": said_of(here.request),
        "error": here.request.query_params.get("error", ""),
    }
    return await office_page(here, "office/printer.html", values, status=status)


def _as_typed(settings: Mapping[str, Any]) -> dict[str, str]:
    """The settings in the form's format."""
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
    Route(f"{PAGE}/{{branch}}/{{device}}/learn", learn, methods=["POST"]),
]
