"""The people and devices behind tokens, and the accounts of staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError

from ...core.logins import find_login
from ...core.printers import TRANSPORTS
from ...core.rights import EVERYTHING, Right, Rights, granted
from ...settings.declared import Declared
from ...settings.devices import KITS, PLACES, Kit
from ...settings.printers import Printer
from ..database import AnyRow, Tx
from ..prepared import Prepared
from ..setting_rows import Unreadable, unreadable
from ..tables import Device, KnownBrowser, Pairing, Role, Staff, StaffRole, table
from .grants import Grant, grant
from .sessions import ALIVE, SESSION, Idle

D = TypeVar("D", bound=Declared)

STAFF = table(Staff)
STAFF_ROLE = table(StaffRole)
KNOWN_BROWSER = table(KnownBrowser)
ROLE = table(Role)
DEVICE = table(Device)
PAIRING = table(Pairing)

# A running device reports at least every fifteen seconds, and this is stored once a minute.
SILENT_AFTER: Final = timedelta(minutes=3)

# Prepared, because every request of a signed-in person or a device needs it.
_STAFF_BY_SESSION = Prepared(
    sa.select(STAFF, SESSION.c.seen_at)
    .join(SESSION, SESSION.c.staff_id == STAFF.c.id)
    .where(
        SESSION.c.token_sha256 == sa.bindparam("token"),
        ALIVE,
        STAFF.c.active,
    )
)
_RIGHTS = Prepared(
    sa.select(STAFF_ROLE.c.branch_id, STAFF_ROLE.c.department, STAFF_ROLE.c.role, ROLE.c.can)
    .join(ROLE, ROLE.c.slug == STAFF_ROLE.c.role)
    .where(STAFF_ROLE.c.staff_id == sa.bindparam("staff"))
)
_DEVICES_OF_KIND = Prepared(
    sa.select(DEVICE)
    .where(DEVICE.c.branch_id == sa.bindparam("branch"), DEVICE.c.kind == sa.bindparam("kind"))
    .order_by(DEVICE.c.position)
)
_DEVICE_BY_TOKEN = Prepared(sa.select(DEVICE).where(DEVICE.c.token_sha256 == sa.bindparam("token")))


@dataclass(frozen=True, slots=True)
class StaffView:
    """A signed-in person, with what each role grants."""

    id: UUID
    login: str
    name: str
    language: str
    grants: tuple[Grant, ...]
    seen_at: datetime

    def may(self, right: Right, branch_id: UUID) -> bool:
        """Whether a role at the branch, or at the organisation, grants a right, at least for one department."""
        return any(one.gives(right, branch_id) for one in self.grants)

    def departments(self, rights: Rights, branch_id: UUID) -> frozenset[str] | None:
        """The departments for which any of `rights` is granted at the branch; None for all departments."""
        found = {one.department for one in self.grants for right in rights if one.gives(right, branch_id)}
        return None if "" in found else frozenset(found)

    def may_in(self, rights: Rights, branch_id: UUID, department: str) -> bool:
        """Whether any of `rights` is granted at the branch for that department, or for all."""
        granted = self.departments(rights, branch_id)
        return granted is None or department in granted

    def may_any(self, rights: Rights, branch_id: UUID) -> bool:
        """Whether any of several rights is granted."""
        return any(self.may(right, branch_id) for right in rights)

    def may_somewhere(self, rights: Rights) -> bool:
        """Whether any of several rights is granted at any branch, or at the organisation."""
        return any(self.may_any(rights, place) for place in {one.place for one in self.grants})


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A kiosk, display or printer of a branch; `data` are its settings as stored, which `kit` and `printer` read.

    `learnt_completion` is False once a printer has turned out not to confirm, `learning_since` when somebody last asked
    to find that out anew.
    """

    id: UUID
    branch_id: UUID
    slug: str
    kind: str
    model: str
    names: dict[str, str] | None
    zone_id: UUID | None
    attached_to: UUID | None
    data: dict[str, Any]
    learnt_completion: bool | None
    learning_since: datetime | None
    paired: bool
    paired_at: datetime | None
    seen_at: datetime | None
    status: str
    status_at: datetime | None

    @property
    def kit(self) -> Kit:
        """The equipment of the device and its abilities, without values that this program cannot read.

        Raises Unreadable if such a value is one that the device must have.
        """
        declaration = KITS[self.kind]
        try:
            return self.read(declaration)
        except Unreadable as error:
            return self.read(declaration, error.fields)

    @property
    def operated_by(self) -> str | None:
        """staff, visitor, or None where it is not set."""
        return self.data.get("operated_by")

    @property
    def address(self) -> str:
        """The address of a printer; empty for other devices and for printers that this program does not print on."""
        try:
            return self.printer.address if self.kind == "printer" else ""
        except Unreadable:
            # Nothing is sent to a printer if its commands are not known for certain.
            return ""

    @property
    def transport(self) -> str:
        """How slips are sent to a printer; empty if this program does not know the word."""
        stored = self.data.get("transport")
        return stored if stored in TRANSPORTS else ""

    @property
    def unsupported(self) -> str:
        """The transport, if this program cannot print over it."""
        return "" if self.transport in PLACES else self.transport

    @property
    def printer(self) -> Printer:
        """The settings of a printer; only for printers. Raises Unreadable."""
        return self.read(Printer)

    def presence(self, now: datetime) -> str:
        """Whether the device reports: unpaired, unheard (it never did), silent (not for SILENT_AFTER) or paired."""
        if not self.paired:
            return "unpaired"
        if self.seen_at is None:
            return "unheard"
        return "silent" if now - self.seen_at > SILENT_AFTER else "paired"

    def read(self, declaration: type[D], without: Collection[str] = ()) -> D:
        """The settings that `declaration` has, but not those in `without`; raises Unreadable."""
        known = {
            name: self.data[name] for name in declaration.model_fields if name in self.data and name not in without
        }
        try:
            return declaration(**known)
        except ValidationError as error:
            raise unreadable("device", self.slug, error) from None


