"""The visitor's telephone: the place in line, updated live."""

from __future__ import annotations

from .ticket import routes

__all__ = ["routes"]
