"""Sessions that began with a password alone end when their person comes to need a second factor."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from ..core.facts.people import SessionsEnded
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries.credentials import has_second_factor, needs_second_factor
from ..store.tables import Session, table

SESSION = table(Session)


def free_of_second_factor(tx: Tx, people: Iterable[UUID]) -> list[UUID]:
    """Those of the people who neither have a second factor nor need one; look before rights are given."""
    return [one for one in people if not has_second_factor(tx, one) and not needs_second_factor(tx, one)]


def end_weak_sessions(organisation: Locked, were_free: Iterable[UUID], actor: Actor) -> None:
    """End the sessions of those who need a second factor now; their next sign-in sets one up."""
    for one in were_free:
        if needs_second_factor(organisation.tx, one):
            ended = organisation.tx.execute(sa.delete(SESSION).where(SESSION.c.staff_id == one)).rowcount
            if ended:
                organisation.append(SessionsEnded(subject=str(one), n=ended), actor)
