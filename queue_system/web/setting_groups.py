"""How groups of settings are filled in, read and drawn: nested declarations, lists with an empty last row, tables.

Shapes as in `setting_shapes`. A group that may be missing, and each row of a list, tells by an item that it was there, and
has a box to remove it. One that was not there is added if anything in it differs from what the form shows at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..settings.faults import Fault, Faulty, number, wrong
from .setting_posted import GONE, THERE, YES, Item, Posted, under
from .setting_shapes import Shape
from .setting_widgets import Widget


@dataclass(frozen=True, slots=True)
class Member:
    """One field of a group: its shape, its words, and the value when nothing is filled in.

    A `derived` field is left out then, because other settings determine it. `among`: the field that lists its words.
    """

    name: str
    shape: Shape
    label: str
    hint: str = ""
    unit: str = ""
    needed: bool = False
    usual: Any = None
    derived: bool = False
    among: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The fields of one declaration; `optional`: it may be missing as a whole."""

    members: Sequence[Member]
    between: str
    optional: bool = False

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        if self.optional and value is not None:
            yield under(path, THERE), YES
        for member in self.members:
            given = value.get(member.name, member.usual) if value is not None else member.usual
            yield from member.shape.fill(given, under(path, member.name))

    def read(self, posted: Posted, path: str) -> Any:
        if self.optional and not is_there(self, posted, path):
            return None
        return self.read_all(posted, path)

    def read_all(self, posted: Posted, path: str) -> dict[str, Any]:
        """All fields; raises Faulty with everything that is wrong with them."""
        found, faults = self.read_what_is_right(posted, path)
        if faults:
            raise Faulty(faults)
        return found

    def read_what_is_right(self, posted: Posted, path: str) -> tuple[dict[str, Any], list[Fault]]:
        """The fields that can be read, and what is wrong with the others."""
        found: dict[str, Any] = {}
        faults: list[Fault] = []
        for member in self.members:
            try:
                value = _read(member, posted, under(path, member.name), found)
            except Faulty as error:
                faults += [fault.below(member.name) for fault in error.faults]
            else:
                if value is not None or not member.derived:
                    found[member.name] = value
        return found, faults

    def draw(self, posted: Posted, path: str) -> Widget:
        parts = tuple(draw_member(member, posted, under(path, member.name)) for member in self.members)
        return Widget("group", path, parts=parts, optional=self.optional, there=posted.has(under(path, THERE)))

    def say(self, value: Any) -> str:
        said = (
            f"{member.label}: {member.shape.say(value[member.name])}"
            for member in self.members
            if value.get(member.name, member.usual) not in (None, [], {}, member.usual)
        )
        return self.between.join(said)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several declarations, told apart by their field `kind`; `ask` chooses it where nothing says which."""

    groups: Mapping[str, Group]
    ask: Shape

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        if value is None:
            yield under(path, "kind"), ""
        else:
            yield from self.groups[value["kind"]].fill(value, path)

    def read(self, posted: Posted, path: str) -> Any:
        group = self.groups.get(posted.text(under(path, "kind")))
        return group.read(posted, path) if group else None

    def draw(self, posted: Posted, path: str) -> Widget:
        group = self.groups.get(posted.text(under(path, "kind")))
        return group.draw(posted, path) if group else self.ask.draw(posted, under(path, "kind"))

    def say(self, value: Any) -> str:
        return self.groups[value["kind"]].say(value)


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of values of one shape, with an empty row at its end."""

    shape: Shape
    label: Callable[[int], str]
    between: str
    fewest: int = 1

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        rows = value or ()
        for index, item in enumerate(rows):
            yield under(under(path, index), THERE), YES
            yield from self.shape.fill(item, under(path, index))
        yield from self.shape.fill(None, under(path, len(rows)))

    def read(self, posted: Posted, path: str) -> Any:
        found: list[Any] = []
        faults: list[Fault] = []
        for row in posted.rows(path):
            if is_there(self.shape, posted, under(path, row)):
                try:
                    value = _all_of(self.shape, posted, under(path, row))
                except Faulty as error:
                    faults += [fault.below(row) for fault in error.faults]
                else:
                    found.append(value)
        if found and not faults and len(found) < self.fewest:
            faults.append(Fault("setting-too-few", "", {"least": number(self.fewest)}))
        if faults:
            raise Faulty(faults)
        return found or None

    def draw(self, posted: Posted, path: str) -> Widget:
        rows = [row for row in posted.rows(path) if is_there(self.shape, posted, under(path, row))]
        drawn = [self._row(posted, path, row, place) for place, row in enumerate(rows, start=1)]
        empty = str(max((int(row) for row in rows), default=-1) + 1)
        blank = Posted(self.shape.fill(None, under(path, empty)))
        return Widget("rows", path, parts=(*drawn, self._row(blank, path, empty, 0)))

    def _row(self, posted: Posted, path: str, row: str, place: int) -> Widget:
        drawn = self.shape.draw(posted, under(path, row))
        return replace(drawn, label=self.label(place), there=posted.has(under(drawn.name, THERE)), optional=True)

    def say(self, value: Any) -> str:
        return self.between.join(self.shape.say(item) for item in value)


