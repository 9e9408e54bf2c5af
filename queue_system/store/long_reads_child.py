"""The process that `store.long_reads` starts: it answers one request after the other, until its pipe closes."""

from __future__ import annotations

import gc
import os
import signal
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from typing import Final

import structlog

from ..clock import SystemClock
from ..core.errors import DomainError
from .database import Database
from .long_reads import Answer, Introduction, Request

# The hall's process gets the processor first, wherever both want it.
NICE: Final = 10

log = structlog.get_logger(__name__)


def main(number: int) -> None:
    """Answer what comes through the pipe with that number of an open file."""
    # A service manager sends these to every process of the service; this one ends with its server.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Not where the machine's rules forbid it, which harms only the hall.
    with suppress(OSError):
        os.nice(NICE)
    # The server has gone when the pipe breaks, and there is nobody to tell.
    with Connection(number) as pipe, suppress(EOFError, OSError):
        introduction: Introduction = pipe.recv()
        introduction.prepare()
        # The modules stay, so that no collection while rows are added up visits them (as in `ops.serving`).
        gc.freeze()
        pipe.send(("value", None))
        told = introduction
        with closing(Database(told.url, SystemClock(), told.sends, secret=told.secret)) as database:
            while True:
                _send(pipe, _next_answer(pipe, database))


def _next_answer(pipe: Connection, database: Database) -> Answer:
    try:
        request: Request = pipe.recv()
    except (EOFError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the server does the work itself
        return "unfit", type(error).__name__
    database.clock = request.clock
    with structlog.contextvars.bound_contextvars(**request.context):
        try:
            return "value", database.read_now(request.work, *request.args, **request.kwargs)
        except DomainError as error:
            return "error", error
        except Exception as error:
            # Here, because the place is lost on the way.
            log.exception("apart.failed")
            return "error", error


def _send(pipe: Connection, answer: Answer) -> None:
    try:
        pipe.send(answer)
    except (EOFError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the server does the work itself
        pipe.send(("unfit", type(error).__name__))