@dataclass(frozen=True, slots=True)
class PairingView:
    user_code: str
    kind: str
    created_at: datetime
    expires_at: datetime


def staff_by_session(tx: Tx, token_sha256: str, idle: Idle) -> StaffView | None:
    """The person behind a session that has not ended and has not been idle for longer than `idle`."""
    row = tx.row(_STAFF_BY_SESSION, {"token": token_sha256} | idle.bounds(tx.now))
    return _staff(tx, row, row.seen_at) if row else None


def staff_by_id(tx: Tx, staff_id: UUID) -> StaffView | None:
    """An active person with what their roles grant now, for what is done in their name later; None if locked."""
    row = tx.row(sa.select(STAFF).where(STAFF.c.id == staff_id, STAFF.c.active))
    return _staff(tx, row, tx.now) if row else None


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account of a typed sign-in name, before the password is checked."""

    id: UUID
    login: str
    password: str
    unlocked_at: datetime | None


def account_of(tx: Tx, typed: str) -> AccountView | None:
    """The person whose sign-in name was typed, on any keyboard (`core.logins.find_login`), active people before others.

    The account of a locked person has no password, so nothing opens it, but the log can say whose it is.
    """
    known = tx.rows(sa.select(STAFF.c.login, STAFF.c.active))
    login = next(
        filter(
            None, (find_login(typed, [row.login for row in known if row.active is wanted]) for wanted in (True, False))
        ),
        None,
    )
    row = tx.row(sa.select(STAFF).where(STAFF.c.login == login)) if login else None
    return AccountView(row.id, row.login, row.password if row.active else "", row.unlocked_at) if row else None


def knows_browser(tx: Tx, staff_id: UUID, token_sha256: str) -> bool:
    """Whether the person has signed in with this browser before."""
    here = (KNOWN_BROWSER.c.staff_id == staff_id) & (KNOWN_BROWSER.c.token_sha256 == token_sha256)
    return tx.row(sa.select(KNOWN_BROWSER.c.staff_id).where(here)) is not None


def staff_by_login(tx: Tx, login: str) -> tuple[UUID, str] | None:
    """Id and stored password of an active person; `login` as `core.logins.login_key` makes it."""
    row = tx.row(sa.select(STAFF.c.id, STAFF.c.password).where(STAFF.c.login == login, STAFF.c.active))
    return (row.id, row.password) if row else None


def role_slugs(tx: Tx) -> set[str]:
    """The slugs of all roles."""
    return {row.slug for row in tx.rows(sa.select(ROLE.c.slug))}


@dataclass(frozen=True, slots=True)
class PersonView:
    """An account, active or locked; roles as (branch or ORGANISATION, role)."""

    id: UUID
    login: str
    name: str
    active: bool
    roles: tuple[tuple[UUID, str], ...]


def people(tx: Tx) -> list[PersonView]:
    """All accounts, by sign-in name."""
    held: dict[UUID, list[tuple[UUID, str]]] = {}
    for row in tx.rows(sa.select(STAFF_ROLE).order_by(STAFF_ROLE.c.role)):
        held.setdefault(row.staff_id, []).append((row.branch_id, row.role))
    return [
        PersonView(row.id, row.login, row.name, row.active, tuple(held.get(row.id, ())))
        for row in tx.rows(sa.select(STAFF).order_by(STAFF.c.login))
    ]


def staff_names(tx: Tx) -> dict[UUID, str]:
    """Names of all staff, for the desk and the audit log."""
    return {row.id: row.name for row in tx.rows(sa.select(STAFF.c.id, STAFF.c.name))}


def device_by_token(tx: Tx, token_sha256: str) -> DeviceView | None:
    """The paired device behind a token."""
    row = tx.row(_DEVICE_BY_TOKEN, {"token": token_sha256})
    return _device(row) if row else None


def device(tx: Tx, branch_id: UUID, device_id: UUID) -> DeviceView | None:
    """One device of a branch."""
    row = tx.row(sa.select(DEVICE).where(DEVICE.c.branch_id == branch_id, DEVICE.c.id == device_id))
    return _device(row) if row else None


def devices(tx: Tx, branch_id: UUID | None = None, kind: str | None = None) -> list[DeviceView]:
    """Devices, of one branch or all, of one kind or all, as the profile orders them."""
    if branch_id is not None and kind is not None:
        return [_device(row) for row in tx.rows(_DEVICES_OF_KIND, {"branch": branch_id, "kind": kind})]
    statement = sa.select(DEVICE).order_by(DEVICE.c.branch_id, DEVICE.c.position)
    if branch_id is not None:
        statement = statement.where(DEVICE.c.branch_id == branch_id)
    if kind is not None:
        statement = statement.where(DEVICE.c.kind == kind)
    return [_device(row) for row in tx.rows(statement)]


def visitors_have_a_kiosk(tx: Tx, branch_id: UUID) -> bool:
    """Whether the branch has a kiosk for visitors; a tablet that staff operate does not count."""
    return any(kiosk.operated_by != "staff" for kiosk in devices(tx, branch_id, "kiosk"))


def printer_of_kiosk(tx: Tx, kiosk: DeviceView) -> DeviceView | None:
    """The printer that prints a kiosk's slips: the one attached to it, else the branch's fallback.

    Printers without an address are left out.
    """
    found = [printer for printer in devices(tx, kiosk.branch_id, "printer") if printer.address]
    attached = [printer for printer in found if printer.attached_to == kiosk.id]
    fallback = [printer for printer in found if printer.attached_to is None]
    return next(iter([*attached, *fallback]), None)


def open_pairings(tx: Tx) -> list[PairingView]:
    """Pairings that wait for approval, newest last."""
    statement = (
        sa.select(PAIRING)
        .where(PAIRING.c.state == "pending", PAIRING.c.expires_at > tx.now)
        .order_by(PAIRING.c.created_at)
    )
    return [PairingView(row.user_code, row.kind, row.created_at, row.expires_at) for row in tx.rows(statement)]


def _staff(tx: Tx, row: AnyRow, seen_at: datetime) -> StaffView:
    grants = tuple(grant(*held) for held in tx.rows(_RIGHTS, {"staff": row.id}))
    return StaffView(row.id, row.login, row.name, row.language, grants, seen_at)


def _device(row: AnyRow) -> DeviceView:
    return DeviceView(
        id=row.id,
        branch_id=row.branch_id,
        slug=row.slug,
        kind=row.kind,
        model=row.model,
        names=row.names,
        zone_id=row.zone_id,
        attached_to=row.attached_to,
        data=row.data,
        learnt_completion=row.learnt_completion,
        learning_since=row.learning_since,
        paired=row.token_sha256 is not None,
        paired_at=row.paired_at,
        seen_at=row.seen_at,
        status=row.status,
        status_at=row.status_at,
    )


def roles_with(tx: Tx, rights: Rights) -> list[dict[str, str]]:
    """The names of the roles that grant any of `rights`, in their order; those that grant everything only where no other does."""
    rows = tx.rows(sa.select(ROLE.c.names, ROLE.c.can).order_by(ROLE.c.position, ROLE.c.slug))
    found = [(row.names, granted(row.can)) for row in rows]
    able = [names for names, can in found if not rights.isdisjoint(can)]
    return able or [names for names, can in found if EVERYTHING in can]
