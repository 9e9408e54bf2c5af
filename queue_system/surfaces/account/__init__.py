"""A person's own account, and the links with which people choose a password."""

from __future__ import annotations

from starlette.routing import BaseRoute

from . import own, welcome

__all__ = ["routes"]

routes: list[BaseRoute] = [*own.routes, *welcome.routes]
