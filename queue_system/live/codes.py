"""The codes with which the server closes a socket, and their meaning for the client."""

from __future__ import annotations

from enum import IntEnum


class Closed(IntEnum):
    """Close codes of our own (RFC 6455, 7.4.2) and the registered one that we use.

    `CLOSED` in static/follow.js has our own for the browser; a test compares them.
    """

    # The client reconnects after this one, as after every code that is not ours.
    RESTARTING = 1012
    # The person is signed out, or the device is not paired any more.
    SIGNED_OUT = 4401
    # The page that opened the socket is not one of ours.
    FOREIGN_ORIGIN = 4403
    # The thing does not exist, or this person may not know of it.
    NOT_THERE = 4404
