"""Runs the application under uvicorn."""

from __future__ import annotations

import gc
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette

from ..configuration import CannotListen, Configuration
from ..logs import configure_logging

GRACE_SECONDS: Final = 5
BACKLOG: Final = 2048


def listen(configuration: Configuration) -> tuple[socket.socket, Configuration]:
    """Take the address before anything else is begun; with port 0 the settings then carry the port that was given.

    Raises CannotListen.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            configuration.host, configuration.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"cannot listen on {configuration.host}: {error.strerror}. Set QUEUE_HOST.") from None
    try:
        # A server that was stopped a moment ago leaves connections behind that would refuse us for a minute.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"cannot listen on {configuration.host} port {configuration.port}: {error.strerror}. "
            "Stop what is running there, or choose another port with QUEUE_PORT."
        ) from None
    return listener, configuration.model_copy(update={"port": listener.getsockname()[1]})


def serve(
    app: Starlette, configuration: Configuration, listener: socket.socket, ready: Callable[[], None] | None = None
) -> int:
    """Serve on a socket from `listen` until a signal comes; `ready` is called once it serves.

    Returns the exit code: 0 after a clean stop, 3 when the application could not start (the log says why).
    """
    configure_logging(configuration)
    server = _Server(uvicorn_configuration(app), ready)
    before = _interrupt_on_sigterm()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn has stopped cleanly and passes the signal on; for whoever sent it that is success.
        return 0
    finally:
        listener.close()
        if before is not None:
            signal.signal(signal.SIGTERM, before)
    return 0 if server.started else 3


def _interrupt_on_sigterm() -> Any:
    """Let SIGTERM, when uvicorn passes it on, end as Ctrl-C does, not kill the process; returns the handler before."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, signal.default_int_handler)


def uvicorn_configuration(app: Starlette) -> uvicorn.Config:
    """How uvicorn runs the application."""
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
        # The application reads the headers of proxies itself.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


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
