"""What an edit would do, before it is made: the settings as they would be, what is wrong with them, what is lost.

Nothing is written. The new settings are read from the rows of a value, by the code that reads those of the tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from ...core.effect import Effect, effect
from ...core.hours import business_date
from ...core.offer import OfferedDevice
from ...core.outside import OpenAlone, open_alone
from ...settings.branch import Branch
from ...settings.consistency import Located, catalogue_faults, faults
from ...settings.edits import Conflict, Edit, difference, merged
from ...settings.faults import faults_of
from ...settings.objects import place_of, shape_of
from ...settings.references import object_kind
from .. import tables
from ..branch_rows import TableRows
from ..setting_rows import declared_of
from ..tx import Tx
from .effect import SHOWING, live_of, offer_of, regained, showing_devices
from .organisation import OrganisationView, organisation
from .rows import GivenRow, GivenRows, Rows, StoredRows
from .settings import TEMPLATE, BranchSettings, assemble, branch_settings
from .stored import places, stored_organisation
from .used_rows import in_use
from .values import Value, branch_at, rows_of_value, value_at


@dataclass(frozen=True, slots=True)
class Preview:
    """What some edits of a place would do.

    `edits` are the changes that would be made of the present settings, without those that somebody else has made already.
    `conflicts` and `faults` forbid to save. `effects` are those on each branch whose settings would change, by its id;
    `sha256` is the fingerprint of all of them together. `regained` appointments, on which nothing is decided yet, get the
    time back that an earlier change took. `alone` are the services of each branch that would keep open while it is
    closed, and did not on those days; it takes nothing away and is in no fingerprint.
    """

    place: UUID
    edits: tuple[Edit, ...]
    conflicts: tuple[Conflict, ...] = ()
    faults: tuple[Located, ...] = ()
    effects: Mapping[UUID, Effect] = field(default_factory=dict)
    sha256: str = ""
    regained: int = 0
    alone: Mapping[UUID, tuple[OpenAlone, ...]] = field(default_factory=dict)

    @property
    def may_be_saved(self) -> bool:
        """Whether nothing is wrong; a decision on what it takes away may still be needed."""
        return not (self.conflicts or self.faults)


@dataclass(frozen=True, slots=True)
class Prospect:
    """A preview, with the values before and after and the rows after, for the action that makes the change."""

    preview: Preview
    before: Value
    after: Value
    rows_after: list[TableRows]


def preview(tx: Tx, place: UUID, edits: Iterable[Edit], common: Iterable[Edit] = ()) -> Preview:
    """What `edits` of a branch, or of ORGANISATION, would do now. Raises Missing("branch"), Unreadable.

    `common` are edits of the organisation that would be made first, and take nothing away. If they cannot be made, their
    conflicts are those of the preview.
    """
    return prospect(tx, place, edits, common).preview


def prospect(tx: Tx, place: UUID, edits: Iterable[Edit], common: Iterable[Edit] = ()) -> Prospect:
    """The same with values and rows; where there is a conflict or fault, those after are those before."""
    source, conflicts = _with_common(StoredRows(tx), tuple(common))
    before = value_at(source, place)
    edits = tuple(edits)
    objects, found = merged(before, edits)
    conflicts += found
    nothing = Prospect(Preview(place, (), tuple(conflicts)), before, before, [])
    try:
        after = place_of(objects, before)
    except ValidationError as error:
        return _with_faults(nothing, _located(error, before))
    made = difference(before, after)
    wrong = [*_new_faults(source, place, before, after, tx.now), *in_use(tx, place, made)]
    if conflicts or wrong:
        return _with_faults(nothing, wrong, made)
    rows_after = rows_of_value(source, place, after)
    changed = list(_changed(tx, source, after, rows_after)) if made else []
    effects = dict(_effects(tx, changed))
    again = sum(len(regained(tx, one.new)) for one in changed)
    alone = {one.id: _alone(one, effects[one.id]) for one in changed}
    told = Preview(place, made, effects=effects, sha256=_sha256(effects), regained=again, alone=alone)
    return Prospect(told, before, after, rows_after)


def _with_common(source: Rows, common: tuple[Edit, ...]) -> tuple[Rows, list[Conflict]]:
    """The rows as they would be after these edits of the organisation, and the conflicts, without which they are made."""
    if not common:
        return source, []
    before = value_at(source, tables.ORGANISATION)
    objects, conflicts = merged(before, common)
    after = place_of(objects, before)
    return GivenRows(rows_of_value(source, tables.ORGANISATION, after), others=source), conflicts


def _with_faults(nothing: Prospect, found: Iterable[Located], edits: tuple[Edit, ...] = ()) -> Prospect:
    told = nothing.preview
    return Prospect(Preview(told.place, edits, told.conflicts, tuple(found)), nothing.before, nothing.before, [])


@dataclass(frozen=True, slots=True)
class _ChangedBranch:
    """A branch whose settings would change, with the devices that it would have."""

    id: UUID
    old: BranchSettings
    new: BranchSettings
    devices: tuple[OfferedDevice, ...]


def _changed(tx: Tx, source: Rows, after: Value, rows: list[TableRows]) -> Iterator[_ChangedBranch]:
    given = GivenRows(rows, others=source)
    of = _organisation_after(tx, rows)
    branches = {after.slug: after} if isinstance(after, Branch) else after.branches
    for row in places(source):
        if row.slug not in branches or row.kind == TEMPLATE:
            continue
        old, new = branch_settings(tx, row.id), assemble(given, row.id, of)
        if new != old:
            yield _ChangedBranch(row.id, old, new, _showing(branches[row.slug], given, row.id))


def _effects(tx: Tx, changed: Iterable[_ChangedBranch]) -> Iterator[tuple[UUID, Effect]]:
    for one in changed:
        before = offer_of(one.old, showing_devices(tx, one.id))
        yield one.id, effect(before, offer_of(one.new, one.devices), live_of(tx, one.old))


def _alone(one: _ChangedBranch, told: Effect) -> tuple[OpenAlone, ...]:
    return tuple(open_alone({changed.day for changed in told.days}, one.new.calendar, one.old.calendar))


def _organisation_after(tx: Tx, rows: list[TableRows]) -> OrganisationView:
    found = next((of for model, of in rows if model is tables.Organisation), None)
    return declared_of(OrganisationView, GivenRow(found[0])) if found else organisation(tx)


def _showing(branch: Branch, source: Rows, branch_id: UUID) -> tuple[OfferedDevice, ...]:
    zones = {row.slug: row.id for row in source.of(tables.Zone, branch_id)}
    return tuple(
        OfferedDevice(slug, device.kind, zones.get(device.zone or ""))
        for slug, device in branch.devices.items()
        if device.kind in SHOWING
    )


def _new_faults(source: Rows, place: UUID, before: Value, after: Value, now: datetime) -> list[Located]:
    """What is wrong with the settings and was not before, because an old fault must not forbid to mend another one."""
    if isinstance(before, Branch):
        known = source.once(_faults_at, place, today_of(before, now))
    else:
        known = _faults(source, before, now)
    return [one for one in _faults(source, after, now) if one not in known]


def today_of(branch: Branch, now: datetime) -> date:
    """The business day of a branch; where its time zone is what is wrong, the day of UTC."""
    try:
        return business_date(now, ZoneInfo(branch.timezone), branch.day_starts)
    except (ZoneInfoNotFoundError, ValueError):
        return now.date()


def _faults_at(source: Rows, branch_id: UUID, today: date) -> list[Located]:
    return _faults_of(source, branch_at(source, branch_id), today)


def _faults(source: Rows, value: Value, now: datetime) -> list[Located]:
    if isinstance(value, Branch):
        return _faults_of(source, value, today_of(value, now))
    found = [*catalogue_faults(value.catalogue)]
    for branch in value.branches.values():
        found += faults(branch, value.catalogue, today_of(branch, now))
    return _with_objects(found, value)


def _faults_of(source: Rows, branch: Branch, today: date) -> list[Located]:
    return _with_objects(faults(branch, stored_organisation(source).catalogue, today), branch)


def _with_objects(found: Iterable[Located], value: Value) -> list[Located]:
    return [Located(object_kind(one.kind), one.slug or value.slug, one.fault) for one in found]


def _located(error: ValidationError, place: Value) -> Iterator[Located]:
    """What pydantic found in a whole place, each fault with its object."""
    shape = shape_of(place)
    kinds = {field: kind for kind, field in shape.things.items()}
    for fault in faults_of(error):
        path = fault.field.removeprefix("catalogue.").split(".")
        if path[0] in kinds and len(path) > 1:
            yield Located(kinds[path[0]], path[1], _moved(fault, path[2:]))
        else:
            yield Located(shape.kind, place.slug, _moved(fault, path))


def _moved(fault: Any, path: list[str]) -> Any:
    return type(fault)(fault.code, ".".join(path), fault.values)


def _sha256(effects: Mapping[UUID, Effect]) -> str:
    told = "".join(f"{branch_id}:{effects[branch_id].sha256}\n" for branch_id in sorted(effects))
    return hashlib.sha256(told.encode()).hexdigest()
