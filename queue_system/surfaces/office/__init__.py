"""The office: how every branch is, its devices, its log."""

from __future__ import annotations

from .overview import routes

__all__ = ["routes"]
