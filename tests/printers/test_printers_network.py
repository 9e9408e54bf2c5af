"""The driver for printers on a TCP port, with real sockets."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest

from printers.driver import LEARNING_SECONDS, EscPosPrinter, PrinterError, Receipt, Status, read_status, token
from printers.escpos_bytes import clear_buffers
from printers.network import NetworkPrinter
from tests.kit import printers_wire
from tests.kit.ports import kept_port
from tests.kit.printers_wire import PATIENCE_SECONDS, Wire

pytestmark = pytest.mark.slow

SLIP = b"slip " * 200
# A timeout for answers that never come; any length would do.
SOON = 0.25
# One setting for two times: how long a printer may be silent before it is asked, and how long its answer may take.
QUIET = 1.0


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire().running() as running:
        yield running


def driver(wire: Wire, **settings: object) -> NetworkPrinter:
    """A driver that gives the test's printer all the time that it needs for its answers."""
    limits = dict.fromkeys(("connect_timeout", "status_timeout", "print_timeout"), PATIENCE_SECONDS)
    return NetworkPrinter("127.0.0.1", wire.port, **(limits | settings))  # type: ignore[arg-type]


def failure(printer: NetworkPrinter, data: bytes = SLIP) -> PrinterError:
    with pytest.raises(PrinterError) as caught:
        printer.send(data)
    return caught.value


def test_a_healthy_printer_confirms_the_slip(wire: Wire) -> None:
    assert driver(wire).send(SLIP) == Receipt("completed")
    assert wire.printed == SLIP


def test_the_printer_is_asked_before_anything_is_sent(wire: Wire) -> None:
    driver(wire).send(SLIP)
    assert wire.received.startswith(b"\x10\x04\x01\x10\x04\x02\x10\x04\x04" + SLIP)


def test_each_slip_has_its_own_token(wire: Wire) -> None:
    printer = driver(wire)
    printer.send(SLIP)
    printer.send(SLIP)
    tokens = [part[:4] for part in bytes(wire.received).split(printers_wire.COMPLETION)[1:]]
    assert len(set(tokens)) == 2


def test_unasked_reports_do_not_confuse_the_answers(wire: Wire) -> None:
    wire.noise = b"\x10\x00\x00\x00"
    assert driver(wire).status() is Status.READY
    assert driver(wire).send(SLIP) == Receipt("completed")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (printers_wire.READY, Status.READY),
        (printers_wire.PAPER_LOW, Status.PAPER_LOW),
        (printers_wire.NO_PAPER, Status.NO_PAPER),
        (printers_wire.COVER_OPEN, Status.COVER_OPEN),
        (printers_wire.SWITCHED_OFFLINE, Status.OFFLINE),
        (printers_wire.FAULT, Status.OFFLINE),
    ],
)
def test_the_printer_says_how_it_is(wire: Wire, state: dict[int, int], expected: Status) -> None:
    wire.status = dict(state)
    assert driver(wire).status() is expected
    assert read_status(state[1], state[2], state[4]) is expected


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (printers_wire.NO_PAPER, "no_paper"),
        (printers_wire.COVER_OPEN, "cover_open"),
        (printers_wire.SWITCHED_OFFLINE, "offline"),
    ],
)
def test_nothing_is_sent_to_a_printer_that_cannot_print(wire: Wire, state: dict[int, int], code: str) -> None:
    wire.status = dict(state)
    error = failure(driver(wire))
    assert (error.code, error.permanent, error.maybe_printed) == (code, False, False)
    assert wire.printed == b""


def test_low_paper_still_prints(wire: Wire) -> None:
    wire.status = dict(printers_wire.PAPER_LOW)
    assert driver(wire).send(SLIP) == Receipt("completed")


def test_a_printer_that_is_switched_off_is_offline() -> None:
    with kept_port() as port:
        printer = NetworkPrinter("127.0.0.1", port, connect_timeout=PATIENCE_SECONDS)
        error = failure(printer)
        assert (error.code, error.permanent, error.maybe_printed) == ("offline", False, False)
        assert printer.status() is Status.OFFLINE


def test_a_name_that_cannot_be_one_is_told_apart_and_permanent() -> None:
    error = failure(NetworkPrinter("printer..invalid"))
    assert (error.code, error.permanent, error.maybe_printed) == ("unknown_host", True, False)


def test_a_hanging_printer_gets_no_slip(wire: Wire) -> None:
    wire.answers = False
    error = failure(driver(wire, status_timeout=SOON))
    assert (error.code, error.maybe_printed) == ("silent", False)
    assert wire.printed == b""
    assert driver(wire, status_timeout=SOON).status() is Status.SILENT


