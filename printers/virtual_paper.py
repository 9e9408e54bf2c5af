"""Paper of the virtual printer: rows of dots under the head, the cutter above it, and pictures of the pieces cut off."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

DOTS_PER_MM: Final = 8
LONGEST: Final = 24_000
"""Rows (3 m) after which an uncut strip is torn off, so that a fault cannot fill the memory."""

_BLANK: Final = 0
_CLEAR, _WHITE, _INK, _EDGE = range(4)
_PALETTE: Final = (0, 0, 0, 253, 252, 248, 28, 27, 25, 214, 210, 200)
_TOOTH: Final = 8


@dataclass(slots=True)
class Strip:
    """The paper between the roll and the cutter; a row is an integer whose highest of `dots` bits is the left dot.

    `cutter` is the distance from the head to the knife in rows: the last rows printed are still below the knife, and
    a cut without feeding goes through the picture, as in a real printer. `left` counts the rows on the roll, None is
    endless.
    """

    dots: int
    cutter: int
    left: int | None = None
    rows: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.load()

    def load(self) -> list[int]:
        """Load a new roll, with its paper up to the knife; returns the old piece if there is ink on it."""
        old, self.rows = self.rows, [_BLANK] * self.cutter
        return old if any(old) else []

    def add(self, row: int) -> None:
        """Burn one row and move on; beyond the end of the roll the row is lost."""
        if self.left is not None:
            if self.left <= 0:
                return
            self.left -= 1
        self.rows.append(row)

    def feed(self, count: int) -> None:
        """Move on by blank rows."""
        for _ in range(count):
            self.add(_BLANK)

    def cut(self) -> list[int]:
        """Cut at the knife; returns the piece that falls, top first, empty when nothing had passed the knife."""
        end = len(self.rows) - self.cutter
        piece, self.rows = self.rows[: max(end, 0)], self.rows[max(end, 0) :]
        return piece


def dots_picture(rows: list[int], dots: int) -> Image.Image:
    """Mode "1", `dots` × len(rows), ink is 0: exactly the dots that were burnt."""
    data = b"".join(row.to_bytes(dots // 8, "big") for row in rows)
    return Image.frombytes("1", (dots, len(rows)), data, "raw", "1;I")


def paper_picture(rows: list[int], dots: int) -> Image.Image:
    """Mode "P" with a transparent colour: the piece of paper with its side margins and the marks of the knife.

    Margins are those of real rolls: 80 mm of paper for 576 dots, 58 mm for 384.
    """
    side = ((80 if dots > 432 else 58) * DOTS_PER_MM - dots) // 2
    width, height = dots + 2 * side, len(rows) + 2 * _TOOTH
    picture = Image.new("P", (width, height), _WHITE)
    picture.putpalette(_PALETTE)
    picture.paste(_INK, (side, _TOOTH), dots_picture(rows, dots).point(lambda dot: 255 - dot))
    draw = ImageDraw.Draw(picture)
    draw.line([(0, 0), (0, height)], fill=_EDGE)
    draw.line([(width - 1, 0), (width - 1, height)], fill=_EDGE)
    for start in range(0, width, _TOOTH):
        middle, end = start + _TOOTH // 2, start + _TOOTH
        for edge, tip in ((0, _TOOTH // 2), (height - 1, height - 1 - _TOOTH // 2)):
            draw.polygon([(start, edge), (middle, tip), (end, edge)], fill=_CLEAR)
            draw.line([(start, edge), (middle, tip), (end, edge)], fill=_EDGE)
    picture.info["transparency"] = _CLEAR
    return picture


def png(picture: Image.Image) -> bytes:
    """The picture as a PNG file."""
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
