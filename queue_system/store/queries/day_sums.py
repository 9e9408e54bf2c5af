"""Rows of digests added up, as JSON keeps them: minutes are texts until the end, and spreads of months are numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...core import spreads
from ...core.digests import Tally
from ...core.figures import TIMES
from ..database import AnyRow

#: The counts of a row, and its spreads; one of a month may be the text of `core.spreads`.
Figures = tuple[Mapping[str, int], Mapping[str, Mapping[Any, int] | str]]

OF_SERVICES: Final = ("issued", "served", "missed", "left", "voided", "due", "arrived", "absent", "cancelled")
OF_HOURS: Final = ("issued", "called", "served")
_SPREADS: Final = frozenset({*TIMES, "lead_days"})


@dataclass(slots=True)
class Sums:
    """Rows added up in place, because a copy for each of thousands of rows takes most of the time."""

    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    spreads: defaultdict[str, defaultdict[Any, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    #: The spreads of months, each as one number (`core.spreads`).
    packed: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, row: Figures) -> None:
        for name, count in row[0].items():
            self.counts[name] += count
        for name, spread in row[1].items():
            if isinstance(spread, str):
                self.packed[name] += spreads.number(spread)
                continue
            mine = self.spreads[name]
            for at, count in spread.items():
                mine[at] += count

    def join(self, other: Sums) -> None:
        self.add((other.counts, other.spreads))
        for name, several in other.packed.items():
            self.packed[name] += several

    def tally(self) -> Tally:
        found = {name: spreads.unpacked(several) for name, several in self.packed.items()}
        for name, sparse in self.spreads.items():
            mine = found.setdefault(name, {})
            for at, count in sparse.items():
                mine[int(at)] = mine.get(int(at), 0) + count
        return Tally({name: count for name, count in self.counts.items() if count}, {}, found)


class Added(defaultdict[Any, Sums]):
    """Sums by key."""

    def __init__(self) -> None:
        super().__init__(Sums)

    def add(self, key: Any, row: Figures) -> None:
        self[key].add(row)

    def only(self, wanted: Callable[[Any], bool]) -> Added:
        """Those of some keys."""
        found = Added()
        found.update({key: sums for key, sums in self.items() if wanted(key)})
        return found

    def by(self, key: Callable[[Any], str]) -> dict[str, Tally]:
        """Added up further, by what `key` makes of a key."""
        found = Added()
        for one, sums in self.items():
            found[key(one)].join(sums)
        return {name: sums.tally() for name, sums in found.items()}


def service_row(row: AnyRow) -> Figures:
    """The figures of a row of the digest by service."""
    return _row(row, OF_SERVICES)


def hour_row(row: AnyRow) -> Figures:
    """The figures of a row of the digest by hour."""
    return _row(row, OF_HOURS)


def _row(row: AnyRow, names: tuple[str, ...]) -> Figures:
    data: Mapping[str, Any] = row.data
    counts = {**data["counts"], **{name: getattr(row, name) for name in names}}
    return counts, {name: spread for name, spread in data["spreads"].items() if name in _SPREADS}
