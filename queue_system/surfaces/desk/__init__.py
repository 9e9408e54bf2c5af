"""The clerk's desk: call, serve, send on."""

from __future__ import annotations

from .pages import routes

__all__ = ["routes"]
