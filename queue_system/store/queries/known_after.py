"""What a save makes of the settings is known to this node once it is committed, so that the hall need not read it anew.

The values are those that were foreseen, and the tables have their rows; tests read both and compare them. Nothing is
said of what the save has only touched: other branches are read when somebody wants them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from ...settings.branch import Branch
from ..tables import ORGANISATION
from ..tx import Tx
from .organisation import OrganisationView
from .previews import Prospect
from .rows import StoredRows
from .settings import BranchSettings
from .values import branch_will_be


def known_after(tx: Tx, found: Prospect, changed: Sequence[BranchSettings], versions: Mapping[UUID, int]) -> None:
    """Let the settings after a save be known after its commit; said under its locks, after all that it changes.

    `changed` are those of the branches that it changes; `versions` are the new ones of these and of the organisation.
    """
    for settings in changed:
        tx.keep_after(settings.id, settings.config_version, settings)
    if found.declared is not None:
        branch_will_be(StoredRows(tx), found.preview.place, found.declared, versions)
    version = versions[ORGANISATION]
    organisation: OrganisationView | None = next((settings.organisation for settings in changed), None)
    if isinstance(found.after, Branch):
        organisation = tx.settings.get(ORGANISATION, version - 1) or organisation
    if organisation is not None:
        tx.keep_after(ORGANISATION, version, organisation)
