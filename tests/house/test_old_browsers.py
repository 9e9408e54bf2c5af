"""Televisions and telephones of 2019 run our pages: no newer JavaScript in the scripts, no newer CSS on the screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.kit.tree import ROOT

STATIC = ROOT / "queue_system" / "web" / "static"
SURFACES = ROOT / "queue_system" / "surfaces"
SCREEN = ROOT / "displays" / "static"
SCRIPTS = [
    SCREEN / "screen.js",
    SURFACES / "phone/static/ticket.js",
    SURFACES / "pairing/static/pairing.js",
    STATIC / "follow.js",
    STATIC / "base.js",
    STATIC / "plain.js",
]
SHEETS = [SCREEN / "screen.css"]

# Comments, strings, templates, and regular expressions where one can begin.
NO_CODE = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `(?:\\.|[^`\\])*`
        | (?<=[(,=:!&|?{};])\s*/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+/[a-z]*""",
    re.DOTALL | re.VERBOSE,
)
# Features newer than ES2019, and those that Chromium 68, Firefox 68 or Safari 12 did not have yet.
YOUNGER = {
    "optional chaining": r"\?\.(?!\d)",
    "?? or ??=": r"\?\?",
    "logical assignment": r"(?:\|\||&&)=",
    "numeric separator": r"\d_\d",
    "private or static member": r"(?<![\w\"'])#[a-z]\w*|\bstatic\s*[{=]|\bstatic\s+\w+\s*[=;]",
    "whole number without end": r"\b\d+n\b",
    "import() or import.meta": r"\bimport\s*[(.]",
    "a method that came later": r"\.(?:replaceAll|at|flat|flatMap|matchAll|fromEntries|allSettled|any|hasOwn|findLast|"
    r"toSorted|toReversed|trimStart|trimEnd|replaceChildren)\(",
    "a name that came later": r"\b(?:globalThis|structuredClone|queueMicrotask|WeakRef|AbortSignal\.timeout|OscillatorNode|"
    r"GainNode|ResizeObserver)\b",
}
NOT_OF_2009 = r"\b(?:const|let|class|of|async|await|Promise|fetch|Map|Set)\b|=>|`|\.\.\."
YOUNGER_CSS = {
    "a list of selectors in one": r":(?:is|where|has)\(",
    "logical shorthand": r"\b(?:inset|(?:padding|margin|border)-(?:inline|block))\b",
    "comparison": r"\b(?:min|max|clamp)\(",
    "aspect-ratio as a property": r"[;{]\s*aspect-ratio",
    "gap without its old name": r"[;{\s](?:gap|row-gap|column-gap):",
    "separate transforms": r"[;{\s](?:translate|scale|rotate):",
    "younger units": r"\d(?:dvh|svh|lvh|dvw|cqw|cqh|cqi)\b",
    "layers, containers, nesting": r"@(?:layer|container)|&",
    "younger colours": r"\b(?:color-mix|oklch|light-dark)\(",
}


def code_of(path: Path) -> str:
    """A script without comments and texts. Code inside of template texts is lost; ours has none that matters."""
    return NO_CODE.sub(" ", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_of_an_old_device_is_younger_than_the_device(path: Path) -> None:
    code = code_of(path)
    found = {what: hits for what, pattern in YOUNGER.items() if (hits := re.findall(pattern, code))}
    assert found == {}


def test_the_last_resort_asks_for_nothing_at_all() -> None:
    assert re.findall(NOT_OF_2009, code_of(STATIC / "plain.js")) == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_the_sheet_of_the_screen_is_no_younger_than_a_television(path: Path) -> None:
    rules = re.sub(r"/\*.*?\*/", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    rules = rules.replace("max-aspect-ratio", "").replace("min-aspect-ratio", "")
    found = {what: hits for what, pattern in YOUNGER_CSS.items() if (hits := re.findall(pattern, rules))}
    assert found == {}


def test_only_a_grid_keeps_its_parts_apart_by_a_gap() -> None:
    """Chromium before 84 ignores a gap between flexed parts."""
    rules = re.sub(r"/\*.*?\*/", " ", (SCREEN / "screen.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    for body in re.findall(r"\{([^{}]*)\}", rules):
        assert not ("display: flex" in body and "gap:" in body), body


@pytest.mark.parametrize(
    "code",
    ["a?.b", "a ?? b", "a ||= b", "1_000", "class A { #b = 1 }", "10n", "import(x)", "a.replaceAll(b)", "globalThis.x"],
)
def test_what_is_younger_is_seen(tmp_path: Path, code: str) -> None:
    path = tmp_path / "script.js"
    path.write_text(f"const before = 'it?.is';\n{code};\n// a?.b\n", encoding="utf-8")
    assert any(re.search(pattern, code_of(path)) for pattern in YOUNGER.values())
