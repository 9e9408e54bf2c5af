"""`/paper`: the slips from the virtual printer of a demonstration, and switches for the printer's faults.

It is not a surface, because it uses `printers`, which surfaces may not import.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from printers.virtual import Paper, VirtualPrinter
from printers.virtual_condition import Changes, Condition, Roll

from ..web import kit
from ..web.here import Here, anywhere
from ..web.installation import Installation

PAGE: Final = "/paper"
# A number of bytes that lies within the picture of a slip, after its head.
WITHIN_A_SLIP: Final = 4_000
# The number of papers shown; the printer keeps more of them for a while.
SHOWN: Final = 12
# The rows of uncut paper shown, about three slips: a printer without a cutter leaves them to be torn off by hand.
HANGING_ROWS: Final = 3_000

# The faults to switch: a test whether the condition has it, and the changes that turn it on and off.
FAULTS: Final[dict[str, tuple[Callable[[Condition], bool], Changes, Changes]]] = {
    "off": (lambda now: not now.power, {"power": False}, {"power": True}),
    "out": (lambda now: now.roll is Roll.OUT, {"roll": Roll.OUT}, {"roll": Roll.FULL}),
    "low": (lambda now: now.roll is Roll.LOW, {"roll": Roll.LOW}, {"roll": Roll.FULL}),
    "cover": (lambda now: now.cover_open, {"cover_open": True}, {"cover_open": False}),
    "hang": (lambda now: now.hang, {"hang": True}, {"hang": False}),
    "drop": (lambda now: now.drop_after is not None, {"drop_after": WITHIN_A_SLIP}, {"drop_after": None}),
}


async def show(request: Request) -> Response:
    """The papers, newest first, and the switches."""
    here = anywhere(request)
    return await here.page("demo/paper.html", _values(_printer(here)))


async def papers(request: Request) -> Response:
    """The part of the page that is refreshed."""
    here = anywhere(request)
    return await here.part("demo/_paper.html", _values(_printer(here)))


async def picture(request: Request) -> Response:
    """One paper as it looks (PNG)."""
    number = request.path_params["number"]
    found = next((paper for paper in _printer(anywhere(request)).papers() if paper.number == number), None)
    if found is None:
        raise HTTPException(404)
    # Not cached, because a new demonstration uses the same numbers for other papers.
    return Response(found.image, media_type="image/png", headers={"Cache-Control": "no-store"})


async def hanging(request: Request) -> Response:
    """The uncut paper as it looks (PNG)."""
    found = _printer(anywhere(request)).hanging(HANGING_ROWS)
    if found is None:
        raise HTTPException(404)
    return Response(found, media_type="image/png", headers={"Cache-Control": "no-store"})


async def switch(request: Request) -> Response:
    """Turn a fault on or off."""
    printer = _printer(anywhere(request))
    form = await kit.form(request)
    fault = FAULTS.get(str(form.get("fault")))
    if fault is None:
        raise HTTPException(400)
    _, on, off = fault
    printer.change(**(on if form.get("on") == "yes" else off))
    return kit.see_other(PAGE)


def _values(printer: VirtualPrinter) -> dict[str, object]:
    condition = printer.condition
    shown: list[Paper] = printer.papers()[: -SHOWN - 1 : -1]
    return {
        "papers": shown,
        "hanging_rows": printer.hanging_rows(),
        "faults": {name: is_on(condition) for name, (is_on, _, _) in FAULTS.items()},
    }


def _printer(here: Here) -> VirtualPrinter:
    """The demonstration's printer; raises 404 in a real installation."""
    found = virtual_printer(here.installation)
    if found is None:
        raise HTTPException(404)
    return found


def virtual_printer(installation: Installation) -> VirtualPrinter | None:
    """The virtual printer of a demonstration; None in a real installation."""
    printer = (installation.demo or {}).get("printer")
    return printer if isinstance(printer, VirtualPrinter) else None


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/list", papers),
    Route(f"{PAGE}/condition", switch, methods=["POST"]),
    Route(f"{PAGE}/{{number:int}}.png", picture),
    Route(f"{PAGE}/hanging.png", hanging),
]
