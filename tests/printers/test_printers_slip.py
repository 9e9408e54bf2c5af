"""The slip as a picture."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image, ImageChops

from printers.sheet import MissingGlyph, is_right_to_left, qr_image
from printers.slip import Slip, render
from tests.kit.printers_slips import ARABIC, ARABIC_CONFIDENTIAL, ENGLISH, PICTURES, SLIPS, URL, picture

WIDTHS = (576, 512, 384)
MARGIN = 8


@pytest.mark.parametrize(("name", "dots"), PICTURES)
def test_a_slip_looks_exactly_as_approved(name: str, dots: int) -> None:
    drawn = render(SLIPS[name], dots, strict=True)
    with Image.open(picture(name, dots)) as approved:
        assert drawn.size == approved.size
        difference = ImageChops.logical_xor(drawn, approved.convert("1"))
    assert difference.getbbox() is None, (
        f"look at {picture(name, dots).name}; renew with python -m tests.kit.printers_slips"
    )


@pytest.mark.parametrize("dots", WIDTHS)
@pytest.mark.parametrize("name", SLIPS)
def test_nothing_touches_the_edge_of_the_paper(name: str, dots: int) -> None:
    image = render(SLIPS[name], dots, strict=True)
    assert image.mode == "1"
    assert image.width == dots
    box = ink_box(image)
    assert box[0] >= MARGIN
    assert box[1] > 0
    assert box[2] <= dots - MARGIN
    assert box[3] < image.height


@pytest.mark.parametrize("dots", WIDTHS)
@pytest.mark.parametrize("name", [name for name, slip in SLIPS.items() if slip.qr])
def test_the_qr_code_reads_back(name: str, dots: int) -> None:
    (code,) = zxingcpp.read_barcodes(render(SLIPS[name], dots).convert("L"))
    assert code.text == URL


@pytest.mark.slow
@pytest.mark.parametrize("dots", WIDTHS)
@pytest.mark.parametrize("address", [URL, "https://q.example/t/7Q", URL + "?" + "k=0123456789&" * 6])
@pytest.mark.parametrize("name", [name for name, slip in SLIPS.items() if slip.qr])
def test_four_white_modules_surround_the_qr_code_whatever_stands_beside_it(name: str, address: str, dots: int) -> None:
    for shown in (
        replace(SLIPS[name], qr=address),
        replace(SLIPS[name], qr=address, instruction="x y", qr_caption=None),
        replace(SLIPS[name], qr=address, instruction=" ".join([SLIPS[name].instruction] * 4)),
        replace(SLIPS[name], qr=address, qr_caption="Éå – لآإ"),
    ):
        image = render(shown, dots)
        left, top, right, bottom, quiet = code_box(image, address)
        assert quiet == 4 * (6 if dots >= 512 else 5)
        assert min(left, top, dots - right, image.height - bottom) >= quiet
        around = image.crop((left - quiet, top - quiet, right + quiet, bottom + quiet))
        around.paste(1, (quiet, quiet, quiet + right - left, quiet + bottom - top))
        assert ImageChops.invert(around.convert("L")).getbbox() is None


def test_a_long_address_still_reads_back() -> None:
    address = URL + "?" + "k=0123456789&" * 9
    for dots in WIDTHS:
        image = render(replace(ARABIC, qr=address), dots)
        (code,) = zxingcpp.read_barcodes(image.convert("L"))
        assert code.text == address
        assert ink_box(image)[2] <= dots - MARGIN


def test_a_confidential_service_leaves_no_gap_and_no_qr_no_code() -> None:
    image = render(ARABIC_CONFIDENTIAL)
    assert zxingcpp.read_barcodes(image.convert("L")) == []
    assert image.height < render(ARABIC).height
    assert longest_white(image) < 60


@pytest.mark.parametrize("field", ["heading", "office", "service", "ahead", "wait", "instruction", "issued", "keep"])
@pytest.mark.parametrize("dots", WIDTHS)
def test_a_text_of_any_length_makes_the_slip_longer_not_wider(field: str, dots: int) -> None:
    long = " ".join(["تصديق الوثائق الصادرة عن الجهات الرسمية"] * 6)
    plain = render(ARABIC, dots)
    image = render(replace(ARABIC, **{field: long}), dots, strict=True)
    assert image.height > plain.height
    assert ink_box(image)[0] >= MARGIN
    assert ink_box(image)[2] <= dots - MARGIN


def test_every_text_is_on_the_paper() -> None:
    plain = render(ENGLISH)
    for field in (
        "heading",
        "office",
        "service",
        "code",
        "ahead",
        "wait",
        "issued",
        "instruction",
        "keep",
        "qr_caption",
    ):
        assert render(replace(ENGLISH, **{field: "Zz"})).tobytes() != plain.tobytes(), field
    assert render(replace(ENGLISH, mark="Copy")).height > plain.height


def test_the_code_is_the_largest_thing_and_reads_left_to_right_in_arabic() -> None:
    number = tallest_black_stretch(render(ARABIC_CONFIDENTIAL))
    assert number > 140
    assert render(replace(ARABIC, code="012-A")).tobytes() != render(replace(ARABIC, code="A-012")).tobytes()


def test_isolates_change_the_order_on_paper() -> None:
    bare = replace(ARABIC, ahead="هاتف +974 4412 3456")
    isolated = replace(ARABIC, ahead="هاتف \u2066+974 4412 3456\u2069")
    assert render(bare).tobytes() != render(isolated).tobytes()


def test_a_missing_glyph_is_an_error_when_asked_for() -> None:
    with pytest.raises(MissingGlyph, match=r"U\+6F22") as caught:
        render(replace(ARABIC, service="خدمة 漢"), strict=True)
    assert caught.value.characters == ("漢",)


def test_a_missing_glyph_is_printed_as_a_box_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="printers.slip"):
        boxed = render(replace(ENGLISH, service="Service 漢"))
    assert "U+6F22" in caplog.text
    assert "Service" not in caplog.text
    assert boxed.tobytes() != render(replace(ENGLISH, service="Service")).tobytes()


def test_the_same_slip_is_the_same_picture() -> None:
    assert render(ARABIC).tobytes() == render(ARABIC).tobytes()


@pytest.mark.parametrize("dots", [0, 100, 577])
def test_an_impossible_width_is_refused(dots: int) -> None:
    with pytest.raises(ValueError, match="dots wide"):
        render(ARABIC, dots)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ar", True),
        ("ar-SY", True),
        ("en", False),
        ("tr", False),
        ("ku-Arab", True),
        ("az-Latn-IR", False),
        ("fa", True),
    ],
)
def test_direction_follows_the_language(language: str, expected: bool) -> None:
    assert is_right_to_left(language) is expected


def test_the_layout_is_mirrored_for_arabic() -> None:
    (arabic,) = zxingcpp.read_barcodes(render(ARABIC).convert("L"))
    (english,) = zxingcpp.read_barcodes(render(ENGLISH).convert("L"))
    assert arabic.position.top_left.x < 576 / 4
    assert english.position.top_left.x > 576 / 2


@pytest.mark.parametrize("name", ["ar", "en"])
def test_what_stands_side_by_side_stands_in_the_middle_of_the_paper(name: str) -> None:
    slip = replace(SLIPS[name], instruction="x y", qr_caption=None)
    (found,) = zxingcpp.read_barcodes(render(slip).convert("L"))
    band = render(slip).crop((0, found.position.top_left.y, 576, found.position.bottom_left.y))
    left, _, right, _ = ImageChops.invert(band.convert("L")).getbbox() or (0, 0, 0, 0)
    assert abs(left - (576 - right)) <= 16
    assert right - left < 300


def test_qr_modules_are_whole_dots() -> None:
    small, large = qr_image(URL, 1), qr_image(URL, 6)
    assert large.size == (small.width * 6, small.height * 6)
    assert large.resize(small.size, Image.Resampling.NEAREST).tobytes() == small.tobytes()


def test_a_slip_is_a_value() -> None:
    assert Slip(**vars(ARABIC)) == ARABIC


def code_box(image: Image.Image, address: str) -> tuple[int, int, int, int, int]:
    """Left, top, right, bottom of the QR code without its quiet zone, and four modules in dots."""
    (found,) = zxingcpp.read_barcodes(image.convert("L"))
    module = 6 if image.width >= 512 else 5
    code = ImageChops.invert(qr_image(address, module)).point(lambda grey: grey, "1")
    near = found.position.top_left
    for dx, dy in itertools.product(range(-4, 5), repeat=2):
        left, top = near.x + dx, near.y + dy
        box = (left, top, left + code.width, top + code.height)
        if image.crop(box).tobytes() == code.tobytes():
            return (*box, 4 * module)
    raise AssertionError("the code is not where it was read")


def ink_box(image: Image.Image) -> tuple[int, int, int, int]:
    box = ImageChops.invert(image.convert("L")).getbbox()
    assert box is not None
    return box


def rows_of_ink(image: Image.Image) -> list[bool]:
    stride = image.width // 8
    data = image.tobytes("raw", "1;I")
    return [any(data[start : start + stride]) for start in range(0, len(data), stride)]


def longest_white(image: Image.Image) -> int:
    return max(map(len, "".join(".x"[ink] for ink in rows_of_ink(image)).split("x")))


def tallest_black_stretch(image: Image.Image) -> int:
    return max(map(len, "".join(".x"[ink] for ink in rows_of_ink(image)).split(".")))
