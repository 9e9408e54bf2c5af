"""The visitor's telephone: a place in line, followed live."""

from __future__ import annotations

from .ticket import routes

__all__ = ["routes"]
