"""The commands of `queue-system`."""

from __future__ import annotations

import contextlib
import gc
import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import SecretStr

from .branch_commands import export_branch, import_file
from .clock import SystemClock
from .command_line import fail, is_founded, is_text, open_database, require_ready
from .configuration import CannotListen, Configuration, ConfigurationError, read_configuration
from .core.errors import DomainError
from .data_commands import erase, tidy
from .machine_commands import AGAIN, backup, drill, restore
from .replay_commands import replay
from .simulate_commands import simulate
from .staff_commands import staff
from .wait_commands import waits

WRONG_USE: Final = 2
COULD_NOT_START: Final = 3

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Appointments and queues for a hall. Settings come from the environment: QUEUE_HOST, QUEUE_PORT, "
    "QUEUE_DATA_DIR, QUEUE_DATABASE_URL, QUEUE_PUBLIC_URL (docs/operations.md).",
)
audit = typer.Typer(no_args_is_help=True, help="The log that nobody can change unnoticed.")
cli.add_typer(audit, name="audit")
cli.add_typer(staff, name="staff")
cli.add_typer(waits, name="waits")
cli.add_typer(replay, name="replay")
for command in (backup, restore, drill, tidy, erase, simulate):
    cli.command()(command)
cli.command("export")(export_branch)
cli.command("import")(import_file)


def main() -> None:
    """Run the command line. Exit codes: 0 success, 1 failure, 2 wrong usage, 3 the server could not start."""
    if not all(is_text(argument) for argument in sys.argv):
        fail("an argument is not valid UTF-8.", WRONG_USE)
    try:
        cli(prog_name="queue-system")
    except CannotListen as error:
        fail(str(error), COULD_NOT_START)
    except ConfigurationError as error:
        fail(f"a setting is wrong. {error}")
    except DomainError as error:
        from .ops.findings import told

        fail(told(error))


@cli.callback()
def _prepare(context: typer.Context) -> None:
    from .logs import configure_logging

    # Commands print to standard output and the log goes to standard error. A command reports its own failure.
    configuration = read_configuration()
    if context.invoked_subcommand not in ("serve", "demo"):
        gc.enable()
        if "log_level" not in configuration.model_fields_set:
            configuration = configuration.model_copy(update={"log_level": "critical"})
    configure_logging(configuration)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (QUEUE_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (QUEUE_PORT).")] = None,
) -> None:
    """Serve this installation. An empty database gets a link for the first set-up; `migrate` comes after an update."""
    from .app import create_app
    from .ops import serving

    configuration = read_configuration(host=host, port=port)
    with open_database(configuration) as database:
        database.claim_process()
        founded = is_founded(database)
    listener, configuration = serving.listen(configuration)
    with contextlib.closing(listener):
        raise typer.Exit(
            serving.serve(
                create_app(configuration), configuration, listener, lambda: _serving(configuration, founded=founded)
            )
        )


@cli.command()
def demo(
    profile: Annotated[str, typer.Option(help="Which sample organisation: embassy, social-work, …")] = "embassy",
    busy: Annotated[bool, typer.Option("--busy", help="Let made-up visitors arrive and counters work.")] = False,
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="How much faster than life the made-up day goes; by itself, a call every ten seconds."
        ),
    ] = None,
    real_clock: Annotated[
        bool, typer.Option("--real-clock", help="Keep today's time, even if the hall is closed now.")
    ] = False,
) -> None:
    """Start a demonstration: a sample organisation, a virtual printer, and people who can sign in."""
    from .demo.run import run_demo

    raise typer.Exit(run_demo(profile, busy=busy, speed=speed, real_clock=real_clock))


@cli.command()
def init(
    profile: Annotated[str, typer.Argument(help="A sample's name or the path of a profile (docs/profiles.md).")],
) -> None:
    """Load an organisation from its profile into an empty database."""
    from .actions.installation import install
    from .profiles import ProfileError, read_profile
    from .store import schema
    from .store.queries.settings import branch_ids

    configuration = read_configuration()
    try:
        organisation = read_profile(profile)
    except ProfileError as error:
        fail(str(error))
    with open_database(configuration) as database:
        database.claim_process()
        schema.migrate(database)
        database.write_now(install, organisation)
        # Templates for further branches are not counted, because they are not open to visitors.
        places = database.read_now(branch_ids)
    typer.echo(
        f"{organisation.slug}: {len(places)} branches are in. Next: queue-system staff add NAME --role administrator"
    )


