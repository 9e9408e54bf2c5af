"""Signing in and out."""

from __future__ import annotations

from .sign_in import routes

__all__ = ["routes"]
