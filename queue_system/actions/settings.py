"""Changes of the settings of a branch, or of what all branches share. Give them to `Database.write` (decision 0019).

    preview(tx, place, edits)                 what the edits would do; reads only
    preview_for(tx, place, edits, person, …)  the same for somebody who may make them
    prospect_for(tx, place, edits, person, …) the same with all that was seen, so that `save` need not look again
    save(tx, place, edits, sha256, …)         makes them, if they still do what the preview said
    undo(tx, place, change_id, sha256, …)     makes the reverse edit of a change
    add_branch(tx, branch, …)                 a new branch from a value

A place is a branch or ORGANISATION. Decision 0022.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.edit_rights import edit_rights
from ..core.errors import Denied, Invalid, Refused, Stale
from ..core.facts.settings import SettingsChanged
from ..core.promises import Choices, line_key
from ..core.support import Why
from ..settings.branch import Branch
from ..settings.canonical import fingerprint
from ..settings.consistency import Located, faults
from ..settings.edits import Conflicted, Edit
from ..settings.objects import objects_of
from ..settings.organisation import ORGANISATION_SLUG
from ..store.branch_rows import Ids, branch_rows
from ..store.database import Tx
from ..store.editing import adding, editing, editing_catalogue
from ..store.log import Actor, Locked, locked
from ..store.profile_rows import new_keys
from ..store.queries.access import StaffView
from ..store.queries.changes import ChangeView, change, reverse
from ..store.queries.known_after import known_after
from ..store.queries.previews import Preview, Prospect, preview, prospect, still_holds
from ..store.queries.rows import StoredRows
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.queries.stored import places, stored_organisation
from ..store.row_difference import row_differences
from ..store.tables import ORGANISATION, Change, table
from .decisions import decide, give_back_time
from .guarded_decisions import AS_WITH_BOOKINGS, require_choices
from .line_decisions import decide_line
from .lost_holds import end_lost
from .printers import forget_learnt
from .seats import PLACES_OF, put_in_order
from .second_person import SecondPersonNeeded, reasons, takes_many
from .setting_rights import check_rights
from .setting_rows import store_difference

__all__ = [
    "Overtaken",
    "Preview",
    "UnfitSettings",
    "add_branch",
    "preview",
    "preview_for",
    "prospect_for",
    "save",
    "undo",
]

CHANGE = table(Change)
_NO_CHOICES: Final = Choices()


class UnfitSettings(Invalid):
    """The settings would contradict themselves, so nothing was saved; `faults` are what is wrong, each with its object."""

    def __init__(self, faults: Sequence[Located]) -> None:
        super().__init__("settings-unfit")
        self.faults = tuple(faults)


class Overtaken(Exception):
    """Edits may do something else by now than was foreseen. Nothing was changed; they are to be foreseen again."""


def preview_for(tx: Tx, place: UUID, edits: Iterable[Edit], person: StaffView, common: Iterable[Edit] = ()) -> Preview:
    """What edits would do, for a person who may make them; raises Denied("not-allowed"), Missing("branch").

    `common` as in `save`.
    """
    return prospect_for(tx, place, edits, person, common).preview


def prospect_for(
    tx: Tx, place: UUID, edits: Iterable[Edit], person: StaffView, common: Iterable[Edit] = ()
) -> Prospect:
    """As `preview_for`, with values and rows, for `save` to take as `foreseen`."""
    common = tuple(common)
    if common:
        _check_rights(person, ORGANISATION, prospect(tx, ORGANISATION, common))
    found = prospect(tx, place, edits, common)
    _check_rights(person, place, found)
    return found


def save(
    tx: Tx,
    place: UUID,
    edits: Iterable[Edit],
    effect_sha256: str,
    *,
    actor: Actor,
    person: StaffView | None,
    choices: Choices = _NO_CHOICES,
    note: str = "",
    undoes: UUID | None = None,
    approved: bool = False,
    common: Iterable[Edit] = (),
    foreseen: Prospect | None = None,
) -> tuple[UUID, ...]:
    """Make edits of a place, if their effect is still the one whose fingerprint the preview gave; the ids of the changes.

    Nothing is changed, and () returned, if the settings are already as wanted. `choices` decide on the appointments and
    people in line that lose their support; without a choice they are to be decided later. `person` is the author, whose
    rights are checked; None for programs of the machine. `approved` says that a second person has agreed. `undoes` is a
    change that the edits take back; what was saved together with it is marked as undone too, as far as they take it back.
    `common` are edits of the organisation to which those of a branch refer: they are made first, so that all of it is
    made or nothing. `foreseen` is what these edits would do, as it was seen without the lock, so that the hall does not
    wait while it is worked out (not with `common`).

    Raises Conflicted, UnfitSettings, Stale("effect-changed"), SecondPersonNeeded, Denied("not-allowed"),
    Missing("branch"); for `foreseen` Overtaken, if it may be another by now; for `undoes` Missing("change"),
    Stale("already-undone").
    """
    if common := tuple(common):
        told_of: dict[str, Any] = {"actor": actor, "person": person, "note": note, "approved": approved}
        save(tx, ORGANISATION, common, preview(tx, ORGANISATION, common).sha256, **told_of)
    with _editing(tx, place) as locks:
        known = None if undoes is None else change(tx, place, undoes)
        if known is not None and known.undone_by is not None:
            raise Stale("already-undone")
        if foreseen is not None and not still_holds(tx, place, foreseen):
            raise Overtaken
        found = foreseen or prospect(tx, place, edits)
        told = found.preview
        _check_rights(person, place, found)
        if told.conflicts:
            raise Conflicted(told.conflicts)
        if told.faults:
            raise UnfitSettings(told.faults)
        if not told.edits:
            return ()
        if told.sha256 != effect_sha256:
            raise Stale("effect-changed")
        if person is not None:
            _require_choices(tx, person, found, choices)
            if not approved:
                _require_one_person(tx, found, choices, actor)
        store_difference(tx, found.rows)
        forget_learnt(tx, place, told.edits)
        made = _record(locks, found, actor, note, undoes)
        if known is not None:
            _mark_undone(tx, place, known, told.edits, made[0])
        changed = [one.at(locks[one.id].config_version) for one in found.changed]
        _settle(locks, found, changed, choices, made[0], actor)
        known_after(tx, found, changed, {branch_id: lock.config_version for branch_id, lock in locks.items()})
        return made


def undo(
    tx: Tx,
    place: UUID,
    change_id: UUID,
    effect_sha256: str,
    *,
    actor: Actor,
    person: StaffView | None,
    choices: Choices = _NO_CHOICES,
    note: str = "",
    approved: bool = False,
) -> tuple[UUID, ...]:
    """Take a change back: its fields get the values from before it, unless somebody has changed them since.

    `store.queries.changes.reverse` gives the edit for the preview. Raises Missing("change"), Stale("already-undone"), and
    what `save` raises.
    """
    return save(
        tx,
        place,
        [reverse(change(tx, place, change_id))],
        effect_sha256,
        actor=actor,
        person=person,
        choices=choices,
        note=note,
        undoes=change_id,
        approved=approved,
    )


def add_branch(tx: Tx, branch: Branch, *, actor: Actor, person: StaffView | None, note: str = "") -> UUID:
    """Add a branch with these settings behind the others, with a new key; returns its id.

    Raises Refused("branch-exists"), UnfitSettings, Denied("not-allowed").
    """
    ids = Ids()
    with adding(tx, ids.branch) as organisation:
        if person is not None and not person.may_any(edit_rights("organisation", "branches"), ORGANISATION):
            raise Denied("not-allowed")
        source = StoredRows(tx)
        catalogue = stored_organisation(source).catalogue
        known = places(source)
        if branch.slug == ORGANISATION_SLUG or branch.slug in {row.slug for row in known}:
            raise Refused("branch-exists")
        if wrong := faults(branch, catalogue):
            raise UnfitSettings(wrong)
        position = max((row.position for row in known), default=0) + 1
        key = next(one for one in new_keys(len(known) + 1) if one not in {row.key for row in known})
        store_difference(tx, row_differences((), branch_rows(position, key, branch, catalogue.calendars, ids)))
        with locked(tx, ids.branch) as new:
            for lock in (organisation, new):
                sha256 = fingerprint(branch, catalogue)
                _append(lock, Edit("branch", branch.slug, None, {}), actor, sha256)
            own = objects_of(branch)["branch", branch.slug]
            _insert(new, uuid7(), uuid7(), Edit("branch", branch.slug, None, own), new.last_seq, actor, note, None)
    return ids.branch


@contextmanager
def _editing(tx: Tx, place: UUID) -> Iterator[Mapping[UUID, Locked]]:
    with editing_catalogue(tx) if place == ORGANISATION else editing(tx, [place]) as locks:
        yield locks


def _record(
    locks: Mapping[UUID, Locked], found: Prospect, actor: Actor, note: str, undoes: UUID | None
) -> tuple[UUID, ...]:
    """Write the entries of the log and the history; the ids of the changes."""
    told, save_id = found.preview, uuid7()
    own = locks[told.place]
    sha256 = found.fingerprints
    made = []
    for edit in told.edits:
        seq = _append(own, edit, actor, sha256[told.place])
        for branch_id in told.effects:
            if branch_id != told.place:
                _append(locks[branch_id], edit, actor, sha256[branch_id])
        made.append(uuid7())
        _insert(own, made[-1], save_id, edit, seq, actor, note, undoes)
    return tuple(made)


def _settle(
    locks: Mapping[UUID, Locked],
    found: Prospect,
    changed: Iterable[BranchSettings],
    choices: Choices,
    change_id: UUID,
    actor: Actor,
) -> None:
    """Decide on what the changed branches lose, and give back what they have again."""
    moves_places = any(edit.kind in PLACES_OF for edit in found.preview.edits)
    before = {one.id: one.old for one in found.changed}
    for settings in changed:
        lock, effect = locks[settings.id], found.preview.effects[settings.id]
        if moves_places:
            put_in_order(lock, settings)
        if end_lost(lock, before[settings.id], settings, actor) and moves_places:
            # An appointment may have been above the limit only beside a hold.
            put_in_order(lock, settings)
        if effect.bookings:
            decide(lock, settings, {lost.id: lost.why for lost in effect.bookings}, choices, change_id, actor)
        if effect.tickets:
            decide_line(lock, settings, {lost.id: lost.why for lost in effect.tickets}, choices, actor)
        # Places that are moved or given up here may serve others; what is lost for other reasons had none any more.
        frees = moves_places or effect.tickets or any(lost.why is Why.PLACE for lost in effect.bookings)
        give_back_time(lock, settings, actor, None if frees else found.regained[settings.id])


def _mark_undone(tx: Tx, place: UUID, known: ChangeView, edits: Iterable[Edit], by: UUID) -> None:
    """Mark what edits have taken back: of everything that was saved with a change, that of the same objects."""
    together = (CHANGE.c.branch_id == place, CHANGE.c.save_id == known.save_id, CHANGE.c.undone_by.is_(None))
    for edit in edits:
        same = (CHANGE.c.object_kind == edit.kind, CHANGE.c.object_slug == edit.slug)
        tx.execute(sa.update(CHANGE).where(*together, *same).values(undone_by=by))


def _append(lock: Locked, edit: Edit, actor: Actor, sha256: str) -> int:
    fact = SettingsChanged(
        subject=edit.slug,
        object_kind=edit.kind,
        op=_op(edit),
        fields=list(edit.fields) if edit.was is not None and edit.now is not None else [],
        config_version=lock.config_version,
        sha256=sha256,
    )
    return lock.append(fact, actor)


def _insert(
    lock: Locked, change_id: UUID, save_id: UUID, edit: Edit, seq: int, actor: Actor, note: str, undoes: UUID | None
) -> None:
    row = {
        "branch_id": lock.id,
        "id": change_id,
        "save_id": save_id,
        "seq": seq,
        "at": lock.now,
        "actor_id": actor.id,
        "object_kind": edit.kind,
        "object_slug": edit.slug,
        "op": _op(edit),
        "before": edit.was,
        "after": edit.now,
        "note": note,
        "undoes": undoes,
    }
    lock.tx.execute(sa.insert(CHANGE), row)


def _op(edit: Edit) -> str:
    if edit.was is None:
        return "add"
    if edit.now is None:
        return "remove"
    return "retire" if edit.now.get("until") is not None and edit.was.get("until") is None else "edit"


def _require_choices(tx: Tx, person: StaffView, found: Prospect, choices: Choices) -> None:
    """Raise Denied where the person may not decide so on an appointment or on somebody in line."""
    for branch_id, effect in found.preview.effects.items():
        if effect.bookings or effect.tickets:
            branch = branch_settings(tx, branch_id)
            services = {service.slug: service.id for service in branch.services.values()}
            chosen = [(services[one.service], choices.of(one.id, one.why)) for one in effect.bookings]
            for one in effect.tickets:
                decision = choices.of_ticket(one.id, line_key(branch.slug, one.why, one.queue))
                chosen.append((services[one.service], AS_WITH_BOOKINGS[decision.choice]))
            require_choices(person, branch, chosen)


def _require_one_person(tx: Tx, found: Prospect, choices: Choices, actor: Actor) -> None:
    """Raise SecondPersonNeeded where one person alone may not make the change."""
    effects = found.preview.effects
    chosen = ((one.id, choices.of(one.id, one.why)) for effect in effects.values() for one in effect.bookings)
    many = takes_many(tx, effects, chosen, actor)
    if why := reasons(found.before, found.after, found.catalogue, many=many):
        raise SecondPersonNeeded(why)


def _check_rights(person: StaffView | None, place: UUID, found: Prospect) -> None:
    if person is not None:
        check_rights(person, place, found.preview.edits, found.before, found.after, found.catalogue)
