"""The hall's screens. They read and cannot write."""

from __future__ import annotations

from .pages import routes

__all__ = ["routes"]
