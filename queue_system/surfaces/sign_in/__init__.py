"""Signing in and out, and a person's own ways to sign in."""

from __future__ import annotations

from starlette.routing import BaseRoute

from . import confirmation, methods, pages, passkeys, provider, second_step

routes: list[BaseRoute] = [
    *pages.routes,
    *second_step.routes,
    *confirmation.routes,
    *methods.routes,
    *passkeys.routes,
    *provider.routes,
]

__all__ = ["routes"]
