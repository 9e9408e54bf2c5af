"""The bytes of a slip: their structure, their size, and that every dot is printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from printers.escpos_bytes import (
    MAX_BAND_LINES,
    MIN_FEED_LINES,
    clear_buffers,
    completion_answer,
    completion_request,
    encode,
    status_request,
)
from printers.slip import render
from tests.kit.printers_slips import ARABIC, SLIPS

CUT = b"\x1dV"


def commands(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Split a job into its commands; raises for anything unexpected."""
    at = 0
    while at < len(data):
        head = data[at : at + 2]
        if head == b"\x1b@":
            yield "init", b""
            at += 2
        elif head in (b"\x1bJ", b"\x1bd"):
            yield ("feed" if head == b"\x1bJ" else "lines"), data[at + 2 : at + 3]
            at += 3
        elif head == b"\x1dL":
            yield "margin", data[at + 2 : at + 4]
            at += 4
        elif head == b"\x1dv":
            assert data[at + 2 : at + 4] == b"0\0"
            width = int.from_bytes(data[at + 4 : at + 6], "little")
            height = int.from_bytes(data[at + 6 : at + 8], "little")
            body = data[at + 4 : at + 8 + width * height]
            assert len(body) == 4 + width * height
            yield "raster", body
            at += 8 + width * height
        elif head == CUT:
            yield "cut", data[at + 2 : at + 4]
            at += 4 if data[at + 2] in (65, 66) else 3
        else:
            raise AssertionError(f"unexpected {data[at : at + 8]!r} at {at}")


def paper(data: bytes, dots: int, feed_per_line: int = 1) -> bytes:
    """Rows of ink that the commands print, feeds included."""
    stride = dots // 8
    rows = bytearray()
    margin = 0
    for name, body in commands(data):
        if name == "margin":
            margin = int.from_bytes(body, "little")
            assert margin % 8 == 0
        elif name == "feed":
            rows += bytes(stride * body[0] // feed_per_line)
        elif name == "raster":
            width, height = int.from_bytes(body[:2], "little"), int.from_bytes(body[2:4], "little")
            left = margin // 8
            assert left + width <= stride
            for row in range(height):
                ink = body[4 + row * width : 4 + (row + 1) * width]
                rows += bytes(left) + ink + bytes(stride - left - width)
    return bytes(rows)


@pytest.mark.parametrize("left_margin", [True, False])
@pytest.mark.parametrize("dots", [576, 512, 384])
@pytest.mark.parametrize("name", SLIPS)
def test_every_dot_of_the_slip_is_on_the_paper(name: str, dots: int, left_margin: bool) -> None:
    image = render(SLIPS[name], dots)
    drawn = image.tobytes("raw", "1;I")
    shown = paper(encode(image, left_margin=left_margin), dots)
    differing = [(before, after) for before, after in zip(drawn, shown, strict=True) if before != after]
    # A lone dot whose byte would be a command gets a neighbour; this is rare, and the only difference.
    assert len(differing) <= 4
    assert set(differing) <= {(0x10, 0x18)}


@pytest.mark.parametrize("dots", [576, 384])
@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_takes_at_most_half_of_the_plain_raster(name: str, dots: int) -> None:
    image = render(SLIPS[name], dots)
    plain = image.height * dots // 8
    assert len(encode(image, left_margin=True)) <= plain / 2
    assert len(encode(image)) < plain * 0.65


def test_a_slip_with_long_names_no_wait_and_a_whole_link_takes_at_most_half_too() -> None:
    slip = replace(
        SLIPS["en"],
        heading="Embassy of the Syrian Arab Republic in the State of Qatar",
        office="Embassy premises – Doha",
        service="Attestation (up to 3 documents)",
        code="F003",
        wait=None,
        qr="https://queue.example/t/" + "7Q4M2XKD9Pq_vR3-" * 2,
    )
    image = render(slip, 576)
    assert len(encode(image, left_margin=True)) <= image.height * 576 / 8 / 2


def test_bands_are_cut_where_the_ink_changes_and_nowhere_else() -> None:
    image = Image.new("1", (576, 120), 1)
    ImageDraw.Draw(image).rectangle((0, 0, 575, 42), fill=0)
    ImageDraw.Draw(image).rectangle((80, 43, 167, 119), fill=0)
    sizes = [
        (int.from_bytes(body[:2], "little"), int.from_bytes(body[2:4], "little"))
        for name, body in commands(encode(image, left_margin=True))
        if name == "raster"
    ]
    assert sizes == [(72, 43), (11, 77)]


def test_bands_stay_below_what_overruns_a_clone() -> None:
    heights = [
        int.from_bytes(body[2:4], "little")
        for name, body in commands(encode(Image.new("1", (576, 2000), 0)))
        if name == "raster"
    ]
    assert sum(heights) == 2000
    assert max(heights) < MAX_BAND_LINES


def test_white_is_fed_and_not_sent() -> None:
    image = Image.new("1", (576, 1000), 1)
    ImageDraw.Draw(image).rectangle((0, 990, 575, 999), fill=0)
    found = list(commands(encode(image)))
    assert [name for name, _ in found] == ["init", *["feed"] * 4, "raster", "lines", "cut"]
    assert sum(body[0] for name, body in found if name == "feed") == 990


def test_a_white_image_is_only_fed() -> None:
    data = encode(Image.new("1", (384, 300), 1), cut=False)
    assert [name for name, _ in commands(data)] == ["init", "feed", "feed"]


def test_gaps_within_a_letter_are_sent_so_that_no_printer_can_stretch_them() -> None:
    image = Image.new("1", (576, 100), 1)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 10, 9), fill=0)
    draw.rectangle((0, 10 + MIN_FEED_LINES - 1, 10, 40), fill=0)
    assert [name for name, _ in commands(encode(image, cut=False))] == ["init", "raster", "feed"]


