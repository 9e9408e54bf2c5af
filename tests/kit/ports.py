"""A port that stays ours while nobody listens there: a server that is away, and may come back to its address."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_port() -> Iterator[int]:
    """A free port of this machine, where connections are refused until somebody listens.

    A port that is looked up and let go can be another's before it is used: of a test beside us, or of any connection
    going out. The socket here is bound and never listens; a server that sets SO_REUSEADDR, as ours do, may listen
    beside it, as often as it likes.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]
