"""The output of a benchmark: figures beside their limits, as lines for people and as one JSON object for programs.

A missed aim is printed and does not fail the run; only a benchmark that could not measure fails. If QUEUE_BENCH_RECORD
is the name of a commit, the figures also replace their table in RESULTS.md.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).resolve().parent / "RESULTS.md"
LOAD_AT_START: Final = os.getloadavg()[0]


@dataclass(frozen=True)
class Figure:
    """One claim: ours and the limit in `unit`, what the limit is, and whether the aim is met (None: no aim)."""

    name: str
    ours: float
    unit: str
    limit: float | None = None
    limit_is: str = ""
    aim: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Ours divided by the limit."""
        return self.ours / self.limit if self.limit else None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "missed", None: "–"}[self.met]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def conclude(benchmark: str, figures: Sequence[Figure], **details: Any) -> None:
    """Print the figures as lines and then everything as one JSON object."""
    for figure in figures:
        limit = "" if figure.limit is None else f" | limit {_short(figure.limit)} {figure.unit} ({figure.limit_is})"
        ratio = "" if figure.ratio is None else f" | ratio {figure.ratio:.2f}"
        aim = f" | aim {figure.aim}: {figure.verdict}" if figure.aim else ""
        print(f"{figure.name}: {_short(figure.ours)} {figure.unit}{limit}{ratio}{aim}")
    whole = {
        "benchmark": benchmark,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": [asdict(figure) | {"ratio": figure.ratio} for figure in figures],
        "details": details,
    }
    if commit := os.environ.get("QUEUE_BENCH_RECORD"):
        _record(benchmark, figures, commit, whole)
    print(json.dumps(whole, ensure_ascii=False), flush=True)


def machine() -> dict[str, Any]:
    """The machine of the figures. The load is the one before the benchmark began."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "load_at_start": round(LOAD_AT_START, 1),
    }


def _record(benchmark: str, figures: Sequence[Figure], commit: str, whole: dict[str, Any]) -> None:
    here = whole["machine"]
    lines = [
        (
            f"{whole['at']}, commit {commit}, {here['processor']}, {here['cores']} cores, "
            f"Python {here['python']}, SQLite {here['sqlite']}, load before {here['load_at_start']}"
        ),
        "",
        "| Figure | Ours | Limit | Ratio | Aim | |",
        "|---|---:|---:|---:|---|---|",
        *(_row(figure) for figure in figures),
    ]
    begin, end = f"<!-- {benchmark} -->", f"<!-- /{benchmark} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    table = "\n".join([begin, *lines, end])
    text, found = pattern.subn(lambda _: table, RESULTS.read_text(encoding="utf-8"))
    if not found:
        raise RuntimeError(f"{RESULTS.name} has no place {begin} … {end}")
    RESULTS.write_text(text, encoding="utf-8")


def _row(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"{_short(figure.limit)} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return (
        f"| {figure.name} | {_short(figure.ours)} {figure.unit} | {limit} | {ratio} | {figure.aim} | {figure.verdict} |"
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()
