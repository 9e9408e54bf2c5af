"""The condition of a virtual printer, and its ESC/POS status bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict


class Roll(StrEnum):
    """The paper as the sensors see it."""

    FULL = "full"
    LOW = "low"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition of the printer; changed with `VirtualPrinter.change`.

    `hang`: connections are accepted, but bytes are neither read nor answered. `mute`: prints, but never answers.
    `lie`: reports that all is well while it cannot print. `completion`: whether it knows GS ( H.
    `bytes_per_second`: its reading speed, None for no limit. `drop_after`: the connection breaks once, after so many
    more bytes. `rows_left`: rows on the roll, None is endless; at 0 the paper is out.
    """

    power: bool = True
    roll: Roll = Roll.FULL
    cover_open: bool = False
    hang: bool = False
    mute: bool = False
    lie: bool = False
    completion: bool = True
    bytes_per_second: int | None = None
    drop_after: int | None = None
    rows_left: int | None = None


class Changes(TypedDict, total=False):
    """The fields of Condition, for `VirtualPrinter.change`."""

    power: bool
    roll: Roll
    cover_open: bool
    hang: bool
    mute: bool
    lie: bool
    completion: bool
    bytes_per_second: int | None
    drop_after: int | None
    rows_left: int | None


def can_print(condition: Condition) -> bool:
    """Whether the printer has power, paper and a closed cover."""
    return condition.power and condition.roll is not Roll.OUT and not condition.cover_open


def real_time_status(condition: Condition, which: int) -> int:
    """The answer to DLE EOT `which` (1 printer, 2 cause of being offline, 3 error, 4 roll sensor)."""
    roll, cover = _shown(condition)
    status = 0x12
    if which == 1 and (cover or roll is Roll.OUT):
        status |= 0x08
    elif which == 2:
        status |= (0x04 if cover else 0) | (0x20 if roll is Roll.OUT else 0)
    elif which == 4:
        status |= {Roll.FULL: 0, Roll.LOW: 0x0C, Roll.OUT: 0x6C}[roll]
    return status


def paper_sensor(condition: Condition) -> int:
    """The answer to GS r 1."""
    roll, _ = _shown(condition)
    return {Roll.FULL: 0, Roll.LOW: 0x03, Roll.OUT: 0x0F}[roll]


def pushed_status(condition: Condition) -> bytes:
    """The four bytes of automatic status back (GS a)."""
    roll, cover = _shown(condition)
    first = 0x10 | (0x08 if cover or roll is Roll.OUT else 0) | (0x20 if cover else 0)
    return bytes((first, 0, paper_sensor(condition), 0))


def watched_status(condition: Condition, bits: int) -> bytes:
    """The bits of the four bytes whose change is reported after GS a with `bits` (2 online, 8 paper sensor)."""
    status = pushed_status(condition)
    return (status[:1] if bits & 0x02 else b"") + (status[2:3] if bits & 0x08 else b"")


def _shown(condition: Condition) -> tuple[Roll, bool]:
    return (Roll.FULL, False) if condition.lie else (condition.roll, condition.cover_open)
