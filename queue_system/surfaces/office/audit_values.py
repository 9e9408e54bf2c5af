"""What the entries of a log that tell of settings changed: old and new values, from the history of changes.

The log itself has no texts, so an entry whose change was erased has no values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from ...core.errors import Unavailable
from ...core.facts.settings import SettingsChanged
from ...i18n import isolates
from ...i18n.words import Words
from ...settings.edits import Edit
from ...settings.organisation import ORGANISATION_SLUG
from ...store.queries.audit import EntryView
from ...store.queries.changes import ChangeView, changes_told
from ...store.tables import ORGANISATION
from .audit_books import AtBooks, Book
from .changed import ChangedField, Sayer
from .places import stored_place

#: What a line of the log shows of a change; its history has all.
MOST_FIELDS: Final = 8
LONGEST_VALUE: Final = 160
#: The log of a branch has its own time for a change of what all branches share (`store.log.Locked`).
_APART: Final = timedelta(seconds=2)

#: A change with its place.
_Placed: TypeAlias = tuple[UUID, ChangeView]


@dataclass(frozen=True, slots=True)
class ChangedValues:
    """The fields of a change in words, and how many more there are; `op` as that of `changed.ChangedObject`."""

    op: str
    fields: tuple[ChangedField, ...]
    more: int


@dataclass(slots=True)
class Values:
    """The values of the entries of one log, in the words of its page; `add` reads those of some entries."""

    here: AtBooks
    book: Book
    words: Words
    _found: dict[int, ChangedValues] = field(default_factory=dict)
    _sayers: dict[UUID, Sayer] = field(default_factory=dict)

    async def add(self, entries: Sequence[EntryView]) -> None:
        """Read what some entries of the log changed."""
        told = [entry for entry in entries if entry.kind == SettingsChanged.kind]
        if not told:
            return
        since, until = min(entry.at for entry in told) - _APART, max(entry.at for entry in told) + _APART
        changes = await self.here.read(changes_told, self.book.id, [entry.seq for entry in told], since, until)
        by_thing: dict[tuple[str, str], list[_Placed]] = {}
        for place, one in changes:
            by_thing.setdefault((one.kind, one.slug), []).append((place, one))
        for entry in told:
            found = _change_of(entry, by_thing.get((entry.data["object_kind"], entry.subject), []))
            if found is not None:
                say = await self._sayer(found[0])
                if say is not None:
                    self._found[entry.seq] = _said(say, found[1])

    def of(self, entry: EntryView) -> ChangedValues | None:
        """What an entry changed; None if it is no change of settings, or nobody knows."""
        return self._found.get(entry.seq)

    def told(self, entry: EntryView) -> str:
        """What an entry changed as plain text, in one line; "" as `of` gives None."""
        values = self.of(entry)
        if values is None:
            return ""
        found = [self._line(values.op, one) for one in values.fields]
        return "; ".join([*found, *([self.words.plural("office.log-more", values.more)] if values.more else [])])

    def _line(self, op: str, one: ChangedField) -> str:
        if op in ("add", "remove"):
            return self.words.text("office.log-value", field=one.label, value=one.after or one.before)
        empty = self.words.text("office.edit-empty")
        return self.words.text(
            "office.log-change", field=one.label, before=one.before or empty, after=one.after or empty
        )

    async def _sayer(self, place: UUID) -> Sayer | None:
        """What says values of a place; None if its settings cannot be read."""
        if place not in self._sayers:
            slug = ORGANISATION_SLUG if place == ORGANISATION else self.book.slug
            try:
                stored = await self.here.read(stored_place, place, slug, self.here.person)
            except Unavailable:
                return None
            self._sayers[place] = Sayer(stored, self.words)
        return self._sayers[place]


# ---------------------------------------------------------------- inside


def _change_of(entry: EntryView, changes: Sequence[_Placed]) -> _Placed | None:
    """The change of an entry among those of its thing: in the log of its place by its number, in that of a branch by its time."""
    own = [found for found in changes if found[0] == entry.branch_id and found[1].seq == entry.seq]
    near = [found for found in changes if found[0] != entry.branch_id and abs(found[1].at - entry.at) <= _APART]
    return min(own or near, key=lambda found: abs(found[1].at - entry.at), default=None)


def _said(say: Sayer, change: ChangeView) -> ChangedValues:
    edit = Edit(change.kind, change.slug, *_short(change.before, change.after))
    told = say.change(edit)
    fields = [one for one in told.fields if one.before or one.after]
    shown = tuple(replace(one, before=_cut(one.before), after=_cut(one.after)) for one in fields[:MOST_FIELDS])
    return ChangedValues(told.op, shown, len(fields) - len(shown))


def _short(before: Any, after: Any) -> tuple[Any, Any]:
    """The values before and after without what lists of names have in both, because a long list hides what differs."""
    if before is None or after is None:
        return before, after
    was, now = dict(before), dict(after)
    for name in was.keys() & now.keys():
        old, new = was[name], now[name]
        if _are_words(old) and _are_words(new) and set(old) != set(new):
            was[name] = [one for one in old if one not in new]
            now[name] = [one for one in new if one not in old]
    return was, now


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _cut(said: str) -> str:
    """A value, cut between words if it is long."""
    if len(said) <= LONGEST_VALUE:
        return said
    # A cut could part the marks of direction.
    said = isolates.strip(said)
    return f"{said[:LONGEST_VALUE].rpartition(' ')[0] or said[:LONGEST_VALUE]} …"
