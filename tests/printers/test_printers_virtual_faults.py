"""The virtual printer can fail in every way in which receipt printers fail."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from printers.virtual import BUFFER, VirtualPrinter
from printers.virtual_condition import Changes, Roll
from tests.kit.ports import kept_port
from tests.kit.virtual_printers import CUT, PATIENCE_SECONDS, ask, connected, dots, exactly, ink, raster, tell

SLIP = raster(["########", "#......#"]) + CUT
STATUS = b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"
HEALTHY = bytes((0x12, 0x12, 0x12, 0x12))
CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
COMPLETION = b"\x1d(H\x06\x0000QQQQ"
COMPLETED = b"\x37\x22QQQQ\x00"


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    # The port is kept, because a printer that is switched off releases it, and nobody else may take it.
    with kept_port() as port, VirtualPrinter(576, knife=0).start(port=port) as started:
        yield started


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, (0x12, 0x12, 0x12, 0x12)),
        ({"roll": Roll.LOW}, (0x12, 0x12, 0x12, 0x1E)),
        ({"roll": Roll.OUT}, (0x1A, 0x32, 0x12, 0x7E)),
        ({"cover_open": True}, (0x1A, 0x16, 0x12, 0x12)),
        ({"cover_open": True, "roll": Roll.OUT}, (0x1A, 0x36, 0x12, 0x7E)),
        ({"roll": Roll.OUT, "lie": True}, (0x12, 0x12, 0x12, 0x12)),
    ],
)
def test_real_time_status(printer: VirtualPrinter, changes: Changes, status: tuple[int, ...]) -> None:
    printer.change(**changes)
    answer = ask(printer, STATUS, 4)
    assert tuple(answer) == status
    assert all(byte & 0x93 == 0x12 for byte in answer)


@pytest.mark.parametrize(("roll", "sensor"), [(Roll.FULL, 0), (Roll.LOW, 3)])
def test_status_in_its_turn(printer: VirtualPrinter, roll: Roll, sensor: int) -> None:
    printer.change(roll=roll)
    assert ask(printer, b"\x1dr\x01\x1dr1\x1dr\x02", 3) == bytes((sensor, sensor, 0))


def test_a_question_in_its_turn_waits_for_paper(printer: VirtualPrinter) -> None:
    printer.change(roll=Roll.OUT)
    with connected(printer) as line:
        line.sendall(b"\x1dr\x01\x10\x04\x01")
        assert exactly(line, 1) == b"\x1a"
        printer.change(roll=Roll.LOW)
        assert exactly(line, 1) == b"\x03"


def test_status_is_pushed_when_it_changes(printer: VirtualPrinter) -> None:
    with connected(printer) as line:
        line.sendall(b"\x1da\x0a")
        assert exactly(line, 4) == b"\x10\x00\x00\x00"
        printer.change(roll=Roll.LOW)
        assert exactly(line, 4) == b"\x10\x00\x03\x00"
        printer.change(roll=Roll.OUT)
        assert exactly(line, 4) == b"\x18\x00\x0f\x00"
        printer.change(roll=Roll.FULL, cover_open=True)
        assert exactly(line, 4) == b"\x38\x00\x00\x00"
        printer.change(cover_open=False)
        assert exactly(line, 4) == b"\x10\x00\x00\x00"
        line.sendall(b"\x1da\x00" + COMPLETION)
        assert exactly(line, 7) == COMPLETED
        printer.change(roll=Roll.LOW)
        line.sendall(COMPLETION)
        assert exactly(line, 7) == COMPLETED


def test_pushing_ends_with_a_reset_and_follows_its_bits(printer: VirtualPrinter) -> None:
    with connected(printer) as line:
        line.sendall(b"\x1da\x08")
        assert exactly(line, 4) == b"\x10\x00\x00\x00"
        printer.change(cover_open=True)
        printer.change(cover_open=False)
        line.sendall(b"\x1b@" + COMPLETION)
        assert exactly(line, 7) == COMPLETED
        printer.change(roll=Roll.LOW)
        line.sendall(COMPLETION)
        assert exactly(line, 7) == COMPLETED


def test_without_power_connections_are_refused_and_what_was_held_is_lost(printer: VirtualPrinter) -> None:
    printer.change(cover_open=True)
    tell(printer, SLIP)
    printer.change(power=False)
    with pytest.raises(ConnectionRefusedError), connected(printer):
        pass
    printer.change(power=True, cover_open=False)
    assert ask(printer, b"\x10\x04\x01", 1) == b"\x12"
    assert printer.printed == 0


def test_losing_power_breaks_the_connection_and_the_picture(printer: VirtualPrinter) -> None:
    with connected(printer) as line:
        line.sendall(b"\x10\x04\x01" + SLIP[:9])
        exactly(line, 1)
        printer.change(power=False)
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    printer.change(power=True)
    tell(printer, SLIP)
    assert ink(printer.wait_for_papers(1)[-1])[-2:] == ["########", "#......#"]
    assert printer.faults == {}


@pytest.mark.parametrize("reason", [Changes(roll=Roll.OUT), Changes(cover_open=True)])
def test_a_printer_that_cannot_print_takes_the_data_and_spits_them_out_later(
    printer: VirtualPrinter, reason: Changes
) -> None:
    printer.change(**reason)
    tell(printer, SLIP)
    tell(printer, SLIP)
    assert printer.printed == 0
    printer.change(roll=Roll.FULL, cover_open=False)
    assert printer.printed == 2


@pytest.mark.parametrize(("clear", "answer"), [(CLEAR, b"\x37\x25\x00"), (b"\x10\x05\x02", b"")])
def test_a_cleared_buffer_is_not_printed_after_new_paper(printer: VirtualPrinter, clear: bytes, answer: bytes) -> None:
    printer.change(roll=Roll.OUT)
    tell(printer, SLIP)
    assert ask(printer, clear + b"\x10\x04\x01", len(answer) + 1) == answer + b"\x1a"
    printer.change(roll=Roll.FULL)
    tell(printer, SLIP)
    assert printer.printed == 1
    assert printer.faults == {}


def test_clearing_ends_a_picture_that_was_never_finished(printer: VirtualPrinter) -> None:
    tell(printer, raster(["#" * 8] * 200)[:100])
    assert ask(printer, CLEAR, 3) == b"\x37\x25\x00"
    tell(printer, SLIP)
    rows = ink(printer.wait_for_papers(1)[-1])
    assert rows[-2:] == ["########", "#......#"]
    assert len(rows) <= 92 + len(CLEAR) + 2


def test_without_clearing_the_next_slip_is_swallowed_by_the_unfinished_picture(printer: VirtualPrinter) -> None:
    tell(printer, raster(["#" * 8] * 200)[:100])
    tell(printer, SLIP)
    assert printer.printed == 0


def test_a_reset_does_not_empty_the_buffer(printer: VirtualPrinter) -> None:
    printer.change(roll=Roll.OUT)
    tell(printer, SLIP + b"\x1b@")
    printer.change(roll=Roll.FULL)
    assert printer.printed == 1


def test_a_full_buffer_stops_the_sender_until_there_is_paper(printer: VirtualPrinter) -> None:
    printer.change(roll=Roll.OUT)
    with connected(printer) as line:
        line.settimeout(1)
        # The kernel's buffers fill up too, so megabytes are accepted before the sender blocks.
        with pytest.raises(TimeoutError):
            line.sendall(raster(["#" * 576] * 2000) * 100)
        # A printer that has not begun to read blocks the sender in the same way, so it gets some time.
        deadline = time.monotonic() + PATIENCE_SECONDS
        while printer.received < BUFFER:
            assert time.monotonic() < deadline
            printer.change()
        printer.change()
        assert printer.received == BUFFER
        printer.change(roll=Roll.FULL)
        line.settimeout(PATIENCE_SECONDS)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""
        assert printer.received > 2 * BUFFER


def test_questions_do_not_fill_the_buffer_of_a_printer_without_paper(printer: VirtualPrinter) -> None:
    printer.change(roll=Roll.OUT)
    with connected(printer) as line:
        for _ in range(3):
            line.sendall(STATUS * 2000)
            exactly(line, 8000)
        printer.change(roll=Roll.FULL)
        line.sendall(SLIP)
    assert len(printer.wait_for_papers(1)) == 1


def test_the_roll_may_end_within_a_slip(printer: VirtualPrinter) -> None:
    printer.change(rows_left=30)
    tell(printer, raster(["#" * 8] * 100) + CUT)
    assert printer.condition.roll is Roll.OUT
    assert printer.condition.rows_left == 0
    assert ask(printer, b"\x10\x04\x02", 1) == b"\x32"
    printer.change(roll=Roll.FULL)
    torn, rest = printer.wait_for_papers(2)
    assert (torn.torn, len(dots(torn))) == (True, 30)
    assert (rest.torn, len(dots(rest))) == (False, 70)


def test_a_hanging_printer_accepts_and_reads_nothing(printer: VirtualPrinter) -> None:
    printer.change(hang=True)
    with connected(printer) as line:
        line.sendall(SLIP + STATUS)
        printer.change()
        assert (printer.received, printer.printed) == (0, 0)
        printer.change(hang=False)
        assert exactly(line, 4) == HEALTHY
        assert printer.printed == 1


def test_a_mute_printer_prints_and_answers_nothing(printer: VirtualPrinter) -> None:
    printer.change(mute=True)
    with connected(printer) as line:
        line.sendall(STATUS + b"\x1da\xff\x1dr\x01" + SLIP + COMPLETION + CLEAR)
        printer.wait_for_papers(1)
        tell_rest = len(STATUS) + 6 + len(SLIP) + len(COMPLETION) + len(CLEAR)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while printer.received < tell_rest:
            assert time.monotonic() < deadline
            printer.change()
        printer.change(mute=False)
        line.sendall(b"\x1b@" + b"\x10\x04\x01")
        assert exactly(line, 1) == b"\x12"


def test_a_lying_printer_reports_success_without_paper_and_prints_the_past_later(printer: VirtualPrinter) -> None:
    printer.change(roll=Roll.OUT, lie=True)
    assert ask(printer, STATUS + SLIP + COMPLETION, 11) == HEALTHY + COMPLETED
    assert printer.printed == 0
    printer.change(roll=Roll.FULL, lie=False)
    assert printer.printed == 1


def test_a_model_without_completion_stays_silent_about_it(printer: VirtualPrinter) -> None:
    printer.change(completion=False)
    assert ask(printer, SLIP + COMPLETION + b"\x1dr\x01", 1) == b"\x00"
    assert printer.printed == 1
    assert printer.faults == {}


@pytest.mark.parametrize("after", [0, 1, 9, 10])
def test_the_connection_breaks_once_after_so_many_bytes(printer: VirtualPrinter, after: int) -> None:
    printer.change(drop_after=after)
    with pytest.raises(ConnectionResetError):
        ask(printer, SLIP, 1)
    assert printer.received == after
    assert printer.condition.drop_after is None
    assert (printer.hanging() is None) is (after < 9)
    assert ask(printer, CLEAR, 3) == b"\x37\x25\x00"
    assert ask(printer, SLIP + COMPLETION, 7) == COMPLETED
    assert ink(printer.papers()[0])[-2:] == ["########", "#......#"]


def test_the_bytes_to_the_break_are_counted_from_the_change_on(printer: VirtualPrinter) -> None:
    with connected(printer) as line:
        line.sendall(SLIP + COMPLETION)
        assert exactly(line, 7) == COMPLETED
        printer.change(drop_after=3)
        line.sendall(b"\n\n")
        line.sendall(b"\n\n")
        with pytest.raises(ConnectionResetError):
            exactly(line, 1)
    assert printer.received == len(SLIP) + len(COMPLETION) + 3


def test_a_slow_printer_takes_its_time(printer: VirtualPrinter) -> None:
    printer.change(bytes_per_second=2_000)
    start = time.monotonic()
    assert ask(printer, raster(["#" * 8] * 400) + CUT + COMPLETION, 7) == COMPLETED
    assert time.monotonic() - start > 0.1


def test_one_computer_at_a_time(printer: VirtualPrinter) -> None:
    with connected(printer) as first:
        first.sendall(b"\x10\x04\x01")
        exactly(first, 1)
        with connected(printer) as second:
            second.sendall(b"\x10\x04\x01" + SLIP)
            first.sendall(COMPLETION)
            assert exactly(first, 7) == COMPLETED
            assert printer.printed == 0
            first.close()
            assert exactly(second, 1) == b"\x12"
            printer.wait_for_papers(1)


def test_changes_may_be_made_from_the_callback() -> None:
    seen: list[bool] = []

    def changed() -> None:
        seen.append(jumpy.condition.cover_open)
        if jumpy.printed and not jumpy.condition.cover_open:
            jumpy.change(cover_open=True)

    jumpy = VirtualPrinter(knife=0, changed=changed)
    with jumpy.start():
        tell(jumpy, SLIP)
        jumpy.wait_for_papers(1)
        assert ask(jumpy, b"\x10\x04\x02", 1) == b"\x16"
    assert seen[-1]


def test_a_listener_that_fails_does_not_stop_the_printer(caplog: pytest.LogCaptureFixture) -> None:
    def changed() -> None:
        raise ValueError("no page")

    with VirtualPrinter(knife=0, changed=changed).start() as watched:
        tell(watched, SLIP)
        assert ask(watched, SLIP + COMPLETION, 7) == COMPLETED
        assert watched.printed == 2
    assert "the listener of the virtual printer failed" in caplog.text


def test_a_port_that_is_taken_is_said_at_once(printer: VirtualPrinter) -> None:
    other = VirtualPrinter()
    with pytest.raises(OSError, match="in use"):
        other.start(port=printer.port)
    other.stop()


def test_stopping_twice_is_no_fault_and_waiting_has_an_end(printer: VirtualPrinter) -> None:
    with pytest.raises(TimeoutError, match=r"0 papers after 0 s, 1 were awaited"):
        printer.wait_for_papers(1, seconds=0)
    printer.stop()
    printer.stop()
    with pytest.raises(ConnectionRefusedError), connected(printer):
        pass
