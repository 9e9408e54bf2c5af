"""What an edit would do, before it is made: the settings as they would be, what is wrong with them, what is lost.

Nothing is written. The new settings are read from the rows of a value, by the code that reads those of the tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from pydantic import ValidationError

from ...core.effect import Effect, LostTicket, effect, lost_tickets
from ...core.hours import business_date
from ...core.offer import Live, OfferedDevice
from ...core.outside import OpenAlone, open_alone
from ...core.support import Support
from ...settings.branch import Branch
from ...settings.canonical import common_fingerprint, fingerprint
from ...settings.catalogue import Catalogue
from ...settings.consistency import Located, catalogue_faults, faults, message_faults
from ...settings.edits import Conflict, Edit, difference, merged
from ...settings.faults import faults_of
from ...settings.neutral import common_neutral_faults, neutral_faults
from ...settings.objects import place_of, shape_of
from ...settings.references import object_kind
from .. import tables
from ..branch_rows import TableRows
from ..row_difference import RowDifference, row_differences
from ..setting_rows import declared_of
from ..tx import Tx
from .effect import SHOWING, Booked, booked, expected, live_tickets, offer_of, read_alike, regained, showing_devices
from .organisation import OrganisationView, organisation
from .rows import GivenRow, GivenRows, Rows, StoredRows, device_rows
from .settings import TEMPLATE, BranchSettings, assemble, branch_settings
from .stored import places, stored_organisation
from .used_rows import in_use
from .values import Value, branch_at, rows_at, rows_of_value, value_at

#: Facts that leave every appointment as it is, so an edit takes the same ones away after them: by the first word of
#: their kind, and by kind.
_IN_THE_HALL: Final = frozenset({"ticket", "counter", "slip", "printer", "device", "staff"})
_NO_PROMISE: Final = frozenset({"booking.held", "booking.looked_up"})


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
    def offered_sha256(self) -> str:
        """The fingerprint of what changes for everybody; people who book or come meanwhile leave it as it is."""
        return _together({branch_id: effect.offered_sha256 for branch_id, effect in self.effects.items()})

    @property
    def may_be_saved(self) -> bool:
        """Whether nothing is wrong; a decision on what it takes away may still be needed."""
        return not (self.conflicts or self.faults)


@dataclass(frozen=True, slots=True)
class ChangedBranch:
    """A branch whose settings would change, with the devices that it would have."""

    id: UUID
    old: BranchSettings
    new: BranchSettings
    devices: tuple[OfferedDevice, ...]

    def at(self, version: int) -> BranchSettings:
        """The settings after the change, with the version that they get by it."""
        return self.new.model_copy(update={"config_version": version})


@dataclass(frozen=True, slots=True)
class Prospect:
    """A preview, with everything that the action needs to make the change, so that it works out little under its locks.

    `seen_at` is the moment that all this was seen at; `catalogue` is that of then. `rows` are to be stored. `fingerprints`
    are those of the settings after the change, of its place and of each branch that it touches. `declared` is the value
    after of a branch as it will be read, because things may be read in another order; it is worked out without locks only.
    `regained` are the appointments of each changed branch that get their time back. Where nothing would be changed, the last
    five are left out.
    """

    preview: Preview
    before: Value
    after: Value
    catalogue: Catalogue
    seen_at: Moment
    rows: list[RowDifference] = field(default_factory=list)
    changed: tuple[ChangedBranch, ...] = ()
    fingerprints: Mapping[UUID, str] = field(default_factory=dict)
    declared: Branch | None = None
    regained: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moment:
    """How far the logs of a place and of the organisation had come, and the versions of their settings, by their ids.

    For the organisation, those of all branches. `devices` are rows, because devices change without a new version.
    """

    logs: Mapping[UUID, int]
    versions: Mapping[UUID, int]
    devices: list[tuple[Any, ...]]


def preview(
    tx: Tx, place: UUID, edits: Iterable[Edit], common: Iterable[Edit] = (), since: datetime | None = None
) -> Preview:
    """What `edits` of a branch, or of ORGANISATION, would do now. Raises Missing("branch"), Unreadable.

    `common` are edits of the organisation that would be made first, and take nothing away. If they cannot be made, their
    conflicts are those of the preview. `since`: hours are compared from the day of that moment on in place of today, so
    that the fingerprint is that of a preview of then, if nothing else has changed.
    """
    return _seen(tx, place, edits, common, since)[0].preview


def prospect(tx: Tx, place: UUID, edits: Iterable[Edit], common: Iterable[Edit] = ()) -> Prospect:
    """The same with all that is needed to save it; where there is a conflict or fault, the value after is that before."""
    found, source, rows = _seen(tx, place, edits, common)
    if not found.preview.edits or not found.preview.may_be_saved:
        return found
    changes = row_differences(rows_at(source, place), rows)
    read = isinstance(found.after, Branch) and not tx.edits
    declared = branch_at(GivenRows(rows, others=source), place) if read else None
    return replace(found, rows=changes, fingerprints=_fingerprints(source, found), declared=declared)


def _seen(
    tx: Tx, place: UUID, edits: Iterable[Edit], common: Iterable[Edit], since: datetime | None = None
) -> tuple[Prospect, Rows, list[TableRows]]:
    """What can be seen, without what is only needed to save it; with the rows that it was seen in, and those after."""
    source, conflicts = _with_common(StoredRows(tx), tuple(common))
    before = value_at(source, place)
    edits = tuple(edits)
    objects, found = merged(before, edits)
    conflicts += found
    seen_at = _moment(tx, place)
    catalogue = stored_organisation(source).catalogue
    nothing = Prospect(Preview(place, (), tuple(conflicts)), before, before, catalogue, seen_at)
    try:
        after = place_of(objects, before)
    except ValidationError as error:
        return _with_faults(nothing, _located(error, before)), source, []
    made = difference(before, after)
    wrong = [*_new_faults(source, place, before, after, tx.now), *in_use(tx, place, made)]
    if conflicts or wrong:
        return _with_faults(nothing, wrong, made), source, []
    rows = rows_of_value(source, place, after)
    changed = list(_changed(tx, source, after, rows)) if made else []
    effects: dict[UUID, Effect] = {}
    again: dict[UUID, tuple[UUID, ...]] = {}
    for one in changed:
        known = booked(tx, one.old)
        effects[one.id] = _effect(tx, one, known, since)
        stand = regained(tx, one.new, known if read_alike(one.old, one.new) else None)
        again[one.id] = tuple(booking.id for booking in stand)
    count = sum(map(len, again.values()))
    alone = {one.id: _alone(one, effects[one.id]) for one in changed}
    told = Preview(place, made, effects=effects, sha256=_sha256(effects), regained=count, alone=alone)
    return replace(nothing, preview=told, after=after, changed=tuple(changed), regained=again), source, rows


def still_holds(tx: Tx, place: UUID, found: Prospect) -> bool:
    """Whether a prospect that was seen before this edit of its place is what would be seen now.

    People come and are called all the time, so only those who would be lost are looked for again.
    """
    then, now = found.seen_at, _moment(tx, place)
    # Each version is one higher, because the locks of the edit raise it.
    if now.devices != then.devices or now.versions != {key: version + 1 for key, version in then.versions.items()}:
        return False
    if now.logs != then.logs and any(in_use(tx, place, found.preview.edits)):
        # A hold takes no promise away, but it does use its places and what they belong to.
        return False
    since = (kind for key, seq in then.logs.items() for kind in _kinds_since(tx, key, seq))
    if not all(kind in _NO_PROMISE or kind.partition(".")[0] in _IN_THE_HALL for kind in since):
        return False
    return all(_tickets(tx, one) == found.preview.effects[one.id].tickets for one in found.changed)


def _moment(tx: Tx, place: UUID) -> Moment:
    branch = tables.table(tables.Branch)
    concerned = sa.true() if place == tables.ORGANISATION else branch.c.id.in_({place, tables.ORGANISATION})
    rows = tx.rows(sa.select(branch.c.id, branch.c.last_seq, branch.c.config_version).where(concerned))
    logs, versions = {row.id: row.last_seq for row in rows}, {row.id: row.config_version for row in rows}
    return Moment(logs, versions, [tuple(row) for row in device_rows(tx, place)])


def _kinds_since(tx: Tx, branch_id: UUID, seq: int) -> list[str]:
    entry = tables.table(tables.Entry)
    return [
        row.kind for row in tx.rows(sa.select(entry.c.kind).where(entry.c.branch_id == branch_id, entry.c.seq > seq))
    ]


def _tickets(tx: Tx, one: ChangedBranch) -> tuple[LostTicket, ...]:
    """The tickets that the change of a branch would lose now."""
    old, new = offer_of(one.old), offer_of(one.new)
    # `Support.why_ticket` looks at nothing else, and most edits leave it as it is.
    if (old.services, old.counters, old.calendar) == (new.services, new.counters, new.calendar):
        return ()
    return lost_tickets(Support(old), Support(new), live_tickets(tx, one.old))


def _fingerprints(source: Rows, found: Prospect) -> dict[UUID, str]:
    """The fingerprint of the settings after a change, of its place and of each branch that it touches."""
    after = found.after
    if isinstance(after, Branch):
        return {found.preview.place: fingerprint(after, found.catalogue)}
    slugs = {row.id: row.slug for row in places(source)}
    return {tables.ORGANISATION: common_fingerprint(after)} | {
        branch_id: fingerprint(after.branches[slugs[branch_id]], after.catalogue) for branch_id in found.preview.effects
    }


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
    return replace(nothing, preview=Preview(told.place, edits, told.conflicts, tuple(found)))


def _changed(tx: Tx, source: Rows, after: Value, rows: list[TableRows]) -> Iterator[ChangedBranch]:
    given = GivenRows(rows, others=source)
    of = _organisation_after(tx, rows)
    branches = {after.slug: after} if isinstance(after, Branch) else after.branches
    for row in places(source):
        if row.slug not in branches or row.kind == TEMPLATE:
            continue
        old, new = branch_settings(tx, row.id), assemble(given, row.id, of)
        if new != old:
            yield ChangedBranch(row.id, old, new, _showing(branches[row.slug], given, row.id))


def _effect(tx: Tx, one: ChangedBranch, known: Sequence[Booked], since: datetime | None) -> Effect:
    before, after = offer_of(one.old, showing_devices(tx, one.id)), offer_of(one.new, one.devices)
    live = Live(one.old.timetable.business_date(tx.now), expected(one.old, known), live_tickets(tx, one.old))
    first = one.old.timetable.business_date(since) if since else None
    return effect(before, after, live, first=first)


def _alone(one: ChangedBranch, told: Effect) -> tuple[OpenAlone, ...]:
    days = {changed.day for changed in told.days}
    return tuple(open_alone(one.new.services, days, one.new.calendar, one.old.calendar))


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
    found = [*catalogue_faults(value.catalogue), *message_faults(value)]
    found += common_neutral_faults(value, value.branches.values())
    for branch in value.branches.values():
        found += faults(branch, value.catalogue, today_of(branch, now))
    return _with_objects(found, value)


def _faults_of(source: Rows, branch: Branch, today: date) -> list[Located]:
    organisation = stored_organisation(source)
    found = (*faults(branch, organisation.catalogue, today), *neutral_faults(branch, organisation))
    return _with_objects(found, branch)


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
    return _together({branch_id: effect.sha256 for branch_id, effect in effects.items()})


def _together(fingerprints: Mapping[UUID, str]) -> str:
    told = "".join(f"{branch_id}:{fingerprints[branch_id]}\n" for branch_id in sorted(fingerprints))
    return hashlib.sha256(told.encode()).hexdigest()
