"""Before a migration: is there something to do, and is there a way back?"""

from __future__ import annotations

from ..configuration import Configuration
from ..core.errors import Unavailable
from ..store import log, schema
from ..store.database import Database
from .backup import folder_of, is_fresh
from .findings import Finding


def needs_migration(database: Database) -> bool:
    """Whether `schema.migrate` would change the database; raises what `schema.current` raises."""
    revision = schema.current(database)
    return revision is None or (schema.is_known(revision) and revision != schema.newest())


def missing_backup(configuration: Configuration, database: Database) -> Finding | None:
    """What keeps a database from being migrated: no backup of the last day. None if it may be, or holds nothing yet."""
    if schema.current(database) is None:
        return None
    try:
        database.read_now(log.installation)
    except Unavailable as error:
        if error.code == "not-initialised":
            return None
        raise
    if is_fresh(configuration, database):
        return None
    return Finding("bad", "doctor.no-fresh-backup", {"folder": str(folder_of(configuration))})
