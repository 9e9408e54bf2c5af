"""The office: the state of every branch, its devices, its log."""

from __future__ import annotations

from starlette.routing import BaseRoute

from . import audit, devices, given_back, health, overview, printer, printers
from .frame import OFFICE

__all__ = ["routes", "staff_places"]

staff_places = (OFFICE,)

routes: list[BaseRoute] = [
    *overview.routes,
    *devices.routes,
    *printers.routes,
    *printer.routes,
    *given_back.routes,
    *health.routes,
    *audit.routes,
]
