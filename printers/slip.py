"""The slip: its contents and its image.

The texts arrive final and in the visitor's language; this module only places them. A rule separates the
heading from the number, and another the number from the instructions.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from PIL import Image

from printers.sheet import MissingGlyph, Sheet

log = logging.getLogger(__name__)

NARROWEST: Final = 320


@dataclass(frozen=True)
class Slip:
    """Final, localised strings. ``language`` is BCP 47; texts may hold U+2066…U+2069 isolates.

    ``heading``, ``office`` and ``service`` are None where they are confidential, ``appointment`` (the booked time) also
    for walk-ins, ``expected`` (how long it takes) also where that is not known, ``wait`` (where to wait) also where this is everywhere; ``unattended`` says that all counters are shut.
    ``issued`` is date and time in the branch's zone. ``qr`` is a URL. ``mark`` is set on copies.
    """

    language: str
    heading: str | None
    office: str | None
    service: str | None
    code: str
    ahead: str | None
    wait: str | None
    issued: str
    instruction: str
    keep: str | None = None
    qr: str | None = None
    qr_caption: str | None = None
    mark: str | None = None
    appointment: str | None = None
    unattended: str | None = None
    expected: str | None = None


def render(slip: Slip, dots: int = 576, *, strict: bool = False) -> Image.Image:
    """Draw a slip ``dots`` wide (576 for 80 mm paper, 384 for 58 mm); mode "1", 0 is ink.

    The height follows from the texts. A character without a glyph is printed as a box and logged;
    with ``strict`` it raises ``MissingGlyph`` instead.
    """
    if dots % 8 or dots < NARROWEST:
        raise ValueError(f"a slip is at least {NARROWEST} dots wide, in whole bytes; not {dots}")
    sheet = Sheet(slip.language, dots)
    _head(sheet, slip)
    _number(sheet, slip)
    _what_next(sheet, slip)
    _foot(sheet, slip)
    if sheet.missing:
        error = MissingGlyph(sheet.missing)
        if strict:
            raise error
        log.warning("slip printed with replacement boxes: %s", error)
    return sheet.image()


def _head(sheet: Sheet, slip: Slip) -> None:
    if slip.mark:
        sheet.rule(6)
        sheet.skip(6)
        sheet.write(slip.mark, "Bold", 32, balance=True)
        sheet.skip(6)
        sheet.rule(6)
        sheet.skip(12)
    if slip.heading:
        sheet.write(slip.heading, "Bold", 32, balance=True)
    if slip.office:
        sheet.write(slip.office, "Regular", 28, balance=True)
    if slip.heading or slip.office:
        sheet.skip(12)
        sheet.rule(2)


def _number(sheet: Sheet, slip: Slip) -> None:
    sheet.skip(14)
    if slip.service:
        sheet.write(slip.service, "Bold", 34, balance=True)
    sheet.skip(26)
    sheet.write_code(slip.code, 212)
    sheet.skip(24)
    if slip.ahead:
        sheet.write(slip.ahead, "Bold", 38, balance=True)
    if slip.expected:
        sheet.write(slip.expected, "Bold", 30, balance=True)
    if slip.unattended:
        sheet.write(slip.unattended, "Bold", 28, balance=True)
    if slip.appointment:
        sheet.write(slip.appointment, "Bold", 30, balance=True)
    if slip.wait:
        sheet.write(slip.wait, "Regular", 30, balance=True)
    sheet.skip(14)
    sheet.rule(2)


def _what_next(sheet: Sheet, slip: Slip) -> None:
    if slip.qr and sheet.wide:
        sheet.beside_code(slip.qr, 6, (slip.instruction, "Regular", 28), (slip.qr_caption, "Bold", 26))
        return
    sheet.skip(20)
    sheet.write(slip.instruction, "Regular", 28, balance=True)
    if slip.qr:
        sheet.place_code(slip.qr, 5)
        if slip.qr_caption:
            sheet.write(slip.qr_caption, "Bold", 26, balance=True)
    sheet.skip(18)


def _foot(sheet: Sheet, slip: Slip) -> None:
    sheet.rule(2)
    sheet.skip(10)
    sheet.write(slip.issued, "Regular", 26, balance=True)
    if slip.keep:
        sheet.write(slip.keep, "Regular", 26, balance=True)
    sheet.skip(8)
