"""Runs the application under uvicorn."""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
import sys
from collections.abc import Callable
from typing import Final, TextIO, cast

import structlog
import uvicorn
from starlette.applications import Starlette

from .settings import CannotListen, Settings

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
GRACE_SECONDS: Final = 5
BACKLOG: Final = 2048


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """Take the address before anything else is begun; with port 0 the settings then carry the port that was given.

    Raises CannotListen.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"cannot listen on {settings.host}: {error.strerror}. Set QUEUE_HOST.") from None
    try:
        # A server that was stopped a moment ago leaves connections behind that would refuse us for a minute.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            "Stop what is running there, or choose another port with QUEUE_PORT."
        ) from None
    return listener, settings.model_copy(update={"port": listener.getsockname()[1]})


def serve(app: Starlette, settings: Settings, listener: socket.socket, ready: Callable[[], None] | None = None) -> int:
    """Serve on a socket from `listen` until a signal comes; `ready` is called once it serves.

    Returns the exit code: 0 after a clean stop, 3 when the application could not start (the log says why).
    """
    configure_logging(settings)
    server = _Server(configuration(app, settings), ready)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn has stopped cleanly and passes the signal on; for the person at the keyboard that is success.
        return 0
    finally:
        listener.close()
    return 0 if server.started else 3


def configuration(app: Starlette, settings: Settings) -> uvicorn.Config:
    """How uvicorn runs the application, with whose X-Forwarded-* headers it believes."""
    return uvicorn.Config(
        app,
        ws="websockets-sansio",
        # Triples the memory of a screen and saves nothing at the size of a board.
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_max_size=16 * 1024,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def configure_logging(settings: Settings) -> None:
    """One line an event on standard error: coloured for people, JSON where nobody watches a terminal."""
    level = LEVELS[settings.log_level]
    people = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            *([] if people else [structlog.processors.format_exc_info]),
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if people
            else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Patient(sys.stderr))),
    )
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )


class _Patient:
    """A stream that costs a line at most: who reports that the disk is full must not fail because the log lies there."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        # Modules, templates and catalogues stay for good. Left in the collector's view, every full pass goes through
        # all of them again, and two hundred screens wait a tenth of a second for it.
        gc.collect()
        gc.freeze()
        if self.started and self._ready is not None:
            self._ready()