@pytest.mark.parametrize("only", [(1,), (1, 4), (1, 2)])
def test_a_printer_that_answers_only_some_questions_is_ready_and_prints(wire: Wire, only: tuple[int, ...]) -> None:
    wire.only = only
    printer = driver(wire, status_timeout=SOON)
    assert printer.status() is Status.READY
    asked = len(wire.received)
    printer.status_timeout = PATIENCE_SECONDS
    # An unanswered question is not asked again, so the driver does not wait for it.
    assert printer.send(SLIP) == Receipt("completed")
    questions = bytes(wire.received[asked:]).split(SLIP)[0]
    assert questions == b"".join(b"\x10\x04" + bytes([n]) for n in only)


def test_what_a_printer_has_answered_once_it_has_to_answer_again(wire: Wire) -> None:
    printer = driver(wire)
    assert printer.status() is Status.READY
    wire.only = (1, 2)
    printer.status_timeout = SOON
    assert printer.status() is Status.SILENT


def test_another_printer_at_the_same_place_is_asked_everything_again() -> None:
    with kept_port() as port:
        wire = Wire(port=port, only=(1,))
        printer = NetworkPrinter("127.0.0.1", port, connect_timeout=PATIENCE_SECONDS, status_timeout=SOON)
        with wire.running():
            assert printer.status() is Status.READY
        assert printer.status() is Status.OFFLINE
        printer.status_timeout = PATIENCE_SECONDS
        wire = Wire(port=port, status=dict(printers_wire.NO_PAPER))
        with wire.running():
            assert printer.status() is Status.NO_PAPER


@pytest.mark.parametrize("garbage", [b"\x00", b"\x92", b"\xff", b"busy"])
def test_answers_that_are_no_status_are_told_apart_from_silence(wire: Wire, garbage: bytes) -> None:
    wire.garbage = garbage
    printer = driver(wire, status_timeout=SOON)
    assert printer.status() is Status.GARBLED
    error = failure(printer)
    assert (error.code, error.permanent, error.maybe_printed) == ("garbled", False, False)
    assert wire.printed == b""


@pytest.mark.parametrize("greeting", [b"\x00", b"\x11", b"\x14\x00\x00\x0f"])
def test_what_is_said_at_the_beginning_is_no_answer(wire: Wire, greeting: bytes) -> None:
    wire.greeting = greeting
    assert driver(wire).status() is Status.READY
    assert driver(wire).send(SLIP) == Receipt("completed")


def test_flow_control_alone_is_silence(wire: Wire) -> None:
    wire.garbage = b"\x11\x13"
    assert driver(wire, status_timeout=SOON).status() is Status.SILENT


def test_a_printer_that_talks_without_end_does_not_fill_the_memory(wire: Wire) -> None:
    wire.garbage = b"no status " * 20_000
    tracemalloc.start()
    assert driver(wire, status_timeout=SOON).status() is Status.GARBLED
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000


def test_a_mute_printer_gets_its_slip_without_proof(wire: Wire) -> None:
    wire.answers = wire.completes = False
    printer = driver(wire, mute=True)
    assert printer.status() is Status.UNKNOWN
    assert printer.send(SLIP) == Receipt("none")
    assert wire.received == SLIP


@pytest.mark.parametrize("late", [1, 2, 3, 4])
def test_a_slow_printer_confirms_while_it_is_asked_how_it_is(wire: Wire, late: int) -> None:
    wire.completes_late = late
    assert driver(wire, status_timeout=QUIET).send(SLIP) == Receipt("completed")


