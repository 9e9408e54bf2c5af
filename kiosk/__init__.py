"""Touch pages: take a number, check in."""

from __future__ import annotations

from .pages import routes

__all__ = ["routes"]
