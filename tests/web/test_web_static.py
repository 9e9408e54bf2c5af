"""The design rules: contrast, tokens in one place, fonts, third-party files."""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from queue_system.i18n.catalogues import catalogues

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "queue_system" / "web" / "static"
SHEETS = sorted(
    sheet for package in ("queue_system", "kiosk", "displays") for sheet in (ROOT / package).rglob("static/*.css")
)
LOCKS = [STATIC / "vendor", ROOT / "tests" / "vendor"]

# Foreground, background and the least contrast: text 4.5, large or plain text more, outlines of controls 3 (WCAG 2.2).
PAIRS = [
    ("ink", "paper", 12.0),
    ("ink", "card", 12.0),
    ("ink", "shade", 12.0),
    ("ink", "brand-soft", 12.0),
    ("ink", "call-soft", 12.0),
    ("quiet", "paper", 5.0),
    ("quiet", "card", 5.0),
    ("quiet", "shade", 5.0),
    ("quiet", "brand-soft", 5.0),
    ("quiet", "call-soft", 5.0),
    ("brand", "paper", 4.5),
    ("brand", "card", 4.5),
    ("brand", "brand-soft", 4.5),
    ("on-brand", "brand", 7.0),
    ("on-brand", "brand-strong", 7.0),
    ("call", "paper", 4.5),
    ("call", "call-soft", 4.5),
    ("on-call", "call", 4.5),
    ("good", "card", 4.5),
    ("good", "good-soft", 4.5),
    ("stop", "card", 4.5),
    ("stop", "paper", 4.5),
    ("stop", "stop-soft", 4.5),
    ("on-stop", "stop", 4.5),
    ("edge", "paper", 3.0),
    ("edge", "card", 3.0),
    ("focus", "paper", 3.0),
    ("focus", "card", 3.0),
    ("focus", "brand-soft", 3.0),
    ("focus", "call-soft", 3.0),
    ("slip-ink", "slip", 12.0),
]


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_colours_are_far_enough_apart(theme: str) -> None:
    colours = table_of(theme)
    low = {
        f"{front} on {back}": round(ratio, 2)
        for front, back, least in PAIRS
        if (ratio := contrast(colours[front], colours[back])) < least
    }
    assert low == {}


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_the_machine_s_dark_and_the_page_s_dark_are_the_same() -> None:
    text = tokens()
    asked_by_machine = declarations(rule(text, ':root:not([data-theme="light"])'))
    assert asked_by_machine == declarations(rule(text, ':root[data-theme="dark"]'))
    assert {name for name in asked_by_machine if name.startswith("--")} >= {f"--{front}" for front, _, _ in PAIRS} - {
        "--slip-ink"
    }


def test_colours_and_fonts_are_named_in_the_tokens_alone() -> None:
    named = re.compile(
        r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch)\(|\b(?:white|black|red|green|grey|gray)\b(?=\s*[;}])"
    )
    found = {
        f"{sheet.name}: {match.group()}"
        for sheet in SHEETS
        if sheet.name != "tokens.css"
        for match in named.finditer(without_comments(sheet))
    }
    assert found == set()


def test_every_token_that_is_used_is_set() -> None:
    texts = {sheet: without_comments(sheet) for sheet in SHEETS}
    known = {name for text in texts.values() for name in re.findall(r"(?<![\w-])(--[\w-]+)\s*:", text)}
    unknown = {
        f"{sheet.name}: {name}"
        for sheet, text in texts.items()
        for name in re.findall(r"var\((--[\w-]+)", text)
        if name not in known
    }
    assert unknown == set()


def test_arabic_is_neither_spaced_out_nor_slanted() -> None:
    for sheet in SHEETS:
        text = without_comments(sheet)
        assert set(re.findall(r"letter-spacing:\s*([^;}]+)", text)) <= {"0", "0 !important", "inherit"}, sheet.name
        assert "italic" not in text, sheet.name


def test_focus_is_never_taken_away() -> None:
    """`outline: none` is allowed only where something around the control draws the ring, or :focus-visible does.

    It is also allowed on the kiosk's question, which a script focuses for screen readers and which is not a control.
    """
    for sheet in SHEETS:
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", without_comments(sheet)):
            if re.search(r"outline:\s*(none|0)", body):
                assert selector.strip() in {":focus", ".card-choice input:focus-visible", ".kiosk h1:focus"}, (
                    f"{sheet.name}: {selector}"
                )


# ---- fonts


def test_fonts_are_the_files_that_were_written_down() -> None:
    rows = dict(
        re.findall(r"^\| (\S+\.woff2) \|.*`([0-9a-f]{64})` \|$", (STATIC / "fonts/FONTS.md").read_text(), re.MULTILINE)
    )
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (STATIC / "fonts").glob("*.woff2")}
    assert files == rows
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts/OFL.txt").read_text()


