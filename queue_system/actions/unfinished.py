"""What is known of a sign-in between two of its requests."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import SignedOut
from ..core.tokens import sha256
from ..store.database import Tx
from ..store.queries.credentials import StepView, step_by_token
from ..store.tables import SignInStep, table

STEP = table(SignInStep)

STEP_LIFETIME: Final = timedelta(minutes=10)
# After so many wrong codes the password is asked for again.
MOST_FAILURES: Final = 5


def begin_step(tx: Tx, kind: str, staff_id: UUID | None = None, **data: Any) -> str:
    """Keep `data` for the next request of a sign-in; returns the token for the browser. Old steps are deleted."""
    token = secrets.token_urlsafe(32)
    tx.execute(sa.delete(STEP).where(STEP.c.expires_at <= tx.now))
    tx.execute(
        sa.insert(STEP),
        {
            "token_sha256": sha256(token),
            "kind": kind,
            "staff_id": staff_id,
            "data": data,
            "failures": 0,
            "expires_at": tx.now + STEP_LIFETIME,
        },
    )
    return token


def look_at_step(tx: Tx, token: str, *kinds: str) -> StepView:
    """The step behind a token, which stays; raises SignedOut("sign-in-over") if it is used up or too old."""
    step = step_by_token(tx, sha256(token), *kinds)
    if step is None:
        raise SignedOut("sign-in-over")
    return step


def take_step(tx: Tx, token: str, *kinds: str) -> StepView:
    """Like `look_at_step`, but uses the step up: of two requests with one token, only one gets it."""
    step = look_at_step(tx, token, *kinds)
    if tx.execute(sa.delete(STEP).where(STEP.c.token_sha256 == sha256(token))).rowcount != 1:
        raise SignedOut("sign-in-over")
    return step


def count_failure(tx: Tx, token: str) -> None:
    """Count a wrong code against a step; the last allowed one ends it."""
    here = STEP.c.token_sha256 == sha256(token)
    tx.execute(sa.update(STEP).where(here).values(failures=STEP.c.failures + 1))
    tx.execute(sa.delete(STEP).where(here, STEP.c.failures >= MOST_FAILURES))


def end_step(tx: Tx, token: str) -> None:
    """End a step; idempotent."""
    tx.execute(sa.delete(STEP).where(STEP.c.token_sha256 == sha256(token)))


def end_steps(tx: Tx, staff_id: UUID) -> None:
    """End all unfinished sign-ins of a person."""
    tx.execute(sa.delete(STEP).where(STEP.c.staff_id == staff_id))
