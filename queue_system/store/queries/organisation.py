"""The organisation itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ...core.errors import Unavailable
from ..database import Tx
from ..tables import Organisation, table


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
