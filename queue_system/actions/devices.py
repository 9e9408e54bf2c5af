"""Kiosks and screens: pairing, presence, revoking."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.errors import Missing, Refused
from ..core.facts.devices import DevicePaired, DeviceReplaced, DeviceRevoked, PairingRefused
from ..core.tokens import sha256
from ..store.database import AnyRow, Tx
from ..store.log import SYSTEM, Actor, locked
from ..store.tables import Device, Pairing, table

DEVICE = table(Device)
PAIRING = table(Pairing)

PAIRING_LIFETIME: Final = timedelta(minutes=10)
# RFC 8628, 6.1: consonants only, so that no code reads as a word; 20^8 codes for ten minutes.
USER_CODE_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass(frozen=True, slots=True)
class PairingRequest:
    """The codes of a pairing: the device shows `user_code` (eight letters) and keeps `device_code` secret."""

    user_code: str
    device_code: str
    seconds: int


def ask_pairing(tx: Tx, kind: str) -> PairingRequest:
    """A device of `kind` (kiosk or display) asks for pairing (device flow of RFC 8628)."""
    if kind not in ("kiosk", "display"):
        raise Refused("device-kind-unknown")
    tx.execute(sa.delete(PAIRING).where(PAIRING.c.expires_at <= tx.now))
    user_code = "".join(secrets.choice(USER_CODE_ALPHABET) for _ in range(8))
    device_code = secrets.token_urlsafe(32)
    tx.execute(
        sa.insert(PAIRING),
        {
            "id": uuid7(),
            "user_code": user_code,
            "device_code_sha256": sha256(device_code),
            "kind": kind,
            "created_at": tx.now,
            "expires_at": tx.now + PAIRING_LIFETIME,
            "state": "pending",
        },
    )
    return PairingRequest(user_code, device_code, int(PAIRING_LIFETIME.total_seconds()))


def approve_pairing(tx: Tx, user_code: str, branch_id: UUID, device_id: UUID, actor: Actor) -> None:
    """Pair the machine that shows `user_code` as a device that is planned in the branch.

    Pairing a planned device again replaces the machine that was paired before.
    Raises Missing("pairing"), Missing("device"), Refused("device-kind-differs").
    """
    with locked(tx, branch_id) as lock:
        pairing = _pending(tx, user_code)
        device = _device(tx, branch_id, device_id)
        if device.kind != pairing.kind:
            raise Refused("device-kind-differs")
        tx.execute(
            sa.update(PAIRING)
            .where(PAIRING.c.id == pairing.id)
            .values(state="approved", branch_id=branch_id, device_id=device_id)
        )
        fact = DevicePaired(subject=str(device_id), device_kind=device.kind, name=device.slug)
        lock.append(fact, actor)


def refuse_pairing(tx: Tx, user_code: str, branch_id: UUID, actor: Actor) -> None:
    """Refuse a pairing. Raises Missing("pairing")."""
    with locked(tx, branch_id) as lock:
        pairing = _pending(tx, user_code)
        tx.execute(sa.update(PAIRING).where(PAIRING.c.id == pairing.id).values(state="refused"))
        lock.append(PairingRefused(subject=str(pairing.id), device_kind=pairing.kind), actor)


def redeem_pairing(tx: Tx, device_code: str) -> tuple[str, str | None]:
    """The state of the pairing: ("pending" | "refused" | "gone", None), or once ("approved", the device's token)."""
    pairing = tx.row(sa.select(PAIRING).where(PAIRING.c.device_code_sha256 == sha256(device_code)))
    if pairing is None or (pairing.state == "pending" and pairing.expires_at <= tx.now) or pairing.state == "done":
        return "gone", None
    if pairing.state != "approved":
        return str(pairing.state), None
    with locked(tx, pairing.branch_id) as lock:
        # The lock makes sure that the token is given once, and not to a device that was revoked meanwhile.
        redeemed = tx.execute(
            sa.update(PAIRING).where(PAIRING.c.id == pairing.id, PAIRING.c.state == "approved").values(state="done")
        )
        if redeemed.rowcount != 1:
            return "gone", None
        device = _device(tx, lock.id, pairing.device_id)
        token = secrets.token_urlsafe(32)
        tx.execute(
            sa.update(DEVICE)
            .where(DEVICE.c.branch_id == lock.id, DEVICE.c.id == device.id)
            .values(token_sha256=sha256(token), paired_at=tx.now, seen_at=tx.now, revoked_at=None)
        )
        if device.token_sha256 is not None:
            # The fact notifies the machine that was paired before, which then finds its token revoked.
            fact = DeviceReplaced(subject=str(device.id), device_kind=device.kind, name=device.slug)
            lock.append(fact, Actor("device", str(device.id)))
        return "approved", token


def touch_devices(tx: Tx, branch_id: UUID, device_ids: Collection[UUID]) -> None:
    """Store that these devices of a branch are present. It writes no fact, because presence is not an event."""
    here = (DEVICE.c.branch_id == branch_id) & DEVICE.c.id.in_(device_ids)
    tx.execute(sa.update(DEVICE).where(here).values(seen_at=tx.now))


def revoke_device(tx: Tx, branch_id: UUID, device_id: UUID, actor: Actor) -> None:
    """Revoke a device's token at once, and an approved pairing whose machine has not fetched its token yet.

    Raises Missing("device").
    """
    with locked(tx, branch_id) as lock:
        device = _device(tx, branch_id, device_id)
        tx.execute(
            sa.update(DEVICE)
            .where(DEVICE.c.branch_id == branch_id, DEVICE.c.id == device_id)
            .values(token_sha256=None, revoked_at=tx.now)
        )
        tx.execute(
            sa.update(PAIRING)
            .where(PAIRING.c.branch_id == branch_id, PAIRING.c.device_id == device_id, PAIRING.c.state == "approved")
            .values(state="refused")
        )
        lock.append(DeviceRevoked(subject=str(device_id), device_kind=device.kind, name=device.slug), actor)


def enrol_device(tx: Tx, branch_id: UUID, device_id: UUID, actor: Actor = SYSTEM) -> str:
    """Give a planned device its token without pairing, for the demo and for provisioning scripts."""
    with locked(tx, branch_id) as lock:
        device = _device(tx, branch_id, device_id)
        token = secrets.token_urlsafe(32)
        tx.execute(
            sa.update(DEVICE)
            .where(DEVICE.c.branch_id == branch_id, DEVICE.c.id == device_id)
            .values(token_sha256=sha256(token), paired_at=tx.now, revoked_at=None)
        )
        lock.append(DevicePaired(subject=str(device_id), device_kind=device.kind, name=device.slug), actor)
        return token


def _pending(tx: Tx, user_code: str) -> AnyRow:
    folded = "".join(letter for letter in user_code.upper() if letter in USER_CODE_ALPHABET)
    row = tx.row(
        sa.select(PAIRING).where(
            PAIRING.c.user_code == folded, PAIRING.c.state == "pending", PAIRING.c.expires_at > tx.now
        )
    )
    if row is None:
        raise Missing("pairing")
    return row


def _device(tx: Tx, branch_id: UUID, device_id: UUID) -> AnyRow:
    row = tx.row(sa.select(DEVICE).where(DEVICE.c.branch_id == branch_id, DEVICE.c.id == device_id))
    if row is None:
        raise Missing("device")
    return row