def test_a_printer_without_completion_proves_by_its_status(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.completes = False
    assert LEARNING_SECONDS <= 3
    monkeypatch.setattr("printers.driver.LEARNING_SECONDS", SOON)
    printer = driver(wire)
    assert not printer.completion
    assert printer.send(SLIP) == Receipt("status")
    assert printer.completion is False
    # The printer is neither asked nor awaited again.
    started = time.monotonic()
    assert printer.send(SLIP) == Receipt("status")
    assert time.monotonic() - started < printer.print_timeout
    assert bytes(wire.received).count(printers_wire.COMPLETION) == 1


def test_completion_can_be_switched_off(wire: Wire) -> None:
    assert driver(wire, completion=False).send(SLIP) == Receipt("status")
    assert printers_wire.COMPLETION not in wire.received


def test_a_missing_completion_from_a_printer_that_gives_it_is_not_proof(wire: Wire) -> None:
    printer = driver(wire)
    printer.send(SLIP)
    wire.completes = False
    printer.print_timeout = SOON
    error = failure(printer)
    assert (error.code, error.maybe_printed) == ("unconfirmed", True)
    # Another printer may be there now, so the next slip detects it again instead of failing like every later one.
    printer.print_timeout = SOON
    assert printer.send(SLIP) == Receipt("status")


def test_what_a_person_said_about_completion_is_not_unlearnt(wire: Wire) -> None:
    wire.completes = False
    printer = driver(wire, completion=True, print_timeout=SOON)
    assert [failure(printer).code for _ in range(2)] == ["unconfirmed", "unconfirmed"]


@pytest.mark.parametrize("completion", [None, False])
def test_paper_that_ends_within_the_slip_is_noticed(wire: Wire, completion: bool | None) -> None:
    wire.then = dict(printers_wire.NO_PAPER)
    error = failure(driver(wire, status_timeout=QUIET, completion=completion))
    assert (error.code, error.maybe_printed) == ("no_paper", True)


def test_a_connection_that_breaks_within_the_slip_leaves_it_unknown(wire: Wire) -> None:
    wire.drop_after = 9 + 100
    error = failure(driver(wire))
    assert (error.code, error.permanent, error.maybe_printed) == ("interrupted", False, True)


def test_a_connection_that_breaks_before_the_slip_printed_nothing(wire: Wire) -> None:
    wire.drop_after = 4
    assert failure(driver(wire)).maybe_printed is False


def test_a_printer_that_stops_reading_is_given_up(wire: Wire) -> None:
    wire.reads = False
    printer = driver(wire, mute=True, status_timeout=SOON, print_timeout=SOON)
    error = failure(printer, b"x" * 20_000_000)
    assert (error.code, error.maybe_printed) == ("interrupted", True)


class StoppedLine:
    """A line to a printer that accepts questions but no slip."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def open(self) -> AbstractContextManager[StoppedLine]:
        return nullcontext(self)

    def seconds_for(self, count: int) -> float:
        return 0.0 * count

    def send(self, data: bytes, timeout: float) -> None:
        if data.startswith(SLIP):
            raise TimeoutError(timeout)
        self.taken += data

    def receive(self, timeout: float) -> bytes:
        raise TimeoutError(timeout)

    def finish(self, timeout: float) -> None:
        pass


def test_a_mute_printer_is_not_even_asked_why_it_stopped() -> None:
    line = StoppedLine()
    with pytest.raises(PrinterError, match="interrupted"):
        EscPosPrinter(line, mute=True).send(SLIP)
    assert bytes(line.taken) == clear_buffers()


def test_after_a_failed_slip_the_buffer_is_cleared_at_once_and_before_the_next(wire: Wire) -> None:
    printer = driver(wire, status_timeout=QUIET)
    wire.then = dict(printers_wire.NO_PAPER)
    failure(printer, b"old")
    assert wire_shows(wire, b"old<cleared>")
    wire.then, wire.status = None, dict(printers_wire.READY)
    assert printer.send(b"new") == Receipt("completed")
    printer.send(b"next")
    assert wire.printed == b"old<cleared><cleared>newnext"


@pytest.mark.parametrize("mute", [True, False])
def test_a_printer_that_never_stops_talking_is_left(wire: Wire, mute: bool) -> None:
    wire.chatters = True
    receipts: list[Receipt] = []
    printer = driver(wire, mute=mute, completion=False, status_timeout=QUIET)
    sending = threading.Thread(target=lambda: receipts.append(printer.send(SLIP)), daemon=True)
    sending.start()
    sending.join(PATIENCE_SECONDS)
    assert [receipt.proof for receipt in receipts] == ["none" if mute else "status"]


def test_two_threads_share_one_connection_at_a_time(wire: Wire) -> None:
    printer = driver(wire)
    receipts: list[Receipt] = []
    threads = [threading.Thread(target=lambda: receipts.append(printer.send(SLIP))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert receipts == [Receipt("completed")] * 4
    assert wire.printed == SLIP * 4


def test_tokens_are_printable_distinct_and_never_taken_for_a_status() -> None:
    tokens = [token(number * 577) for number in range(20_000)]
    assert len(set(tokens)) == 20_000
    for byte in set(b"".join(tokens)):
        assert 0x20 <= byte <= 0x7E
        assert byte & 0x93 != 0x12


def wire_shows(wire: Wire, expected: bytes, deadline: float = PATIENCE_SECONDS) -> bool:
    until = time.monotonic() + deadline
    while wire.printed != expected and time.monotonic() < until:
        threading.Event().wait(0.01)
    return wire.printed == expected
