"""Rows of digests added up, as JSON keeps them: minutes are texts until the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...core.digests import Tally
from ...core.figures import TIMES
from ..database import AnyRow

#: The counts of a row, and its spreads.
Figures = tuple[Mapping[str, int], Mapping[str, Mapping[Any, int]]]

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

    def add(self, row: Figures) -> None:
        for name, count in row[0].items():
            self.counts[name] += count
        for name, spread in row[1].items():
            mine = self.spreads[name]
            for at, count in spread.items():
                mine[at] += count

    def tally(self) -> Tally:
        spreads = {name: {int(at): count for at, count in spread.items()} for name, spread in self.spreads.items()}
        return Tally({name: count for name, count in self.counts.items() if count}, {}, spreads)


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
            found.add(key(one), (sums.counts, sums.spreads))
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
