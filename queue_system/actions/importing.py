"""Imports a branch from its file. Give it to `Database.write` (decision 0019)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ..core.errors import Denied
from ..core.promises import Choices
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.access import StaffView
from ..store.queries.arrivals import Incoming
from ..store.queries.previews import preview
from ..store.tables import ORGANISATION
from .settings import add_branch, save

__all__ = ["import_branch"]


def import_branch(
    tx: Tx,
    found: Incoming,
    *,
    actor: Actor,
    person: StaffView | None,
    choices: Choices | None = None,
    note: str = "",
) -> UUID:
    """Do what `store.queries.arrivals.incoming` said, in one transaction; returns the id of the branch.

    A file is no way around the rights: besides `import_settings`, its author needs the right to each change. `person` is
    None for programs of the machine. Raises what `actions.settings.save` and `add_branch` raise.
    """
    common = found.arrival.common
    if person is not None and not person.may("import_settings", found.place or ORGANISATION):
        raise Denied("not-allowed")
    told_of: dict[str, Any] = {"actor": actor, "person": person, "note": note}
    if found.place is None:
        if common:
            save(tx, ORGANISATION, common, preview(tx, ORGANISATION, common).sha256, **told_of)
        return add_branch(tx, found.arrival.branch, **told_of)
    if found.does_nothing:
        return found.place
    told_of |= {"choices": choices or Choices(), "common": common}
    save(tx, found.place, found.arrival.edits, found.preview.sha256, **told_of)
    return found.place
