"""`queue-system waits replay`."""

from __future__ import annotations

import contextlib
import csv
import gzip
import zlib
from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from .command_line import fail
from .core.waits.lines import LineForecasts, Look

#: The columns that a file of looks must have; further ones are not read.
COLUMNS: Final = ("at", "office", "queue", "waiting", "number_served")

waits = typer.Typer(no_args_is_help=True, help="How long people wait.")


@waits.command()
def replay(
    file: Annotated[Path, typer.Argument(metavar="SNAPSHOTS", help="A CSV file of looks at screens, .gz or not.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write at,office,queue,p50,upper90 (minutes).")],
    warmup: Annotated[Path | None, typer.Option(metavar="FILE", help="Earlier days to learn from first.")] = None,
) -> None:
    """Forecast the waits of recorded lines, each only from what was known then.

    SNAPSHOTS has the columns at (2026-03-01 09:05, local time), office, queue, waiting, and number_served, which is empty
    where none is. For each row with somebody waiting FILE gets the wait of whoever is last in line: the median and
    a bound for nine people of ten.
    """
    if any(one is not None and one.exists() and out.exists() and one.samefile(out) for one in (file, warmup)):
        fail(f"{out} is read from, so the forecasts would replace what was recorded.")
    forecasts = LineForecasts()
    for look in _looks(warmup) if warmup else ():
        forecasts.see(look)
    rows = 0
    looks = _looks(file)
    partial = out.with_name(f"{out.name}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(("at", "office", "queue", "p50", "upper90"))
            for look in looks:
                expected = forecasts.see(look)
                if expected is not None:
                    rows += 1
                    at = f"{look.at:%Y-%m-%d %H:%M}"
                    table.writerow((at, look.office, look.line, f"{expected.median:.1f}", f"{expected.upper:.1f}"))
        partial.replace(out)
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror}.")
    finally:
        # Also after Ctrl-C; once it is complete, it has its name.
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    typer.echo(f"{out}: {rows:,} forecasts from {len(looks):,} looks")


def _looks(file: Path) -> list[Look]:
    """The looks of a file in the order of time; ends the command at the first line that cannot be read."""
    try:
        with _opened(file) as stream:
            return sorted(_read(file, stream), key=attrgetter("at"))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        fail(f"cannot read {file}: {reason}.")


def _opened(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def _read(file: Path, stream: TextIO) -> Iterator[Look]:
    table = csv.DictReader(stream)
    missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
    if missing:
        fail(f"{file} has no column {', '.join(missing)}. It needs: {', '.join(COLUMNS)}.")
    for row in table:
        try:
            yield Look(
                at=datetime.fromisoformat(row["at"]).replace(tzinfo=None),
                office=row["office"],
                line=row["queue"],
                waiting=_whole(row["waiting"]),
                serving=_whole(row["number_served"]) if row["number_served"] else None,
            )
        except (ValueError, TypeError):
            fail(f"{file}, line {table.line_num}: needs a time such as 2026-03-01 09:05, and whole numbers.")


def _whole(text: str) -> int:
    """A number from 0 up; raises ValueError for anything else."""
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number
