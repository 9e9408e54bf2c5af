"""What the import of a branch's file would do here, before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ...settings.consistency import faults
from ...settings.edits import Edit, applied
from ...settings.objects import Key
from ...settings.organisation import Profile
from ...settings.portable import Arrival, Portable, arriving
from ..tables import ORGANISATION
from ..tx import Tx
from .previews import Preview, preview, today_of
from .rows import StoredRows
from .stored import places, stored_organisation
from .used_rows import in_use
from .values import branch_at


@dataclass(frozen=True, slots=True)
class Incoming:
    """An import as it would be: `place` is the branch that it changes, None for a new one."""

    place: UUID | None
    arrival: Arrival
    preview: Preview

    @property
    def does_nothing(self) -> bool:
        """Whether everything is here as the file has it."""
        return self.place is not None and not self.arrival.edits and not self.arrival.common


def incoming(tx: Tx, file: Portable, slug: str = "") -> Incoming:
    """What the import would do to the branch `slug`, that of the file when left out. Raises Unreadable."""
    source = StoredRows(tx)
    organisation = stored_organisation(source)
    slug = slug or file.branch.slug
    place = next((row.id for row in places(source) if row.slug == slug), None)
    if place is None:
        return _new(tx, file, organisation, slug)
    current = branch_at(source, place)
    today = today_of(current, tx.now)
    first = arriving(file, organisation, current, slug, today=today)
    used: set[Key] = {(one.kind, one.slug) for one in in_use(tx, place, _removals(first))}
    arrival = arriving(file, organisation, current, slug, used=used, today=today) if used else first
    return Incoming(place, arrival, preview(tx, place, arrival.edits, arrival.common))


def _new(tx: Tx, file: Portable, organisation: Profile, slug: str) -> Incoming:
    arrival = arriving(file, organisation, None, slug, today=tx.now.date())
    catalogue = applied(organisation, arrival.common).catalogue
    # A branch that is not there has no appointments, so nothing can be lost.
    wrong = tuple(faults(arrival.branch, catalogue, today_of(arrival.branch, tx.now)))
    return Incoming(None, arrival, Preview(ORGANISATION, (), faults=wrong))


def _removals(arrival: Arrival) -> list[Edit]:
    return [edit for edit in arrival.edits if edit.now is None]
