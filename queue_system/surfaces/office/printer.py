"""One printer: its address, its habits, a trial slip with these settings."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.printers import learn_again, set_printer
from ...core.errors import Invalid
from ...settings.printers import CHOICES, as_typed, read_configuration
from ...web import kit
from ...web.errors import message
from ...web.printer_words import VALUES
from .frame import office_page
from .printers import PAGE, AtPrinter, at_printer, said_of


async def show(request: Request) -> Response:
    """The form with the stored settings."""
    here = await at_printer(request)
    return await _page(here, as_typed(here.device.printer))


async def save(request: Request) -> Response:
    """Store the settings; an invalid text stays in the form, with what is wrong."""
    here = await at_printer(request)
    form = await kit.form(request)
    typed = {name: str(form.get(name, "")).strip() for name in as_typed(here.device.printer)}
    try:
        configuration = read_configuration(typed)
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
        "choices": choices | {"baud": [(text, text) for text in CHOICES["baud"]]},
        "errors": errors or {},
        "node": platform.node().lower(),
        "learnt": device.learnt_completion is not None,
        "said": said_of(here.request),
        "error": here.request.query_params.get("error", ""),
    }
    return await office_page(here, "office/printer.html", values, status=status)


routes: list[BaseRoute] = [
    Route(f"{PAGE}/{{branch}}/{{device}}", show),
    Route(f"{PAGE}/{{branch}}/{{device}}", save, methods=["POST"]),
    Route(f"{PAGE}/{{branch}}/{{device}}/learn", learn, methods=["POST"]),
]
