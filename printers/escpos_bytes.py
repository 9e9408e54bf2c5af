"""ESC/POS bytes: an image becomes raster bands, white space becomes paper feed.

``GS v 0`` is the one raster command that every printer and clone knows. Bands stay below 256 lines,
because tall ones overrun the buffers of clones. Sources: Epson's ESC/POS reference for ``GS v 0``,
``GS L``, ``ESC J``, ``GS ( H``, ``DLE EOT`` and ``DLE DC4``.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from PIL import Image

if TYPE_CHECKING:
    from escpos.printer import Dummy

MAX_BAND_LINES: Final = 256
#: The fewest white lines that are fed instead of sent. Fewer stay in the band, so that the parts of one
#: letter (a dot above, its body) never depend on the printer's feed pitch.
MIN_FEED_LINES: Final = 10
#: Bytes that a further band must save, because each costs a header of twelve and may make the paper stop.
BAND_COST: Final = 96
#: The most lines of one extent that are treated together, so that bands can still be filled well.
LONGEST_GROUP: Final = 32
MAX_FEED: Final = 255

#: Printers obey ``DLE`` before ``EOT``, ``ENQ`` or ``DC4`` at once, also within a picture. There the single
#: dot of the byte ``DLE`` gets a neighbouring dot, which is too small to be seen.
LOOKS_LIKE_REAL_TIME: Final = re.compile(rb"\x10(?=[\x04\x05\x14])")

Band = tuple[int, int, int, int]


def encode(image: Image.Image, *, cut: bool = True, left_margin: bool = False, feed_per_line: int = 1) -> bytes:
    """Bytes that print a mode "1" image (0 is ink, width a multiple of 8), then cut.

    ``left_margin`` moves bands with ``GS L``, so that white on their left is not sent either, which saves a
    fifth of the bytes. It is for printers that are known to obey the command, because on others the number
    and the QR code are torn apart. ``feed_per_line`` is how many units of ``ESC J`` make one dot line: 1 on
    203 dpi mechanisms, 2 where feed is counted in half dots.
    """
    if image.mode != "1" or image.width % 8:
        raise ValueError(f"a 1-bit image in whole bytes is needed, not {image.mode} {image.width}")
    carrier = _carrier()
    carrier.hw("INIT")
    stride = image.width // 8
    ink = image.tobytes("raw", "1;I")
    rows = [ink[start : start + stride] for start in range(0, len(ink), stride)]
    at = margin = 0
    for top, bottom, left, right in bands(rows, crop_left=left_margin):
        for feed in _feeds((top - at) * feed_per_line):
            carrier._raw(b"\x1bJ" + bytes([feed]))
        if left != margin:
            carrier._raw(b"\x1dL" + (left * 8).to_bytes(2, "little"))
            margin = left
        width, height = right - left, bottom - top
        picture = b"".join(row[left:right] for row in rows[top:bottom])
        carrier._raw(
            b"\x1dv0\x00"
            + width.to_bytes(2, "little")
            + height.to_bytes(2, "little")
            + LOOKS_LIKE_REAL_TIME.sub(b"\x18", picture)
        )
        at = bottom
    if margin:
        carrier._raw(b"\x1dL\x00\x00")
    for feed in _feeds((len(rows) - at) * feed_per_line):
        carrier._raw(b"\x1bJ" + bytes([feed]))
    if cut:
        carrier.cut()
    return bytes(carrier.output)


def bands(rows: list[bytes], *, crop_left: bool) -> list[Band]:
    """Cut rows of ink into bands ``(top, bottom, left, right)``: lines and byte columns, half open."""
    found: list[Band] = []
    for top, bottom in _inked(rows):
        found += _cut(rows, top, bottom, crop_left)
    return found


def completion_request(token: bytes) -> bytes:
    """``GS ( H`` function 48: the printer answers with ``token`` once everything before it is printed.

    ``token`` is four printable ASCII bytes; the answer is ``37 22 d1 d2 d3 d4 00`` (hex).
    """
    if len(token) != 4 or not all(0x20 <= byte <= 0x7E for byte in token):
        raise ValueError("a completion token is four printable ASCII bytes")
    return b"\x1d(H\x06\x0000" + token


def completion_answer(token: bytes) -> bytes:
    """The bytes a printer sends back for ``completion_request(token)``."""
    return b"\x37\x22" + token + b"\x00"


def status_request(n: int) -> bytes:
    """``DLE EOT n``: 1 printer, 2 offline cause, 3 error cause, 4 roll sensor; one byte comes back."""
    if n not in (1, 2, 3, 4):
        raise ValueError(f"DLE EOT knows 1 to 4, not {n}")
    return b"\x10\x04" + bytes([n])


def clear_buffers() -> bytes:
    """Discard bytes that are received but not printed: recover (``DLE ENQ 2``), clear, initialise.

    Printers that know ``DLE DC4 8`` answer it with ``37 25 00``.
    """
    return b"\x10\x05\x02" + b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08" + b"\x1b@"


def _carrier() -> Dummy:
    # Imported here: python-escpos takes most of a second, and only a process that prints needs it.
    from escpos.printer import Dummy

    return Dummy()


def _feeds(units: int) -> list[int]:
    full, rest = divmod(units, MAX_FEED)
    return [MAX_FEED] * full + ([rest] if rest else [])


def _inked(rows: list[bytes]) -> list[tuple[int, int]]:
    """Stretches of lines with ink, white gaps shorter than ``MIN_FEED_LINES`` included."""
    stretches: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        if not any(row):
            continue
        if stretches and number - stretches[-1][1] < MIN_FEED_LINES:
            stretches[-1] = (stretches[-1][0], number + 1)
        else:
            stretches.append((number, number + 1))
    return stretches


def _cut(rows: list[bytes], top: int, bottom: int, crop_left: bool) -> list[Band]:
    """The cheapest bands for one stretch, by dynamic programming over the lines where the extent changes."""
    groups = _groups(rows, top, bottom, crop_left)
    cheapest: list[tuple[int, int, Band | None]] = [(0, 0, None)]
    for last, (_, end, left, right) in enumerate(groups):
        best: tuple[int, int, Band | None] = (sys.maxsize, 0, None)
        for first in range(last, -1, -1):
            start, _, group_left, group_right = groups[first]
            if end - start >= MAX_BAND_LINES:
                break
            left = min(left, group_left)
            right = max(right, group_right)
            cost = cheapest[first][0] + BAND_COST + (end - start) * (right - left)
            if cost < best[0]:
                best = (cost, first, (start, end, left, right))
        cheapest.append(best)
    result: list[Band] = []
    position = len(groups)
    while position:
        _, position, chosen = cheapest[position]
        if chosen is not None:
            result.append(chosen)
    return result[::-1]


def _groups(rows: list[bytes], top: int, bottom: int, crop_left: bool) -> list[Band]:
    """Groups of successive lines with the same extent, because a cut within a group saves nothing."""
    groups: list[Band] = []
    for line in range(top, bottom):
        left, right = _extent(rows[line]) if any(rows[line]) else groups[-1][2:]
        extent = (left if crop_left else 0, right)
        if groups and groups[-1][2:] == extent and line - groups[-1][0] < LONGEST_GROUP:
            groups[-1] = (groups[-1][0], line + 1, *extent)
        else:
            groups.append((line, line + 1, *extent))
    return groups


def _extent(row: bytes) -> tuple[int, int]:
    """First inked byte column of a line, and the one after the last."""
    return len(row) - len(row.lstrip(b"\0")), len(row.rstrip(b"\0"))
