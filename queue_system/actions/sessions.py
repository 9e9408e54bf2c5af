"""Signing in and out: sessions of staff, and the browsers they used before."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import SignedOut
from ..core.facts.people import (
    SignInFailed,
    StaffSignedIn,
    StaffSignedInWith,
    StaffSignedOut,
)
from ..core.tokens import sha256
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries.sessions import Idle
from ..store.tables import (
    ORGANISATION,
    Invitation,
    KnownBrowser,
    Pairing,
    Session,
    SignInStep,
    Staff,
    table,
)

STAFF = table(Staff)
SESSION = table(Session)
KNOWN_BROWSER = table(KnownBrowser)
PAIRING = table(Pairing)
INVITATION = table(Invitation)
STEP = table(SignInStep)

SESSION_LIFETIME: Final = timedelta(hours=12)
SESSION_IDLE: Final = Idle(usual=timedelta(minutes=30), serving=timedelta(hours=2))
# A browser is forgotten when its person has not signed in with it for so long.
BROWSER_KNOWN_FOR: Final = timedelta(days=180)
# A device that asked and was not answered may look for the answer for so long.
PAIRING_KEPT: Final = timedelta(days=1)


def start_session(tx: Tx, staff_id: UUID, channel: str, checked: str | None = None) -> str:
    """Open a session for a person whose password was right; returns its token, which is stored only as a hash.

    `checked` is the stored hash that the password was compared with, None where none was typed. Raises
    SignedOut("sign-in-wrong") if the person got another password or was locked out while the password was compared,
    because comparing is slow and happens outside the transaction.
    """
    with locked(tx, ORGANISATION) as organisation:
        require_account(tx, staff_id, checked)
        return open_session(organisation, staff_id, channel)


def require_account(tx: Tx, staff_id: UUID, checked: str | None = None) -> None:
    """Raises SignedOut("sign-in-wrong") for a person who is locked out, or whose password is not `checked` any more."""
    person = tx.row(sa.select(STAFF.c.active, STAFF.c.password).where(STAFF.c.id == staff_id))
    if person is None or not person.active or checked not in (None, person.password):
        raise SignedOut("sign-in-wrong")


def open_session(organisation: Locked, staff_id: UUID, channel: str, method: str = "") -> str:
    """Open a session for a person who has proved who they are, with `method` if not with a password alone; its token."""
    tx, token = organisation.tx, secrets.token_urlsafe(32)
    tx.execute(
        sa.insert(SESSION),
        {
            "token_sha256": sha256(token),
            "staff_id": staff_id,
            "channel": channel,
            "created_at": tx.now,
            "seen_at": tx.now,
            "expires_at": tx.now + SESSION_LIFETIME,
            "confirmed_at": tx.now,
        },
    )
    tx.execute(sa.delete(SESSION).where(SESSION.c.expires_at <= tx.now))
    who = str(staff_id)
    signed_in = StaffSignedInWith(who, channel, method) if method else StaffSignedIn(who, channel)
    organisation.append(signed_in, Actor("staff", who))
    return token


def confirm_session(tx: Tx, token: str) -> None:
    """Note that the person of a session has proved again who they are."""
    tx.execute(sa.update(SESSION).where(SESSION.c.token_sha256 == sha256(token)).values(confirmed_at=tx.now))


def record_failed_sign_in(tx: Tx, staff_id: UUID | None, channel: str) -> None:
    """Log a wrong password, or an unknown name; the typed name itself is not stored."""
    with locked(tx, ORGANISATION) as organisation:
        subject = str(staff_id) if staff_id else ""
        organisation.append(SignInFailed(subject=subject, channel=channel), SYSTEM)


def touch_session(tx: Tx, token: str) -> None:
    """Restart the idle time of a session that was used."""
    tx.execute(sa.update(SESSION).where(SESSION.c.token_sha256 == sha256(token)).values(seen_at=tx.now))


def end_session(tx: Tx, token: str) -> None:
    """Sign out; idempotent."""
    with locked(tx, ORGANISATION) as organisation:
        row = tx.row(
            sa.delete(SESSION)
            .where(SESSION.c.token_sha256 == sha256(token))
            .returning(SESSION.c.staff_id, SESSION.c.channel)
        )
        if row is not None:
            fact = StaffSignedOut(subject=str(row.staff_id), channel=row.channel)
            organisation.append(fact, Actor("staff", str(row.staff_id)))


def remember_browser(tx: Tx, staff_id: UUID, token: str) -> None:
    """Store that a person has signed in with the browser that carries `token`; the sign-in has its own fact."""
    tx.execute(sa.delete(KNOWN_BROWSER).where(KNOWN_BROWSER.c.used_at <= tx.now - BROWSER_KNOWN_FOR))
    here = (KNOWN_BROWSER.c.staff_id == staff_id) & (KNOWN_BROWSER.c.token_sha256 == sha256(token))
    if tx.execute(sa.update(KNOWN_BROWSER).where(here).values(used_at=tx.now)).rowcount == 0:
        tx.execute(sa.insert(KNOWN_BROWSER), {"staff_id": staff_id, "token_sha256": sha256(token), "used_at": tx.now})


def forget_the_absent(tx: Tx) -> int:
    """Delete what is over: sessions, invitations, pairings, unfinished sign-ins, browsers that nobody uses any more."""
    with locked(tx, ORGANISATION):
        over = (
            sa.delete(SESSION).where(SESSION.c.expires_at <= tx.now),
            sa.delete(KNOWN_BROWSER).where(KNOWN_BROWSER.c.used_at <= tx.now - BROWSER_KNOWN_FOR),
            sa.delete(PAIRING).where(PAIRING.c.expires_at <= tx.now - PAIRING_KEPT),
            sa.delete(INVITATION).where(INVITATION.c.expires_at <= tx.now),
            sa.delete(STEP).where(STEP.c.expires_at <= tx.now),
        )
        return sum(tx.execute(statement).rowcount for statement in over)
