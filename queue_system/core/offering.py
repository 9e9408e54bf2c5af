"""How a service can be had: decided in one place for pages, kiosks and programs, so that none of them promises more."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from .bookings import Mode

BOOKED_HERE: Final = frozenset({Mode.FCFS, Mode.WALKIN_AND_FCFS})


class Way(StrEnum):
    """A way that leads to a service today."""

    BOOKING = "booking"  # the public books a time here
    NUMBER = "number"  # a number is given on arrival, without an appointment
    RECEPTION = "reception"  # a number is given by reception alone, to whoever it receives
    INVITATION = "invitation"  # the organisation asks people to come; who is not asked can do nothing
    PLATFORM = "platform"  # the request is filed at another place of the internet


def ways(mode: Mode, *, gives_numbers: bool, reception: bool, platform: bool) -> tuple[Way, ...]:
    """The ways to a service, the usual one first; empty while none is built, as for places given out by ballot."""
    found = [Way.BOOKING] if mode in BOOKED_HERE else []
    if gives_numbers:
        found.append(Way.NUMBER)
    if mode is Mode.WALKIN_AND_FCFS:
        found.reverse()
    if reception:
        found.append(Way.RECEPTION)
    if mode is Mode.INVITE:
        found.append(Way.INVITATION)
    if platform:
        found.append(Way.PLATFORM)
    return tuple(found)
