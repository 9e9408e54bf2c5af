"""What a form of settings shows of a field: the data of `macros/setting_fields.html`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Look = Literal["input", "long", "select", "boxes", "picks", "box", "names", "group", "rows", "table", "hidden"]


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values to choose from; `position` is its place among the chosen ones, as text."""

    value: str
    label: str
    chosen: bool = False
    position: str = ""


@dataclass(frozen=True, slots=True)
class Widget:
    """A field, or a group of fields: `name` is the path of its inputs, and the id that an error links to.

    `alone` is the one option of a list that goes with no other. `attributes` are those of its input. `there`: a row or an
    optional group exists already, so it can be removed.
    """

    look: Look
    name: str
    label: str = ""
    hint: str = ""
    error: str = ""
    needed: bool = False
    value: str = ""
    unit: str = ""
    ordered: bool = False
    there: bool = False
    optional: bool = False
    options: tuple[Option, ...] = ()
    alone: Option | None = None
    parts: tuple[Widget, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def all(self) -> Iterator[Widget]:
        """This one and everything in it."""
        yield self
        for part in self.parts:
            yield from part.all()
