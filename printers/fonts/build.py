"""Rebuild the slip's typefaces from the upstream subsets.

Not used at run time. Needs ``fonttools`` and ``brotli``; the inputs are the unpacked npm packages
named in ``FONTS.md``, each in a folder of its own name:

    python printers/fonts/build.py FOLDER_WITH_UNPACKED_PACKAGES

Every input is checked against ``sources.sha256`` before anything is written, so the same files come
out byte for byte.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

HERE = Path(__file__).resolve().parent

ARROWS = "←↑→↓↔"
#: The code on a slip is letters and digits; its weight needs nothing else.
CODE_CHARACTERS = " -–/.0123456789٠١٢٣٤٥٦٧٨٩ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜĞİŞÇءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي"
TEXT_CHARACTERS = "AZazİığşüöçßÄäÖÜ€–—·•…«»“”„’→٠٩۰۹،؛؟ءيىةپچژگک" + ARROWS

FACES = {"NotoSansSlip-Regular": 400, "NotoSansSlip-Bold": 700, "NotoSansSlip-Code": 800}


def main(packages: Path) -> None:
    check_sources(packages)
    for name, weight in FACES.items():
        target = HERE / f"{name}.ttf"
        build(packages, name, weight, target)
        digest = hashlib.sha256(target.read_bytes()).hexdigest()
        print(f"{digest}  {target.name}  {target.stat().st_size} bytes")


def check_sources(packages: Path) -> None:
    """Refuse inputs other than the ones the committed faces were built from."""
    for line in (HERE / "sources.sha256").read_text("ascii").splitlines():
        expected, name = line.split()
        found = hashlib.sha256((packages / name).read_bytes()).hexdigest()
        if found != expected:
            raise SystemExit(f"{name}: sha256 is {found}, expected {expected}")


def build(packages: Path, name: str, weight: int, target: Path) -> None:
    """Merge Latin, extended Latin, Arabic and arrows of one weight into one TrueType file."""
    is_code = weight == 800
    parts: list[tuple[str, str | None]] = [
        (f"noto-sans/package/files/noto-sans-latin-{weight}-normal.woff2", None),
        (f"noto-sans/package/files/noto-sans-latin-ext-{weight}-normal.woff2", None),
        (f"noto-sans-arabic/package/files/noto-sans-arabic-arabic-{weight}-normal.woff2", None),
    ]
    if not is_code:
        parts.append(
            (
                f"noto-sans-symbols/package/files/noto-sans-symbols-symbols-{weight}-normal.woff2",
                ARROWS,
            )
        )
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for index, (part, characters) in enumerate(parts):
            font = TTFont(packages / part, recalcTimestamp=False)
            font.flavor = None
            drop_hinting(font)
            if characters is not None:
                subset(font, characters)
            path = Path(folder) / f"{index}.ttf"
            font.save(path)
            paths.append(str(path))
        merged = Merger().merge(paths)
    if is_code:
        subset(merged, CODE_CHARACTERS)
    rename(merged, name)
    merged["head"].created = merged["head"].modified = 0
    merged.recalcTimestamp = False
    merged.save(target)
    covered = TTFont(target).getBestCmap()
    missing = [c for c in (CODE_CHARACTERS if is_code else TEXT_CHARACTERS) if ord(c) not in covered]
    if missing:
        raise SystemExit(f"{name}: no glyph for {missing}")


def drop_hinting(font: TTFont) -> None:
    """Drop instructions, style tables and vertical metrics: outlines are drawn without hinting, in horizontal lines."""
    for tag in ("prep", "fpgm", "cvt ", "gasp", "STAT", "vhea", "vmtx"):
        if tag in font:
            del font[tag]
    glyphs = font["glyf"]
    for glyph_name in font.getGlyphOrder():
        glyphs[glyph_name].removeHinting()


def subset(font: TTFont, characters: str) -> None:
    options = Options(layout_features=["*"], name_IDs=["*"], notdef_outline=True, hinting=False)
    options.recalc_timestamp = False
    subsetter = Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)


def rename(font: TTFont, name: str) -> None:
    """Say in the file itself that it is a merged face and not an upstream release."""
    family, style = name.split("-")
    for record, text in {1: family, 2: style, 3: name, 4: f"{family} {style}", 6: name}.items():
        font["name"].setName(text, record, 3, 1, 0x409)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
