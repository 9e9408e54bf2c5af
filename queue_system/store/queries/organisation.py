"""The organisation itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.errors import Unavailable
from ..database import Tx
from ..prepared import Prepared
from ..tables import ORGANISATION, Branch, Organisation, table

_VERSION: Final = Prepared(
    sa.select(table(Branch).c.config_version).where(table(Branch).c.id == sa.bindparam("branch"))
)


@dataclass(frozen=True, slots=True)
class OrganisationView:
    slug: str
    kind: str
    names: dict[str, str]
    motto: dict[str, str] | None
    languages: tuple[str, ...]
    default_language: str
    epoch: UUID
    data: dict[str, Any]


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
    return OrganisationView(
        row.slug,
        row.kind,
        row.names,
        row.motto,
        tuple(row.languages),
        row.default_language,
        row.epoch,
        row.data,
    )


def version_of(tx: Tx, branch_id: UUID) -> int | None:
    """The version of the settings of a branch, or of the organisation; None where there is no such branch."""
    version: int | None = tx.scalar(_VERSION, {"branch": branch_id})
    return version
