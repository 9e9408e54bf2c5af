"""With which codes the server closes a socket, and what they tell the client."""

from __future__ import annotations

from enum import IntEnum


class Closed(IntEnum):
    """Close codes of our own (RFC 6455, 7.4.2) and the registered one that we use.

    `CLOSED` in static/follow.js has our own for the browser; a test compares them.
    """

    # A client comes back after this one, as after every code that is not ours.
    RESTARTING = 1012
    # Nobody is signed in any more, or the device is paired no longer.
    SIGNED_OUT = 4401
    # The page that opened the socket is not one of ours.
    FOREIGN_ORIGIN = 4403
    # There is no such thing, or not for this person.
    NOT_THERE = 4404
