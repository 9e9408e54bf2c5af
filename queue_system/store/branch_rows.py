"""The rows of one branch, table by table, so that each row comes after those that it refers to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from ..settings.branch import Branch
from ..settings.catalogue import Calendar, Season
from ..settings.declared import Declared, Names, Thing
from ..settings.devices import Device
from . import tables
from .setting_rows import Row, row_of

TableRows = tuple[type[Any], list[Row]]
# The initial state of a branch's log.
NEW_LOG: Final[Mapping[str, Any]] = {"last_seq": 0, "chain": "", "config_version": 1}
#: The tables of things that have an id, by the field that holds them, and the tables of the lists in such things: which
#: table, which column, and the kind of the items (None: items that have no id in the branch).
HALL: Final[Mapping[str, type[Any]]] = {
    "queues": tables.Queue,
    "resources": tables.Resource,
    "services": tables.Service,
    "counters": tables.Counter,
    "occasions": tables.Occasion,
}
LISTS: Final[Mapping[str, tuple[tuple[str, type[Any], str, str | None], ...]]] = {
    "services": (
        ("documents", tables.ServiceDocument, "document", None),
        ("refer_to", tables.ServiceReferral, "queue_id", "queue"),
        ("needs", tables.ServiceResource, "resource_id", "resource"),
    ),
    "counters": (("queues", tables.CounterQueue, "queue_id", "queue"),),
}
NAMED: Final[Mapping[str, tuple[str, type[Any]]]] = {
    "zones": ("zone", tables.Zone),
    "departments": ("department", tables.Department),
}
#: Fields of a branch that are stored in other tables, so not in its own row.
ELSEWHERE: Final = {
    *HALL,
    *NAMED,
    *("devices", "priorities", "hours", "closures", "seasons", "outreach_days", "texts"),
}


def branch_rows(
    position: int, key: str, branch: Branch, calendars: Mapping[str, Calendar], ids: Ids | None = None
) -> Iterator[TableRows]:
    """The branch and everything in it; `key` is the first part of its secret links.

    `ids` are those that it has in the tables already, None for a new branch; what is not among them gets a new id.
    """
    ids = ids or Ids()
    yield (
        tables.Branch,
        [row_of(branch, tables.Branch, elsewhere=ELSEWHERE, id=ids.branch, position=position, key=key, **NEW_LOG)],
    )
    for name, (kind, table) in NAMED.items():
        rows = named_rows(getattr(branch, name))
        yield table, [{**row, "branch_id": ids.branch, "id": ids.of(kind, row["slug"])} for row in rows]
    for name, table in HALL.items():
        yield from _things(ids, name, table, list(getattr(branch, name).values()))
    yield tables.Device, [_device(ids, position, device) for position, device in enumerate(branch.devices.values())]
    yield from _agenda(ids, branch, calendars)
    yield tables.Text, text_rows(ids.branch, branch.texts)


def text_rows(branch_id: UUID, texts: Mapping[str, Names]) -> list[Row]:
    """The texts of a branch, or of the organisation if `branch_id` is that of its log."""
    return [{**row, "branch_id": branch_id} for row in named_rows(texts)]


def named_rows(things: Mapping[str, Names]) -> list[Row]:
    """Things that have a name only."""
    return [
        {"slug": slug, "position": position, "names": names} for position, (slug, names) in enumerate(things.items())
    ]


def season_rows(seasons: Mapping[str, Iterable[Season]], model: type[Any], **more: Any) -> list[Row]:
    """The stretches of seasons, of a branch or of all branches."""
    return [
        row_of(stretch, model, slug=slug, position=position, **more)
        for position, (slug, stretches) in enumerate(seasons.items())
        for stretch in stretches
    ]


@dataclass(slots=True)
class Ids:
    """The ids of one branch: of its things by kind and slug, of its nameless rows by table and content."""

    branch: UUID = field(default_factory=uuid7)
    things: dict[tuple[str, str], UUID] = field(default_factory=dict)
    nameless: dict[tuple[type[Any], str], list[UUID]] = field(default_factory=dict)

    def of(self, kind: str, slug: str) -> UUID:
        """The id of a thing, always the same."""
        # A kiosk is a device, and devices refer to one another.
        return self.things.setdefault(("device" if kind == "kiosk" else kind, slug), uuid7())

    def next_of(self, model: type[Any], row: Row) -> UUID:
        """The id of the next row with this content; each known one is given once."""
        known = self.nameless.get((model, content(model, row)))
        return known.pop(0) if known else uuid7()


def content(model: type[Any], row: Row) -> str:
    """What a nameless row says, without its keys and its place among the others."""
    keys = ("branch_id", "id", "position")
    said = {column.key: row.get(column.key) for column in tables.table(model).c if column.key not in keys}
    return json.dumps(said, default=str, sort_keys=True, ensure_ascii=False)


def _things(ids: Ids, name: str, table: type[Any], things: list[Any]) -> Iterator[TableRows]:
    lists = LISTS.get(name, ())
    yield (
        table,
        [
            _numbered(table, position)
            | row_of(
                thing,
                table,
                ids.of,
                elsewhere={of for of, *_ in lists},
                branch_id=ids.branch,
                id=ids.of(thing.kind_of_thing, thing.slug),
            )
            for position, thing in enumerate(things)
        ],
    )
    for of, list_table, column, kind in lists:
        yield list_table, list(_items(ids, things, of, column, kind))


def _items(ids: Ids, things: Iterable[Thing], of: str, column: str, kind: str | None) -> Iterator[Row]:
    """The items of a list of each thing, in order; of items that have an id, the id."""
    for thing in things:
        for position, slug in enumerate(getattr(thing, of)):
            yield {
                "branch_id": ids.branch,
                f"{thing.kind_of_thing}_id": ids.of(thing.kind_of_thing, thing.slug),
                column: ids.of(kind, slug) if kind else slug,
                "position": position,
            }


def _numbered(table: type[Any], position: int) -> Row:
    return {"position": position} if "position" in tables.table(table).c else {}


def _device(ids: Ids, position: int, device: Device) -> Row:
    row = row_of(
        device,
        tables.Device,
        ids.of,
        elsewhere={"kit", "place"},
        branch_id=ids.branch,
        id=ids.of("device", device.slug),
        position=position,
        kind=device.kind,
        status="unknown",
    )
    for part in (device.kit, device.place):
        if part is not None:
            row["data"] |= part.model_dump(mode="json", exclude_unset=True, exclude={"kind"})
    return row


def _agenda(ids: Ids, branch: Branch, calendars: Mapping[str, Calendar]) -> Iterator[TableRows]:
    """Everything that has a time: hours, closures, priorities, outreach days."""

    def mine(declared: Declared, model: type[Any], **more: Any) -> Row:
        row = row_of(declared, model, ids.of, **more)
        return row | {"branch_id": ids.branch, "id": ids.next_of(model, row)}

    yield (
        tables.OpeningHours,
        [mine(rule, tables.OpeningHours, position=position) for position, rule in enumerate(branch.hours)],
    )
    yield (
        tables.ClosureRow,
        [
            mine(closure, tables.ClosureRow, calendar=slug, position=position)
            for slug, closures in (
                *((slug, calendars[slug].closures) for slug in branch.calendars),
                (None, branch.closures),
            )
            for position, closure in enumerate(closures)
        ],
    )
    yield tables.BranchSeason, season_rows(branch.seasons, tables.BranchSeason, branch_id=ids.branch)
    yield (
        tables.BranchPriority,
        [
            {"branch_id": ids.branch, "priority": slug, "position": position}
            for position, slug in enumerate(branch.priorities)
        ],
    )
    yield tables.OutreachDay, [mine(day, tables.OutreachDay) for day in branch.outreach_days]
