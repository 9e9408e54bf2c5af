"""People who sign in at a provider: linking them to accounts, new accounts, and the roles that their groups give."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Invalid, Refused, SignedOut
from ..core.logins import AT_THE_PROVIDER, LONGEST_LOGIN, LONGEST_NAME, check_login, check_name, login_key
from ..core.tokens import sha256
from ..settings.sign_in import SingleSignOn
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, locked
from ..store.queries.credentials import FORMER_PROVIDER, is_linked
from ..store.queries.organisation import organisation
from ..store.queries.settings import branch_ids
from ..store.tables import ORGANISATION, Credential, Role, Staff, table
from .credentials import add_method
from .provider_roles import set_provider_roles
from .sessions import open_session, require_account
from .staff import NewStaff, create_staff

CREDENTIAL = table(Credential)
STAFF = table(Staff)


@dataclass(frozen=True, slots=True)
class Proved:
    """A person whom the provider has proved. They are recognised by issuer and subject, never by an address."""

    subject: str
    name: str
    login: str
    groups: tuple[str, ...]


def enter_with_provider(tx: Tx, person: Proved, language: str, channel: str) -> tuple[UUID, str]:
    """The person's account and the token of a new session; their roles become those that their groups give.

    People who are not known yet get an account if a group gives them a role. Raises SignedOut with "provider-unknown"
    otherwise, "provider-unlinked" if their account was unlinked, and "sign-in-wrong" for those who are locked out.
    """
    settings = _settings(tx)
    handle = handle_of(settings.issuer, person.subject)
    with locked(tx, ORGANISATION):
        staff_id = _owner(tx, handle)
        if staff_id is None and _owner(tx, handle, FORMER_PROVIDER) is not None:
            # A new account would be a way around the lock or the reset of the one before.
            raise SignedOut("provider-unlinked")
        wanted = _wanted(tx, settings, person.groups)
    is_new = staff_id is None
    if staff_id is None:
        if not wanted:
            raise SignedOut("provider-unknown")
        staff_id = create_staff(tx, _new_staff(tx, person, handle, language))
    with locked(tx, ORGANISATION) as lock:
        require_account(tx, staff_id)
        if is_new:
            add_method(lock, staff_id, "provider", handle, SYSTEM, data={"issuer": settings.issuer})
        else:
            tx.execute(sa.update(CREDENTIAL).where(CREDENTIAL.c.handle == handle).values(used_at=tx.now))
        set_provider_roles(lock, staff_id, wanted)
        return staff_id, open_session(lock, staff_id, channel, "provider")


def link_provider(tx: Tx, person: Proved, staff_id: UUID, actor: Actor) -> None:
    """Let a signed-in person use the provider from now on.

    Raises Refused("provider-taken") if another account is linked with it, and Refused("provider-linked") if this account is
    linked with somebody else at this provider.
    """
    settings = _settings(tx)
    handle = handle_of(settings.issuer, person.subject)
    with locked(tx, ORGANISATION) as lock:
        owner = _owner(tx, handle)
        if owner not in (None, staff_id):
            raise Refused("provider-taken")
        if owner is None:
            _require_unlinked(tx, staff_id, settings)
            tx.execute(sa.delete(CREDENTIAL).where(CREDENTIAL.c.kind == FORMER_PROVIDER, CREDENTIAL.c.handle == handle))
            add_method(lock, staff_id, "provider", handle, actor, data={"issuer": settings.issuer})
        set_provider_roles(lock, staff_id, _wanted(tx, settings, person.groups))


def _settings(tx: Tx) -> SingleSignOn:
    settings = organisation(tx).single_sign_on
    if settings is None:
        raise SignedOut("provider-unknown")
    return settings


def handle_of(issuer: str, subject: str) -> str:
    """By which a person of a provider is found; a hash, because the subject may be a personal number."""
    return sha256(f"{issuer}\n{subject}")


def _owner(tx: Tx, handle: str, kind: str = "provider") -> UUID | None:
    owner: UUID | None = tx.scalar(
        sa.select(CREDENTIAL.c.staff_id).where(CREDENTIAL.c.kind == kind, CREDENTIAL.c.handle == handle)
    )
    return owner


def _require_unlinked(tx: Tx, staff_id: UUID, settings: SingleSignOn) -> None:
    """Raises Refused("provider-linked") if the account is linked at this provider: roles follow the groups of one alone."""
    if is_linked(tx, staff_id, settings.issuer):
        raise Refused("provider-linked")


def _wanted(tx: Tx, settings: SingleSignOn, groups: tuple[str, ...]) -> set[tuple[UUID, str]]:
    """The roles that groups give, as (branch or ORGANISATION, role); those that do not exist are left out."""
    known = {row.slug for row in tx.rows(sa.select(table(Role).c.slug))}
    places = branch_ids(tx)
    given = [one for one in settings.roles if one.group in groups and one.role in known]
    return {
        (places[one.branch] if one.branch else ORGANISATION, one.role)
        for one in given
        if one.branch is None or one.branch in places
    }


def _new_staff(tx: Tx, person: Proved, handle: str, language: str) -> NewStaff:
    """An account without a password, so that only the provider opens it until one is set."""
    login = _free_login(tx, person.login or person.subject, handle)
    name = person.name[:LONGEST_NAME]
    try:
        check_name(name)
    except Invalid:
        name = login
    return NewStaff(login, name, AT_THE_PROVIDER, language, ())


def _free_login(tx: Tx, wished: str, handle: str) -> str:
    login = login_key(wished[:LONGEST_LOGIN])
    try:
        check_login(login)
    except Invalid:
        login = handle[:12]
    taken = tx.row(sa.select(STAFF.c.id).where(STAFF.c.login == login)) is not None
    # Somebody else's name must not become a way into that account, so the person gets another one.
    return f"{login[: LONGEST_LOGIN - 9]}-{handle[:8]}" if taken else login
