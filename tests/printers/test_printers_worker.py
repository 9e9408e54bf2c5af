"""The thread that takes slips from a source and prints them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from printers.driver import PrinterError, Receipt, Status
from printers.network import NetworkPrinter
from printers.worker import Job, News, Outcome, Worker
from tests.kit import printers_wire
from tests.kit.ports import kept_port
from tests.kit.printers_wire import PATIENCE_SECONDS, Wire

# Longer than any test waits, so that whatever comes has another cause.
NEVER_SECONDS = 3_600


class Queue:
    """A job source in memory: gives each job once, and keeps the reports."""

    def __init__(self, *jobs: Job) -> None:
        self.changed = threading.Condition()
        self.waiting = list(jobs)
        self.outcomes: list[tuple[str, Outcome]] = []
        self.statuses: list[Status] = []
        self.broken: set[str] = set()
        self.calls = 0

    def claim(self) -> Job | None:
        self._called("claim")
        return self.waiting.pop(0) if self.waiting else None

    def report(self, job: Job, outcome: Outcome) -> None:
        self._called("report")
        with self.changed:
            self.outcomes.append((job.id, outcome))
            self.changed.notify_all()

    def printer_status(self, status: Status) -> None:
        self._called("status")
        with self.changed:
            self.statuses.append(status)
            self.changed.notify_all()

    def until(self, condition: Callable[[], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(condition, PATIENCE_SECONDS)

    def _called(self, what: str) -> None:
        with self.changed:
            self.calls += 1
            self.changed.notify_all()
        if what in self.broken:
            raise RuntimeError(what)


class Scripted:
    """A driver that the test controls, for failures that no network can produce."""

    def __init__(self, *answers: Receipt | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []
        self.state = Status.READY

    def send(self, data: bytes) -> Receipt:
        self.sent.append(data)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def status(self) -> Status:
        return self.state


@contextmanager
def working(worker: Worker) -> Iterator[None]:
    worker.start()
    try:
        yield
    finally:
        assert worker.stop(PATIENCE_SECONDS)


class Pauses(threading.Event):
    """The event on which a worker waits before it asks again; records the intended times."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout)
        return super().wait(timeout)


def network(wire: Wire) -> NetworkPrinter:
    """A driver that gives the test's printer all the time that it needs to answer."""
    return NetworkPrinter(
        "127.0.0.1",
        wire.port,
        connect_timeout=PATIENCE_SECONDS,
        status_timeout=PATIENCE_SECONDS,
        print_timeout=PATIENCE_SECONDS,
    )


def test_waiting_slips_are_printed_in_order_and_reported() -> None:
    queue = Queue(Job("1", b"one "), Job("2", b"two "))
    with Wire().running() as wire, working(Worker(network(wire), queue, threading.Event())):
        assert queue.until(lambda: len(queue.outcomes) == 2)
        assert wire.printed == b"one two "
    assert queue.outcomes == [("1", Outcome(proof="completed")), ("2", Outcome(proof="completed"))]
    assert all(outcome.printed for _, outcome in queue.outcomes)
    assert queue.statuses == [Status.READY]


def test_a_wake_up_beats_the_poll() -> None:
    queue, wake = Queue(), threading.Event()
    with Wire().running() as wire, working(Worker(network(wire), queue, wake, poll=NEVER_SECONDS)):
        assert queue.until(lambda: queue.calls >= 2)  # status told, nothing claimed
        queue.waiting.append(Job("1", b"one "))
        wake.set()
        assert queue.until(lambda: len(queue.outcomes) == 1)


def test_without_a_wake_up_the_poll_finds_the_slip() -> None:
    queue = Queue()
    with Wire().running() as wire, working(Worker(network(wire), queue, threading.Event(), poll=0.05)):
        assert queue.until(lambda: queue.calls >= 2)
        queue.waiting.append(Job("1", b"one "))
        assert queue.until(lambda: len(queue.outcomes) == 1)


def test_nothing_is_claimed_without_paper_and_recovery_is_noticed_within_two_seconds() -> None:
    queue = Queue(Job("1", b"one "))
    wire = Wire(status=dict(printers_wire.NO_PAPER))
    with wire.running():
        worker = Worker(network(wire), queue, threading.Event())
        pauses = worker._stopping = Pauses()
        with working(worker):
            assert queue.until(lambda: queue.statuses == [Status.NO_PAPER])
            assert queue.waiting
            wire.status = dict(printers_wire.READY)
            assert queue.until(lambda: len(queue.outcomes) == 1)
            assert queue.until(lambda: queue.statuses == [Status.NO_PAPER, Status.READY])
    # The time that the worker adds, without that of a busy machine.
    assert pauses.asked
    assert all(pause is not None and pause < 2 for pause in pauses.asked)


def test_a_printer_that_is_switched_off_and_on_again_prints() -> None:
    queue = Queue(Job("1", b"one "))
    with kept_port() as port:
        wire = Wire(port=port)
        with working(Worker(network(wire), queue, threading.Event(), recovery=0.1)):
            assert queue.until(lambda: queue.statuses == [Status.OFFLINE])
            with wire.running():
                assert queue.until(lambda: len(queue.outcomes) == 1)
                assert queue.until(lambda: queue.statuses == [Status.OFFLINE, Status.READY])


