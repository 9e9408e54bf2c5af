"""Passwords: argon2id (RFC 9106) in its encoded form. One check takes about a tenth of a second: call it in a thread."""

from __future__ import annotations

import base64
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher()


def hash_password(password: str) -> str:
    """What is stored of a password."""
    return _HASHER.hash(_same(password))


def is_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that was stored.

    None, for somebody who does not exist, takes the same work and is always False: the time that an answer
    takes does not tell which names exist.
    """
    try:
        _HASHER.verify(stored or _NOBODY, _same(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _same(password: str) -> str:
    """One spelling for what looks the same, on whatever keyboard it was typed (RFC 8265, 4.2: NFC)."""
    return unicodedata.normalize("NFC", password)


def _encoded(length: int) -> str:
    return base64.b64encode(bytes(length)).rstrip(b"=").decode()


# A well-formed hash of nothing, at the same cost as every real one.
_NOBODY: Final = (
    f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    f"${_encoded(_HASHER.salt_len)}${_encoded(_HASHER.hash_len)}"
)
