"""Secrets that a person or machine holds and this house does not keep."""

from __future__ import annotations

import hashlib


def sha256(token: str) -> str:
    """What is stored of a bearer token: enough to recognise it, not to use it."""
    return hashlib.sha256(token.encode()).hexdigest()
