"""`queue-system replay calls`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from .command_line import day_of, fail, open_database, require_ready
from .configuration import read_configuration

if TYPE_CHECKING:
    from .core.dispatch import Reason
    from .core.replayed import Called
    from .store.queries.settings import BranchSettings

replay = typer.Typer(no_args_is_help=True, help="What happened, computed again from the log.")


@replay.callback()
def _group() -> None:
    """Keep `calls` a command of its own, because typer would take a single one for the whole group."""


@replay.command()
def calls(
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First business day (2026-03-01).")] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last business day; today if left out.")
    ] = None,
    branch: Annotated[str | None, typer.Option(metavar="SLUG", help="One branch; all of them if left out.")] = None,
) -> None:
    """Ask the published rule again about every call, with the settings of that moment; list each that differs.

    Calls by hand (out of turn, parked, passed over) are checked for what they say. Where the log does not hold enough, a
    call is counted apart. Exit code 1 if any call differs.
    """
    from .store.queries.replays import replayed_days
    from .store.queries.settings import branch_ids, branch_settings

    since, until = day_of(first), day_of(last)
    if since is not None and until is not None and since > until:
        fail(f"{since} is after {until}, so there are no days between them.")
    with open_database(read_configuration()) as database:
        require_ready(database)
        known = database.read_now(branch_ids)
        if branch is not None and branch not in known:
            fail(f"there is no branch {branch}. There are: {', '.join(known)}")
        differs = False
        for slug, branch_id in known.items():
            if branch in (None, slug):
                settings = database.read_now(branch_settings, branch_id)
                today = settings.timetable.business_date(database.clock.now())
                found = database.read_now(replayed_days, settings, since, until or today)
                differs = _report(settings, found) or differs
    raise typer.Exit(1 if differs else 0)


def _report(settings: BranchSettings, found: Iterable[Called]) -> bool:
    """Print what was found of a branch; returns whether a call differs."""
    from .core.replayed import Verdict

    counts: Counter[Verdict] = Counter()
    by_hand, broken = 0, 0
    for one in found:
        counts[one.verdict] += 1
        by_hand += one.by_hand
        broken += one.breaks_promise
        if one.verdict is Verdict.DIFFERS:
            at = one.at.astimezone(settings.zone)
            says = f"{one.expected}, {_reason(one.why)}" if one.expected and one.why else "nobody"
            typer.echo(
                f"{settings.slug}: {one.code} was called at {at:%Y-%m-%d %H:%M:%S} to counter {one.counter} "
                f"({_reason(one.reason)}); the rule says: {says}"
            )
    typer.echo(
        f"{settings.slug}: {counts.total():,} calls, {counts[Verdict.REPRODUCED]:,} reproduced "
        f"({by_hand:,} by hand), {counts[Verdict.DIFFERS]:,} differ, {counts[Verdict.UNKNOWN]:,} with not enough in the log; "
        f"the promise was broken {broken:,} times"
    )
    return counts[Verdict.DIFFERS] > 0


def _reason(reason: Reason) -> str:
    return " ".join([reason.code, *(f"{name}={value}" for name, value in sorted(reason.values.items()))])
