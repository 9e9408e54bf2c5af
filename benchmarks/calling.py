"""A call among many who wait, from the press to the commit, in processor time, on both databases.

Aims, among 1,000 waiting: below 5 ms to choose (the candidates are read and the rule decides), and below 15 ms for the whole
press, which finishes the visit at the counter and calls the next visitor. That of a database server counts too. A press
holds the one writer of its branch, so its processor time is what a hall can call at most.

Each press is measured by itself and the figure is their median, so that what else a server does now and then, and a busy
machine for some of them, does not count. What connects to the database has done so before.

The limit is the same press among 100 who wait: it should not matter how long the line is. People of three classes wait for
the three queues of one counter.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import psycopg

from benchmarks import fixtures
from benchmarks.fixtures import Place
from benchmarks.report import Figure, conclude
from queue_system.core import dispatch
from queue_system.store.database import Tx
from queue_system.store.queries import line
from queue_system.store.queries.foremost import foremost
from queue_system.store.queries.settings import BranchSettings
from tests.kit.hall import Hall

FEW: Final = 100
LINES: Final = (FEW, 1_000, 2_000)
PRESSES: Final = 50
WARM_UP: Final = 5
AIM_AMONG: Final = 1_000
AIM_CHOOSE_MS: Final = 5.0
AIM_PRESS_MS: Final = 15.0
SERVICES: Final = ("attest-single", "verify-doc", "edu-attest")
PRIORITIES: Final = ("walkin", "walkin", "elderly", "walkin", "pregnant_infant")


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"presses": PRESSES}
    with fixtures.folder() as folder:
        figures += measured("SQLite", fixtures.sqlite_place(folder), details)
        with fixtures.durable_postgres(folder) as server:
            figures += measured("PostgreSQL", fixtures.postgres_place(folder, server), details)
    conclude("calling", figures, **details)


def measured(name: str, place: Place, details: dict[str, Any]) -> list[Figure]:
    """The presses among so many who wait, one length of the line after the other."""
    chosen, pressed, worst = {}, {}, {}
    with place.hall() as hall:
        clerk = Clerk(hall, place)
        for count in LINES:
            clerk.fill(count + PRESSES)
            for _ in range(WARM_UP):
                clerk.press()
                clerk.choose()
            each = clerk.milliseconds(clerk.press)
            pressed[count], worst[count] = statistics.median(each), max(each)
            chosen[count] = statistics.median(clerk.milliseconds(clerk.choose))
    details[f"{name}: milliseconds of a press, by those who wait"] = {n: round(ms, 1) for n, ms in pressed.items()}
    details[f"{name}: milliseconds of the worst press"] = {n: round(ms, 1) for n, ms in worst.items()}
    details[f"{name}: milliseconds to choose, by those who wait"] = {n: round(ms, 1) for n, ms in chosen.items()}
    return [
        figure
        for what, spent, aim in (("to choose", chosen, AIM_CHOOSE_MS), ("a whole press", pressed, AIM_PRESS_MS))
        for figure in (
            Figure(
                f"{what} among {AIM_AMONG:,}, {name}",
                spent[AIM_AMONG],
                "ms",
                spent[FEW],
                f"the same among {FEW}",
                f"< {aim:g} ms",
                spent[AIM_AMONG] < aim,
            ),
            Figure(f"{what} among {LINES[-1]:,}, {name}", spent[LINES[-1]], "ms", spent[FEW], f"the same among {FEW}"),
        )
    ]


class Clerk:
    """A clerk at the counter with three queues, and the people who wait for it."""

    def __init__(self, hall: Hall, place: Place) -> None:
        self._hall, self._place = hall, place
        self._kinds = zip(itertools.cycle(SERVICES), itertools.cycle(PRIORITIES), strict=False)
        self._desk = hall.sit(fixtures.clerk(hall), fixtures.COUNTER)
        self._waiting = 0

    def fill(self, count: int) -> None:
        """Let people take numbers until so many wait; then a server counts its rows, as it does by itself within a minute."""
        for service, priority in itertools.islice(self._kinds, count - self._waiting):
            self._hall.issue(service, priority=priority)
        self._waiting = count
        if not self._place.url.startswith("sqlite"):
            with psycopg.connect(self._place.url, autocommit=True) as session:
                session.execute("VACUUM ANALYZE ticket")

    def press(self) -> None:
        """The visit at the counter is finished and the next visitor is called."""
        called = self._hall.call_next(self._desk)
        assert called is not None
        self._desk = replace(self._desk, expected=called.id)
        self._waiting -= 1

    def choose(self) -> None:
        """Read whoever can be next and let the rule decide."""
        assert self._hall.db.read_now(_choice, self._hall.branch, self._desk.counter_id) is not None

    def milliseconds(self, act: Callable[[], None]) -> list[float]:
        """The processor time of each of PRESSES, in this process and in the server of the database."""
        found = []
        for _ in range(PRESSES):
            before = self._place.processor_seconds()
            begun = time.process_time()
            act()
            ours = time.process_time() - begun
            found.append((ours + self._place.processor_seconds() - before) * 1e3)
        return found


def _choice(tx: Tx, branch: BranchSettings, counter_id: UUID) -> dispatch.Choice | None:
    queues = branch.counters[counter_id].queues
    waiting = foremost(tx, branch.id, queues).waiting(branch)
    return dispatch.choose(waiting, queues, line.calling_rules(branch), tx.now)


if __name__ == "__main__":
    main()
