"""An application under uvicorn in a thread of the test's own process, on a free port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette

# As long as a busy machine may need for anything; an answer that never comes still fails.
DEADLINE_SECONDS = 60.0


@contextmanager
def served(app: Starlette, **config: Any) -> Iterator[str]:
    """Serve an application in a thread; gives its address. Leaving stops it as a signal does.

    Logging is not configured, because uvicorn's configuration would remain in the process for later tests.
    """
    settings: dict[str, Any] = {"port": 0, "ws": "websockets-sansio", "log_config": None, "log_level": None} | config
    server = uvicorn.Server(uvicorn.Config(app, timeout_graceful_shutdown=1, **settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive()
