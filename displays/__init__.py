"""Screens of the waiting room; they read and never write."""

from __future__ import annotations

from .pages import routes

__all__ = ["routes"]
