"""The first run: a new installation gets its organisation, its first branch and its first person in a browser."""

from __future__ import annotations

from . import pages

routes = pages.routes
#: Addresses that are served before there is an organisation.
before_founding = (f"{pages.START}/",)

__all__ = ["before_founding", "routes"]
