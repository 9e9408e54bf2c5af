"""Texts in the headers of a letter: a mail program reads them back as they were written, in any script (RFC 2047).

The standard library folds texts itself, but loses a space of some names, reads a text that looks encoded as one that is,
and leaves a long word on one line. So each text is cut here, between characters, into encoded words of a fixed size.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any, Final, Self

# In bytes of UTF-8. Encoded it is 64 characters long, so that a line with the name of its header has at most 78.
_WORD: Final = 39
# What can stand in a header as it is, also as the name of a sender.
_PLAIN: Final = re.compile(r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")
_LONGEST_PLAIN: Final = 60


def set_subject(letter: EmailMessage, subject: str) -> None:
    """Give a letter its subject, on one line."""
    letter["Subject"] = _Written("Subject", _written(on_one_line(subject)))


def set_sender(letter: EmailMessage, name: str, address: str) -> None:
    """Give a letter its sender: an address in ASCII, and a name that may be empty."""
    said = _written(on_one_line(name))
    letter["From"] = _Written("From", f"{said}\r\n <{address}>" if said else f"<{address}>")


def on_one_line(text: str) -> str:
    """The text with single spaces and without signs that control a machine. Marks of direction stay."""
    return " ".join("".join(one for one in text if one.isspace() or unicodedata.category(one) != "Cc").split())


class _Written(str):
    """The value of a header, folded already; the library takes a value with a name as it is."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, value: str) -> Self:
        made = super().__new__(cls, value)
        made.name = name
        return made

    def fold(self, *, policy: Any) -> str:  # noqa: ARG002 - the library calls it so
        """The header as it goes over the wire."""
        return f"{self.name}: {self}\r\n"


def _written(text: str) -> str:
    if len(text) <= _LONGEST_PLAIN and (not text or _PLAIN.fullmatch(text)):
        return text
    return "\r\n ".join(f"=?utf-8?b?{b64encode(part).decode()}?=" for part in _parts(text))


def _parts(text: str) -> Iterator[bytes]:
    """The text in parts of at most `_WORD` bytes, each of whole characters."""
    part = b""
    for character in text:
        encoded = character.encode()
        if len(part) + len(encoded) > _WORD:
            yield part
            part = b""
        part += encoded
    yield part
