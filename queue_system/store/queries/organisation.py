"""The organisation itself."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core.errors import Unavailable
from ...settings.declared import Names
from ...settings.organisation import OrganisationOwn
from ..database import Tx
from ..prepared import Prepared
from ..setting_rows import declared_of
from ..tables import ORGANISATION, Branch, Organisation, table

_VERSION: Final = Prepared(
    sa.select(table(Branch).c.config_version).where(table(Branch).c.id == sa.bindparam("branch"))
)


class OrganisationView(OrganisationOwn):
    """The settings of the organisation, its tags of services, and the epoch of its log."""

    epoch: UUID
    service_tags: dict[str, Names]


def organisation(tx: Tx) -> OrganisationView:
    """The organisation of this installation; raises Unavailable("not-initialised") before `init`."""
    version = version_of(tx, ORGANISATION)
    known: OrganisationView | None = None if version is None or tx.edits else tx.settings.get(ORGANISATION, version)
    if known is None:
        known = _load(tx)
        if version is not None and not tx.edits:
            tx.settings.keep(ORGANISATION, version, known)
    return known


def _load(tx: Tx) -> OrganisationView:
    row = tx.row(sa.select(table(Organisation)))
    if row is None:
        raise Unavailable("not-initialised")
    return declared_of(OrganisationView, row)


def version_of(tx: Tx, branch_id: UUID) -> int | None:
    """The version of the settings of a branch, or of the organisation; None where there is no such branch."""
    version: int | None = tx.scalar(_VERSION, {"branch": branch_id})
    return version


def versions(tx: Tx) -> dict[UUID, int]:
    """The version of the settings of every branch, and of the organisation."""
    branch = table(Branch)
    return {row.id: row.config_version for row in tx.rows(sa.select(branch.c.id, branch.c.config_version))}
