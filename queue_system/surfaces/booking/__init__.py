"""Pages for bookers: services, times, an appointment, the published rule."""

from __future__ import annotations

from starlette.routing import BaseRoute

from . import pages, rule_page

__all__ = ["routes"]

routes: list[BaseRoute] = [*pages.routes, *rule_page.routes]
