"""The log of the process: one line for each event, without personal data of visitors.

The error texts of a database quote statements with names, contacts and secret links, so `describe` keeps only the parts
without values. Libraries that use `logging` get the same format.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any, Final, TextIO, cast

import sqlalchemy as sa
import structlog
from structlog.typing import ExcInfo

from .configuration import Configuration

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
# Set on an exception that is logged, because Starlette raises it again and uvicorn would log it a second time.
LOGGED: Final = "__queue_system_logged__"
# Matches quoted text, because Python quotes input that it could not read; not an apostrophe within a word.
_QUOTED: Final = re.compile(r"""(?<!\w)(['"])(?:\\.|.)*?\1(?!\w)""", re.DOTALL)
# For errors that name our code: matches quoted text that is not a Python name, because it may be input.
_QUOTED_BUT_NAMES: Final = re.compile(r"""(?<!\w)(['"])(?![a-z][a-z0-9_]*\1)(?:\\.|.)*?\1(?!\w)""", re.DOTALL)
_NAMING_CODE: Final = (AttributeError, ImportError, NameError, TypeError)


def configure_logging(configuration: Configuration) -> None:
    """Log one line for each event to standard error: coloured on a terminal, otherwise as JSON."""
    level = LEVELS[configuration.log_level]
    people = sys.stderr.isatty()
    stream = cast(TextIO, _Patient(sys.stderr))
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=_write_trace)]
        if people
        else [structlog.processors.ExceptionRenderer(trace), structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[*before, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    others = logging.StreamHandler(stream)
    others.addFilter(_not_logged_yet)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before], processors=[remove_meta, *last]
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[others], force=True)
    # It writes the numbers of visitors, and the address of the gateway. What it did not send is in our own log.
    # The status of a refusal is still read from it (`messages.texting`).
    apprise = logging.getLogger("apprise")
    apprise.setLevel(logging.WARNING)
    apprise.propagate = False
    apprise.addHandler(logging.NullHandler())


def trace(exc_info: ExcInfo) -> str:
    """The traceback of an exception and its causes, outermost last as in Python, without values."""
    return "\n".join(_lines(exc_info[1], set()))


def _write_trace(stream: TextIO, exc_info: ExcInfo) -> None:
    stream.write(trace(exc_info))


def describe(error: BaseException) -> str:
    """An exception on one line; for a database error only its class and place, because its text holds values."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if (diag := getattr(error, "diag", None)) is not None:
        # The message of a driver's error quotes input, and its detail the whole row, so both are left out.
        parts = (getattr(error, "sqlstate", None), diag.table_name, diag.column_name, diag.constraint_name)
        return " ".join([name, *filter(None, parts)])
    if isinstance(error, sa.exc.StatementError):
        return f"{name}: {error.statement}"
    if isinstance(error, KeyError):
        # The text of this error is only the key that was not found, so it is left out.
        return f"{name}: …".removeprefix("builtins.")
    quoted = _QUOTED_BUT_NAMES if isinstance(error, _NAMING_CODE) else _QUOTED
    text = quoted.sub("'…'", str(error)).replace("\n", " ")
    return f"{name}: {text}".removeprefix("builtins.")


def _lines(error: BaseException | None, seen: set[int]) -> Iterator[str]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield "which led to:"
    yield from (line.rstrip("\n") for line in traceback.format_tb(error.__traceback__))
    yield describe(error)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _lines(inner, seen)


def _not_logged_yet(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not getattr(error, LOGGED, False)


class _Patient:
    """A stream that drops a line that it cannot write, so that a full disk with the log on it can be reported."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()
