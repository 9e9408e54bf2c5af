"""`queue-system staff …`: add people, give roles, set passwords, lock and unlock, reset and rescue."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from .command_line import fail, open_database, require_ready
from .configuration import read_configuration
from .core.logins import check_login, check_name, login_key
from .i18n.words import available_languages
from .store.database import Database
from .store.queries.access import PersonView, people, role_slugs
from .store.queries.settings import branch_ids
from .store.tables import ORGANISATION

T = TypeVar("T")

staff = typer.Typer(no_args_is_help=True, help="The people who work here.")

Login = Annotated[str, typer.Argument(help="The name to sign in with.")]
Branch = Annotated[str, typer.Option(help="The branch of the role; empty for the whole organisation.")]


@staff.command("add")
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="The name colleagues read.")] = "",
    role: Annotated[str, typer.Option(help="A role of the profile, or administrator.")] = "administrator",
    branch: Branch = "",
    language: Annotated[str, typer.Option(help="ar, en, …")] = "ar",
) -> None:
    """Add somebody who may sign in; the password is asked for, or read from standard input."""
    from .actions.staff import NewStaff, create_staff
    from .web.passwords import hash_password

    check_login(login)
    check_name(name or login)
    if language not in available_languages():
        fail(f"there is no language {language}. There are: {', '.join(available_languages())}.")
    password = _good_password(login, "Nobody was added.")
    with _ready() as database:
        place = _place(database, branch)
        _require_role(database, role)
        person = NewStaff(login, name or login, hash_password(password), language, ((place, role),))
        database.write_now(create_staff, person)
    typer.echo(f"{login} can sign in.")


@staff.command("list")
def list_people() -> None:
    """Who may sign in, with their roles."""
    with _ready() as database:
        found = database.read_now(people)
        slugs = {place: slug for slug, place in database.read_now(branch_ids).items()}
    for person in found:
        typer.echo(_line(person, slugs))


@staff.command("lock")
def lock(login: Login) -> None:
    """Keep somebody out: sessions end at once, counters they sit at are free."""
    from .actions.staff import lock_staff

    _change(lock_staff, login)
    typer.echo(f"{login} is locked out; all sessions have ended.")


@staff.command("unlock")
def unlock(login: Login) -> None:
    """Let somebody in again, also one whom too many wrong passwords keep out for some minutes."""
    from .actions.staff import unlock_staff

    _change(unlock_staff, login)
    typer.echo(f"{login} can sign in.")


@staff.command("password")
def password(login: Login) -> None:
    """Give somebody a new password, asked for or read from standard input; sessions end at once."""
    from .actions.staff import set_password
    from .web.passwords import hash_password

    _change(set_password, login, hash_password(_good_password(login, "The old password stays.")))
    typer.echo(f"{login} has a new password; all sessions have ended.")


@staff.command("reset")
def reset(login: Login) -> None:
    """End somebody's sessions and ways to sign in, and print a link with which they choose a new password."""
    from .actions.invitations import INVITED_FOR, reset_sign_in

    link = _link(_change(reset_sign_in, login)[0])
    hours = int(INVITED_FOR.total_seconds() // 3600)
    typer.echo(f"{login} can sign in again with this link, for {hours} hours:\n{link}")


@staff.command("rescue")
def rescue(login: Login) -> None:
    """Let somebody in whom nobody else can let in; the office says so for seven days, and the log for ever."""
    from .actions.invitations import RESCUED_FOR, rescue

    link = _link(_change(rescue, login))
    minutes = int(RESCUED_FOR.total_seconds() // 60)
    typer.echo(f"{login} chooses a new password with this link, within {minutes} minutes:\n{link}")


@staff.command("roles")
def roles(
    login: Login,
    add: Annotated[str, typer.Option(help="A role to give.")] = "",
    remove: Annotated[str, typer.Option(help="A role to take away.")] = "",
    branch: Branch = "",
) -> None:
    """Give a role, take one away, or only say what somebody may be."""
    from .actions.staff_roles import change_roles
    from .core.errors import Missing

    with _ready() as database:
        place = _place(database, branch)
        if add:
            _require_role(database, add)
        if add or remove:
            database.write_now(change_roles, login, place, give=add, take=remove)
        slugs = {where: slug for slug, where in database.read_now(branch_ids).items()}
        person = next((one for one in database.read_now(people) if one.login == login_key(login)), None)
    if person is None:
        raise Missing("staff")
    typer.echo(_line(person, slugs))


# ---------------------------------------------------------------- inside


def _change(action: Callable[..., T], *values: Any) -> T:
    with _ready() as database:
        return database.write_now(action, *values)


def _link(token: str) -> str:
    return f"{read_configuration().address}/welcome/{token}"


@contextmanager
def _ready() -> Iterator[Database]:
    with open_database(read_configuration()) as database:
        require_ready(database)
        yield database


def _good_password(login: str, otherwise: str) -> str:
    from .core.errors import Invalid
    from .core.passphrases import check_password
    from .ops.findings import told

    try:
        entered = (
            str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
            if sys.stdin.isatty()
            else sys.stdin.readline().rstrip("\r\n")
        )
        entered.encode()
    except UnicodeError:
        fail(f"the password holds bytes that are no UTF-8. {otherwise}")
    try:
        check_password(entered, login)
    except Invalid as refusal:
        fail(f"{told(refusal)} {otherwise}")
    return entered


def _place(database: Database, branch: str) -> UUID:
    branches = database.read_now(branch_ids)
    if branch and branch not in branches:
        fail(f"there is no branch {branch}. There are: {', '.join(sorted(branches))}.")
    return branches[branch] if branch else ORGANISATION


def _require_role(database: Database, role: str) -> None:
    if role not in (roles := database.read_now(role_slugs)):
        fail(f"there is no role {role}. There are: {', '.join(sorted(roles))}.")


def _line(person: PersonView, slugs: dict[UUID, str]) -> str:
    roles = ", ".join(f"{role} at {slugs[place]}" if place in slugs else role for place, role in person.roles)
    return f"{'     ' if person.active else 'OUT  '}{person.login}  {person.name}  ({roles or 'no role'})"
