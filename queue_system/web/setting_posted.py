"""The items of a form of settings, as a browser sends them, by the path of each field: `fee.amount`, `hours.0.opens`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from ..settings.typed import LONGEST_NUMBER

Item: TypeAlias = tuple[str, str]

#: Below the path of a row or of an optional group: that it was there, and that it shall go.
THERE: Final = "there"
GONE: Final = "gone"
YES: Final = "yes"


class Posted:
    """What somebody has typed and chosen. A line break counts as a space, because settings are single lines."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = tuple(items)
        self._texts: dict[str, list[str]] = {}
        for name, text in self.items:
            self._texts.setdefault(name, []).append(text)

    def raw(self, path: str) -> str:
        """The text of one input as it was sent."""
        return self._texts.get(path, [""])[0]

    def text(self, path: str) -> str:
        """The text of one input; "" if it is empty or was not sent."""
        return " ".join(self.raw(path).split())

    def chosen(self, path: str) -> list[str]:
        """The boxes of one list that are ticked, as sent."""
        return self._texts.get(path, [])

    def has(self, path: str) -> bool:
        """Whether a box is ticked."""
        return path in self._texts

    def rows(self, path: str) -> list[str]:
        """The names of the rows that were sent for a list, in order."""
        found = {self._step(name, path) for name in self._texts if name.startswith(f"{path}.")}
        return sorted((step for step in found if step.isdecimal() and len(step) <= LONGEST_NUMBER), key=int)

    def below(self, path: str) -> frozenset[Item]:
        """Everything that was sent for a field and the parts of it."""
        return frozenset(item for item in self.items if item[0] == path or item[0].startswith(f"{path}."))

    def _step(self, name: str, path: str) -> str:
        return name[len(path) + 1 :].partition(".")[0]


def under(path: str, step: str | int) -> str:
    """The path of a part of a field."""
    return f"{path}.{step}" if path else str(step)
