"""Actions on the installation as a whole."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.facts.organisation import ProfileInstalled
from ..settings.organisation import Profile
from ..store.database import Tx
from ..store.editing import editing_catalogue, founding
from ..store.log import SYSTEM, locked
from ..store.profile_rows import profile_rows
from ..store.tables import ORGANISATION, Invitation, Organisation, Pairing, Session, SignInStep, table
from .staff import NewStaff, create_staff

#: Ways in that may have been used up or ended since a backup was made: somebody was locked out, a link was used.
OPEN: Final = (Session, SignInStep, Invitation, Pairing)


def install(tx: Tx, profile: Profile) -> None:
    """Store an organisation in an empty database and log it, in this transaction.

    Raises Refused("already-installed") if there is an organisation.
    """
    founding(tx)
    for model, rows in profile_rows(profile):
        if rows:
            tx.execute(sa.insert(table(model)), rows)
    with locked(tx, ORGANISATION) as organisation:
        organisation.append(ProfileInstalled(subject=profile.slug, profile=profile.slug, sha256=profile.sha256), SYSTEM)


def found(tx: Tx, profile: Profile, administrator: NewStaff) -> None:
    """Install an organisation together with its first person, so that there is never one that nobody can sign in to.

    Raises Refused("already-installed") and what `create_staff` raises.
    """
    install(tx, profile)
    create_staff(tx, administrator)


def renew_epoch(tx: Tx) -> None:
    """Start a new epoch after a backup was restored.

    Screens have seen entries that are now lost; with a new epoch they accept lower positions as newer. Everybody signs
    in again, and links for a new password must be made anew.
    """
    with editing_catalogue(tx):
        new_epoch(tx)


def new_epoch(tx: Tx) -> None:
    """Start a new epoch within an edit of the catalogue, and end what was OPEN when the backup was made."""
    tx.execute(sa.update(table(Organisation)).values(epoch=uuid7()))
    for model in OPEN:
        tx.execute(sa.delete(table(model)))
