"""A port that stays reserved while nobody listens there: for a server that is away and comes back to its address."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_port() -> Iterator[int]:
    """A free port of this machine, where connections are refused until somebody listens.

    A port that is looked up and released can be taken before it is used, by another test or by any outgoing connection.
    The socket here is bound and never listens. A server with SO_REUSEADDR, as ours has, can listen beside it, any
    number of times.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]
