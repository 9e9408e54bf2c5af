"""Actions on the installation as a whole."""

from __future__ import annotations

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..store.database import Tx
from ..store.editing import editing_catalogue
from ..store.tables import Organisation, table


def renew_epoch(tx: Tx) -> None:
    """Start a new epoch after a backup was restored.

    Screens have seen entries that are now lost; with a new epoch they accept lower positions as newer.
    """
    with editing_catalogue(tx):
        tx.execute(sa.update(table(Organisation)).values(epoch=uuid7()))
