"""The ways to get a service, decided in one place so that pages, kiosks and the API promise the same."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from .bookings import Mode

BOOKED_HERE: Final = frozenset({Mode.FCFS, Mode.WALKIN_AND_FCFS})


class Way(StrEnum):
    """A way to get a service today."""

    BOOKING = "booking"  # the public books a time here
    NUMBER = "number"  # a number is given on arrival, without an appointment
    RECEPTION = "reception"  # only reception gives numbers
    INVITATION = "invitation"  # the organisation asks people to come; others cannot apply
    PLATFORM = "platform"  # the request is filed on another website


def ways(mode: Mode, *, gives_numbers: bool, reception: bool, platform: bool, call: bool = False) -> tuple[Way, ...]:
    """The ways to a service, the usual one first; empty where none is built yet, as for the ballot.

    What begins with a call is not booked here.
    """
    found = [Way.BOOKING] if mode in BOOKED_HERE and not call else []
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
