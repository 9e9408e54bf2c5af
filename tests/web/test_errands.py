"""Work that outlives its answer: once at a time, and not longer than the node."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from queue_system.configuration import read_configuration
from queue_system.core.errors import Refused
from queue_system.ops import drill
from queue_system.web import errands as module
from queue_system.web.errands import Errands


def test_what_is_underway_ends_with_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    ended: list[str] = []

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("long")

    async def run() -> None:
        errands = Errands()
        assert not await errands.run("long", long)
        assert not await errands.run("long", long)
        assert list(errands.underway) == ["long"]
        await errands.stop()
        assert errands.underway == {}

    asyncio.run(run())
    assert ended == ["long"]


def test_what_went_wrong_is_known_until_it_is_begun_again() -> None:
    async def fail() -> None:
        raise Refused("drill-failed", what="rows")

    async def work() -> None:
        return None

    async def run() -> None:
        errands = Errands()
        assert await errands.run("drill", fail)
        assert errands.failures["drill"].code == "drill-failed"
        assert await errands.run("drill", work)
        assert errands.failures == {}

    asyncio.run(run())


@pytest.mark.process
def test_a_drill_that_is_called_off_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = read_configuration({}, data_dir=tmp_path)
    begun: list[asyncio.subprocess.Process] = []
    original, started = asyncio.create_subprocess_exec, asyncio.Event()

    async def seen(*command: Any, **more: Any) -> asyncio.subprocess.Process:
        begun.append(await original(*command, **more))
        started.set()
        return begun[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", seen)

    async def run() -> None:
        trial = asyncio.create_task(drill.try_out_apart(configuration))
        await started.wait()
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        assert begun[0].returncode == -9

    asyncio.run(run())