@cli.command()
def adopt(
    folder: Annotated[Path, typer.Argument(help="The data directory that holds the embedded database.")],
) -> None:
    """Take an installation over from its embedded database into the empty one of QUEUE_DATABASE_URL."""
    from .store import moving, schema

    configuration = read_configuration()
    origin = configuration.model_copy(update={"data_dir": folder, "database_url": SecretStr("")})
    if not (folder / "queue.db").exists():
        fail(f"there is no database at {folder / 'queue.db'}.")
    if configuration.embedded:
        fail("QUEUE_DATABASE_URL is not set: it says into which database.")
    with open_database(origin) as source, open_database(configuration) as target:
        source.claim_process()
        require_ready(source)
        schema.migrate(target)
        rows = moving.adopt(source, target)
    typer.echo(
        f"{rows} rows are in. Keep {folder / 'secret.key'} in use, then: queue-system doctor, queue-system audit verify"
    )


@cli.command()
def restored() -> None:
    """Say that the database is a restored backup, so that screens and desks follow it again. Stop the server first."""
    from .actions.installation import renew_epoch

    with open_database(read_configuration()) as database:
        database.claim_process()
        require_ready(database)
        database.write_now(renew_epoch)
    typer.echo(AGAIN)
    typer.echo("Screens and desks will take what the restored database says. Next: queue-system audit verify")


@cli.command()
def migrate(
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Go on without a backup of the last day.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit code 1 if there is something to do.")
    ] = False,
) -> None:
    """Bring the database to the schema that this version needs. It wants a backup of the last 24 hours."""
    from .ops.upgrade import missing_backup, needs_migration
    from .store import schema

    configuration = read_configuration()
    with open_database(configuration) as database:
        database.claim_process()
        needed = needs_migration(database)
        missing = None if no_backup or not needed else missing_backup(configuration, database)
        if check:
            typer.echo(f"The schema is at {schema.current(database)}, this version has {schema.newest()}.")
        if missing is not None:
            fail(missing.text)
        if check:
            raise typer.Exit(1 if needed else 0)
        typer.echo(f"The schema is at {schema.migrate(database)}.")


@cli.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document: level, code, values, text.")] = False,
) -> None:
    """Look whether everything is as it should be; says what is stored but not yet in force. Exit code 1 if not."""
    from .ops.doctor import examine

    signs = {"good": "ok  ", "note": "note", "bad": "BAD "}
    found = []
    for finding in examine(read_configuration()):
        found.append(finding)
        if not as_json:
            typer.echo(f"{signs[finding.level]}  {finding.text}")
    if as_json:
        typer.echo(json.dumps({"findings": [finding.as_json() for finding in found]}, ensure_ascii=False, indent=1))
    raise typer.Exit(1 if any(finding.level == "bad" for finding in found) else 0)


@audit.command("verify")
def audit_verify() -> None:
    """Recompute the chain of every branch's log. Exit code 1 names the first entry that does not fit."""
    from .store import log

    with open_database(read_configuration()) as database:
        require_ready(database)
        verdicts = database.read_now(log.verify)
    broken = False
    for verdict in verdicts:
        if verdict.broken_at is None:
            typer.echo(f"ok   {verdict.slug}: {verdict.entries} entries")
        else:
            typer.echo(f"BAD  {verdict.slug}: entry {verdict.broken_at} does not fit ({verdict.reason})")
            broken = True
    raise typer.Exit(1 if broken else 0)


def _serving(configuration: Configuration, *, founded: bool) -> None:
    typer.echo(f"Serving on {configuration.address}. Ctrl-C stops.")
    if not founded:
        _say_how_to_begin(configuration)


def _say_how_to_begin(configuration: Configuration) -> None:
    """Print the link of the first run; the person who opens it becomes the first administrator."""
    from .configuration import secret_key
    from .core.first_link import first_link

    token = first_link(secret_key(configuration), SystemClock().now())
    typer.echo("There is no organisation yet. Set it up in a browser; this link works once, within 24 hours:")
    typer.echo(f"\n    {configuration.address}/first-run/{token}\n")
    if not configuration.behind_tls:
        typer.echo(
            "Open it on this machine, because without HTTPS the network can read the password (QUEUE_PUBLIC_URL)."
        )
