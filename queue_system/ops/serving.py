"""Runs the application under uvicorn."""

from __future__ import annotations

import gc
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette

from ..configuration import CannotListen, Configuration
from ..logs import configure_logging

GRACE_SECONDS: Final = 5
BACKLOG: Final = 2048


def listen(configuration: Configuration) -> tuple[socket.socket, Configuration]:
    """Bind the address before anything else starts; for port 0 the returned settings hold the port that was given.

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
        # Otherwise connections of a server that has just stopped would block the address for a minute.
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
    app.state.installation.database.open_apart(partial(configure_logging, configuration))
    server = _Server(uvicorn_configuration(app), ready)
    before = _interrupt_on_sigterm()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn has stopped cleanly and raises the signal again; for its sender that is success.
        return 0
    finally:
        listener.close()
        if before is not None:
            signal.signal(signal.SIGTERM, before)
    return 0 if server.started else 3


def _interrupt_on_sigterm() -> Any:
    """Let SIGTERM, which uvicorn raises again, end like Ctrl-C and not kill the process; returns the old handler."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, signal.default_int_handler)


def uvicorn_configuration(app: Starlette) -> uvicorn.Config:
    """How uvicorn runs the application."""
    return uvicorn.Config(
        app,
        ws="websockets-sansio",
        # Off, because compression triples the memory of a socket and saves nothing for texts as small as a board.
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_max_size=16 * 1024,
        log_config=None,
        access_log=False,
        server_header=False,
        # Off, because the application reads the headers of proxies itself.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        # Modules, templates and catalogues stay in memory for good. They are frozen, because otherwise every full
        # collection visits all of them and two hundred screens wait 0.1 s for it.
        gc.collect()
        gc.freeze()
        gc.enable()
        if self.started and self._ready is not None:
            self._ready()
