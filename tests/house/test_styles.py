"""Styles know no left and no right, because pages are read from either side."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.kit.tree import ROOT, files


def test_styles_know_no_left_and_no_right() -> None:
    # Browsers of 2019 have no logical margins, so the sheets of screen and telephone have both directions.
    old = {"screen.css", "ticket.css"}
    sheets = [path for path in files("*.css") if "vendor" not in path.parts and path.name not in old]
    wrong = [
        f"{path.relative_to(ROOT)}, line {line}: {text}"
        for path in sheets
        for line, text in physical_declarations(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "style",
    [
        "a { margin-left: 1px }",
        "a{left:0}",
        "a { color: red; text-align: right; }",
        "a { border-top-right-radius: 2px }",
        "a { inset: 0; float: left }",
        "@media (min-width: 3em) { a { padding-right: 0 } }",
    ],
)
def test_physical_styles_are_found(style: str) -> None:
    assert len(list(physical_declarations(style))) == 1


@pytest.mark.parametrize(
    "style",
    [
        "a { margin-inline-start: 1px }",
        ".left-over { color: red }",
        "a::before { content: 'left: 1' }",
        "/* left: 0 */ a { text-align: start }",
        "a { grid-area: right }",
    ],
)
def test_logical_styles_are_left_alone(style: str) -> None:
    assert list(physical_declarations(style)) == []


def physical_declarations(sheet: str) -> Iterator[tuple[int, str]]:
    """(line, declaration) for every CSS declaration that names a physical side of the inline axis."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())  # noqa: E731 - keeps the line numbers
    sheet = re.sub(r"/\*.*?\*/", blank, sheet, flags=re.DOTALL)
    sheet = re.sub(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, sheet)
    sided = re.compile(r"(?:^|-)(?:left|right)(?:-|$)")
    aligning = {"text-align", "text-align-last", "float", "clear", "justify-content", "justify-items", "justify-self"}
    for match in re.finditer(r"(?<=[{;])\s*([\w-]+)\s*:\s*([^{};]*)(?=[;}])", sheet):
        name, value = match.group(1).lower(), match.group(2).lower()
        if sided.search(name) or (name in aligning and re.search(r"\b(?:left|right)\b", value)):
            line = sheet.count("\n", 0, match.start(1)) + 1
            yield line, f"{name}: {value.strip()}"
