"""Small numbers that a report does not show, and those that have to go with them because sums would give them back.

Cell suppression: a count below the threshold is withheld (primary), then others (secondary) until no sum of the report lets
anybody recompute a withheld one, or how many people are withheld together where these are fewer than the threshold. After
Willenborg and de Waal, Elements of Statistical Disclosure Control, chapter 6; which others go is a choice of the smallest,
not an optimum.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Sum(Generic[K]):
    """Cells of a report of which one is the sum of others."""

    total: K
    parts: tuple[K, ...]


def withheld(counts: Mapping[K, int], sums: Sequence[Sum[K]], fewest: int) -> frozenset[K]:
    """The cells that are not shown where none of fewer than `fewest` people may be known; cells of nobody are no secret.

    Sums of few cells come first in `sums`, so that what is withheld for them serves the larger ones as well.
    """
    hidden = {cell for cell, count in counts.items() if 0 < count < fewest}
    while True:
        before = len(hidden)
        for one in sums:
            # In turn, because what is withheld of one sum often settles the next.
            while _gives_away(one, counts, hidden, fewest):
                hidden.add(_next(one, counts, hidden))
        if len(hidden) == before:
            combined = next(_combined(sums, counts, hidden), None)
            if combined is None:
                break
            hidden.add(_next(combined, counts, hidden))
    return frozenset(hidden)


def derivable(sums: Sequence[Sum[K]], hidden: Collection[K]) -> frozenset[K]:
    """The hidden cells whose value follows from the others by adding and subtracting the sums of a report."""
    rows: list[dict[K, Fraction]] = []
    for one in sums:
        row = {cell: Fraction(1) for cell in one.parts if cell in hidden}
        if one.total in hidden:
            row[one.total] = Fraction(-1)
        if row:
            rows.append(row)
    return frozenset(next(iter(row)) for row in _reduced(rows) if len(row) == 1)


def _gives_away(one: Sum[K], counts: Mapping[K, int], hidden: Collection[K], fewest: int) -> bool:
    """Whether a sum by itself tells a withheld number, or how few people are withheld in it."""
    parts = [cell for cell in one.parts if cell in hidden]
    if one.total in hidden:
        return bool(one.parts) and not parts
    too_few = len(parts) == 1 or 0 < sum(counts[cell] for cell in parts) < fewest
    return too_few and len(parts) < len(one.parts)


def _combined(sums: Sequence[Sum[K]], counts: Mapping[K, int], hidden: set[K]) -> Iterator[Sum[K]]:
    """For each cell that only several sums together give away, a sum with it in which something is still shown."""
    for cell in derivable(sums, hidden):
        around = [one for one in sums if cell == one.total or cell in one.parts]
        shown = [one for one in around if one.total not in hidden or not hidden >= set(one.parts)]
        if shown:
            yield min(shown, key=lambda one: counts[_next(one, counts, hidden)])


def _next(one: Sum[K], counts: Mapping[K, int], hidden: Collection[K]) -> K:
    """What is withheld next of a sum: the smallest part with anybody in it, else an empty one, else the total."""
    shown = [cell for cell in one.parts if cell not in hidden]
    return min(shown, key=lambda cell: (counts[cell] == 0, counts[cell]), default=one.total)


def _reduced(rows: Sequence[dict[K, Fraction]]) -> list[dict[K, Fraction]]:
    """The equations solved as far as they can be (Gauss and Jordan)."""
    solved: dict[K, dict[K, Fraction]] = {}
    for given in rows:
        row = dict(given)
        for cell in [one for one in row if one in solved]:
            _subtract(row, solved[cell], row[cell])
        if not row:
            continue
        pivot, factor = next(iter(row.items()))
        row = {cell: value / factor for cell, value in row.items()}
        for other in solved.values():
            if pivot in other:
                _subtract(other, row, other[pivot])
        solved[pivot] = row
    return list(solved.values())


def _subtract(row: dict[K, Fraction], other: Mapping[K, Fraction], factor: Fraction) -> None:
    for cell, value in other.items():
        left = row.get(cell, Fraction(0)) - factor * value
        if left:
            row[cell] = left
        else:
            row.pop(cell, None)
