"""Interprets the bytes in a receipt printer's buffer: ESC/POS, standard mode.

Written from the published command references (Epson ESC/POS, and the manuals of compatible printers) instead of
the encoder it helps to test. Commands that only change the look of text are accepted and do nothing, because
this system prints pictures. Bytes outside commands are drawn as characters, as real printers do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

from PIL import Image, ImageDraw, ImageFont

from .virtual_paper import Strip

ESC: Final = 0x1B
GS: Final = 0x1D
FS: Final = 0x1C
DLE: Final = 0x10
LF: Final = 0x0A

TALLEST_RASTER: Final = 2303
CHARACTER: Final = (12, 24)
"""Dots of font A."""
LINE: Final = 30
"""Rows of a line feed after ESC @ or ESC 2."""

# The total lengths of commands of fixed length.
_LENGTHS: Final[dict[int, dict[int, int]]] = {
    ESC: {
        **dict.fromkeys(b"@2imLS<", 2),
        **dict.fromkeys(b"Jd3at!EG-MVR{ =rT", 3),
        **dict.fromkeys(b"$\\c", 4),
        ord("p"): 5,
    },
    GS: {ord(":"): 2, **dict.fromkeys(b"!BHfhwbarIT", 3), **dict.fromkeys(b"LWP$\\", 4), ord("^"): 5},
    FS: {**dict.fromkeys(b".&", 2), **dict.fromkeys(b"!C-W", 3), **dict.fromkeys(b"Sp", 4)},
}
# Those among them whose effect would be visible on paper but is not drawn here.
_NOT_DRAWN: Final = frozenset({b"\x1bL", b"\x1dI", b"\x1d:", b"\x1d^", b"\x1cp"})
_SILENT: Final = frozenset(b"\x00\x0c\x0d\x18")
_COMPLETION: Final = b"\x1d(H\x06\x00\x30\x30"


@dataclass(slots=True)
class Raster:
    """A GS v 0 picture in progress: bytes per row, rows to come, scale, and the position of its left edge."""

    width: int
    rows: int
    wide: bool
    tall: bool
    left: int


class Hardware(Protocol):
    """The parts of the printer that commands use besides the paper."""

    def answer(self, data: bytes) -> None:
        """Send bytes to the computer."""

    def dropped(self, piece: list[int]) -> None:
        """A piece of paper (its rows, top first) was cut off; empty when the knife met nothing."""

    def paper_sensor(self) -> int:
        """The answer to GS r 1: 0x03 the roll is nearly used up, 0x0C there is no paper."""

    def push_status(self) -> None:
        """Send the four status bytes of GS a, which was just switched on."""


class Interpreter:
    """Carries out commands on a strip of paper.

    `completion` says whether this model knows GS ( H, `pushes` holds the bits of GS a.
    `faults` counts, by name, commands that a correct sender never sends.
    """

    def __init__(self, strip: Strip, hardware: Hardware) -> None:
        self.strip = strip
        self.hardware = hardware
        self.completion = True
        self.faults: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """The effect of ESC @ and of switching on; the paper and the bytes in the receive buffer stay."""
        self.abort()
        self.pushes = 0
        self._spacing = LINE
        self._justify = 0
        self._margin = 0
        self._area: int | None = None

    def abort(self) -> None:
        """Discard a picture or a line in progress."""
        self._raster: Raster | None = None
        self._line: list[tuple[int, int]] = []
        self._x = 0

    def step(self, buffer: bytearray) -> bool:
        """Carry out the first thing in the buffer and take it out; False when more bytes must come first."""
        if self._raster is not None:
            return self._row(self._raster, buffer)
        length = self._length(buffer)
        if length is None or len(buffer) < length:
            return False
        command = bytes(buffer[:length])
        del buffer[:length]
        self._do(command)
        return True

    def _length(self, data: bytearray) -> int | None:
        if not data:
            return None
        if data[0] == DLE:
            return _real_time_length(data)
        if data[0] not in _LENGTHS:
            return 1
        if len(data) < 2:
            return None
        fixed = _LENGTHS[data[0]].get(data[1])
        return fixed if fixed is not None else _variable_length(data)

    def _do(self, command: bytes) -> None:
        if len(command) == 1:
            self._character(command[0])
        elif command[0] == ESC:
            self._escape(command)
        elif command[0] == GS:
            self._group(command)
        elif command[0] == FS and command[1] not in _LENGTHS[FS]:
            self._fault(command)
        if command[:2] in _NOT_DRAWN:
            self._fault(command)

    def _escape(self, command: bytes) -> None:
        match command[1:2], command[2:]:
            case b"@", _:
                self.reset()
            case b"J", amount:
                self._print_line(amount[0])
            case b"d", amount:
                self._print_line(amount[0] * self._spacing)
            case b"3", amount:
                self._spacing = amount[0]
            case b"2", _:
                self._spacing = LINE
            case b"a", where:
                self._justify = where[0] % 48 if where[0] % 48 < 3 else self._justify
            case b"$", position:
                self._x = int.from_bytes(position, "little")
            case ((b"i" | b"m"), _):
                self._print_line(0)
                self.hardware.dropped(self.strip.cut())
            case b"D", _:
                pass
            case _ if command[1] not in _LENGTHS[ESC]:
                self._fault(command)

    def _group(self, command: bytes) -> None:
        match command[1:2], command[2:]:
            case b"v", header:
                self._begin_raster(header)
            case b"L", amount:
                self._margin = int.from_bytes(amount, "little")
            case b"W", amount:
                self._area = int.from_bytes(amount, "little")
            case b"V", how:
                self._cut_paper(how)
            case b"a", which:
                self.pushes = which[0]
                if self.pushes:
                    self.hardware.push_status()
            case b"r", which:
                self._transmit_status(which[0])
            case b"(", _:
                self._extended(command)
            case _ if command[1] not in _LENGTHS[GS]:
                self._fault(command)

    def _extended(self, command: bytes) -> None:
        if command.startswith(_COMPLETION) and len(command) == len(_COMPLETION) + 4:
            if self.completion:
                self.hardware.answer(completion_answer(command))
        elif command[2:3] not in b"ACDEHKMNP":
            self._fault(command)

    def _transmit_status(self, which: int) -> None:
        if which in {1, 49}:
            self.hardware.answer(bytes([self.hardware.paper_sensor()]))
        elif which in {2, 50}:
            self.hardware.answer(b"\x00")
        else:
            self.faults["1d 72"] += 1

    def _cut_paper(self, how: bytes) -> None:
        self._print_line(0)
        if how[0] in {65, 66}:
            self.strip.feed(self.strip.cutter + how[1])
        elif how[0] not in {0, 1, 48, 49}:
            self.faults["1d 56"] += 1
            return
        self.hardware.dropped(self.strip.cut())

    def _begin_raster(self, header: bytes) -> None:
        mode = header[1] % 48
        width, rows = int.from_bytes(header[2:4], "little"), int.from_bytes(header[4:6], "little")
        if header[0] != ord("0") or mode > 3 or header[1] not in {mode, mode + 48}:
            self.faults["1d 76"] += 1
            return
        if not width or not 0 < rows <= TALLEST_RASTER:
            # As in a real printer the command is dropped, and its data are printed as characters.
            self.faults["1d 76 30 size"] += 1
            return
        left = self._x
        if self._line:
            self.faults["1d 76 30 in a line"] += 1
            self._print_line(0)
            left = 0
        wide = bool(mode & 1)
        dots = width * 8 * (2 if wide else 1)
        left += max(0, self._width() - left - dots) * self._justify // 2
        self._raster = Raster(width, rows, wide, bool(mode & 2), self._margin + left)

    def _row(self, raster: Raster, buffer: bytearray) -> bool:
        if len(buffer) < raster.width:
            return False
        data = bytes(buffer[: raster.width])
        del buffer[: raster.width]
        if raster.wide:
            data = b"".join(_doubled(byte) for byte in data)
        row = self._placed(int.from_bytes(data, "big"), len(data) * 8, raster.left)
        for _ in range(2 if raster.tall else 1):
            self.strip.add(row)
        raster.rows -= 1
        if not raster.rows:
            self.abort()
        return True

    def _placed(self, row: int, width: int, left: int) -> int:
        """A row of `width` dots at `left`, clipped to the printing area."""
        shift = self.strip.dots - left - width
        placed = row << shift if shift >= 0 else row >> -shift
        area = min(self._width(), max(self.strip.dots - self._margin, 0))
        mask = ((1 << area) - 1) << (self.strip.dots - self._margin - area) if area else 0
        return placed & mask

    def _width(self) -> int:
        rest = max(self.strip.dots - self._margin, 0)
        return rest if self._area is None else min(self._area, rest)

    def _character(self, byte: int) -> None:
        if byte == LF:
            self._print_line(self._spacing)
        elif byte == 0x09:
            self._x = (self._x // (8 * CHARACTER[0]) + 1) * 8 * CHARACTER[0]
        elif byte in _SILENT:
            return
        elif byte < 0x20:
            self.faults[f"{byte:02x}"] += 1
        else:
            if self._x + CHARACTER[0] > self._width():
                self._print_line(self._spacing)
            self._line.append((self._x, byte))
            self._x += CHARACTER[0]

    def _print_line(self, feed: int) -> None:
        """Print the line, and feed the paper by `feed` rows, at least by the line's height."""
        printed = 0
        if self._line:
            shift = self._margin + max(0, self._width() - self._x) * self._justify // 2
            for row in self._drawn(shift):
                self.strip.add(self._placed(row, self.strip.dots, 0))
                printed += 1
        self.strip.feed(max(0, feed - printed))
        self._line, self._x = [], 0

    def _drawn(self, shift: int) -> list[int]:
        picture = Image.new("1", (self.strip.dots, CHARACTER[1]))
        for x, byte in self._line:
            picture.paste(_glyph(byte), (x + shift, 0))
        stride = self.strip.dots // 8
        data = picture.tobytes()
        return [int.from_bytes(data[at : at + stride], "big") for at in range(0, len(data), stride)]

    def _fault(self, command: bytes) -> None:
        self.faults[command[: 3 if command[1:2] == b"(" else 2].hex(" ")] += 1


def completion_answer(command: bytes) -> bytes:
    """The answer to GS ( H function 48: header 37, 22, the four bytes of the request, 00."""
    return b"\x37\x22" + command[len(_COMPLETION) : len(_COMPLETION) + 4] + b"\x00"


def _real_time_length(data: bytearray) -> int | None:
    """The length of a DLE command, which is only skipped here, because it was obeyed when it arrived."""
    if len(data) < 3:
        return None
    if data[1] in {0x04, 0x05}:
        return 3
    if data[1] == 0x14:
        return {1: 5, 2: 5, 7: 4, 8: 10}.get(data[2], 3)
    return 1


def _variable_length(data: bytearray) -> int | None:
    """The length of a command that contains it; two for an unknown one, so that the rest is printed as text."""
    size: int | None = 2
    match bytes(data[:2]):
        case b"\x1dv":
            size = 8
        case b"\x1dV":
            size = None if len(data) < 3 else 4 if data[2] in {65, 66} else 3
        case b"\x1d(" | b"\x1c(":
            size = None if len(data) < 5 else 5 + int.from_bytes(data[3:5], "little")
        case b"\x1d8":
            size = None if len(data) < 7 else 7 + int.from_bytes(data[3:7], "little")
        case b"\x1dk":
            size = _barcode_length(data)
        case b"\x1d*":
            size = None if len(data) < 4 else 4 + data[2] * data[3] * 8
        case b"\x1b*":
            size = None if len(data) < 5 else 5 + int.from_bytes(data[3:5], "little") * (3 if data[2] >= 32 else 1)
        case b"\x1bD":
            size = _up_to_nul(data, 2)
    return size


def _barcode_length(data: bytearray) -> int | None:
    if len(data) < 4:
        return None
    return 4 + data[3] if data[2] >= 65 else _up_to_nul(data, 3)


def _up_to_nul(data: bytearray, start: int) -> int | None:
    end = data.find(0, start)
    return None if end < 0 else end + 1


@cache
def _doubled(byte: int) -> bytes:
    """Each dot twice, side by side."""
    return int("".join(bit * 2 for bit in f"{byte:08b}"), 2).to_bytes(2, "big")


@cache
def _glyph(byte: int) -> Image.Image:
    """A character of font A; an unknown character is an empty box."""
    picture = Image.new("1", CHARACTER)
    draw = ImageDraw.Draw(picture)
    if byte < 0x7F:
        small = Image.new("1", (CHARACTER[0] // 2, CHARACTER[1] // 2))
        ImageDraw.Draw(small).text((0, 0), chr(byte), fill=1, font=ImageFont.load_default_imagefont())
        picture.paste(small.resize(CHARACTER, Image.Resampling.NEAREST))
    else:
        draw.rectangle((1, 2, CHARACTER[0] - 3, CHARACTER[1] - 6), outline=1)
    return picture
