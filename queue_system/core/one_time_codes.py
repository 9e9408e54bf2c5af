"""Codes that prove who signs in: those of an authenticator app (RFC 6238), and recovery codes on paper.

Both are computed from the installation's key and a random salt, so the database holds neither of them (decision 0024).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

DIGITS: Final = 6
STEP_SECONDS: Final = 30
# How many steps before and after the present one are accepted, because clocks of telephones differ.
WINDOW: Final = 1
SECRET_BYTES: Final = 20
RECOVERY_CODES: Final = 10
# Ten characters of 32 (Crockford's alphabet) are 50 bits.
RECOVERY_LENGTH: Final = 10
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES: Final = str.maketrans("OIL", "011")


def app_secret(key: bytes, salt: str) -> bytes:
    """The secret of an authenticator app; `key` is the installation's, `salt` is stored with the person's method."""
    return _derived(key, "app", salt)[:SECRET_BYTES]


def code_at(secret: bytes, step: int, digits: int = DIGITS, hash_name: Callable[..., object] = hashlib.sha1) -> str:
    """The code of a step (RFC 4226, 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hash_name).digest()  # type: ignore[arg-type]
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(moment: datetime) -> int:
    """The number of the step that contains a moment."""
    return int(moment.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, typed: str, now: datetime) -> int | None:
    """The step whose code was typed, of those around `now`; None if there is none. Digits may be Arabic ones."""
    code = latin_digits(typed)
    if not code.isascii():
        return None
    present = step_of(now)
    steps = range(present - WINDOW, present + WINDOW + 1)
    # Each is compared, so that the time does not tell which one it was.
    found = [step for step in steps if hmac.compare_digest(code_at(secret, step), code)]
    return found[-1] if found else None


def latin_digits(typed: str) -> str:
    """The typed code without spaces, and with the digits 0–9 in place of those of other scripts."""
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in typed if not sign.isspace())


def app_address(secret: bytes, issuer: str, login: str) -> str:
    """The address that an authenticator app reads from a QR symbol (Key URI Format).

    The issuer is not repeated in the label, because an Arabic name would make the symbol too fine for old cameras.
    """
    values = {"secret": written_secret(secret), "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{quote(login, safe='')}?{urlencode(values, quote_via=quote)}"


def written_secret(secret: bytes) -> str:
    """The secret as people type it into an app that cannot read the symbol."""
    return base64.b32encode(secret).decode().rstrip("=")


def recovery_codes(key: bytes, salt: str) -> tuple[str, ...]:
    """The recovery codes of one set, as `recovery_key` writes them."""
    return tuple(_letters(_derived(key, "recovery", f"{salt} {number}")) for number in range(RECOVERY_CODES))


def recovery_key(typed: str) -> str:
    """A typed recovery code in its stored spelling: capitals without hyphens, and no letter that looks like a digit."""
    plain = "".join(sign for sign in latin_digits(typed).upper() if sign.isalnum())
    return plain.translate(_LOOK_ALIKES)


def recovery_handle(key: bytes, staff_id: str, code: str) -> str:
    """The stored hash of a recovery code; without the installation's key nobody can search for the code."""
    return _derived(key, "recovery handle", f"{staff_id} {code}").hex()


def _derived(key: bytes, purpose: str, about: str) -> bytes:
    return hmac.new(key, f"{purpose}\0{about}".encode(), hashlib.sha256).digest()


def _letters(digest: bytes) -> str:
    return "".join(_ALPHABET[byte & 31] for byte in digest[:RECOVERY_LENGTH])
