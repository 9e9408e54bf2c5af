"""Access: staff, their ways to sign in, their sessions and browsers, devices and their pairing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from .columns import json, key, of_branch, within_branch


class Staff(SQLModel, table=True):
    id: UUID = key()
    login: str = Field(unique=True)
    name: str
    # argon2id, in its own encoded form.
    password: str
    language: str
    active: bool = True
    created_at: datetime
    # What decides whom the person calls (core.calling_profiles.Caller); a profile counts where the branch has it.
    skills: list[Any] = json(list)
    languages: list[Any] = json(list)
    calling_profile: str | None = None
    # When the limits on sign-ins were last lifted for this person; earlier failures do not count any more.
    unlocked_at: datetime | None = None
    # When somebody at the server's console last made a link for this person.
    rescued_at: datetime | None = None


class KnownBrowser(SQLModel, table=True):
    """A browser in which a person has signed in; failures of other people do not lock the person out of it."""

    __tablename__ = "known_browser"

    token_sha256: str = key()
    staff_id: UUID = Field(primary_key=True, foreign_key="staff.id")
    used_at: datetime


class StaffRole(SQLModel, table=True):
    """A role of a person at a branch; a role in the whole organisation is held at branch 0.

    A `department` (its slug) limits the role to that department of the branch; "" is the whole branch.
    """

    __tablename__ = "staff_role"

    staff_id: UUID = Field(primary_key=True, foreign_key="staff.id")
    branch_id: UUID = key()
    role: str = Field(primary_key=True, foreign_key="role.slug")
    department: str = Field(default="", primary_key=True, sa_column_kwargs={"server_default": ""})
    # "" where people gave the role; "provider" where the groups of single sign-on did, which then also takes it away.
    source: str = Field(default="", sa_column_kwargs={"server_default": ""})


class Invitation(SQLModel, table=True):
    """A link with which a person chooses a password once; only the SHA-256 of its token is kept."""

    id: UUID = key()
    token_sha256: str = Field(unique=True)
    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    # invite | reset | rescue
    kind: str
    created_at: datetime
    expires_at: datetime


class Approval(SQLModel, table=True):
    """A request for a second person. Nobody decides on their own request, and the database holds this too."""

    __table_args__ = (CheckConstraint("decided_by <> asked_by", name="approval_by_a_second_person"),)

    id: UUID = key()
    # The branch that the action is about, or the organisation.
    branch_id: UUID = Field(index=True)
    action: str
    params: dict[str, Any] = json(dict)
    # Of the effect that the first person saw; "" if the action has none of its own.
    effect_sha256: str = ""
    asked_by: UUID = Field(foreign_key="staff.id")
    asked_at: datetime
    expires_at: datetime
    # When the action may be carried out without a second person; None if there is one.
    due_at: datetime | None = None
    # core.approvals.ApprovalState
    state: str
    decided_by: UUID | None = Field(default=None, foreign_key="staff.id")
    decided_at: datetime | None = None


class Session(SQLModel, table=True):
    """A signed-in person; only the SHA-256 of the token is kept, so a stolen database opens no session."""

    token_sha256: str = key()
    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    channel: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    # When the person last proved to be the one who signed in; pages that change rights want it to be recent.
    confirmed_at: datetime | None = None


class Credential(SQLModel, table=True):
    """A way to prove who signs in, besides the password: app, recovery, passkey or provider.

    A link with a provider that has ended stays as "former-provider", which opens nothing.
    """

    id: UUID = key()
    staff_id: UUID = Field(foreign_key="staff.id", index=True)
    kind: str
    # What the person calls it, such as the name of a telephone.
    name: str = ""
    # By which it is found: the id of a passkey, or the hash of a recovery code or of a person at a provider.
    handle: str = Field(unique=True)
    # From which the secret of an app is computed, together with the installation's key.
    salt: str = ""
    # Public values, such as the key of a passkey.
    data: dict[str, Any] = json(dict)
    # The last step whose code was used (app), or the number of signatures so far (passkey); neither is accepted again.
    counter: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime
    used_at: datetime | None = None


class SignInStep(SQLModel, table=True):
    """A sign-in that is not finished, or a change of a person's methods: what the next request needs to know.

    The browser has the token in a cookie. A step is used once and lasts for minutes.
    """

    __tablename__ = "sign_in_step"

    token_sha256: str = key()
    kind: str
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id", index=True)
    data: dict[str, Any] = json(dict)
    failures: int = 0
    expires_at: datetime


class Device(SQLModel, table=True):
    """A kiosk, display or printer. A device from the profile has no token until it is paired."""

    __table_args__ = (UniqueConstraint("branch_id", "slug"), within_branch("zone_id", "zone"))

    branch_id: UUID = of_branch()
    id: UUID = key()
    slug: str
    position: int
    kind: str
    model: str
    names: dict[str, Any] | None = json()
    zone_id: UUID | None = None
    # The kiosk a printer belongs to, by the id of that device.
    attached_to: UUID | None = None
    # For printers: transport, host, port, dots, role … ; for displays: size, distance …
    data: dict[str, Any] = json(dict)
    # What the program has learnt about a printer: False if it does not confirm; and since when it learns anew.
    learnt_completion: bool | None = None
    learning_since: datetime | None = None
    token_sha256: str | None = Field(default=None, unique=True)
    paired_at: datetime | None = None
    revoked_at: datetime | None = None
    seen_at: datetime | None = None
    # A printer's last known state, and since when it has been in it.
    status: str = "unknown"
    status_at: datetime | None = None


class Pairing(SQLModel, table=True):
    """A device that asks to be paired (after RFC 8628): it shows `user_code`, and a person approves it."""

    id: UUID = key()
    user_code: str = Field(unique=True)
    device_code_sha256: str = Field(unique=True)
    kind: str
    created_at: datetime
    expires_at: datetime
    # pending | approved | refused | done
    state: str = "pending"
    branch_id: UUID | None = None
    device_id: UUID | None = None
