"""The office: the state of every branch, its devices, its log."""

from __future__ import annotations

from starlette.routing import BaseRoute

from . import audit, devices, given_back, overview, printer, printers

__all__ = ["routes"]

routes: list[BaseRoute] = [
    *overview.routes,
    *devices.routes,
    *printers.routes,
    *printer.routes,
    *given_back.routes,
    *audit.routes,
]
