"""A sheet of paper that grows downwards: it places texts, rules and codes, and draws them at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import segno
from PIL import Image

from printers import text
from printers.text import Align, Face

RIGHT_TO_LEFT_LANGUAGES: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
RIGHT_TO_LEFT_SCRIPTS: Final = frozenset({"Arab", "Hebr", "Syrc", "Thaa"})
#: Coverage (0…255) from which a dot is burnt; thermal dots bleed, so a little above the middle.
THRESHOLD: Final = 136
WIDE: Final = 512
#: Dots between a text and the code beside it.
BESIDE: Final = 36
#: White modules on every side of a QR code (ISO/IEC 18004), which scanners need to find its corners.
QUIET_ZONE: Final = 4
#: Dots between a rule and the texts beside a code.
ABOVE_TEXT: Final = 20


class MissingGlyph(ValueError):
    """The slip's typeface has no shape for ``characters``."""

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters = tuple(sorted(characters))
        points = " ".join(f"U+{ord(character):04X}" for character in self.characters)
        super().__init__(f"no glyph for {points}")


class Sheet:
    """A sheet that grows downwards; it collects its parts until its height is known."""

    def __init__(self, language: str, dots: int) -> None:
        self.language = language
        self.right_to_left = is_right_to_left(language)
        self.dots = dots
        self.wide = dots >= WIDE
        self.margin = 8
        self.y = 8
        self.missing: set[str] = set()
        self._placed: list[tuple[Image.Image, int, int]] = []
        self._boxes: list[tuple[int, int, int, int]] = []

    @property
    def inner(self) -> int:
        return self.dots - 2 * self.margin

    def skip(self, dots: int) -> None:
        self.y += dots if self.wide else round(dots * 0.8)

    def rule(self, weight: int) -> None:
        self.ink(self.margin, 0, self.dots - self.margin, weight)
        self.y += weight

    def ink(self, left: int, top: int, right: int, bottom: int) -> None:
        """A black box; `top` and `bottom` count from the present end of the paper."""
        self._boxes.append((left, self.y + top, right, self.y + bottom))

    def write(
        self, content: str, face: Face, size: int, *, balance: bool, inset: int = 0, language: str | None = None
    ) -> None:
        """A centred text as wide as the paper without `inset` dots on both sides; `language` replaces the slip's."""
        style = self._style(face, size, language)
        self.y += self._write(
            content, style, self.margin + inset, self.y, self.inner - 2 * inset, "centre", balance=balance
        )

    def write_code(self, code: str, size: int) -> None:
        strip, missing = text.draw_code(code, size if self.wide else round(size * 0.68), self.inner)
        self.missing |= missing
        self.place(strip)

    def place(self, image: Image.Image) -> None:
        """An image in the middle."""
        self._placed.append((image, (self.dots - image.width) // 2, self.y))
        self.y += image.height

    def place_code(self, content: str, dots_per_module: int) -> None:
        """A QR code in the middle, in its quiet zone."""
        quiet = QUIET_ZONE * dots_per_module
        self.y += quiet
        self.place(qr_image(content, dots_per_module))
        self.y += quiet

    def beside_code(self, address: str, dots_per_module: int, *texts: tuple[str | None, Face, int]) -> None:
        """Texts with a QR code on their end side, together in the middle of the paper.

        At the two edges they would look unrelated, and the white between them would be sent. Their outer edges are on
        whole bytes, because this too saves bytes. The distances above and below stay as they are.
        """
        image, quiet = qr_image(address, dots_per_module), QUIET_ZONE * dots_per_module
        gap = max(BESIDE, quiet)
        present = [(content, face, size) for content, face, size in texts if content]
        limit = self.dots - 2 * quiet - image.width - gap
        blocks = [self._measure(content, face, size, limit) for content, face, size in present]
        group = max(width for width, _ in blocks) + gap + image.width
        left = max(quiet, (self.dots - group) // 2 // 8 * 8)
        right = self.dots - left
        between = 14
        total = sum(height for _, height in blocks) + between * (len(blocks) - 1)
        height = max(total + 2 * ABOVE_TEXT, image.height + 2 * quiet)
        y = self.y + (height - total) // 2
        for content, face, size in present:
            x = right - limit if self.right_to_left else left
            y += self._write(content, self._style(face, size), x, y, limit, "start", balance=True) + between
        x = left if self.right_to_left else right - image.width
        self._placed.append((image, x, self.y + (height - image.height) // 2))
        self.y += height

    def image(self) -> Image.Image:
        canvas = Image.new("L", (self.dots, self.y), 0)
        for strip, x, y in self._placed:
            canvas.paste(255, (x, y, x + strip.width, y + strip.height), strip)
        for box in self._boxes:
            canvas.paste(255, box)
        return canvas.point([255] * THRESHOLD + [0] * (256 - THRESHOLD), "1")

    def _write(
        self, content: str, style: text.Style, x: int, y: int, width: int, align: Align, *, balance: bool
    ) -> int:
        strip = _strip(content, style, width, align, balance)
        self.missing |= strip.missing
        self._placed.append((strip.image, x, y - strip.over))
        return strip.height

    def _measure(self, content: str, face: Face, size: int, limit: int) -> tuple[int, int]:
        """Width and height of a text that has `limit` dots."""
        strip = _strip(content, self._style(face, size), limit, "start", True)
        return strip.width, strip.height

    def _style(self, face: Face, size: int, language: str | None = None) -> text.Style:
        scale = 1.0 if self.wide else 0.86
        language = language or self.language
        if is_right_to_left(language):
            return text.Style(face, round(size * scale * 1.14), 1.62, language, True)
        return text.Style(face, round(size * scale), 1.36, language, False)


def is_right_to_left(language: str) -> bool:
    """Whether a BCP 47 tag is written from right to left."""
    subtags = language.split("-")
    for subtag in subtags[1:]:
        if len(subtag) == 4 and subtag.isalpha():
            return subtag.title() in RIGHT_TO_LEFT_SCRIPTS
    return subtags[0].lower() in RIGHT_TO_LEFT_LANGUAGES


def qr_image(content: str, dots_per_module: int) -> Image.Image:
    """The QR code of ``content`` without its quiet zone, as coverage (255 is ink)."""
    matrix = segno.make(content, error="m", micro=False, boost_error=False).matrix
    side = len(matrix)
    modules = Image.frombytes("L", (side, side), b"".join(bytes(row) for row in matrix))
    ink = modules.point([0] + [255] * 255)
    return ink.resize((side * dots_per_module,) * 2, Image.Resampling.NEAREST)


@dataclass(frozen=True)
class _Strip:
    """A set text as image; `over` dots of it lie above its top edge, `width` is that of its widest line."""

    image: Image.Image
    over: int
    width: int
    height: int
    missing: frozenset[str]


@lru_cache(maxsize=256)
def _strip(content: str, style: text.Style, width: int, align: Align, balance: bool) -> _Strip:
    """Set a text.

    Names and instructions are the same on slip after slip, hence the cache.
    """
    block = text.typeset(content, style, width, balance=balance)
    image, over = text.draw(block, width, align)
    return _Strip(image, over, block.width, block.height, block.missing)
