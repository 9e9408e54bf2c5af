"""`queue-system backup`, `restore` and `drill`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .clock import SystemClock
from .command_line import fail, open_database
from .configuration import read_configuration
from .core.errors import DomainError

File = Annotated[Path | None, typer.Argument(help="A backup; by itself the newest in QUEUE_BACKUP_DIR.")]


def backup(
    folder: Annotated[Path | None, typer.Argument(help="Where to; by itself QUEUE_BACKUP_DIR.")] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="How many stay there (QUEUE_BACKUP_KEEP).")] = None,
) -> None:
    """Write everything but the secret key into one file. The hall may run meanwhile."""
    from .ops.backup import make

    configuration = read_configuration()
    if configuration.embedded and not (configuration.data_dir / "queue.db").exists():
        fail(f"there is no database at {configuration.data_dir / 'queue.db'}.")
    with open_database(configuration) as database:
        made = make(configuration, database, folder, keep)
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
    from .ops.doctor import told
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
    typer.echo("Next: queue-system doctor, then start the server.")


def drill(file: File = None) -> None:
    """Restore a backup to a temporary place, examine it and open its pages. Exit code 1 if it is not good."""
    from .app import create_app
    from .ops.backup import newest, read
    from .ops.drill import try_out

    configuration = read_configuration()
    verdict = try_out(read(file) if file else newest(configuration), configuration, SystemClock(), create_app)
    manifest = verdict.backup.manifest
    typer.echo(
        f"GOOD {verdict.backup.path}: {manifest.rows} rows of {manifest.made_at:%Y-%m-%d %H:%M} UTC restored in "
        f"{verdict.seconds:.1f} s, every log verified, pages open"
    )
