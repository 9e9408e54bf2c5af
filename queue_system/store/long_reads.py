"""Reads that take long, in a process of their own, so that the hall does not wait for the interpreter.

A preview is a fifth of a second of Python, and in a thread it takes its turns with the hall at the interpreter's lock.
One child process with a lower priority reads on the same database instead (store/long_reads_child.py); decision 0034.
"""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final, Literal, TypeAlias

import structlog

from ..clock import Clock

# It holds 75 MB, and most halls change their settings for some minutes and then not for days.
IDLE_SECONDS: Final = 300.0
# Longer than any preview, also while the machine is busy; nobody waits for ever for a child that hangs.
ANSWER_SECONDS: Final = 60.0
# What ended it may end it again, so it is not started at once.
PAUSE_SECONDS: Final = 60.0
END_SECONDS: Final = 5.0
# The number of the pipe in the child follows, and where Python finds modules here.
_PROGRAM: Final = "import sys; sys.path[:] = sys.argv[2:]; from queue_system.store.long_reads_child import main; main(int(sys.argv[1]))"

#: "value" with what the work returned, "error" with the exception it raised; "unfit" with the name of the error that
#: kept either from being pickled, "lost" if there is no child any more.
Answer: TypeAlias = tuple[Literal["value", "error", "unfit", "lost"], Any]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Introduction:
    """The first that a child is told: its database, `prepare`, which it calls first, and the key of the installation."""

    url: str
    sends: frozenset[str]
    prepare: Callable[[], None]
    secret: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """`work(tx, *args, **kwargs)` for the child. `context` goes to its log lines; each brings its clock, which is small."""

    work: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    clock: Clock
    context: dict[str, Any]


class Lost(Exception):
    """The child gave no answer, so the work is to be done here."""


@dataclass(frozen=True, slots=True)
class _Job:
    request: Request
    future: Future[Any] = field(default_factory=Future)


class LongReads(threading.Thread):
    """A thread that gives requests to one child, one after the other.

    They wait for each other, because a thread that took the second one would disturb the hall, and previews are rare. The
    child is started when it is first wanted, and ended after `idle_seconds` without work. If it is lost, that is logged
    and it is started anew some time later.
    """

    def __init__(self, introduction: Introduction, idle_seconds: float = IDLE_SECONDS) -> None:
        super().__init__(name="apart", daemon=True)
        self._introduction = introduction
        self._idle_seconds = idle_seconds
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._is_starting = False
        self._is_ready = False
        self._not_before = 0.0
        # Only this thread uses it; tests look at it.
        self.child: _Child | None = None
        self.start()

    def is_ready_for(self, request: Request) -> bool:
        """Whether the child waits for work. If not, this starts it; nobody waits for that, because it takes seconds."""
        with self._lock:
            if not (self._is_ready or self._is_starting) and time.monotonic() >= self._not_before:
                self._is_starting = True
                # The request goes along and is not done, so that the child has its modules by the time of the next one.
                self._jobs.put(_Job(Request(nothing, (request,), {}, request.clock, {})))
            return self._is_ready

    def submit(self, request: Request) -> Future[Any]:
        """The result of a request, or its exception; Lost if the child could not say."""
        job = _Job(request)
        self._jobs.put(job)
        return job.future

    def stop(self) -> None:
        """Finish what waits, then end the child."""
        self._jobs.put(None)
        self.join()

    def run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._idle_seconds if self.child else None)
            except queue.Empty:
                self._end()
                continue
            if job is None:
                self._end()
                return
            if not job.future.set_running_or_notify_cancel():
                continue
            if self.child is None and time.monotonic() < self._not_before:
                # It waited behind that with which the child was lost.
                job.future.set_exception(Lost())
            else:
                self._answer(job)

    def _answer(self, job: _Job) -> None:
        kind: str
        try:
            kind, value = self._child_for_work().ask(job.request)
        except (EOFError, OSError) as error:
            log.warning("apart.lost", error=type(error).__name__)
            self._end(at_once=True)
            kind, value = "lost", None
        except Exception as error:  # noqa: BLE001 - dead, this thread would leave every later caller waiting too
            # The child is not to blame for what cannot be sent or read.
            kind, value = "unfit", type(error).__name__
        with self._lock:
            self._is_starting, self._is_ready = False, kind != "lost"
            if kind == "lost":
                self._not_before = time.monotonic() + PAUSE_SECONDS
        if kind == "value":
            job.future.set_result(value)
        elif kind == "error":
            job.future.set_exception(value)
        else:
            if kind == "unfit":
                log.error("apart.unfit", work=job.request.work.__qualname__, error=value)
            job.future.set_exception(Lost())

    def _child_for_work(self) -> _Child:
        if self.child is None:
            self.child = _Child()
            self.child.ask(self._introduction)
        return self.child

    def _end(self, *, at_once: bool = False) -> None:
        with self._lock:
            self._is_ready = False
        if self.child is not None:
            self.child.end(at_once=at_once)
            self.child = None


class _Child:
    """The process, and our end of the pipe to it; it ends when nobody holds that end, so it outlives no server."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._pipe = Connection(ours.detach())
            try:
                # Not `multiprocessing`, which would start a third process and run the program's main module once more.
                self.process = subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), *sys.path],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    # Otherwise Ctrl-C on a terminal would interrupt it too.
                    start_new_session=True,
                )
            except BaseException:
                self._pipe.close()
                raise

    def ask(self, message: Introduction | Request) -> Answer:
        """Send it and wait for the answer.

        Raises EOFError or OSError if the child is gone or says nothing, and others if a value cannot be pickled.
        """
        self._pipe.send(message)
        if not self._pipe.poll(ANSWER_SECONDS):
            raise TimeoutError
        answer: Answer = self._pipe.recv()
        return answer

    def end(self, *, at_once: bool) -> None:
        """Let it end by itself, or kill it."""
        self._pipe.close()
        if not at_once:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(END_SECONDS)
                return
        self.process.kill()
        self.process.wait()


def nothing(tx: Any, request: Request) -> None:
    """Work that does nothing; the child has to read the request."""
