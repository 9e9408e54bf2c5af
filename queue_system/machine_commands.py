"""`queue-system backup`, `restore` and `drill`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .clock import SystemClock
from .command_line import fail, open_database
from .configuration import Configuration, read_configuration
from .core.errors import DomainError, Unavailable
from .store.database import Database

File = Annotated[Path | None, typer.Argument(help="A backup; by itself the newest in QUEUE_BACKUP_DIR.")]

#: What a restore cannot know, because it happened after the backup.
AGAIN = (
    "Everybody signs in again. Do again what was done after that time: people locked out, devices revoked, persons erased, "
    "roles taken."
)


def backup(
    folder: Annotated[Path | None, typer.Argument(help="Where to; by itself QUEUE_BACKUP_DIR.")] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="How many stay there (QUEUE_BACKUP_KEEP).")] = None,
) -> None:
    """Write everything but the secret key into one file. The hall may run meanwhile."""
    from .ops.backup import make

    configuration = read_configuration()
    with open_database(configuration) as database:
        if database.file is not None and not database.file.exists():
            fail(f"there is no database at {database.file}.")
        made = make(configuration, database, folder, keep)
        _note(database, "backup", made.figures)
    typer.echo(f"{made.path}: {made.manifest.rows} rows, {made.size:,} bytes, for our user only")
    typer.echo("It is without the secret key: keep secret.key, or QUEUE_SECRET_KEY, in another place.")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup, of an installation on any database.")],
    replace: Annotated[
        str, typer.Option(metavar="ORGANISATION", help="Throw away the data of this organisation, which are there now.")
    ] = "",
) -> None:
    """Fill the database from a backup. Stop the server first. If it fails, the database is as it was."""
    from .ops.backup import key_mark, make, read, restore_from
    from .ops.findings import told
    from .store import log

    configuration = read_configuration()
    wanted = read(file)
    with open_database(configuration) as database:
        database.claim_process()
        if replace:
            _, present = database.read_now(log.installation)
            if present != replace:
                fail(f"the database holds {present} and not {replace}. Nothing was changed.")
            try:
                typer.echo(f"The present data are kept in {make(configuration, database, keep=sys.maxsize).path}")
            except DomainError as error:
                typer.echo(f"There is no backup of the present data: {told(error, database)}")
        counts = restore_from(wanted, database, replace=bool(replace))
    manifest = wanted.manifest
    typer.echo(
        f"{manifest.organisation}: {sum(counts.values())} rows are in, as of {manifest.made_at:%Y-%m-%d %H:%M} UTC."
    )
    if manifest.key != key_mark(configuration):
        typer.echo(
            "The secret key is not the one of then, so the links that visitors have are void: put the old secret.key "
            f"into {configuration.data_dir}, or set QUEUE_SECRET_KEY."
        )
    typer.echo(AGAIN)
    typer.echo("Next: queue-system doctor, then start the server.")


def drill(file: File = None) -> None:
    """Restore a backup to a temporary place, examine it and open its pages. Exit code 1 if it is not good."""
    from .app import create_app
    from .ops.backup import newest, read
    from .ops.drill import try_out

    configuration = read_configuration()
    verdict = try_out(read(file) if file else newest(configuration), SystemClock(), create_app)
    manifest = verdict.backup.manifest
    _note_if_there(configuration, verdict.figures)
    typer.echo(
        f"GOOD {verdict.backup.path}: {manifest.rows} rows of {manifest.made_at:%Y-%m-%d %H:%M} UTC restored in "
        f"{verdict.seconds:.1f} s, every log verified, pages open"
    )


def _note_if_there(configuration: Configuration, figures: Mapping[str, Any]) -> None:
    """Note a drill in the database; a drill on a machine without one is worth as much."""
    database = Database(configuration.database, SystemClock())
    if database.file is not None and not database.file.exists():
        return
    try:
        _note(database, "drill", figures)
    except Unavailable:
        typer.echo("The database cannot be reached, so it does not know of this drill.")
    finally:
        database.close()


def _note(database: Database, task: str, figures: Mapping[str, Any]) -> None:
    """Note what was done, for `doctor` and the office; an older schema has no place for it."""
    from .actions.upkeep import done_by_hand
    from .store import schema
    from .store.tables import ORGANISATION

    if schema.current(database) == schema.newest():
        database.write_in_now(ORGANISATION, done_by_hand, task, figures)
