"""Reception: numbers and check-in by hand, bookings found again."""

from __future__ import annotations

from .pages import routes

__all__ = ["routes"]