@dataclass(frozen=True, slots=True)
class NamedRows:
    """Things by their names: a list whose rows have the field `slug`."""

    rows: Rows

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        yield from self.rows.fill([{**thing, "slug": slug} for slug, thing in (value or {}).items()], path)

    def read(self, posted: Posted, path: str) -> Any:
        rows = self.rows.read(posted, path)
        found: dict[str, Any] = {}
        for row in rows or ():
            if row["slug"] in found:
                raise wrong("setting-twice", word=row["slug"])
            found[row["slug"]] = row
        return found or None

    def draw(self, posted: Posted, path: str) -> Widget:
        return self.rows.draw(posted, path)

    def say(self, value: Any) -> str:
        return self.rows.say([*value.values()])


@dataclass(frozen=True, slots=True)
class Table:
    """A value for each of several words or names; those without a value are left out."""

    labels: Mapping[str, str]
    shape: Shape
    unit: str
    between: str

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        for key in {**self.labels, **(value or {})}:
            yield from self.shape.fill((value or {}).get(key), under(path, key))

    def read(self, posted: Posted, path: str) -> Any:
        found: dict[str, Any] = {}
        faults: list[Fault] = []
        for key in self._keys(posted, path):
            try:
                value = self.shape.read(posted, under(path, key))
                if value is not None:
                    if key not in self.labels:
                        raise wrong("setting-unknown", word=key)
                    found[key] = value
            except Faulty as error:
                faults += [fault.below(key) for fault in error.faults]
        if faults:
            raise Faulty(faults)
        return found or None

    def draw(self, posted: Posted, path: str) -> Widget:
        return Widget(
            "table",
            path,
            parts=tuple(
                replace(self.shape.draw(posted, under(path, key)), label=self.labels.get(key, key), unit=self.unit)
                for key in self._keys(posted, path)
            ),
        )

    def say(self, value: Any) -> str:
        return self.between.join(f"{self.labels.get(key, key)}: {self.shape.say(one)}" for key, one in value.items())

    def _keys(self, posted: Posted, path: str) -> list[str]:
        sent = {name[len(path) + 1 :].split(".")[0]: None for name, _ in posted.items if name.startswith(f"{path}.")}
        return [*{**dict.fromkeys(self.labels), **sent}]


def is_there(shape: Shape, posted: Posted, path: str) -> bool:
    """Whether a row or an optional group is to be stored."""
    if posted.has(under(path, GONE)):
        return False
    if posted.has(under(path, THERE)):
        return True
    blank = Posted(shape.fill(None, path)).below(path)
    return bool({item for item in posted.below(path) if item[1]} - blank) or _unticked(posted, path, blank)


def draw_member(member: Member, posted: Posted, path: str) -> Widget:
    """The widget of a field with its words."""
    drawn = member.shape.draw(posted, path)
    return replace(drawn, label=member.label, hint=member.hint, needed=member.needed, unit=member.unit)


def _read(member: Member, posted: Posted, path: str, before: Mapping[str, Any]) -> Any:
    value = member.shape.read(posted, path)
    if value is None:
        if member.needed:
            raise wrong("setting-missing")
        return member.usual
    if member.among and member.among in before and value not in before[member.among]:
        raise wrong("setting-unknown", word=str(value))
    return value


def _all_of(shape: Shape, posted: Posted, path: str) -> Any:
    if isinstance(shape, Group):
        return shape.read_all(posted, path)
    value = shape.read(posted, path)
    if value is None:
        raise wrong("setting-missing")
    return value


def _unticked(posted: Posted, path: str, blank: frozenset[Item]) -> bool:
    """Whether a box that the empty row ticks has been unticked; only if something of the row was sent at all."""
    sent = posted.below(path)
    return bool(sent) and any(text == YES and not posted.has(name) for name, text in blank)
