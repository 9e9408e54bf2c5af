"""From a right password to a session: the second step, and setting up a second factor where one is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from ..core.errors import SignedOut
from ..core.facts.people import CodeFailed
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries.credentials import MethodView, has_second_factor, needs_second_factor
from ..store.tables import ORGANISATION
from .credentials import first_recovery_codes, new_salt, register_app, use_code, use_counter
from .sessions import open_session, require_account
from .unfinished import begin_step, count_failure, look_at_step, take_step


@dataclass(frozen=True, slots=True)
class Entered:
    """What follows a right password: a session, or a step "code" or "set-up". `token` is that of either."""

    token: str
    step: Literal["", "code", "set-up"] = ""


@dataclass(frozen=True, slots=True)
class SetUp:
    """A session that began with a new second factor; `recovery` is the token of the step that shows the codes."""

    token: str
    recovery: str


def enter(tx: Tx, staff_id: UUID, channel: str, checked: str) -> Entered:
    """Begin a session, or the step before it. Raises as `sessions.start_session`."""
    with locked(tx, ORGANISATION) as organisation:
        require_account(tx, staff_id, checked)
        if has_second_factor(tx, staff_id):
            return Entered(begin_step(tx, "code", staff_id), "code")
        if needs_second_factor(tx, staff_id):
            return Entered(begin_step(tx, "set-up", staff_id, salt=new_salt()), "set-up")
        return Entered(open_session(organisation, staff_id, channel))


def finish_with_code(tx: Tx, token: str, typed: str, channel: str, key: bytes) -> str | None:
    """The token of a session if the code is right; None if not, and it is counted.

    Raises SignedOut("sign-in-over") if the step is used up or too old.
    """
    with locked(tx, ORGANISATION) as organisation:
        step = look_at_step(tx, token, "code")
        assert step.staff_id is not None  # noqa: S101 - `enter` sets it
        method = use_code(tx, step.staff_id, typed, key)
        if not method:
            _failed(organisation, token, step.staff_id, channel)
            return None
        take_step(tx, token, "code")
        require_account(tx, step.staff_id)
        return open_session(organisation, step.staff_id, channel, method)


def finish_set_up(tx: Tx, token: str, typed: str, channel: str, key: bytes) -> SetUp | None:
    """Like `finish_with_code`, for a person who sets up an app because they must have a second factor.

    Raises SignedOut("sign-in-over") also if they have one by now.
    """
    with locked(tx, ORGANISATION) as organisation:
        step = look_at_step(tx, token, "set-up")
        staff_id = step.staff_id
        assert staff_id is not None  # noqa: S101 - `enter` sets it
        if has_second_factor(tx, staff_id):
            # Somebody else set one up with the same password meanwhile, and this one must not take its place.
            raise SignedOut("sign-in-over")
        actor = Actor("staff", str(staff_id))
        if not register_app(organisation, staff_id, step.data["salt"], typed, key, actor):
            _failed(organisation, token, staff_id, channel)
            return None
        take_step(tx, token, "set-up")
        require_account(tx, staff_id)
        session = open_session(organisation, staff_id, channel, "app")
        return SetUp(session, first_recovery_codes(organisation, staff_id, key, actor))


def enter_with_passkey(tx: Tx, method: MethodView, counter: int, channel: str) -> str:
    """The token of a session of the person whose passkey answered; `counter` is what the passkey tells.

    A passkey asks for the person's finger or PIN, so nothing else is needed. Raises SignedOut with "sign-in-wrong" if
    the person was locked out, and "passkey-wrong" if the answer was used before or the passkey was removed.
    """
    with locked(tx, ORGANISATION) as organisation:
        require_account(tx, method.staff_id)
        if not use_counter(tx, method.id, counter):
            raise SignedOut("passkey-wrong")
        return open_session(organisation, method.staff_id, channel, "passkey")


def enter_program(tx: Tx, staff_id: UUID, channel: str, checked: str, code: str, key: bytes) -> str | None:
    """The token of a session of a program, which sends password and code together; None if the code is wrong.

    Raises SignedOut with "second-code-needed", or "second-factor-missing" if the person must have one and has none.
    """
    with locked(tx, ORGANISATION) as organisation:
        require_account(tx, staff_id, checked)
        if not has_second_factor(tx, staff_id):
            if needs_second_factor(tx, staff_id):
                raise SignedOut("second-factor-missing")
            return open_session(organisation, staff_id, channel)
        if not code:
            raise SignedOut("second-code-needed")
        method = use_code(tx, staff_id, code, key)
        if not method:
            _failed(organisation, "", staff_id, channel)
            return None
        return open_session(organisation, staff_id, channel, method)


def _failed(organisation: Locked, token: str, staff_id: UUID, channel: str) -> None:
    count_failure(organisation.tx, token)
    organisation.append(CodeFailed(subject=str(staff_id), channel=channel), SYSTEM)
