"""Signing in and out."""

from __future__ import annotations

from .pages import routes

__all__ = ["routes"]
