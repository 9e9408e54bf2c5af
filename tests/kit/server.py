"""A real server: a process of its own under uvicorn, on a port of its own, with a clock at which the hall is open.

    with Server(url, folder) as server:
        await Wire(server.port).ask("GET", "/api/v1/branches")
        server.kill()      # kill -9
        server.start()     # the same server again, on the same port

`python -m tests.kit.server` is that process.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from queue_system.clock import ShiftedClock, SystemClock
from tests.conftest import SUNDAY_MORNING
from tests.kit.forked import Forked
from tests.kit.ports import kept_port

START_SECONDS = 60.0
STOP_SECONDS = 60.0


class Server:
    """`url` is the address of a furnished database; the server has its key and its log in `folder`.

    `more` are further settings of its environment.
    """

    def __init__(
        self, url: str, folder: Path, step: timedelta | None = None, more: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.url = url
        self.folder = folder
        self._more = more
        self.step = step if step is not None else SUNDAY_MORNING - SystemClock().now()
        # Kept while the server is away, because screens reconnect to the same address.
        self._keeper = ExitStack()
        self.port = self._keeper.enter_context(kept_port())
        self._process: Forked | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        """Start the process and wait until it listens; raises RuntimeError with its output if it does not."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("QUEUE_")}
        environ |= {
            "QUEUE_DATABASE_URL": self.url,
            "QUEUE_DATA_DIR": str(self.folder),
            "QUEUE_PORT": str(self.port),
            "QUEUE_LOG_LEVEL": "warning",
            "QUEUE_TEST_STEP": str(self.step.total_seconds()),
            "PYTHONUTF8": "1",
            **self._more,
        }
        self._process = Forked("tests.kit.server", [], environ, self.folder / "server.log")
        self._await_ready(self._process)
        return self

    def kill(self) -> None:
        """Kill the process as a power cut does, without any cleanup."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._end(self._process)

    def pause(self) -> None:
        """Take the processor from it, in the middle of whatever it does, as a machine that is short of memory does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """Stop it as Ctrl-C does; returns the exit code."""
        if self._process is None:
            return 0
        process = self._process
        process.send_signal(signal.SIGINT)
        self._end(process)
        return process.wait()

    def words(self) -> str:
        """The standard error of the server so far."""
        return (self.folder / "server.log").read_text(errors="replace")

    def processor_seconds(self) -> float:
        """Processor time the process has used so far, user and system."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()
        self._keeper.close()

    def _await_ready(self, process: Forked) -> None:
        deadline = time.monotonic() + START_SECONDS
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            if ready.select(deadline - time.monotonic()) and process.stdout.readline():
                return
        process.kill()
        self._end(process)
        raise RuntimeError(f"the server did not start:\n{self.words()[-3000:]}")

    def _end(self, process: Forked) -> None:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            process.stdout.close()
            self._process = None


def main() -> int:
    from queue_system.app import create_app
    from queue_system.configuration import read_configuration
    from queue_system.ops.serving import listen, serve

    listener, settings = listen(read_configuration())
    clock = ShiftedClock(timedelta(seconds=float(os.environ["QUEUE_TEST_STEP"])))

    def ready() -> None:
        sys.stdout.write(f"{settings.port}\n")
        sys.stdout.flush()

    return serve(create_app(settings, clock), settings, listener, ready)


if __name__ == "__main__":
    sys.exit(main())
