"""People book, move and cancel while the server is killed and paused again and again, on both databases at the same time.

    python -m benchmarks.soak --operations 100000 --minutes 40

Each database has a server, a mail server and eight clients of its own (`tests/store/test_kill_bookings.py`); two processors
are enough. Afterwards no member may be taken twice, nothing that was acknowledged may be missing, and each message must
have gone out once. The answer is 0 where nothing was found and all operations were done.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.fixtures import ROOT

DATABASES: Final = ("sqlite", "postgresql")
TEST: Final = "tests/store/test_kill_bookings.py::test_a_hundred_thousand_operations_lose_nothing"
#: What the report has of each database, and what it is called.
LINES: Final = {
    "operations": "operations",
    "seconds": "seconds",
    "kill": "kills",
    "pause": "pauses",
    "cut_off": "answers cut off",
    "letters": "letters",
    "refused": "refused",
}


def main() -> int:
    """Run it; returns the code with which to end."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--operations", type=int, default=100_000, help="on each database")
    arguments.add_argument("--minutes", type=float, default=40.0, help="after these it ends with fewer")
    wanted = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = {database: Path(folder, f"{database}.json") for database in DATABASES}
        running = {database: _start(database, files[database], wanted) for database in DATABASES}
        found = {database: process.communicate()[0] for database, process in running.items()}
        reports = {
            database: json.loads(file.read_text()) if file.exists() else None for database, file in files.items()
        }
    for database, report in reports.items():
        _tell(database, report, found[database])
    done = [report is not None and report["operations"] >= wanted.operations for report in reports.values()]
    return 0 if all(done) and not any(process.returncode for process in running.values()) else 1


def _start(database: str, file: Path, wanted: argparse.Namespace) -> subprocess.Popen[str]:
    environ = os.environ | {
        "QUEUE_SOAK_MINUTES": str(wanted.minutes),
        "QUEUE_SOAK_OPERATIONS": str(wanted.operations),
        "QUEUE_SOAK_REPORT": str(file),
    }
    pytest = [sys.executable, "-P", "-m", "pytest", "-q", "-m", "soak", f"{TEST}[{database}]"]
    return subprocess.Popen(pytest, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _tell(database: str, report: dict[str, Any] | None, output: str) -> None:
    print(f"\n{database}")
    if report is None:
        print("  findings: it did not come to its end")
        print("\n".join(f"  {line}" for line in output.splitlines()[-30:]))
        return
    for name, words in LINES.items():
        print(f"  {words}: {report.get(name, 0):,}")
    print(f"  operations a second: {report['operations'] / max(report['seconds'], 1):.0f}")
    print("  findings: none")


if __name__ == "__main__":
    sys.exit(main())
