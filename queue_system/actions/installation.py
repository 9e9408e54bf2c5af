"""Actions on the installation as a whole."""

from __future__ import annotations

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.facts.organisation import ProfileInstalled
from ..settings.organisation import Profile
from ..store.database import Tx
from ..store.editing import editing_catalogue, founding
from ..store.log import SYSTEM, locked
from ..store.profile_rows import profile_rows
from ..store.tables import ORGANISATION, Organisation, table


def install(tx: Tx, profile: Profile) -> None:
    """Store an organisation in an empty database and log it, in this transaction.

    Raises Refused("already-installed") if there is an organisation.
    """
    founding(tx)
    for model, rows in profile_rows(profile):
        if rows:
            tx.execute(sa.insert(table(model)), rows)
    with locked(tx, ORGANISATION) as organisation:
        organisation.append(ProfileInstalled(subject=profile.slug, profile=profile.slug, sha256=profile.sha256), SYSTEM)


def renew_epoch(tx: Tx) -> None:
    """Start a new epoch after a backup was restored.

    Screens have seen entries that are now lost; with a new epoch they accept lower positions as newer.
    """
    with editing_catalogue(tx):
        new_epoch(tx)


def new_epoch(tx: Tx) -> None:
    """Start a new epoch within an edit of the catalogue."""
    tx.execute(sa.update(table(Organisation)).values(epoch=uuid7()))
