"""Figures of counters, of the places for appointments, and the targets of a branch, from the further parts of its days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from .digests import Tally, quantile
from .figures import FEWEST_TIMES, Shown
from .small_numbers import Sum, withheld
from .tables import FEW, Cell, Column, Row, Table

_PLACES: Final = ("booked", "attended", "freed", "reused")

#: What a target is about.
Aim = Literal["wait", "coverage", "no-show", "double"]


@dataclass(frozen=True, slots=True)
class Target:
    """An aim of a branch and how it was met. `about` is the class of a wait; a share is from 0 to 1, a wait in minutes.

    `low` and `high` are the bounds between which the figure has to be. `figure` is FEW, and `met` None, where too few people came.
    """

    aim: Aim
    about: str
    low: float | None
    high: float | None
    figure: Cell

    @property
    def met(self) -> bool | None:
        if not isinstance(self.figure, int | float):
            return None
        return (self.low is None or self.low <= self.figure) and (self.high is None or self.figure <= self.high)


def targets(
    found: Shown,
    waits: Mapping[str, int],
    coverage: tuple[float, ...],
    no_show: float | None,
    double: int | None,
) -> list[Target]:
    """The aims that a branch has, measured; `waits` in minutes by class, `no_show` as a share."""
    more = found.grouped.more
    measured = [
        Target("wait", about, None, most, _p90(more.get("class", {}).get(about, Tally()), found.fewest))
        for about, most in waits.items()
    ]
    if coverage:
        told = more.get("told", {}).get("", Tally()).counts
        people = told.get("told", 0)
        held: Cell = FEW if people < max(found.fewest, FEWEST_TIMES) else told.get("held", 0) / people
        measured.append(Target("coverage", "", min(coverage), max(coverage), held))
    if no_show is not None:
        share = found.share("whole", "", "absent", "due")
        measured.append(Target("no-show", "", None, no_show, FEW if share is None else share))
    if double is not None:
        beyond = sum(tally.counts.get("beyond", 0) for tally in more.get("places", {}).values())
        measured.append(Target("double", "", None, double, beyond))
    return measured


def utilisation(found: Shown) -> float | None:
    """The share of the time in which counters were open that somebody was served there; None where none was open."""
    counters = found.grouped.more.get("counter", {}).values()
    opened = sum(tally.counts.get("open_min", 0) for tally in counters)
    return _share(sum(tally.counts.get("serve_min", 0) for tally in counters), opened)


def capacity(found: Shown) -> tuple[float | None, float | None]:
    """The shares of the planned capacity for appointments that were booked and attended; None where none was planned."""
    places = found.grouped.more.get("places", {}).values()
    planned, booked, attended = (
        sum(tally.counts.get(f"{name}_min", 0) for tally in places) for name in ("planned", "booked", "attended")
    )
    return _share(booked, planned), _share(attended, planned)


def places_are_shown(found: Shown) -> bool:
    """Whether there were enough appointments for `capacity` to be shown."""
    places = found.grouped.more.get("places", {}).values()
    booked, attended = (sum(tally.counts.get(name, 0) for tally in places) for name in ("booked", "attended"))
    return booked >= found.fewest and (attended == 0 or attended >= found.fewest)


def counters_table(found: Shown, labels: Mapping[str, str]) -> Table:
    """How long each counter was open and used; it is about whoever sat there."""
    columns = (
        Column("figures.counter", "text"),
        Column("figures.open", "minutes"),
        Column("figures.serving", "minutes"),
        Column("figures.utilisation", "share"),
        Column("figures.served", "whole"),
    )
    counters = found.grouped.more.get("counter", {})
    rows = []
    for slug, label in labels.items():
        if slug in counters:
            counts = counters[slug].counts
            opened, serving = counts.get("open_min", 0), counts.get("serve_min", 0)
            rows.append(Row((label, opened, serving, _share(serving, opened), counts.get("served", 0))))
    return Table("counters", "figures.by-counter", columns, tuple(rows), fewest=1)


def places_table(found: Shown, labels: Mapping[str, str]) -> Table:
    """The places of each queue for appointments: minutes planned, appointments, shares of the minutes, places given back."""
    columns = (
        Column("figures.queue", "text"),
        Column("figures.planned", "minutes"),
        Column("figures.booked", "whole"),
        Column("figures.attended", "whole"),
        Column("figures.fill", "share"),
        Column("figures.used", "share"),
        Column("figures.freed", "whole"),
        Column("figures.reused", "whole"),
    )
    places = dict(found.grouped.more.get("places", {}))
    whole = Tally()
    for tally in places.values():
        whole = whole.plus(tally)
    every = {**places, _ALL: whole}
    counts = {(row, name): tally.counts.get(name, 0) for row, tally in every.items() for name in _PLACES}
    sums = [Sum((_ALL, name), tuple((row, name) for row in places)) for name in _PLACES]
    hidden = withheld(counts, sums, found.fewest)

    def cells(row: str) -> tuple[Cell, ...]:
        own = every[row].counts
        planned = own.get("planned_min", 0)
        booked, attended, freed, reused = (FEW if (row, name) in hidden else counts[row, name] for name in _PLACES)
        # A share of known minutes would tell how many there were.
        fill = FEW if booked is FEW else _share(own.get("booked_min", 0), planned)
        used = FEW if attended is FEW else _share(own.get("attended_min", 0), planned)
        return planned, booked, attended, fill, used, freed, reused

    rows = tuple(Row((label, *cells(row))) for row, label in labels.items() if row in places)
    total = Row(("", *cells(_ALL))) if len(rows) > 1 else None
    return Table("places", "figures.places", columns, rows, total, found.fewest)


# No queue has this name.
_ALL: Final = "/"


def _p90(tally: Tally, fewest: int) -> Cell:
    spread = tally.spreads.get("wait", {})
    return FEW if sum(spread.values()) < max(fewest, FEWEST_TIMES) else quantile(spread, 0.9)


def _share(part: int, whole: int) -> float | None:
    return min(part / whole, 1.0) if whole else None
