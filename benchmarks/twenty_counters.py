"""Twenty counters press "next" on a thousand tickets while the server is killed 25 times (kill -9), on both databases.

    python -m benchmarks.twenty_counters

It is the long form of `tests/store/test_kill_counters.py`, for the two databases at the same time: nobody may be called twice, nobody
forgotten, every call that was acknowledged must be there, and `queue-system replay calls` must reproduce every call. A finding ends it
with code 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.fixtures import ROOT
from benchmarks.report import Figure, conclude

DATABASES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
TEST: Final = "tests/store/test_kill_counters.py::test_twenty_counters_on_a_thousand_tickets"
TICKETS: Final = 1_000
LEAST_KILLS: Final = 20


def main() -> int:
    """Run it; returns the code with which to end."""
    with tempfile.TemporaryDirectory() as folder:
        files = {database: Path(folder, f"{database}.json") for database in DATABASES}
        running = {database: _start(database, file) for database, file in files.items()}
        outputs = {database: process.communicate()[0] for database, process in running.items()}
        reports = {database: json.loads(file.read_text()) for database, file in files.items() if file.exists()}
    failed = [database for database, process in running.items() if process.returncode or database not in reports]
    for database in failed:
        print(outputs[database])
    figures = [figure for database, report in reports.items() for figure in _figures(DATABASES[database], report)]
    conclude("twenty_counters", figures, reports=reports)
    return 1 if failed else 0


def _start(database: str, file: Path) -> subprocess.Popen[str]:
    environ = os.environ | {"QUEUE_SOAK_REPORT": str(file)}
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-n", "0", "-m", "soak", f"{TEST}[{database}]"]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _figures(name: str, report: dict[str, Any]) -> list[Figure]:
    calls, kills = report["calls"], report["kill"]
    return [
        Figure(
            f"calls reproduced, each of another ticket, {name}",
            calls,
            "calls",
            TICKETS,
            "tickets",
            "all",
            calls == TICKETS,
        ),
        Figure(f"kill -9 meanwhile, {name}", kills, "", aim=f"≥ {LEAST_KILLS}", met=kills >= LEAST_KILLS),
        Figure(f"answers cut off, {name}", report["cut_off"], "answers"),
        Figure(f"calls whose answer was lost, {name}", report["lost_answers"], "calls"),
    ]


if __name__ == "__main__":
    sys.exit(main())
