"""Links with which people choose a password: invitations, new sign-ins, and the rescue at the server's console."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.approvals import is_guarded
from ..core.errors import Missing
from ..core.facts.people import SignInReset, StaffInvited, StaffJoined, StaffPasswordSet, StaffRescued
from ..core.logins import FORGOTTEN
from ..core.rights import INVITE_RIGHTS, RESET_RIGHTS
from ..core.tokens import sha256
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries.approvals import held_or_asked_for
from ..store.queries.people import invitation_by_token
from ..store.tables import ORGANISATION, Invitation, Staff, table
from .approvals import ask_under
from .authority import require_all_of, require_at, require_over, somebody_may_do_everything
from .credentials import forget_methods
from .staff import NewStaff, create_staff, end_everywhere, id_of
from .staff_roles import give_role

INVITATION = table(Invitation)
STAFF = table(Staff)

INVITED_FOR: Final = timedelta(hours=72)
RESCUED_FOR: Final = timedelta(minutes=30)


def invite(
    tx: Tx, login: str, name: str, language: str, place: UUID, role: str, department: str, actor: Actor
) -> tuple[str, UUID | None]:
    """Add a person without a password; returns the secret of the link, and the request if the role needs a second person.

    `role` may be "": then somebody gives one later. Raises as `create_staff` and `give_role`; Denied without the right to
    invite there.
    """
    require_at(tx, actor, place, INVITE_RIGHTS)
    staff_id = create_staff(tx, NewStaff(login, name, "", language, ()), actor)
    asked = give_role(tx, login, place, role, department, actor) if role else None
    with locked(tx, ORGANISATION) as organisation:
        organisation.append(StaffInvited(subject=str(staff_id)), actor)
        return _link(organisation, staff_id, "invite", INVITED_FOR), asked


def invite_again(tx: Tx, login: str, actor: Actor) -> str:
    """A new link for somebody who has not used theirs; the old one opens nothing. Raises Missing("staff"), Denied."""
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        if tx.scalar(sa.select(STAFF.c.password).where(STAFF.c.id == staff_id)):
            raise Missing("staff")
        require_over(tx, actor, staff_id, INVITE_RIGHTS)
        require_all_of(tx, actor, staff_id)
        organisation.append(StaffInvited(subject=str(staff_id)), actor)
        return _link(organisation, staff_id, "invite", INVITED_FOR)


def accept(tx: Tx, token: str, password: str) -> str:
    """Set the password, already hashed, of the person whom a link is for; returns the sign-in name.

    Raises Missing("invitation") for a link that is unknown, used or too old.
    """
    with locked(tx, ORGANISATION) as organisation:
        found = invitation_by_token(tx, token)
        if found is None:
            raise Missing("invitation")
        here = STAFF.c.id == found.staff_id
        tx.execute(sa.update(STAFF).where(here).values(password=password, unlocked_at=tx.now))
        end_everywhere(tx, found.staff_id)
        told: dict[str, Any] = {"subject": str(found.staff_id)}
        actor = Actor("staff", str(found.staff_id))
        organisation.append(StaffJoined(**told) if found.kind == "invite" else StaffPasswordSet(**told), actor)
        return found.login


def reset_sign_in(tx: Tx, login: str, actor: Actor = SYSTEM) -> tuple[str, UUID | None]:
    """End a person's sessions and ways to sign in; returns the secret of a link for a new password.

    For somebody who guards all else, a second person is asked: then the secret is "", and the request is returned.
    Raises Missing("staff"), Denied, and Refused("last-administrator") unless the command line asks.
    """
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        require_over(tx, actor, staff_id, RESET_RIGHTS)
        require_all_of(tx, actor, staff_id)
        if actor.kind == "staff" and any(is_guarded(one.rights) for one in held_or_asked_for(tx, staff_id)):
            return "", ask_under(organisation, ORGANISATION, "reset-sign-in", {"staff": str(staff_id)}, actor)
        return _reset(organisation, staff_id, actor), None


def reset_approved(tx: Tx, params: dict[str, Any], actor: Actor) -> str:
    """The reset that a second person has approved; returns the secret of the link. Raises Denied."""
    staff_id = UUID(params["staff"])
    with locked(tx, ORGANISATION) as organisation:
        require_over(tx, actor, staff_id, RESET_RIGHTS)
        require_all_of(tx, actor, staff_id)
        return _reset(organisation, staff_id, actor)


def rescue(tx: Tx, login: str) -> str:
    """As `reset_sign_in`, for the server's console: it also lets a locked person in, and the office says so for days.

    Returns the secret of a link that is open for half an hour. Raises Missing("staff").
    """
    with locked(tx, ORGANISATION) as organisation:
        staff_id = id_of(tx, login)
        values = {"active": True, "rescued_at": tx.now, "unlocked_at": tx.now}
        tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(**values))
        _end(organisation, staff_id, SYSTEM)
        organisation.append(StaffRescued(subject=str(staff_id)), SYSTEM)
        return _link(organisation, staff_id, "rescue", RESCUED_FOR)


def _reset(organisation: Locked, staff_id: UUID, actor: Actor) -> str:
    if actor.kind == "staff":
        with somebody_may_do_everything(organisation.tx):
            _end(organisation, staff_id, actor)
    else:
        _end(organisation, staff_id, actor)
    organisation.append(SignInReset(subject=str(staff_id)), actor)
    return _link(organisation, staff_id, "reset", INVITED_FOR)


def _end(organisation: Locked, staff_id: UUID, actor: Actor) -> None:
    """End everything with which the person could sign in; the old password is forgotten too."""
    end_everywhere(organisation.tx, staff_id)
    forget_methods(organisation, staff_id, actor)
    organisation.tx.execute(sa.update(STAFF).where(STAFF.c.id == staff_id).values(password=FORGOTTEN))


def _link(organisation: Locked, staff_id: UUID, kind: str, lifetime: timedelta) -> str:
    """A new link; an older one of the person opens nothing any more."""
    tx, token = organisation.tx, secrets.token_urlsafe(32)
    tx.execute(sa.delete(INVITATION).where(INVITATION.c.staff_id == staff_id))
    tx.execute(sa.delete(INVITATION).where(INVITATION.c.expires_at <= tx.now))
    row = {
        "id": uuid7(),
        "token_sha256": sha256(token),
        "staff_id": staff_id,
        "kind": kind,
        "created_at": tx.now,
        "expires_at": tx.now + lifetime,
    }
    tx.execute(sa.insert(INVITATION), row)
    return token
