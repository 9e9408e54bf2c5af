"""Type on a 1-bit strip: break into lines, order, shape and rasterise without any system library.

Lengths are dots (printer pixels); sizes are dots per em. Shaping and rasterising is HarfBuzz's, the
order of runs is ``bidi``'s.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import uharfbuzz as hb
from PIL import Image

from printers import bidi

Face = Literal["Regular", "Bold", "Code"]
Align = Literal["start", "centre"]

FONTS: Final = Path(__file__).resolve().parent / "fonts"
#: HarfBuzz positions in 1/64 dot, so that shapes are not rounded twice.
SUBDOTS: Final = 64
#: Outlines may reach this far (in em) above or below a line's own box: stacked marks, deep tails.
OVERHANG: Final = 0.6
SMALLEST_FIT: Final = 0.7
#: Places where an over-long word may be cut without harm to reading.
SOFT_ENDS: Final = frozenset("-–/._@·&?=")


@dataclass(frozen=True)
class Style:
    """How a text is set: face, em size in dots, line advance in em, and language (BCP 47)."""

    face: Face
    size: int
    leading: float
    language: str
    right_to_left: bool

    def at(self, size: int) -> Style:
        return Style(self.face, size, self.leading, self.language, self.right_to_left)


@dataclass(frozen=True)
class Glyph:
    """A shaped glyph; x and y are its pen position on the line in 1/64 dot."""

    code: int
    x: int
    y: int


@dataclass(frozen=True)
class Line:
    """A line in visual order; ``width`` in 1/64 dot."""

    glyphs: tuple[Glyph, ...]
    width: int


@dataclass(frozen=True)
class Block:
    """Set lines. ``missing`` holds the characters for which no glyph exists."""

    style: Style
    lines: tuple[Line, ...]
    missing: frozenset[str]

    @property
    def advance(self) -> int:
        """Dots from one baseline to the next."""
        return round(self.style.size * self.style.leading)

    @property
    def height(self) -> int:
        return self.advance * len(self.lines)

    @property
    def width(self) -> int:
        """Dots of the widest line, rounded up."""
        return max((-(-line.width // SUBDOTS) for line in self.lines), default=0)


def typeset(text: str, style: Style, width: int, *, balance: bool = False) -> Block:
    """Break ``text`` into lines of at most ``width`` dots and shape them.

    A word wider than the line makes the whole text smaller, down to 70 %; if that is not enough, the word
    is cut after a mark such as ``-`` or between letters. ``balance`` makes the lines of a centred text
    about equally long.
    """
    paragraphs = [bidi.resolve(part, int(style.right_to_left)) for part in _clean(text).split("\n")]
    words = [_words(paragraph, style) for paragraph in paragraphs]
    widest = max((word.width for group in words for word in group), default=0)
    limit = width * SUBDOTS
    if widest > limit:
        size = max(int(style.size * limit / widest), round(style.size * SMALLEST_FIT))
        if size < style.size:
            style = style.at(size)
            words = [_words(paragraph, style) for paragraph in paragraphs]
    lines: list[Line] = []
    missing: set[str] = set()
    for paragraph, group in zip(paragraphs, words, strict=True):
        group = _cut_long_words(paragraph, style, group, limit)
        for start, end in _break(paragraph, style, group, limit, balance):
            lines.append(_shape_line(paragraph, style, start, end, missing))
    return Block(style, tuple(lines), frozenset(missing))


def draw(block: Block, width: int, align: Align) -> tuple[Image.Image, int]:
    """Rasterise a block into a strip ``width`` dots wide.

    Returns an "L" image of coverage (255 is ink) and how many dots of it lie above the block's own
    top edge.
    """
    style = block.style
    over = round(style.size * OVERHANG)
    height = block.height + 2 * over
    raster = hb.RasterDraw()
    raster.scale_factor = (SUBDOTS, SUBDOTS)
    raster.extents = hb.RasterExtents(0, 0, width, height)
    font = _font(style.face, style.size)
    first_baseline = over + round(block.advance / 2 + style.size * _baseline_shift(style))
    for number, line in enumerate(block.lines):
        left = _offset(line.width, width * SUBDOTS, align, style.right_to_left)
        baseline = (height - first_baseline - number * block.advance) * SUBDOTS
        for glyph in line.glyphs:
            raster.transform = (1, 0, 0, 1, left + glyph.x, baseline + glyph.y)
            raster.draw_glyph(font, glyph.code)
    return _image(raster, width, height), over


def draw_code(code: str, face_size: int, width: int) -> tuple[Image.Image, frozenset[str]]:
    """The number itself: one line, always left to right, as large as fits, cropped to its ink.

    Returns the "L" image of coverage and the characters without a glyph.
    """
    style = Style("Code", face_size, 1.0, "en", right_to_left=False)
    text = unicodedata.normalize("NFC", _clean(code).replace("\n", " "))
    paragraph = bidi.resolve(text, 0)
    if any(_font("Code", face_size).get_nominal_glyph(ord(c)) is None for c in text):
        style = Style("Bold", face_size, 1.0, "en", right_to_left=False)
    missing: set[str] = set()
    line = _shape_line(paragraph, style, 0, len(text), missing)
    if line.width > width * SUBDOTS:
        style = style.at(int(face_size * width * SUBDOTS / line.width))
        missing.clear()
        line = _shape_line(paragraph, style, 0, len(text), missing)
    strip, _ = draw(Block(style, (line,), frozenset(missing)), width, "centre")
    box = strip.point(_INK).getbbox()
    if box is not None:
        strip = strip.crop(box)
    return strip, frozenset(missing)


@dataclass(frozen=True)
class _Word:
    """Characters ``start:end`` of a paragraph (spaces around excluded) and their width in 1/64 dot."""

    start: int
    end: int
    width: int


def _clean(text: str) -> str:
    """Control characters become spaces, because they have no shape."""
    return "".join(" " if c != "\n" and unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)


def _words(paragraph: bidi.Paragraph, style: Style) -> list[_Word]:
    """Unbreakable stretches: an isolate (a phone number, a range) stays in one piece, and a dash
    stays with the word before it."""
    words = []
    text = paragraph.text
    start = depth = 0
    for end in range(len(text) + 1):
        if end < len(text):
            if text[end] in "\u2066\u2067\u2068":
                depth += 1
            elif text[end] == "\u2069":
                depth = max(depth - 1, 0)
            if text[end] not in " \u200b" or depth or text[end + 1 : end + 2] in _CLINGING:
                continue
        if end > start:
            words.append(_Word(start, end, _width(paragraph, style, start, end)))
        start = end + 1
    return words


def _cut_long_words(paragraph: bidi.Paragraph, style: Style, words: list[_Word], limit: int) -> list[_Word]:
    pieces: list[_Word] = []
    for word in words:
        while word.width > limit:
            cut = _cut(paragraph, style, word, limit)
            pieces.append(_Word(word.start, cut, _width(paragraph, style, word.start, cut)))
            word = _Word(cut, word.end, _width(paragraph, style, cut, word.end))
        pieces.append(word)
    return pieces


def _cut(paragraph: bidi.Paragraph, style: Style, word: _Word, limit: int) -> int:
    text = paragraph.text
    places = [
        place
        for place in range(word.start + 1, word.end)
        if not unicodedata.combining(text[place]) and _width(paragraph, style, word.start, place) <= limit
    ]
    soft = [place for place in places if text[place - 1] in SOFT_ENDS]
    return (soft or places or [word.start + 1])[-1]


def _break(
    paragraph: bidi.Paragraph, style: Style, words: list[_Word], limit: int, balance: bool
) -> list[tuple[int, int]]:
    if not words:
        return [(0, 0)]
    space = _space(style)
    groups = _fill(words, space, limit)
    if balance and len(groups) > 1:
        low, high = max(word.width for word in words), limit
        while high - low > SUBDOTS:
            middle = (low + high) // 2
            if len(_fill(words, space, middle)) > len(groups):
                low = middle
            else:
                high = middle
        groups = _fill(words, space, high)
    lines = []
    while groups:
        group = groups.pop(0)
        start, end = group[0].start, group[-1].end
        # Kerning across spaces can make the line wider than its words; then the last word moves to the next line.
        if len(group) > 1 and _width(paragraph, style, start, end) > limit:
            groups = _fill([group[-1], *(word for rest in groups for word in rest)], space, limit)
            end = group[-2].end
        lines.append((start, end))
    return lines


def _fill(words: list[_Word], space: int, limit: int) -> list[list[_Word]]:
    groups: list[list[_Word]] = []
    used = 0
    for word in words:
        gap = space if groups and word.start > groups[-1][-1].end else 0
        if groups and used + gap + word.width <= limit:
            groups[-1].append(word)
            used += gap + word.width
        else:
            groups.append([word])
            used = word.width
    return groups


def _width(paragraph: bidi.Paragraph, style: Style, start: int, end: int) -> int:
    return sum(
        _shape(paragraph.text[run.start : run.end], style, run.right_to_left).width
        for run in paragraph.line(start, end)
    )


def _shape_line(paragraph: bidi.Paragraph, style: Style, start: int, end: int, missing: set[str]) -> Line:
    glyphs: list[Glyph] = []
    pen = 0
    for run in paragraph.line(start, end):
        shaped = _shape(paragraph.text[run.start : run.end], style, run.right_to_left)
        glyphs.extend(Glyph(glyph.code, pen + glyph.x, glyph.y) for glyph in shaped.glyphs)
        missing |= shaped.missing
        pen += shaped.width
    return Line(tuple(glyphs), pen)


@dataclass(frozen=True)
class _Shaped:
    glyphs: tuple[Glyph, ...]
    width: int
    missing: frozenset[str]


@lru_cache(maxsize=4096)
def _shape(text: str, style: Style, right_to_left: bool) -> _Shaped:
    buffer = hb.Buffer()
    buffer.add_codepoints([ord(character) for character in text])
    buffer.direction = "rtl" if right_to_left else "ltr"
    arabic = right_to_left or any("\u0600" <= character <= "\u08ff" for character in text)
    buffer.script = "Arab" if arabic else "Latn"
    buffer.language = style.language
    # Latin ligatures are off, because "fi" as one shape loses the dot that Turkish needs; Arabic needs its ligatures.
    hb.shape(_font(style.face, style.size), buffer, {} if arabic else {"liga": False})
    glyphs = []
    missing = set()
    pen = 0
    positions = buffer.glyph_positions or []
    for info, position in zip(buffer.glyph_infos, positions, strict=True):
        if info.codepoint == 0:
            missing.add(text[info.cluster])
        glyphs.append(Glyph(info.codepoint, pen + position.x_offset, position.y_offset))
        pen += position.x_advance
    return _Shaped(tuple(glyphs), pen, frozenset(missing))


@lru_cache(maxsize=64)
def _space(style: Style) -> int:
    return _shape(" ", style, right_to_left=False).width


@lru_cache(maxsize=256)
def _font(face: Face, size: int) -> hb.Font:
    font = hb.Font(_face(face))
    font.scale = (size * SUBDOTS, size * SUBDOTS)
    return font


@lru_cache(maxsize=3)
def _face(face: Face) -> hb.Face:
    loaded = hb.Face(hb.Blob.from_file_path(str(FONTS / f"NotoSansSlip-{face}.ttf")))
    if loaded.glyph_count == 0:
        raise RuntimeError(f"the typeface NotoSansSlip-{face}.ttf holds no glyphs")
    return loaded


def _baseline_shift(style: Style) -> float:
    """Distance in em from the middle of a line down to the baseline, centring the letters' body."""
    return 0.27 if style.right_to_left else 0.34


def _offset(line_width: int, width: int, align: Align, right_to_left: bool) -> int:
    free = max(width - line_width, 0)
    if align == "centre":
        return free // 2
    return free if right_to_left else 0


def _image(raster: hb.RasterDraw, width: int, height: int) -> Image.Image:
    rendered = raster.render()
    if rendered is None:
        raise MemoryError("HarfBuzz could not allocate the slip's image")
    extents = rendered.extents
    if extents is None or not extents.width or not extents.height:
        return Image.new("L", (width, height), 0)
    return Image.frombuffer(
        "L",
        (extents.width, extents.height),
        rendered.buffer,
        "raw",
        "L",
        extents.stride,
        -1,
    )


#: Marks that may not begin a line.
_CLINGING: Final = frozenset("–—·•")
_INK: Final = [0] * 128 + [255] * 128
