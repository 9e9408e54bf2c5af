"""What is done to an installation as a whole."""

from __future__ import annotations

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..store.database import Tx
from ..store.editing import editing_catalogue
from ..store.tables import Organisation, table


def renew_epoch(tx: Tx) -> None:
    """After a restored backup: screens have heard of entries that are lost, and must take what comes as newer."""
    with editing_catalogue(tx):
        tx.execute(sa.update(table(Organisation)).values(epoch=uuid7()))
