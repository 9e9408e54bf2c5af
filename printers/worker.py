"""One thread per printer: wait, claim, print, report. The job source decides on retries and expiry."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from printers.driver import Printer, PrinterError, Proof, Status

#: After so many changes within so many seconds, a state is reported only once it has been steady for a while.
MANY_CHANGES: Final = 10
MANY_CHANGES_SECONDS: Final = 600.0
STEADY_SECONDS: Final = 30.0
LONGEST_STEADY_SECONDS: Final = 3600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A claimed slip as printer bytes."""

    id: str
    data: bytes


@dataclass(frozen=True)
class Outcome:
    """The result of a job. ``code`` is None when it was printed, else a ``PrinterError`` code or
    ``internal``; ``proof`` is set when it was printed."""

    proof: Proof | None = None
    code: str | None = None
    permanent: bool = False
    maybe_printed: bool = False

    @property
    def printed(self) -> bool:
        return self.code is None


class JobSource(Protocol):
    """The source of jobs: the database in the same process, or a server over HTTP."""

    def claim(self) -> Job | None: ...

    def report(self, job: Job, outcome: Outcome) -> None: ...

    def printer_status(self, status: Status) -> None: ...


class Wake(Protocol):
    """A ``threading.Event`` or an object that behaves like one."""

    def set(self) -> None: ...

    def clear(self) -> None: ...

    def wait(self, timeout: float | None = None) -> bool: ...


class Worker:
    """Prints the jobs of ``source`` on ``printer`` until stopped.

    ``wake`` is set when a job is added; without it the worker checks for jobs and asks for the status
    every ``poll`` seconds. While the printer cannot print, the worker claims no job and asks for the status
    every ``recovery`` seconds. A changed status is reported when it was seen twice; a printer whose status keeps
    changing must be steady for ``steady`` seconds first.
    """

    def __init__(
        self,
        printer: Printer,
        source: JobSource,
        wake: Wake,
        *,
        poll: float = 2.0,
        recovery: float = 0.5,
        steady: float = STEADY_SECONDS,
        name: str = "printer",
    ) -> None:
        self.printer = printer
        self.source = source
        self.wake = wake
        self.poll = poll
        self.recovery = recovery
        self._stopping = threading.Event()
        self._looked = Status.UNKNOWN
        self._told: Status | None = None
        self._news = News(steady)
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float | None = None) -> bool:
        """Ask the thread to end after the slip in hand; True when it has ended in time."""
        self._stopping.set()
        self.wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def run(self) -> None:
        """The thread's body; returns only after ``stop``."""
        woken = False
        while not self._stopping.is_set():
            try:
                pause = self._round(woken)
            except Exception:
                log.exception("printer worker: round failed")
                pause = self.poll
            woken = bool(pause) and self.wake.wait(pause)

    def _round(self, woken: bool) -> float:
        """Print all jobs; returns the seconds to wait for a wake-up.

        A worker that is woken for a slip does not ask for the status first, because sending does so too and
        some printers need a moment between two connections.
        """
        if not (woken and self._told is not None and self._told.prints):
            status = self._looked = self.printer.status()
            self._tell(status)
            if not status.prints:
                # It ignores wake-ups here, because with a printer that cannot print they would become a busy loop.
                self._stopping.wait(self.recovery)
                return 0.0
        self.wake.clear()
        while not self._stopping.is_set():
            job = self.source.claim()
            if job is None:
                return self.recovery if self._news.is_open else self.poll
            outcome = self._print(job)
            self._report(job, outcome)
            if outcome.printed and self._news.is_open:
                # A printed slip counts as the second observation of the same status.
                self._tell(self._looked)
            if not outcome.printed:
                self._stopping.wait(self.recovery)
                break
        return 0.0

    def _print(self, job: Job) -> Outcome:
        try:
            return Outcome(proof=self.printer.send(job.data).proof)
        except PrinterError as error:
            log.warning("job %s not printed: %s", job.id, error.code)
            return Outcome(code=error.code, permanent=error.permanent, maybe_printed=error.maybe_printed)
        except Exception:
            log.exception("job %s: the driver failed", job.id)
            return Outcome(code="internal", maybe_printed=True)

    def _report(self, job: Job, outcome: Outcome) -> None:
        """Report the outcome until it succeeds, because with a lost outcome the slip might be printed twice."""
        while True:
            try:
                self.source.report(job, outcome)
                return
            except Exception:
                log.exception("job %s: outcome %s could not be reported", job.id, outcome)
            if self._stopping.wait(self.recovery):
                return

    def _tell(self, status: Status) -> None:
        status = self._news.worth_telling(status, self._told, time.monotonic())
        if status is self._told:
            return
        try:
            self.source.printer_status(status)
        except Exception:
            log.exception("printer status %s could not be reported", status.value)
            return
        self._told = status


class News:
    """Decides which observed states to report, because every report becomes a fact in the log.

    One answer may be noise, so a state counts when it is seen twice in a row. A printer whose state keeps changing is
    GARBLED after ``MANY_CHANGES``, until a state has been steady for ``steady`` seconds; this time doubles with every
    relapse.
    """

    def __init__(self, steady: float) -> None:
        self.steady = steady
        self._wanted = steady
        self._doubted = False
        self._seen: Status | None = None
        self._since = 0.0
        self._changes: deque[float] = deque(maxlen=MANY_CHANGES)

    @property
    def is_open(self) -> bool:
        """Whether the status should be asked again soon."""
        return self._seen is not None and not self._doubted

    def worth_telling(self, status: Status, told: Status | None, now: float) -> Status:
        """The status to report now; it equals `told`, the last one reported, if there is no news. `now` is in seconds."""
        if told is None:
            return status
        if status is told and not self._doubted:
            self._seen = None
            return told
        if status is not self._seen:
            self._seen, self._since = status, now
            return told
        if self._doubted:
            if now - self._since < self._wanted:
                return told
            self._doubted = False
        elif self._restless(now):
            self._doubted = True
            return Status.GARBLED
        else:
            self._wanted = self.steady
        self._changes.append(now)
        self._seen = None
        return status

    def _restless(self, now: float) -> bool:
        restless = len(self._changes) == MANY_CHANGES and now - self._changes[0] < MANY_CHANGES_SECONDS
        if restless:
            self._wanted = min(self._wanted * 2, LONGEST_STEADY_SECONDS)
        return restless