def test_an_arabic_page_loads_little() -> None:
    sizes = [(STATIC / "fonts" / name).stat().st_size for name in ("NotoSansArabic.woff2", "NotoSans-Latin.woff2")]
    assert sum(sizes) < 100_000


@pytest.mark.parametrize("name", ["NotoSansArabic", "NotoSans-Latin", "NotoSans-LatinExt"])
def test_the_sheet_asks_a_font_for_exactly_what_it_holds(name: str) -> None:
    """A character that is missing in the font, or missing in the sheet, is drawn in some font of the device."""
    font = TTFont(STATIC / "fonts" / f"{name}.woff2")
    held = set(font.getBestCmap())
    assert [(axis.axisTag, axis.minValue, axis.maxValue) for axis in font["fvar"].axes] == [("wght", 400.0, 700.0)]
    assert held == ranges()[f"{name}.woff2"]
    missing = {sign for sign in NEEDED[name] if ord(sign) not in held}
    assert missing == set()


def test_one_file_answers_for_each_character() -> None:
    seen: set[int] = set()
    for promised in ranges().values():
        assert not seen & promised
        seen |= promised


def test_catalogues_need_no_other_font() -> None:
    held = {code for promised in ranges().values() for code in promised} | {0x2066, 0x2067, 0x2068, 0x2069}
    for language, catalogue in catalogues().items():
        text = "".join(form for message in catalogue.messages.values() for form in message.forms)
        strange = {sign for sign in text if ord(sign) not in held and not sign.isspace()}
        assert strange == set(), language


# ---- files of others


@pytest.mark.parametrize("folder", LOCKS, ids=["static", "tests"])
def test_vendored_files_are_those_of_the_lock(folder: Path) -> None:
    for package in tomllib.loads((folder / "vendor.lock").read_text(encoding="utf-8"))["package"]:
        home = folder / package["folder"]
        assert home.name == f"{package['name'].removesuffix('.org')}-{package['version']}"
        assert package["licence"]
        assert package["integrity"].startswith("sha512-")
        assert any(name.startswith("LICENSE") for name in package["files"])
        assert {path.name: integrity(path) for path in home.iterdir()} == package["files"]


def test_pages_load_no_file_of_others_that_is_not_locked() -> None:
    locked = tomllib.loads((STATIC / "vendor/vendor.lock").read_text(encoding="utf-8"))["package"]
    assert {path.name for path in (STATIC / "vendor").iterdir()} == {
        "vendor.lock",
        *(package["folder"] for package in locked),
    }


# ---- reading


NEEDED = {
    "NotoSansArabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأإؤئىةپچژگکیٹںہھےۆەڤ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹ًٌٍَُِّْٰ،؛؟٪ﷺ",
    "NotoSans-Latin": "ABCXYZabcxyz0123456789 +-–—:/().,«»“”’…·äöüÄÖÜßçÇéıâî€\u00a0",
    "NotoSans-LatinExt": "ĞğİŞşāīūḥṣṭẓʿʾ",
}


def tokens() -> str:
    return without_comments(STATIC / "tokens.css")


def without_comments(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)


def rule(text: str, selector: str) -> str:
    """The declarations of the first rule with exactly `selector`."""
    found = re.search(r"(?:^|[}{;])\s*" + re.escape(selector) + r"\s*\{([^{}]*)\}", text)
    assert found, selector
    return found.group(1)


def declarations(body: str) -> dict[str, str]:
    return {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in body.split(";") if line.strip())
    }


def table_of(theme: str) -> dict[str, str]:
    """Colours by token name, without the dashes; a theme overrides the light table."""
    text = tokens()
    colours = declarations(rule(text, ":root"))
    if theme == "dark":
        colours |= declarations(rule(text, ':root[data-theme="dark"]'))
    if theme == "contrast":
        colours |= declarations(rule(text, "body.contrast"))
    return {name.removeprefix("--"): value for name, value in colours.items() if value.startswith("#")}


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two #RRGGBB colours, 1 … 21 (WCAG 2.2, "contrast ratio" and "relative luminance")."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ranges() -> dict[str, set[int]]:
    """Font file name → the characters of its unicode-range."""
    faces = re.findall(r"@font-face\s*\{(.*?)\}", without_comments(STATIC / "base.css"), re.DOTALL)
    found = {}
    for face in faces:
        name = re.search(r'url\("fonts/([^"]+)"\)', face)
        promise = re.search(r"unicode-range:([^;]+);", face)
        assert name
        assert promise
        found[name.group(1)] = {code for part in promise.group(1).split(",") for code in span(part.strip())}
    assert found
    return found


def span(part: str) -> Iterator[int]:
    first, _, last = part.removeprefix("U+").partition("-")
    yield from range(int(first, 16), int(last or first, 16) + 1)


def integrity(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