def test_paper_that_ends_while_idle_is_told() -> None:
    queue = Queue()
    with Wire().running() as wire, working(Worker(network(wire), queue, threading.Event(), poll=0.05)):
        assert queue.until(lambda: queue.statuses == [Status.READY])
        wire.status = dict(printers_wire.NO_PAPER)
        assert queue.until(lambda: queue.statuses == [Status.READY, Status.NO_PAPER])


def test_a_failed_slip_is_reported_once_and_not_tried_again_by_the_worker() -> None:
    printer = Scripted(PrinterError("interrupted", maybe_printed=True), Receipt("status"))
    queue = Queue(Job("1", b"one"), Job("2", b"two"))
    with working(Worker(printer, queue, threading.Event(), recovery=0.01)):
        assert queue.until(lambda: len(queue.outcomes) == 2)
    assert queue.outcomes == [("1", Outcome(code="interrupted", maybe_printed=True)), ("2", Outcome(proof="status"))]
    assert not queue.outcomes[0][1].printed
    assert printer.sent == [b"one", b"two"]


def test_a_permanent_failure_says_so() -> None:
    queue = Queue(Job("1", b"one"))
    printer = Scripted(PrinterError("unknown_host", permanent=True))
    with working(Worker(printer, queue, threading.Event())):
        assert queue.until(lambda: len(queue.outcomes) == 1)
    assert queue.outcomes == [("1", Outcome(code="unknown_host", permanent=True))]


def test_a_defect_in_the_driver_does_not_end_the_worker() -> None:
    printer = Scripted(ZeroDivisionError(), Receipt("none"))
    queue = Queue(Job("1", b"one"), Job("2", b"two"))
    with working(Worker(printer, queue, threading.Event(), recovery=0.01)):
        assert queue.until(lambda: len(queue.outcomes) == 2)
    assert queue.outcomes == [("1", Outcome(code="internal", maybe_printed=True)), ("2", Outcome(proof="none"))]


def test_a_source_that_fails_does_not_end_the_worker() -> None:
    queue = Queue(Job("1", b"one"))
    queue.broken = {"claim", "status"}
    with working(Worker(Scripted(Receipt("none")), queue, threading.Event(), poll=0.02)):
        assert queue.until(lambda: queue.calls >= 4)
        queue.broken = set()
        assert queue.until(lambda: len(queue.outcomes) == 1)
        assert queue.until(lambda: queue.statuses == [Status.READY])


def test_an_outcome_is_handed_in_until_it_is_taken_and_the_slip_printed_once() -> None:
    printer = Scripted(Receipt("none"))
    queue = Queue(Job("1", b"one"))
    queue.broken = {"report"}
    with working(Worker(printer, queue, threading.Event(), recovery=0.02)):
        assert queue.until(lambda: queue.calls >= 6)
        queue.broken = set()
        assert queue.until(lambda: len(queue.outcomes) == 1)
    assert printer.sent == [b"one"]


def test_stopping_is_prompt_whatever_the_worker_waits_for() -> None:
    waits, told = Queue(), Queue()
    idle = Worker(Scripted(), waits, threading.Event(), poll=NEVER_SECONDS)
    blocked_printer = Scripted()
    blocked_printer.state = Status.COVER_OPEN
    blocked = Worker(blocked_printer, told, threading.Event(), recovery=NEVER_SECONDS)
    idle.start()
    blocked.start()
    assert waits.until(lambda: waits.calls >= 2)  # status told, nothing claimed
    assert told.until(lambda: told.calls >= 1)
    assert idle.stop(PATIENCE_SECONDS)
    assert blocked.stop(PATIENCE_SECONDS)


def test_a_state_is_told_when_it_was_seen_twice() -> None:
    news = News(30)
    assert news.worth_telling(Status.READY, None, 0) is Status.READY
    assert news.worth_telling(Status.NO_PAPER, Status.READY, 1) is Status.READY
    assert news.worth_telling(Status.READY, Status.READY, 2) is Status.READY
    assert news.worth_telling(Status.NO_PAPER, Status.READY, 3) is Status.READY
    assert news.is_open
    assert news.worth_telling(Status.NO_PAPER, Status.READY, 4) is Status.NO_PAPER
    assert not news.is_open


def test_a_printer_that_answers_anything_at_all_does_not_fill_the_log() -> None:
    random, news, told, facts = Random(14), News(30), Status.READY, 0
    for second in range(0, 24 * 3600, 2):
        said = news.worth_telling(random.choice([*Status]), told, second)
        facts += said is not told
        told = said
    assert told is Status.GARBLED
    assert facts < 40


def test_a_printer_that_changes_for_a_day_on_purpose_is_bounded_and_believed_when_it_holds_still() -> None:
    news, told, facts = News(30), Status.READY, 0
    for second in range(0, 24 * 3600, 2):
        said = news.worth_telling([Status.READY, Status.NO_PAPER][second // 4 % 2], told, second)
        facts += said is not told
        told = said
    assert facts < 40
    for second in range(24 * 3600, 25 * 3600 + 4, 2):
        told = news.worth_telling(Status.READY, told, second)
    assert told is Status.READY


def test_ten_troubles_of_a_busy_morning_are_all_told() -> None:
    news, told, facts = News(30), Status.READY, 0
    for second in range(10_000):
        state = Status.NO_PAPER if second % 1_000 < 30 else Status.READY
        said = news.worth_telling(state, told, second)
        facts += said is not told
        told = said
    assert facts == 20


def test_a_worker_that_was_never_started_stops() -> None:
    assert Worker(Scripted(), Queue(), threading.Event()).stop(1)
