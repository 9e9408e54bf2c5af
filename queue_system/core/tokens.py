"""Bearer tokens: a person or a machine holds them, and the database holds only their hashes."""

from __future__ import annotations

import hashlib


def sha256(token: str) -> str:
    """The stored hash of a bearer token: it recognises the token but cannot be used in its place."""
    return hashlib.sha256(token.encode()).hexdigest()
