"""The trial slip: it shows on paper whether a printer's settings are right.

Each part makes one setting visible: bars at both edges the width, steps the margin command, a gap the feed, the last
rule the cut, lines in two directions the shaping of letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import Image

from printers.sheet import MissingGlyph, Sheet

#: Dots in a millimetre of a 203 dpi head.
MM: Final = 8
BAR: Final = (2 * MM, 10 * MM)
STEP: Final = (6 * MM, 2 * MM)
STEPS: Final = 5
GAP: Final = 10 * MM
#: Height of the ruler's ticks: each millimetre, each fifth, each tenth.
TICKS: Final = (8, 14, 22)


@dataclass(frozen=True)
class Trial:
    """Final texts. ``edges``, ``steps``, ``gap`` and ``cut`` describe the right result; ``lines`` are (BCP 47, text),
    ``settings`` the settings used, ``qr`` an address."""

    language: str
    mark: str
    heading: str
    code: str
    edges: str
    steps: str
    gap: str
    lines: tuple[tuple[str, str], ...]
    settings: tuple[str, ...]
    issued: str
    qr: str
    cut: str


def render_trial(trial: Trial, dots: int, *, strict: bool = False) -> Image.Image:
    """Draw a trial slip ``dots`` wide; mode "1", 0 is ink. ``strict`` as in ``printers.slip.render``."""
    sheet = Sheet(trial.language, dots)
    sheet.write(trial.mark, "Bold", 32, balance=True)
    sheet.write(trial.heading, "Regular", 28, balance=True)
    sheet.skip(10)
    _edges(sheet, trial.edges)
    _steps(sheet, trial.steps)
    _gap(sheet, trial.gap)
    sheet.skip(20)
    sheet.write_code(trial.code, 212)
    sheet.skip(20)
    for language, line in trial.lines:
        sheet.write(line, "Regular", 30, balance=True, language=language)
    sheet.place_code(trial.qr, 6 if sheet.wide else 5)
    for line in trial.settings:
        sheet.write(line, "Regular", 26, balance=True)
    sheet.skip(10)
    sheet.write(trial.issued, "Regular", 26, balance=True)
    sheet.skip(10)
    sheet.write(trial.cut, "Bold", 28, balance=True)
    sheet.skip(10)
    sheet.rule(4)
    if strict and sheet.missing:
        raise MissingGlyph(sheet.missing)
    return sheet.image()


def _edges(sheet: Sheet, words: str) -> None:
    """A ruler over the whole head, and a bar at either edge with the words between them."""
    sheet.ink(0, 0, sheet.dots, 2)
    for at in range(0, sheet.dots, MM):
        which = 2 if at % (10 * MM) == 0 else 1 if at % (5 * MM) == 0 else 0
        sheet.ink(at, 0, at + 2, TICKS[which])
    sheet.y += TICKS[2] + 6
    width, height = BAR
    top = sheet.y
    sheet.write(words, "Bold", 26, balance=True, inset=width + MM)
    height = max(height, sheet.y - top)
    sheet.y = top
    sheet.ink(0, 0, width, height)
    sheet.ink(sheet.dots - width, 0, sheet.dots, height)
    sheet.y += height + 2 * MM


def _steps(sheet: Sheet, words: str) -> None:
    """Steps from the left edge to the right one; each is a band of its own, which the margin command moves."""
    sheet.write(words, "Regular", 26, balance=True)
    sheet.skip(8)
    width, height = STEP
    for step in range(STEPS):
        left = (sheet.dots - width) * step // (STEPS - 1) // 8 * 8
        sheet.ink(left, 0, left + width, height)
        sheet.y += height
    sheet.y += 2 * MM


def _gap(sheet: Sheet, words: str) -> None:
    """Two rules with white between them, which is fed instead of sent."""
    sheet.write(words, "Regular", 26, balance=True)
    sheet.skip(8)
    sheet.rule(4)
    sheet.y += GAP
    sheet.rule(4)
