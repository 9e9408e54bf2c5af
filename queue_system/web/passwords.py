"""Passwords: argon2id (RFC 9106) in its encoded form. One check takes about 0.1 s, so call it in a thread."""

from __future__ import annotations

import base64
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher()


def hash_password(password: str) -> str:
    """The encoded hash to store for a password."""
    return _HASHER.hash(_same(password))


def is_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that was stored.

    For a person who does not exist `stored` is None, and a person without a password has no hash. The answer is then
    False but takes the same time, so that the time does not reveal which names exist.
    """
    try:
        _HASHER.verify(stored if stored and stored.startswith("$argon2") else _NOBODY, _same(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _same(password: str) -> str:
    """One spelling for passwords that look the same but come from different keyboards (RFC 8265, 4.2: NFC)."""
    return unicodedata.normalize("NFC", password)


def _encoded(length: int) -> str:
    return base64.b64encode(bytes(length)).rstrip(b"=").decode()


# A well-formed hash that fits no password, at the same cost as the real ones.
_NOBODY: Final = (
    f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    f"${_encoded(_HASHER.salt_len)}${_encoded(_HASHER.hash_len)}"
)
