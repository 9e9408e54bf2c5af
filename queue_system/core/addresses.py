"""E-mail addresses as people type them, in any script (RFC 6531, domains by IDNA 2008)."""

from __future__ import annotations

import unicodedata
from typing import Final

from email_validator import EmailNotValidError, validate_email

# Common misspellings of mail domains, each with the right domain.
_SLIPS: Final = {
    "gmial.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gnail.com": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.co": "gmail.com",
    "hotmial.com": "hotmail.com",
    "hotmai.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "yaho.com": "yahoo.com",
    "yahoo.con": "yahoo.com",
    "outlok.com": "outlook.com",
    "outlook.con": "outlook.com",
    "iclod.com": "icloud.com",
    "icloud.con": "icloud.com",
}


def read(typed: str) -> tuple[str, ...]:
    """The addresses that `typed` can mean, normalised, the typed one first; empty where it is not an address.

    Small letters, composed (NFC), the domain in its own script: `info@xn--bcher-kva.example` and
    `Info@Bücher.example` are the same. The domain is not looked up, because that needs a network.
    """
    try:
        found = validate_email(typed, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return ()
    local = unicodedata.normalize("NFC", found.local_part.lower())
    meant = _SLIPS.get(found.domain)
    return tuple(f"{local}@{domain}" for domain in (found.domain, meant) if domain)
