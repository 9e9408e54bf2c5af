"""What a person may change about others: an account needs the right wherever it holds roles, a role is given from one's own.

The command line acts as SYSTEM and needs no right, because it has the database anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import sqlalchemy as sa

from ..core.approvals import GUARDED
from ..core.errors import Denied, Refused
from ..core.logins import AT_THE_PROVIDER, FORGOTTEN
from ..core.rights import EVERYTHING, GRANT_RIGHTS, Rights
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.approvals import held_or_asked_for
from ..store.queries.grants import Grant, beyond
from ..store.queries.people import grants_of
from ..store.tables import ORGANISATION, Role, Staff, StaffRole, table

ROLE = table(Role)
STAFF = table(Staff)
STAFF_ROLE = table(StaffRole)


def require_over(tx: Tx, actor: Actor, staff_id: UUID, rights: Rights) -> None:
    """Raises Denied unless the actor has one of `rights` at every place where the person holds roles, or is to get one.

    Denied("beyond-own-rights") if the person could do what guards all else, and the actor could not.
    """
    if actor.kind != "staff":
        return
    own, theirs = grants_of(tx, UUID(actor.id)), held_or_asked_for(tx, staff_id)
    places = {one.place for one in theirs}
    if not all(_holds(own, rights, place) for place in places):
        raise Denied("not-allowed")
    if not places and not any(_holds(own, rights, one.place) for one in own):
        raise Denied("not-allowed")
    if any(beyond(own, one) & GUARDED for one in theirs):
        raise Denied("beyond-own-rights")


def require_at(tx: Tx, actor: Actor, place: UUID, rights: Rights) -> None:
    """Raises Denied unless the actor has one of `rights` at the place."""
    if actor.kind == "staff" and not _holds(grants_of(tx, UUID(actor.id)), rights, place):
        raise Denied("not-allowed")


def require_all_of(tx: Tx, actor: Actor, staff_id: UUID) -> None:
    """Raises Denied("beyond-own-rights") unless the actor has all rights of the person, because a link gives them away."""
    if actor.kind == "staff":
        own = grants_of(tx, UUID(actor.id))
        if any(beyond(own, one) for one in held_or_asked_for(tx, staff_id)):
            raise Denied("beyond-own-rights")


def require_to_give(tx: Tx, actor: Actor, wanted: Grant) -> None:
    """Raises Denied unless the actor may give roles there and has every right of this one there."""
    if actor.kind != "staff":
        return
    own = grants_of(tx, UUID(actor.id))
    if not _holds(own, GRANT_RIGHTS, wanted.place):
        raise Denied("not-allowed")
    if beyond(own, wanted):
        raise Denied("beyond-own-rights")


def administrators(tx: Tx) -> set[UUID]:
    """The active people who have every right in the whole organisation and have a password.

    Those who sign in at the provider alone do not count, because the provider may be away.
    """
    held = (
        sa.select(STAFF.c.id, ROLE.c.can)
        .join(STAFF_ROLE, STAFF_ROLE.c.staff_id == STAFF.c.id)
        .join(ROLE, ROLE.c.slug == STAFF_ROLE.c.role)
        .where(
            STAFF.c.active,
            STAFF.c.password.not_in(["", AT_THE_PROVIDER, FORGOTTEN]),
            STAFF_ROLE.c.branch_id == ORGANISATION,
            STAFF_ROLE.c.department == "",
        )
    )
    return {row.id for row in tx.rows(held) if EVERYTHING in row.can}


@contextmanager
def somebody_may_do_everything(tx: Tx) -> Iterator[None]:
    """Raises Refused("last-administrator") if the change inside leaves nobody who may do everything.

    Only under the lock of the organisation, because two changes at once would each see the other's administrator.
    """
    before = administrators(tx)
    yield
    if before and not administrators(tx):
        raise Refused("last-administrator")


def _holds(own: tuple[Grant, ...], rights: Rights, place: UUID) -> bool:
    return any(one.gives(right, place) for one in own for right in rights)
