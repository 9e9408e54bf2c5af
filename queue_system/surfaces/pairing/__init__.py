"""What an unpaired device shows until the office lets it in."""

from __future__ import annotations

from .pages import routes

__all__ = ["routes"]
