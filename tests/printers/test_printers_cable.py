"""Printers on a cable of the server: real terminal files, with the virtual printer at the other end."""

from __future__ import annotations

import os
import termios
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from printers.cable import BITS_PER_BYTE, SerialPrinter, UsbPrinter
from printers.driver import EscPosPrinter, PrinterError, Receipt, Status
from printers.escpos_bytes import encode
from printers.network import NetworkPrinter
from printers.slip import render
from printers.virtual import VirtualPrinter
from printers.virtual_condition import Roll
from tests.kit.printers_cable import Cable, plugged
from tests.kit.printers_slips import ARABIC, ENGLISH
from tests.kit.printers_wire import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

# A timeout for answers that never come; any length would do.
SOON = 0.3


@pytest.fixture(params=[576, 512, 384])
def dots(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def paper() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(576).start() as printer:
        yield printer


@pytest.fixture
def cable(paper: VirtualPrinter, tmp_path: Path) -> Iterator[Cable]:
    with plugged(paper, tmp_path) as found:
        yield found


Driver = Callable[..., EscPosPrinter]


def usb(path: Path, **habits: object) -> EscPosPrinter:
    return UsbPrinter(str(path), **({"status_timeout": PATIENCE_SECONDS} | habits))  # type: ignore[arg-type]


def serial(path: Path, **habits: object) -> EscPosPrinter:
    # So fast that the line's own speed does not matter; a terminal ignores it anyway.
    return SerialPrinter(str(path), 4_000_000, **({"status_timeout": PATIENCE_SECONDS} | habits))  # type: ignore[arg-type]


BOTH = pytest.mark.parametrize("driver", [usb, serial])


def failure(printer: EscPosPrinter, data: bytes = b"slip") -> PrinterError:
    with pytest.raises(PrinterError) as caught:
        printer.send(data)
    return caught.value


@BOTH
def test_a_slip_on_a_cable_is_the_slip_on_the_network_dot_by_dot(driver: Driver, dots: int, tmp_path: Path) -> None:
    data = encode(render(ARABIC, dots))
    with VirtualPrinter(dots).start() as near, VirtualPrinter(dots).start() as far:
        with plugged(near, tmp_path) as cable:
            assert driver(cable.path).send(data) == Receipt("completed")
            on_cable = near.wait_for_papers(1)[0]
        assert NetworkPrinter(far.host, far.port).send(data) == Receipt("completed")
        on_network = far.wait_for_papers(1)[0]
        assert near.faults == {}
    with Image.open(BytesIO(on_cable.dots)) as first, Image.open(BytesIO(on_network.dots)) as second:
        assert first.size == second.size
        assert first.tobytes() == second.tobytes()


@BOTH
@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({}, Status.READY),
        ({"roll": Roll.LOW}, Status.PAPER_LOW),
        ({"roll": Roll.OUT}, Status.NO_PAPER),
        ({"cover_open": True}, Status.COVER_OPEN),
    ],
)
def test_a_printer_on_a_cable_says_how_it_is(
    driver: Driver, changes: dict[str, object], seen: Status, cable: Cable, paper: VirtualPrinter
) -> None:
    paper.change(**changes)  # type: ignore[arg-type]
    assert driver(cable.path).status() is seen


@BOTH
def test_nothing_is_sent_without_paper_and_it_prints_with_the_new_roll(
    driver: Driver, cable: Cable, paper: VirtualPrinter
) -> None:
    printer, data = driver(cable.path), encode(render(ENGLISH))
    paper.change(roll=Roll.OUT)
    error = failure(printer, data)
    assert (error.code, error.maybe_printed) == ("no_paper", False)
    paper.change(roll=Roll.FULL)
    assert printer.send(data) == Receipt("completed")
    assert paper.printed == 1


@BOTH
def test_paper_that_ends_within_a_slip_is_noticed(driver: Driver, cable: Cable, paper: VirtualPrinter) -> None:
    paper.change(rows_left=300)
    error = failure(driver(cable.path, print_timeout=1.0), encode(render(ARABIC)))
    assert (error.code, error.maybe_printed) == ("no_paper", True)


@BOTH
def test_a_plug_that_is_pulled_is_offline_and_the_printer_comes_back_by_itself(
    driver: Driver, cable: Cable, paper: VirtualPrinter
) -> None:
    printer, data = driver(cable.path), encode(render(ENGLISH))
    assert printer.status() is Status.READY
    cable.unplug()
    assert printer.status() is Status.OFFLINE
    error = failure(printer, data)
    assert (error.code, error.permanent, error.maybe_printed) == ("offline", False, False)
    cable.plug()
    assert printer.status() is Status.READY
    assert printer.send(data) == Receipt("completed")
    assert paper.printed == 1