@pytest.mark.parametrize("second", [0x04, 0x05, 0x14])
def test_no_picture_can_give_a_real_time_command(second: int) -> None:
    ink = bytes([0x10, second, 0x01, 0x00] * 3 + [0x10] + [0] * 35) + bytes([second] + [0] * 46 + [0x10])
    image = Image.frombytes("1", (384, 2), bytes(byte ^ 0xFF for byte in ink))
    data = encode(image, cut=False)
    assert bytes([0x10, second]) not in data
    shown = paper(data, 384)
    differing = [(before, after) for before, after in zip(ink, shown, strict=True) if before != after]
    assert differing == [(0x10, 0x18)] * 3


def test_margins_are_set_before_a_band_and_taken_back_at_the_end() -> None:
    image = Image.new("1", (576, 20), 1)
    ImageDraw.Draw(image).rectangle((400, 0, 420, 19), fill=0)
    found = list(commands(encode(image, cut=False, left_margin=True)))
    assert found[0] == ("init", b"")
    assert found[1] == ("margin", (400).to_bytes(2, "little"))
    assert found[2][0] == "raster"
    assert found[3] == ("margin", b"\0\0")


def test_no_margin_command_unless_the_printer_is_known_to_obey_it() -> None:
    assert "margin" not in {name for name, _ in commands(encode(render(ARABIC)))}


def test_feed_is_counted_in_the_printers_own_units() -> None:
    image = render(ARABIC)
    assert paper(encode(image, feed_per_line=2), 576, feed_per_line=2) == image.tobytes("raw", "1;I")


def test_a_job_begins_clean_and_ends_with_the_cut() -> None:
    image = render(ARABIC)
    names = [name for name, _ in commands(encode(image))]
    assert (names[0], names[-1]) == ("init", "cut")
    assert "cut" not in {name for name, _ in commands(encode(image, cut=False))}


def test_other_images_are_refused() -> None:
    for image in (Image.new("L", (576, 10)), Image.new("1", (570, 10))):
        with pytest.raises(ValueError, match="1-bit image"):
            encode(image)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 383), st.integers(0, 599), st.integers(1, 90)), max_size=12))
def test_any_picture_arrives_whole(spots: list[tuple[int, int, int]]) -> None:
    image = Image.new("1", (384, 600), 1)
    draw = ImageDraw.Draw(image)
    for x, y, size in spots:
        draw.rectangle((x, y, x + size, y + size // 2), fill=0)
    for left_margin in (True, False):
        assert paper(encode(image, left_margin=left_margin), 384) == image.tobytes("raw", "1;I")


def test_the_real_time_and_proof_commands_are_the_documented_bytes() -> None:
    assert completion_request(b"A~ 1") == bytes.fromhex("1d 28 48 06 00 30 30 41 7e 20 31")
    assert completion_answer(b"A~ 1") == bytes.fromhex("37 22 41 7e 20 31 00")
    assert [status_request(n) for n in (1, 2, 3, 4)] == [
        b"\x10\x04\x01",
        b"\x10\x04\x02",
        b"\x10\x04\x03",
        b"\x10\x04\x04",
    ]
    assert bytes.fromhex("10 14 08 01 03 14 01 06 02 08") in clear_buffers()
    assert clear_buffers().endswith(b"\x1b@")


@pytest.mark.parametrize("wrong", [b"", b"abc", b"abcde", b"ab\x1fd", b"abc\x7f"])
def test_a_token_that_is_not_four_printable_bytes_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="four printable"):
        completion_request(wrong)


@pytest.mark.parametrize("n", [0, 5, -1])
def test_an_unknown_status_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="DLE EOT"):
        status_request(n)
