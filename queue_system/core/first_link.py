"""The link that opens the first run: a time, and a code over it that only the installation's key can make.

Nothing is stored, so every node with the same key accepts it, and there is nothing to read out of a database. It opens
until LIFETIME is over or the organisation is there, whichever comes first.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Final

LIFETIME: Final = timedelta(hours=24)
_TOKEN: Final = re.compile(r"([0-9a-f]{8,12})-([0-9a-f]{64})")


def first_link(key: bytes, at: datetime) -> str:
    """The last part of a link that was made at this moment."""
    return _token(key, int(at.timestamp()))


def opens(key: bytes, token: str, now: datetime) -> bool:
    """Whether `first_link` made this token with the same key, and not longer ago than LIFETIME."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return False
    made = int(match[1], 16)
    age = int(now.timestamp()) - made
    return hmac.compare_digest(token, _token(key, made)) and 0 <= age < LIFETIME.total_seconds()


def _token(key: bytes, made: int) -> str:
    """HMAC-SHA256 (RFC 2104) over the purpose and the second since 1970."""
    code = hmac.new(key, f"first-run {made}".encode(), hashlib.sha256).hexdigest()
    return f"{made:08x}-{code}"