@BOTH
def test_a_plug_that_is_pulled_within_a_slip_leaves_it_unknown(driver: Driver, cable: Cable) -> None:
    cable.bytes_per_second = 4_000

    def pull_soon() -> None:
        until(lambda: cable.carried > 5_000)
        cable.unplug()

    pull = threading.Thread(target=pull_soon)
    pull.start()
    error = failure(driver(cable.path), encode(render(ARABIC)))
    pull.join(PATIENCE_SECONDS)
    assert (error.code, error.maybe_printed) == ("interrupted", True)


@BOTH
def test_a_printer_that_never_answers_prints_when_told_so_and_is_silent_else(
    driver: Driver, cable: Cable, paper: VirtualPrinter
) -> None:
    paper.change(mute=True)
    asked = driver(cable.path, status_timeout=SOON)
    assert asked.status() is Status.SILENT
    assert failure(asked).code == "silent"
    told = driver(cable.path, mute=True)
    assert told.status() is Status.UNKNOWN
    assert told.send(encode(render(ENGLISH))) == Receipt("none")
    assert len(paper.wait_for_papers(1)) == 1


@BOTH
def test_a_printer_that_stops_reading_does_not_hold_us_for_ever(driver: Driver, cable: Cable) -> None:
    cable.bytes_per_second = 0
    error = failure(driver(cable.path, mute=True, print_timeout=SOON, status_timeout=SOON), b"\x00" * 200_000)
    assert (error.code, error.maybe_printed) == ("interrupted", True)


@BOTH
def test_a_file_that_another_program_holds_is_denied(driver: Driver, cable: Cable) -> None:
    printer = driver(cable.path)
    with printer.transport.open():
        other = driver(cable.path)
        assert other.status() is Status.DENIED
        assert failure(other).code == "denied"
    assert other.status() is Status.READY


@BOTH
def test_what_is_no_device_is_told_apart_and_is_not_written_to(driver: Driver, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    error = failure(driver(file, mute=True))
    assert (error.code, error.permanent, error.maybe_printed) == ("no_device", True, False)
    assert file.read_text() == "mine"


def test_a_device_that_is_no_terminal_is_no_serial_line() -> None:
    error = failure(serial(Path("/dev/null"), mute=True))
    assert (error.code, error.permanent) == ("no_device", True)


@pytest.mark.parametrize(("flow", "incoming", "wires"), [("none", 0, 0), ("xon_xoff", termios.IXON, 0)])
def test_a_serial_line_is_set_to_carry_every_byte_as_it_is(cable: Cable, flow: str, incoming: int, wires: int) -> None:
    printer = SerialPrinter(str(cable.path), 19200, flow)  # type: ignore[arg-type]
    with printer.transport.open():
        opened = os.open(cable.path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        iflag, oflag, cflag, lflag, into, out, _ = termios.tcgetattr(opened)
        os.close(opened)
    assert (iflag, oflag, lflag) == (incoming, 0, 0)
    assert cflag & termios.CSIZE == termios.CS8
    assert not cflag & (termios.PARENB | termios.CSTOPB)
    assert cflag & termios.CRTSCTS == wires
    assert into == out == termios.B19200


def test_a_slow_line_is_given_the_time_that_its_bytes_take(paper: VirtualPrinter, tmp_path: Path) -> None:
    """A slip that takes five seconds to send arrives, although a fast line would have had only four."""
    data = encode(render(ENGLISH, 384))
    with plugged(paper, tmp_path) as cable:
        cable.bytes_per_second = 38400 // BITS_PER_BYTE
        printer = SerialPrinter(str(cable.path), 9600, print_timeout=4.0, status_timeout=PATIENCE_SECONDS)
        assert printer.transport.seconds_for(960) == 1.0
        assert printer.send(data) == Receipt("completed")


@pytest.mark.parametrize(("width", "seconds"), [(576, 45), (512, 45), (384, 30)])
def test_a_slip_takes_less_than_a_minute_on_the_slowest_line(width: int, seconds: float) -> None:
    transport = SerialPrinter("/dev/ttyS0", 9600).transport
    assert transport.seconds_for(len(encode(render(ARABIC, width)))) < seconds


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
