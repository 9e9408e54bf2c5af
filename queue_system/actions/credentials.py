"""A person's ways to sign in besides the password: adding, using and removing them."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.errors import Missing, Refused
from ..core.facts.people import (
    StaffMethodAdded,
    StaffMethodRemoved,
    StaffMethodsForgotten,
    StaffRecoveryCodesMade,
)
from ..core.one_time_codes import app_secret, matching_step, recovery_codes, recovery_handle, recovery_key
from ..store.database import Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.credentials import FORMER_PROVIDER, has_second_factor, methods_of, needs_second_factor
from ..store.tables import ORGANISATION, Credential, table
from .provider_roles import set_provider_roles
from .unfinished import begin_step, count_failure, end_steps, look_at_step, take_step

CREDENTIAL = table(Credential)


def new_salt() -> str:
    """A random text from which a secret is computed."""
    return secrets.token_hex(16)


def begin_app(tx: Tx, staff_id: UUID) -> str:
    """Begin to add an authenticator app; returns the token of the step, which holds the salt of its secret."""
    return begin_step(tx, "app", staff_id, salt=new_salt())


def add_app(tx: Tx, token: str, typed: str, key: bytes, actor: Actor) -> str | None:
    """Add the app of a step if its code is right; None if it is wrong, else the token of the step "recovery".

    The token is "" if the person has recovery codes already. Raises SignedOut("sign-in-over").
    """
    with locked(tx, ORGANISATION) as organisation:
        step = look_at_step(tx, token, "app")
        assert step.staff_id is not None  # noqa: S101 - `begin_app` needs one
        if not register_app(organisation, step.staff_id, step.data["salt"], typed, key, actor):
            count_failure(tx, token)
            return None
        take_step(tx, token, "app")
        return first_recovery_codes(organisation, step.staff_id, key, actor)


def register_app(organisation: Locked, staff_id: UUID, salt: str, typed: str, key: bytes, actor: Actor) -> bool:
    """Store an app whose code is right, in place of the one before; the code counts as used."""
    step = matching_step(app_secret(key, salt), typed, organisation.tx.now)
    if step is None:
        return False
    handle = f"app {staff_id}"
    organisation.tx.execute(sa.delete(CREDENTIAL).where(CREDENTIAL.c.handle == handle))
    add_method(organisation, staff_id, "app", handle, actor, salt=salt, counter=step)
    return True


def add_method(organisation: Locked, staff_id: UUID, kind: str, handle: str, actor: Actor, **values: Any) -> None:
    """Store a method; `values` are further columns."""
    row = {
        "id": uuid7(),
        "staff_id": staff_id,
        "kind": kind,
        "name": "",
        "handle": handle,
        "salt": "",
        "data": {},
        "counter": 0,
        "created_at": organisation.tx.now,
    }
    organisation.tx.execute(sa.insert(CREDENTIAL), row | values)
    organisation.append(StaffMethodAdded(subject=str(staff_id), method=kind), actor)


def add_passkey(tx: Tx, staff_id: UUID, handle: str, public_key: str, signatures: int, key: bytes, actor: Actor) -> str:
    """Store a passkey that was checked; returns what `first_recovery_codes` returns.

    Raises Refused("passkey-taken") if somebody has it already.
    """
    with locked(tx, ORGANISATION) as organisation:
        if tx.row(sa.select(CREDENTIAL.c.id).where(CREDENTIAL.c.handle == handle)) is not None:
            raise Refused("passkey-taken")
        data = {"public_key": public_key}
        add_method(organisation, staff_id, "passkey", handle, actor, data=data, counter=signatures)
        return first_recovery_codes(organisation, staff_id, key, actor)


def first_recovery_codes(organisation: Locked, staff_id: UUID, key: bytes, actor: Actor) -> str:
    """The token of a step that shows new recovery codes; "" if the person has some already."""
    if any(method.kind == "recovery" for method in methods_of(organisation.tx, staff_id)):
        return ""
    return _new_recovery_codes(organisation, staff_id, key, actor)


def renew_recovery_codes(tx: Tx, staff_id: UUID, key: bytes, actor: Actor) -> str:
    """Make new recovery codes, and void those before; returns the token of the step that shows them.

    Raises Refused("no-second-factor") if the person has none that the codes could stand in for.
    """
    with locked(tx, ORGANISATION) as organisation:
        if not has_second_factor(tx, staff_id):
            raise Refused("no-second-factor")
        return _new_recovery_codes(organisation, staff_id, key, actor)


def _new_recovery_codes(organisation: Locked, staff_id: UUID, key: bytes, actor: Actor) -> str:
    tx, salt = organisation.tx, new_salt()
    tx.execute(_delete(staff_id, "recovery"))
    rows = [
        {
            "id": uuid7(),
            "staff_id": staff_id,
            "kind": "recovery",
            "name": "",
            "handle": recovery_handle(key, str(staff_id), code),
            "salt": "",
            "data": {},
            "counter": 0,
            "created_at": tx.now,
        }
        for code in recovery_codes(key, salt)
    ]
    tx.execute(sa.insert(CREDENTIAL), rows)
    organisation.append(StaffRecoveryCodesMade(subject=str(staff_id)), actor)
    # The salt is kept only for the minutes in which the codes may be shown.
    return begin_step(tx, "recovery", staff_id, salt=salt)


def use_code(tx: Tx, staff_id: UUID, typed: str, key: bytes) -> str:
    """The method whose code was typed, app or recovery, and the code is used up; "" if it is none or was used."""
    for method in methods_of(tx, staff_id):
        if method.kind == "app":
            step = matching_step(app_secret(key, method.salt), typed, tx.now)
            if step is not None and use_counter(tx, method.id, step):
                return "app"
    handle = recovery_handle(key, str(staff_id), recovery_key(typed))
    used = tx.execute(_delete(staff_id, "recovery").where(CREDENTIAL.c.handle == handle))
    return "recovery" if used.rowcount == 1 else ""


def use_counter(tx: Tx, method_id: UUID, counter: int) -> bool:
    """Set the counter of a method; False if it has reached that number already, so the code or signature is old.

    A passkey that does not count always tells 0.
    """
    used = sa.update(CREDENTIAL).where(CREDENTIAL.c.id == method_id, _is_newer(counter))
    return tx.execute(used.values(counter=counter, used_at=tx.now)).rowcount == 1


def _is_newer(counter: int) -> sa.ColumnElement[bool]:
    return CREDENTIAL.c.counter < counter if counter else CREDENTIAL.c.counter == 0


def remove_method(tx: Tx, staff_id: UUID, method_id: UUID, actor: Actor) -> None:
    """Remove one of a person's own methods, and with the last second factor the recovery codes.

    Raises Missing("method"), and Refused("second-factor-needed") if the person must have one.
    """
    with locked(tx, ORGANISATION) as organisation:
        kind = tx.scalar(
            sa.select(CREDENTIAL.c.kind).where(CREDENTIAL.c.id == method_id, CREDENTIAL.c.staff_id == staff_id)
        )
        if kind in (None, "recovery", FORMER_PROVIDER):
            raise Missing("method")
        if kind == "provider":
            _unlink(organisation, staff_id)
        else:
            tx.execute(sa.delete(CREDENTIAL).where(CREDENTIAL.c.id == method_id))
        if not has_second_factor(tx, staff_id):
            if needs_second_factor(tx, staff_id) and kind != "provider":
                raise Refused("second-factor-needed")
            tx.execute(_delete(staff_id, "recovery"))
        organisation.append(StaffMethodRemoved(subject=str(staff_id), method=kind), actor)


def forget_methods(organisation: Locked, staff_id: UUID, actor: Actor) -> None:
    """Remove all methods of a person but the password, and end unfinished sign-ins; for the reset of a sign-in."""
    unlinked = _unlink(organisation, staff_id)
    rest = (CREDENTIAL.c.staff_id == staff_id) & (CREDENTIAL.c.kind != FORMER_PROVIDER)
    removed = organisation.tx.execute(sa.delete(CREDENTIAL).where(rest))
    end_steps(organisation.tx, staff_id)
    if unlinked or removed.rowcount:
        organisation.append(StaffMethodsForgotten(subject=str(staff_id)), actor)


def _unlink(organisation: Locked, staff_id: UUID) -> bool:
    """End the links with providers, and the roles that came by them; whether there were any."""
    linked = (CREDENTIAL.c.staff_id == staff_id) & (CREDENTIAL.c.kind == "provider")
    ended = organisation.tx.execute(sa.update(CREDENTIAL).where(linked).values(kind=FORMER_PROVIDER))
    set_provider_roles(organisation, staff_id, set())
    return ended.rowcount > 0


def _delete(staff_id: UUID, kind: str) -> sa.Delete:
    return sa.delete(CREDENTIAL).where(CREDENTIAL.c.staff_id == staff_id, CREDENTIAL.c.kind == kind)
