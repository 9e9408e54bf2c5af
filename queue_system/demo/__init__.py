"""A demonstration: a sample organisation at work, and a page that shows what its virtual printer prints."""

from __future__ import annotations

from .paper import routes

__all__ = ["routes"]
