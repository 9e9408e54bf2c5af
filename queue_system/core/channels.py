"""Channels: where and how an appointment takes place."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Final

from .errors import Count, Invalid

#: Where the name of the room goes in the address of a video call that a branch sets.
ROOM_MARK: Final = "{room}"
LONGEST_ADDRESS: Final = 300


class Channel(StrEnum):
    """Where and how an appointment takes place."""

    COUNTER = "counter"
    ROOM = "room"
    TELEPHONE = "telephone"
    VIDEO = "video"
    HOME = "home"  # staff come to the visitor
    ELSEWHERE = "elsewhere"  # where the branch works on that day

    @property
    def is_received(self) -> bool:
        """Whether the visitor comes to where staff receive people, checks in and waits."""
        return self not in (Channel.TELEPHONE, Channel.VIDEO, Channel.HOME)


def read_address(typed: str) -> str:
    """The address of a home visit in one line, "" for none. Raises Invalid("address-long")."""
    text = " ".join(unicodedata.normalize("NFC", typed).split())
    if len(text) > LONGEST_ADDRESS:
        raise Invalid("address-long", "address", limit=Count(LONGEST_ADDRESS))
    return text
