"""Bearer tokens: a person or a machine holds them; the database holds their hashes, or nothing at all."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final
from uuid import UUID


def sha256(token: str) -> str:
    """The stored hash of a bearer token: it recognises the token but cannot be used in its place."""
    return hashlib.sha256(token.encode()).hexdigest()


_SEAL: Final = 16
_ID: Final = 16


def sealed(secret: bytes, purpose: str, about: UUID) -> str:
    """A link's secret for the thing `about`: its id with a code that only this installation can compute.

    HMAC-SHA-256 (RFC 2104), cut to 128 bits, of the `purpose` and the id, in base64url without padding. Nothing of it is
    stored, so a stolen database opens no link, and staff can show the link again.
    """
    return base64.urlsafe_b64encode(about.bytes + _seal(secret, purpose, about)).rstrip(b"=").decode()


def unsealed(secret: bytes, purpose: str, text: str) -> UUID | None:
    """The id in such a secret; None for a text that `sealed` has not made."""
    parts = _parts(text)
    if parts is None:
        return None
    about, seal = parts
    return about if hmac.compare_digest(seal, _seal(secret, purpose, about)) else None


def claimed(text: str) -> UUID | None:
    """The id that such a text claims to be made for, where the purpose is known only once the thing was read."""
    parts = _parts(text)
    return None if parts is None else parts[0]


def _parts(text: str) -> tuple[UUID, bytes] | None:
    try:
        found = base64.urlsafe_b64decode(text.encode("ascii") + b"==")
    except (ValueError, UnicodeEncodeError):
        return None
    return (UUID(bytes=found[:_ID]), found[_ID:]) if len(found) == _ID + _SEAL else None


def _seal(secret: bytes, purpose: str, about: UUID) -> bytes:
    return hmac.new(secret, f"{purpose} {about}".encode(), hashlib.sha256).digest()[:_SEAL]
