"""The virtual printer prints exactly the dots that the protocol defines, for bytes written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image

from printers.virtual import KEPT, VirtualPrinter
from tests.kit.virtual_printers import CUT, ask, connected, dots, exactly, ink, ink_box, raster, tell

CORNER = ["########", "#.......", "#.....##"]


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    """A printer whose knife is at the head, so that a paper has no margin."""
    with VirtualPrinter(576, knife=0).start() as started:
        yield started


def test_a_raster_is_burnt_dot_by_dot(printer: VirtualPrinter) -> None:
    tell(printer, b"\x1b@" + raster(CORNER) + CUT)
    assert dots(printer.papers()[0]) == CORNER
    assert printer.faults == {}


@pytest.mark.parametrize("mode", [0, 1, 2, 3, 48, 49, 50, 51])
def test_a_raster_is_scaled_by_its_mode(printer: VirtualPrinter, mode: int) -> None:
    tell(printer, raster(CORNER, mode) + CUT)
    wide, tall = mode % 2, mode % 48 // 2
    expected = ["".join(dot * (1 + wide) for dot in row) for row in CORNER for _ in range(1 + tall)]
    assert dots(printer.papers()[0]) == expected


def test_bands_follow_one_another_and_feeds_are_white(printer: VirtualPrinter) -> None:
    tell(printer, raster(CORNER) + raster(CORNER) + b"\x1bJ\x05" + raster(["....#..."]) + CUT)
    assert dots(printer.papers()[0]) == [*CORNER, *CORNER, *["........"] * 5, "....#..."]


def test_line_feeds_and_their_spacing(printer: VirtualPrinter) -> None:
    row = raster(["#" * 8])
    tell(printer, b"\n" + row + b"\x1b3\x0a\n" + row + b"\x1bd\x03" + row + b"\x1b2\n" + row + CUT)
    rows = dots(printer.papers()[0])
    assert [index for index, text in enumerate(rows) if "#" in text] == [30, 41, 72, 103]


@pytest.mark.parametrize(
    ("setting", "left"),
    [
        (b"", 0),
        (b"\x1dL\x18\x00", 24),
        (b"\x1dL\x2c\x01", 300),
        (b"\x1b$\x10\x00", 16),
        (b"\x1dL\x18\x00\x1b$\x10\x00", 40),
        (b"\x1ba\x00", 0),
        (b"\x1ba\x01", 284),
        (b"\x1ba2", 568),
        (b"\x1dW\x40\x00\x1ba\x01", 28),
        (b"\x1dL\x40\x00\x1dW\x40\x00\x1ba\x02", 120),
        (b"\x1ba\x02\x1dL\x18\x00\x1dW\x40\x00\x1b@", 0),
    ],
)
def test_margin_width_position_and_justification_place_the_raster(
    printer: VirtualPrinter, setting: bytes, left: int
) -> None:
    tell(printer, setting + raster(["#" * 8]) + CUT)
    assert ink_box(printer.papers()[0]) == (left, 0, left + 8, 1)


def test_the_position_holds_for_one_raster_only(printer: VirtualPrinter) -> None:
    tell(printer, b"\x1b$\x10\x00" + raster(["#" * 8]) + raster(["#" * 8]) + CUT)
    assert dots(printer.papers()[0]) == ["." * 16 + "#" * 8, "#" * 8 + "." * 16]


def test_what_lies_outside_the_printing_area_is_not_burnt(printer: VirtualPrinter) -> None:
    tell(printer, raster(["#" * 640]) + b"\x1dL\x08\x00\x1dW\x0c\x00" + raster(["#" * 64]) + CUT)
    rows = dots(printer.papers()[0])
    assert rows[0] == "#" * 576
    assert rows[1] == "." * 8 + "#" * 12 + "." * 556


def test_a_narrow_head() -> None:
    with VirtualPrinter(384, knife=0).start() as narrow:
        tell(narrow, b"\x1ba\x02" + raster(["#" * 8]) + CUT)
        assert ink_box(narrow.papers()[0]) == (376, 0, 384, 1)


@pytest.mark.parametrize(
    "cut", [b"\x1dV\x00", b"\x1dV\x01", b"\x1dV0", b"\x1dV1", b"\x1dVA\x00", CUT, b"\x1bi", b"\x1bm"]
)
def test_every_cut_ends_the_paper(printer: VirtualPrinter, cut: bytes) -> None:
    tell(printer, raster(["#" * 8]) + cut + raster(["#......."]) + cut)
    assert [ink(paper) for paper in printer.papers()] == [["#" * 8], ["#"]]


def test_a_cut_without_feeding_goes_through_what_is_below_the_knife() -> None:
    with VirtualPrinter(576, knife=100).start() as printer:
        tell(printer, raster(["#" * 8] * 150) + b"\x1dV\x00" + b"\x1dVB\x14")
        first, second = (dots(paper) for paper in printer.papers())
        assert first == ["." * 8] * 100 + ["#" * 8] * 50
        assert second == ["#" * 8] * 100 + ["." * 8] * 20


def test_a_cut_that_meets_no_paper_makes_none(printer: VirtualPrinter) -> None:
    tell(printer, b"\x1dV\x00\x1dV\x00")
    assert printer.papers() == []


def test_stray_bytes_are_visible_as_characters(printer: VirtualPrinter) -> None:
    tell(printer, b"\x1ba\x01" + b"HH\n" + CUT)
    left, top, right, bottom = ink_box(printer.papers()[0])
    assert 276 <= left < right <= 300
    assert 0 <= top < bottom <= 24
    rows = dots(printer.papers()[0])
    assert len(rows) == 30
    assert all(row[left : left + 12] == row[left + 12 : left + 24] for row in (text.ljust(600, ".") for text in rows))


def test_a_long_line_of_characters_wraps(printer: VirtualPrinter) -> None:
    tell(printer, b"X" * 49 + b"\n" + CUT)
    assert len(dots(printer.papers()[0])) == 60
    assert ink_box(printer.papers()[0])[3] > 30


def test_different_bytes_look_different(printer: VirtualPrinter) -> None:
    tell(printer, b"".join(bytes([byte]) + b"\n" + CUT for byte in (0x41, 0x42, 0xC3)))
    first, second, third = (dots(paper) for paper in printer.papers())
    assert first != second != third != first


def test_a_raster_that_is_too_tall_falls_apart_into_characters(printer: VirtualPrinter) -> None:
    tell(printer, b"\x1dv0\x00\x01\x00\x00\x09" + b"A" * 20 + b"\n" + CUT)
    assert printer.faults == {"1d 76 30 size": 1}
    assert ink_box(printer.papers()[0])[2] > 220


def test_a_raster_within_a_line_of_text_is_a_fault_and_starts_below(printer: VirtualPrinter) -> None:
    tell(printer, b"A" + raster(["#" * 16]) + CUT)
    assert printer.faults == {"1d 76 30 in a line": 1}
    assert dots(printer.papers()[0])[24] == "#" * 16


@pytest.mark.parametrize(
    "command",
    [
        b"\x1bt\x20", b"\x1b!\x08", b"\x1bE\x01", b"\x1d!\x11", b"\x1bR\x00", b"\x1bp\x00\x19\xfa", b"\x1dB\x00",
        b"\x1bc5\x00", b"\x1bD\x08\x10\x00", b"\x1c.", b"\x1d(H\x02\x0099", b"\x10\x14\x01\x00\x01", b"\r\x00\x0c",
        b"\x1dP\xb4\xb4",
    ],
)  # fmt: skip
def test_what_does_not_concern_pictures_is_accepted_and_leaves_no_trace(
    printer: VirtualPrinter, command: bytes
) -> None:
    tell(printer, command + raster(CORNER) + CUT)
    assert dots(printer.papers()[0]) == CORNER
    assert printer.faults == {}


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (b"\x1d(L\x05\x000p\x01\x02\x03", "1d 28 4c"),
        (b"\x1d(k\x03\x001Q0", "1d 28 6b"),
        (b"\x1d8L\x03\x00\x00\x00abc", "1d 38"),
        (b"\x1dk\x02123\x00", "1d 6b"),
        (b"\x1dkI\x03abc", "1d 6b"),
        (b"\x1b*\x00\x02\x00ab", "1b 2a"),
        (b"\x1b*!\x01\x00abc", "1b 2a"),
        (b"\x1d*\x01\x01abcdefgh", "1d 2a"),
        (b"\x1bL", "1b 4c"),
        (b"\x1by", "1b 79"),
        (b"\x1dz", "1d 7a"),
        (b"\x1cz", "1c 7a"),
        (b"\x07", "07"),
        (b"\x1dVz", "1d 56"),
    ],
)
def test_what_is_not_drawn_is_counted_and_skipped_by_its_length(
    printer: VirtualPrinter, command: bytes, name: str
) -> None:
    tell(printer, command + raster(CORNER) + CUT)
    assert dots(printer.papers()[0]) == CORNER
    assert printer.faults == {name: 1}


def test_bytes_may_arrive_one_by_one(printer: VirtualPrinter) -> None:
    data = b"\x1b@\x1dL\x08\x00" + raster(CORNER, 3) + b"\x1bJ\x02A\n" + CUT
    tell(printer, data)
    with connected(printer) as line:
        for at in range(len(data)):
            line.sendall(b"\x10\x04\x01" if data[:at].endswith(b"\x1b@") else b"")
            line.sendall(data[at : at + 1])
        exactly(line, 1)
    first, second = printer.wait_for_papers(2)
    assert first.dots == second.dots


def test_the_completion_answer_comes_after_the_paper(printer: VirtualPrinter) -> None:
    request = b"\x1d(H\x06\x0000" + b" ~A1"
    assert ask(printer, raster(CORNER) + CUT + request, 7) == b"\x37\x22 ~A1\x00"
    assert printer.printed == 1


def test_a_picture_may_contain_the_bytes_of_a_status_request(printer: VirtualPrinter) -> None:
    """Manuals warn of this: the printer answers in the middle of the picture, and still prints the bytes."""
    data = b"\x1dv0\x00\x03\x00\x01\x00\x10\x04\x01"
    assert ask(printer, data + CUT, 1) == b"\x12"
    assert dots(printer.papers()[0]) == ["...#.........#.........#"]


def test_papers_are_numbered_dated_kept_in_bounds_and_announced() -> None:
    at = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    calls: list[int] = []
    dated = VirtualPrinter(knife=0, clock=lambda: at, changed=lambda: calls.append(len(dated.papers())))
    with dated.start():
        tell(dated, (raster(["#" * 8]) + CUT) * (KEPT + 5))
        papers = dated.wait_for_papers(KEPT + 5)
        dated.change()
    assert [paper.number for paper in papers] == list(range(6, KEPT + 6))
    assert {(paper.received_at, paper.torn) for paper in papers} == {(at, False)}
    assert dated.printed == KEPT + 5
    assert calls[-1] == KEPT


def test_the_picture_looks_like_paper_with_the_dots_in_its_middle(printer: VirtualPrinter) -> None:
    tell(printer, raster(["#" * 576] * 40) + CUT)
    with Image.open(BytesIO(printer.papers()[0].image)) as file:
        picture = file.convert("RGBA")
    assert picture.size == (640, 56)
    red, green, blue, opaque = picture.getpixel((320, 30))  # type: ignore[misc]
    assert max(red, green, blue) < 40
    assert opaque == 255
    assert min(picture.getpixel((16, 30))[:3]) > 240  # type: ignore[index]
    assert picture.getpixel((4, 0))[3] == 0  # type: ignore[index]


def test_a_strip_that_nobody_cuts_is_torn_off(printer: VirtualPrinter) -> None:
    tell(printer, raster(["#" * 8]) + b"\x1bJ\xff" * 95)
    assert [paper.torn for paper in printer.papers()] == [True]


def test_uncut_paper_hangs_out_of_the_printer(printer: VirtualPrinter) -> None:
    assert printer.hanging() is None
    tell(printer, raster(CORNER))
    hanging = printer.hanging()
    assert hanging is not None
    with Image.open(BytesIO(hanging)) as picture:
        assert picture.size == (576, 3)
