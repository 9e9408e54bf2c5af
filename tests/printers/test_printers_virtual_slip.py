"""Our slips on the virtual printer: encoder and printer implement the protocol independently, and must agree."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image, ImageChops

from printers.driver import PrinterError, Receipt, Status
from printers.escpos_bytes import encode
from printers.network import NetworkPrinter
from printers.slip import Slip, render
from printers.virtual import VirtualPrinter
from printers.virtual_condition import Changes, Roll
from tests.kit.printers_slips import ARABIC, ARABIC_LONG, ENGLISH


@pytest.fixture
def paper() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(576).start() as started:
        yield started


@pytest.mark.parametrize("left_margin", [True, False])
@pytest.mark.parametrize("dots", [576, 512, 384])
@pytest.mark.parametrize("slip", [ARABIC, ARABIC_LONG, ENGLISH], ids=["ar", "ar-long", "en"])
def test_the_paper_shows_the_slip_dot_by_dot(slip: Slip, dots: int, left_margin: bool) -> None:
    picture = render(slip, dots)
    with VirtualPrinter(dots).start() as printer:
        receipt = NetworkPrinter(printer.host, printer.port).send(encode(picture, left_margin=left_margin))
        fallen = printer.wait_for_papers(1)
        assert receipt == Receipt("completed")
        assert printer.faults == {}
        assert printer.hanging() is None
    assert len(fallen) == 1
    with Image.open(BytesIO(fallen[0].dots)) as burnt:
        assert burnt.width == dots
        assert inked(burnt).getbbox() is not None
        assert same_ink(burnt, picture)


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        (Changes(), Status.READY),
        (Changes(roll=Roll.LOW), Status.PAPER_LOW),
        (Changes(roll=Roll.OUT), Status.NO_PAPER),
        (Changes(cover_open=True), Status.COVER_OPEN),
        (Changes(power=False), Status.OFFLINE),
    ],
)
def test_the_driver_sees_the_printers_state(paper: VirtualPrinter, changes: Changes, seen: Status) -> None:
    paper.change(**changes)
    assert NetworkPrinter(paper.host, paper.port).status() is seen


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (Changes(roll=Roll.OUT), "no_paper"),
        (Changes(cover_open=True), "cover_open"),
        (Changes(power=False), "offline"),
    ],
)
def test_nothing_is_sent_to_a_printer_that_cannot_print_and_nothing_stale_comes_out(
    paper: VirtualPrinter, changes: Changes, code: str
) -> None:
    paper.change(**changes)
    driver, data = NetworkPrinter(paper.host, paper.port), encode(render(ARABIC))
    with pytest.raises(PrinterError) as failure:
        driver.send(data)
    assert (failure.value.code, failure.value.maybe_printed) == (code, False)
    paper.change(power=True, roll=Roll.FULL, cover_open=False)
    assert paper.printed == 0
    driver.send(data)
    assert paper.printed == 1


@pytest.mark.parametrize("after", [200, 5_000])
def test_a_line_that_breaks_within_a_slip_does_not_spoil_the_next_one(paper: VirtualPrinter, after: int) -> None:
    picture = render(ARABIC)
    driver, data = NetworkPrinter(paper.host, paper.port), encode(picture)
    paper.change(drop_after=after)
    with pytest.raises(PrinterError) as failure:
        driver.send(data)
    assert failure.value.maybe_printed
    driver.send(data)
    assert paper.printed == 1
    with Image.open(BytesIO(paper.papers()[0].dots)) as burnt:
        whole, expected = inked(burnt), inked(picture)
        bottom = whole.getbbox()
        height = expected.getbbox()
    assert bottom is not None
    assert height is not None
    # The broken slip is above it on the same paper; the complete one is the lower end.
    lower = whole.crop((0, bottom[3] - (height[3] - height[1]), 576, bottom[3]))
    assert ImageChops.difference(lower, expected.crop((0, height[1], 576, height[3]))).getbbox() is None


def test_a_roll_that_ends_within_a_slip_is_reported_as_unsure(paper: VirtualPrinter) -> None:
    paper.change(rows_left=300)
    with pytest.raises(PrinterError) as failure:
        NetworkPrinter(paper.host, paper.port, print_timeout=1).send(encode(render(ARABIC)))
    assert failure.value.code == "no_paper"
    assert failure.value.maybe_printed


def inked(picture: Image.Image) -> Image.Image:
    """The ink of a 1-bit picture as white on black, so that getbbox finds it."""
    return picture.point(lambda dot: 0 if dot else 255)


def same_ink(burnt: Image.Image, wanted: Image.Image) -> bool:
    """Whether two pictures of the same width have the same ink, in the same columns.

    A few additional dots are allowed, but none may be missing: the driver adds a neighbour to a dot whose byte would be
    obeyed as a real-time command (DLE) inside a picture.
    """
    first, second = inked(burnt), inked(wanted)
    above, below = first.getbbox(), second.getbbox()
    if above is None or below is None or (above[0], above[2]) != (below[0], below[2]):
        return False
    first, second = first.crop(above), second.crop(below)
    missing, extra = ImageChops.logical_and(second, ImageChops.invert(first)), ImageChops.logical_xor(first, second)
    return missing.getbbox() is None and first.size == second.size and extra.histogram()[255] <= 4


@pytest.mark.parametrize(("dot", "same"), [(None, True), (((300, 200), 0), True), (((0, 0), 1), False)])
def test_the_comparison_sees_a_missing_dot(dot: tuple[tuple[int, int], int] | None, same: bool) -> None:
    wanted = Image.new("1", (576, 400), 1)
    wanted.paste(0, (0, 0, 100, 400))
    wanted.paste(0, (500, 0, 560, 400))
    burnt = wanted.copy()
    if dot is not None:
        burnt.putpixel(*dot)
    assert same_ink(burnt, wanted) is same
