"""`queue-system simulate`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .command_line import day_of, fail, open_database, require_ready
from .configuration import read_configuration

if TYPE_CHECKING:
    from .core.simulation.chance import Source
    from .core.simulation.figures import CaseFigures, Spread
    from .core.simulation.runs import Compared, Comparison
    from .core.simulation.variants import Variant

#: As shells say it of a program that Ctrl-C has ended.
INTERRUPTED: Final = 130
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BAR: Final = 30
_LINES: Final = 10
_EVERY_SECONDS: Final = 0.2
_WIDTH: Final = 22


def simulate(
    branch: Annotated[str, typer.Argument(metavar="BRANCH", help="The branch whose day is played again.")],
    day: Annotated[
        str | None, typer.Option(metavar="DAY", help="A day that is over (2026-03-01); else yesterday.")
    ] = None,
    weekday: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead of a day: the last ones of mon, tue, … sun.")
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="Of so many weeks.")] = 8,
    counters: Annotated[int, typer.Option(min=-50, max=50, help="So many counters more, or fewer: +1, -1.")] = 0,
    like: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="The counter that is added again, or closed; else one for the longest waits, or the one that called most.",
        ),
    ] = None,
    opens: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="From when added counters are open, or the one of --like (09:30)."),
    ] = None,
    closes: Annotated[str | None, typer.Option(metavar="TIME", help="Until when.")] = None,
    fifo: Annotated[bool, typer.Option("--fifo", help="Call in the order of arrival, whatever the class.")] = False,
    guard: Annotated[
        int | None, typer.Option(min=0, max=1440, metavar="MIN", help="Another guard of the longest wait.")
    ] = None,
    no_guard: Annotated[bool, typer.Option("--no-guard", help="No guard of the longest wait.")] = False,
    call_early: Annotated[
        int | None, typer.Option(min=0, max=1440, metavar="MIN", help="How early appointments may be called.")
    ] = None,
    top_weight: Annotated[
        float | None, typer.Option(min=1, max=5.9, help="The weight with which waits count beyond the guard.")
    ] = None,
    walkin_share: Annotated[
        int | None,
        typer.Option(min=0, max=100, metavar="PCT", help="So many of a hundred come without an appointment."),
    ] = None,
    demand: Annotated[
        float, typer.Option(min=0.1, max=5, metavar="FACTOR", help="So many times as many people.")
    ] = 1.0,
    runs: Annotated[int, typer.Option(min=1, max=1_000_000, help="How often the day is played.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 1,
) -> None:
    """Play a past day again as it was and changed, with the real calling rule, and say how long people would have waited.

    Each run lets chance decide anew when those of the day come and how long visits take, the same for both. Ctrl-C stops and shows what
    is done so far (exit code 130).
    """
    from .core.simulation.runs import Comparison
    from .core.simulation.variants import Variant

    variant = Variant(
        counters=counters,
        like=like,
        opens=_time(opens),
        closes=_time(closes),
        in_order=fifo,
        guard_min=guard,
        unguarded=no_guard,
        call_early_min=call_early,
        top_weight=top_weight,
        walkin_share=None if walkin_share is None else walkin_share / 100,
        demand=demand,
    )
    source = _source(branch, day_of(day), weekday, weeks, variant)
    comparison = Comparison(source, variant, seed)
    if comparison.never_open:
        if variant.closes is not None:
            fail(
                f"with --closes {variant.closes:%H:%M} the counter would never be open, because it opened only then or later."
            )
        fail(f"with --opens {variant.opens:%H:%M} the counter would never be open, because it had closed by then.")
    interrupted = _play(comparison, runs)
    found = comparison.compared()
    if found.before.whole is None or found.after.whole is None:
        fail(
            "stopped before there were figures." if interrupted else "nobody was called.",
            INTERRUPTED if interrupted else 1,
        )
    _print(branch, source, found)
    raise typer.Exit(INTERRUPTED if interrupted else 0)


def _source(branch: str, day: date | None, weekday: str | None, weeks: int, variant: Variant) -> Source:
    """The days that the options name."""
    from .store.queries.settings import branch_ids, branch_settings
    from .store.queries.simulated_days import source_of, weekdays

    if weekday is not None and (weekday not in WEEKDAYS or day is not None):
        fail(f"give either --day or --weekday, and for that one of: {', '.join(WEEKDAYS)}")
    with open_database(read_configuration()) as database:
        require_ready(database)
        known = database.read_now(branch_ids)
        if branch not in known:
            fail(f"there is no branch {branch}. There are: {', '.join(known)}")
        settings = database.read_now(branch_settings, known[branch])
        yesterday = settings.timetable.business_date(database.clock.now()) - timedelta(days=1)
        if day is not None and day > yesterday:
            fail(f"{day} is not over yet.")
        days = [day or yesterday] if weekday is None else weekdays(yesterday, WEEKDAYS.index(weekday), weeks)
        source = database.read_now(source_of, known[branch], days)
    if not source.days:
        fail(f"the log does not say of {', '.join(map(str, sorted(days)))} who came and which counters were open.")
    numbers = sorted({desk.number for one in source.days for desk in one.desks})
    if variant.like is not None and variant.like not in numbers:
        fail(f"counter {variant.like} was not open. These were: {', '.join(map(str, numbers))}")
    if variant.opens and variant.closes:
        wrong = next((one for one in source.days if one.at(variant.opens) >= one.at(variant.closes)), None)
        if wrong is not None:
            night = "" if wrong.turn > time() else f", and nothing is open past midnight on {wrong.day}"
            fail(f"--closes {variant.closes:%H:%M} is not after --opens {variant.opens:%H:%M}{night}.")
    return source


def _play(comparison: Comparison, runs: int) -> bool:
    """Play with a bar of progress on a terminal, or else some lines; returns whether Ctrl-C stopped it."""
    on_terminal, shown = sys.stderr.isatty(), 0.0
    try:
        typer.echo("Ctrl-C stops and shows what is done so far.", err=True)
        for done in comparison.run(runs):
            if on_terminal and (monotonic() - shown > _EVERY_SECONDS or done == runs):
                shown = monotonic()
                bar = ("#" * (_BAR * done // runs)).ljust(_BAR)
                typer.echo(f"\r[{bar}] {done:,} of {runs:,} runs", err=True, nl=done == runs)
            elif not on_terminal and done * _LINES // runs > (done - 1) * _LINES // runs:
                typer.echo(f"{done:,} of {runs:,} runs", err=True)
    except KeyboardInterrupt:
        typer.echo("", err=True)
        return True
    return False


def _print(branch: str, source: Source, found: Compared) -> None:
    """The figures of the whole day, and the waits by hour."""
    days = ", ".join(str(one.day) for one in source.days)
    typer.echo(
        f"{branch}, {days}: {found.runs:,} runs. In brackets the range of eight in ten runs; times in minutes.\n"
    )
    cases = (found.recorded, found.before, found.after)
    if found.chosen is not None:
        lacking = f"; it was closed on {found.lacking} of {found.days} days" if found.lacking else ""
        typer.echo(f"The counter that is added again or changed: {found.chosen}{lacking}.\n")
    if fit := found.fit():
        typer.echo(
            f"Played as it was, with today's settings, half waited at most {fit.half} minutes ({fit.half_recorded} recorded), "
            f"nine of ten at most {fit.most} ({fit.most_recorded} recorded): {fit.half_off} and {fit.most_off} minutes off.\n"
        )
    _row("", ("recorded", "as it was", "changed"))
    for name, (words, factor) in _FIGURES.items():
        _row(
            words,
            (
                "–"
                if case.whole is None or (case is found.recorded and name not in _RECORDED)
                else _spread(getattr(case.whole, name), factor)
                for case in cases
            ),
        )
    typer.echo("\nWaits of those who came in each hour: half of them at most, nine of ten at most.\n")
    _row("", ("recorded", "as it was", "changed"))
    for hour in found.in_order({*found.recorded.hours, *found.before.hours, *found.after.hours}):
        _row(f"{hour:02}:00", (_hour(case, hour) for case in cases))


#: Each figure in words, by its name, and what it is multiplied with.
_FIGURES: Final[Mapping[str, tuple[str, float]]] = {
    "people": ("people", 1),
    "p50": ("half waited at most", 1),
    "p90": ("nine of ten at most", 1),
    "longest": ("longest wait", 1),
    "long": ("over 45 minutes, %", 100),
    "at_closing": ("waiting at closing", 1),
    "left": ("gave up", 1),
    "uncalled": ("no counter for them", 1),
    "overtime": ("overtime", 1),
}
#: Those of the recorded day.
_RECORDED: Final = ("people", "p50", "p90", "longest", "long")


def _hour(case: CaseFigures, hour: int) -> str:
    found = case.hours.get(hour)
    return "–" if found is None else f"{found.p50.middle:.0f}, {_spread(found.p90)}"


def _spread(one: Spread, factor: float = 1) -> str:
    low, middle, high = (round(factor * value) for value in (one.low, one.middle, one.high))
    return f"{middle}" if low == high else f"{middle} ({low}–{high})"


def _row(words: str, cells: Iterable[str]) -> None:
    typer.echo((words.ljust(_WIDTH) + "".join(cell.rjust(_WIDTH) for cell in cells)).rstrip())


def _time(text: str | None) -> time | None:
    try:
        at = time.fromisoformat(text) if text else None
    except ValueError:
        at = None
    # A time of another zone would count as one of the branch.
    if text and (at is None or at.tzinfo is not None):
        fail(f"{text} is no time. Write it as 09:30")
    return at
