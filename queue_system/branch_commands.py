"""`queue-system export` and `queue-system import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .command_line import fail, open_database, require_ready
from .configuration import read_configuration


def export_branch(
    branch: Annotated[str, typer.Argument(help="Which branch; left out with --all.")] = "",
    file: Annotated[Path | None, typer.Argument(help="Into which file; standard output when left out.")] = None,
    whole: Annotated[bool, typer.Option("--all", help="The whole organisation, as a profile for `init`.")] = False,
    with_addresses: Annotated[
        bool, typer.Option("--with-addresses", help="Also where printers are connected (not with --all: it has them).")
    ] = False,
) -> None:
    """Write a branch as a file, with all that it uses of the catalogue; no people, appointments or secrets."""
    from .profiles.branch_file import write_branch_file
    from .profiles.write import write_profile
    from .store.queries.stored import stored_profile

    if whole and branch:
        # With --all there is no branch, so the one argument is the file.
        branch, file = "", Path(branch)
    if bool(branch) == whole:
        fail("name a branch, or --all.", 2)
    with open_database(read_configuration()) as database:
        require_ready(database)
        profile = database.read_now(stored_profile)
        now = database.clock.now()
    if whole:
        _put(write_profile(profile), file)
        return
    if branch not in profile.branches:
        fail(f"there is no branch {branch}. There are: {', '.join(profile.branches)}.")
    _put(
        write_branch_file(profile.branches[branch], profile.catalogue, addresses=with_addresses, exported_at=now), file
    )


def import_file(
    file: Annotated[Path, typer.Argument(help="A file that `export BRANCH` has written.")],
    into: Annotated[str, typer.Option(help="The branch to change or to add; that of the file when left out.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a branch is changed.")] = False,
) -> None:
    """Add a branch from its file, or make a branch as its file says. Exit code 1 if it cannot be done."""
    from .actions.importing import import_branch
    from .branch_differences import told
    from .profiles import ProfileError
    from .profiles.branch_file import read_branch_path
    from .store.log import SYSTEM
    from .store.queries.arrivals import incoming

    try:
        read = read_branch_path(file)
    except ProfileError as error:
        fail(str(error))
    with open_database(read_configuration()) as database:
        require_ready(database)
        found = database.read_now(incoming, read, into)
        for line in told(found):
            typer.echo(line)
        if not found.preview.may_be_saved:
            fail("it does not fit here, so nothing was changed.")
        if dry_run or found.does_nothing:
            return
        if found.place is not None and not yes and not typer.confirm("Change the branch?"):
            fail("nothing was changed.")
        database.write_now(import_branch, found, actor=SYSTEM, person=None, note=file.name)
    typer.echo(f"{found.arrival.branch.slug} is as the file says.")


def _put(text: str, file: Path | None) -> None:
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        fail(f"{file}: {error.strerror}.")
