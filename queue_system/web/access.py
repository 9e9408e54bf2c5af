"""The only source of objects for a request: the person or device that asks, and the objects that they may know of.

An object that they may not know of is answered with 404 and not with 403, so that its existence stays secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from starlette.requests import HTTPConnection

from ..actions import devices, sessions
from ..core.bookings import read_code
from ..core.contacts import possible_contacts
from ..core.errors import Denied, Invalid, Missing, SignedOut
from ..core.rights import Rights
from ..core.tokens import sha256
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries import bookings, line
from ..store.queries.access import DeviceView, StaffView, device_by_token, staff_by_session
from ..store.queries.bookings import BookingView
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, branch_ids, branch_settings, readable
from ..store.queries.visited import branch_of_key, branch_of_slug, visited_branches
from ..store.queries.vouchers import voucher_of
from .installation import installation_of

KEY_LENGTH: Final = 4
# A secret link is a right, so it ends this long after its visit.
LINK_LIFETIME: Final = timedelta(days=7)
TOUCH_EVERY: Final = timedelta(minutes=1)


def session_cookie(connection: HTTPConnection) -> str:
    """The name of the session cookie; with https it is bound to this host."""
    return _cookie(connection, "session", "session")


def browser_cookie(connection: HTTPConnection) -> str:
    """The name of the cookie by which we know a browser in which people have signed in."""
    return _cookie(connection, "browser", "browser")


def step_cookie(connection: HTTPConnection) -> str:
    """The name of the cookie with the token of a sign-in that is not finished."""
    return _cookie(connection, "sign-in-step", "sign-in-step")


def device_cookie(connection: HTTPConnection, kind: str) -> str:
    """The name of the cookie that a paired device carries; one browser may be a kiosk and a display."""
    return _cookie(connection, kind, f"device-{kind}")


def bearer(connection: HTTPConnection) -> str | None:
    """The token of an Authorization header."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def staff(connection: HTTPConnection) -> StaffView:
    """The signed-in person; raises SignedOut. Also kept in `request.state.staff`, for the page's header."""
    found = await staff_or_none(connection)
    if found is None:
        raise SignedOut("signed-out")
    return found


async def staff_or_none(connection: HTTPConnection) -> StaffView | None:
    """The signed-in person; None if there is none."""
    found = await onlooker(connection)
    installation = installation_of(connection)
    if found is not None and installation.clock.now() - found.seen_at > TOUCH_EVERY:
        await installation.database.write(sessions.touch_session, _session(connection))
    connection.state.staff = found
    return found


async def onlooker(connection: HTTPConnection) -> StaffView | None:
    """Like `staff_or_none`, for sockets: it does not prolong the session, because an open page alone is no activity."""
    token = _session(connection)
    if not token:
        return None
    return await installation_of(connection).database.read(staff_by_session, sha256(token), sessions.SESSION_IDLE)


def actor(person: StaffView) -> Actor:
    """The person as an actor in the log."""
    return Actor("staff", str(person.id))


async def device(connection: HTTPConnection, kind: str) -> DeviceView:
    """The paired device that asks; raises SignedOut("not-paired")."""
    found = await device_or_none(connection, kind)
    if found is None:
        raise SignedOut("not-paired")
    return found


async def device_or_none(connection: HTTPConnection, kind: str) -> DeviceView | None:
    """The paired device of that kind; None if there is none."""
    token = connection.cookies.get(device_cookie(connection, kind)) or bearer(connection)
    if not token:
        return None
    installation = installation_of(connection)
    found = await installation.database.read(device_by_token, sha256(token))
    if found is None or found.kind != kind:
        return None
    installation.presence.note(found.branch_id, found.id)
    return found


async def branch_of(connection: HTTPConnection, device: DeviceView) -> BranchSettings:
    """The branch of a device."""
    return await installation_of(connection).database.read(branch_settings, device.branch_id)


# ---------------------------------------------------------------- in the transaction that reads or acts


def attendant(tx: Tx, token: str, branch_id: UUID, rights: Rights, department: str) -> tuple[Actor, DeviceView | None]:
    """The actor of a press for a visitor, and the device it came from; looked up in the transaction that acts.

    The actor is a kiosk of the branch, or a member of its staff with any of `rights` for the department.
    Raises SignedOut("signed-out") for an invalid token, Denied("not-allowed") for a token of another branch.
    """
    digest = sha256(token)
    kiosk = device_by_token(tx, digest)
    if kiosk is not None:
        if (kiosk.kind, kiosk.branch_id) != ("kiosk", branch_id):
            raise Denied("not-allowed")
        if kiosk.seen_at is None or tx.now - kiosk.seen_at > TOUCH_EVERY:
            devices.touch_devices(tx, branch_id, [kiosk.id])
        return Actor("device", str(kiosk.id)), kiosk
    person = staff_by_session(tx, digest, sessions.SESSION_IDLE)
    if person is None:
        raise SignedOut("signed-out")
    departments = person.departments(rights, branch_id)
    if departments is not None and department not in departments:
        raise Denied("not-allowed")
    if tx.now - person.seen_at > TOUCH_EVERY:
        sessions.touch_session(tx, token)
    return actor(person), None


def branch_named(tx: Tx, slug: str) -> BranchSettings:
    """The branch of that name; raises Missing("branch")."""
    found = branch_of_slug(tx, slug)
    if found is None:
        raise Missing("branch")
    return found


def all_branches(tx: Tx) -> list[BranchSettings]:
    """All branches that can be visited, without those whose settings cannot be read; raises Unreadable without others."""
    return visited_branches(tx)


def branches_in_service(tx: Tx) -> list[BranchSettings]:
    """As `all_branches`, without the retired ones; all of them if there is no other."""
    return in_service(all_branches(tx), tx.now)


def in_service(branches: Sequence[BranchSettings], now: datetime) -> list[BranchSettings]:
    """The branches that are not retired; all of them if there is no other."""
    return [branch for branch in branches if not branch.is_retired(now)] or list(branches)


def branches_with(tx: Tx, person: StaffView, rights: Rights) -> list[BranchSettings]:
    """The branches where the person has any of `rights`, as `all_branches`."""
    return readable(tx, [branch_id for branch_id in branch_ids(tx).values() if person.may_any(rights, branch_id)])


def ticket_of_link(tx: Tx, token: str) -> tuple[BranchSettings, TicketView]:
    """The ticket behind the secret of a link; raises Missing("ticket")."""
    settings = branch_of_token(tx, token, "ticket")
    found = line.ticket_by_token(tx, settings.id, token)
    if found.ended_at is not None and tx.now - found.ended_at > LINK_LIFETIME:
        # The page shows the visitor's voucher for as long as they may come back with it.
        voucher = voucher_of(tx, settings.id, found.id)
        if voucher is None or settings.timetable.business_date(tx.now) > voucher.valid_until:
            raise Missing("ticket")
    return settings, line.as_it_stands(found, settings, tx.now)


def booking_of_link(tx: Tx, token: str) -> tuple[BranchSettings, BookingView]:
    """The booking behind the secret of a link; raises Missing("booking")."""
    settings = branch_of_token(tx, token, "booking")
    found = bookings.booking_by_token(tx, settings.id, token)
    if tx.now - found.ends_at > LINK_LIFETIME:
        raise Missing("booking")
    return settings, found


def booking_by_code(tx: Tx, code: str, contact: str) -> BookingView:
    """The booking with this code and this contact, both as they were typed.

    The contact is needed because the code is not secret: screens and clerks know it. Raises Invalid for a text that
    cannot be a code or a contact, Missing("booking") if the two do not belong together.
    """
    branches, code = all_branches(tx), read_code(code)
    # Raises for a contact that no branch can read; a readable but wrong one is a guess, and ends as Missing below.
    possible_contacts(contact, [settings.country_code for settings in branches])
    for settings in branches:
        with suppress(Invalid, Missing):
            meant = possible_contacts(contact, [settings.country_code])
            found = bookings.booking_by_code(tx, settings.id, code)
            if found.contact in meant:
                return found
    raise Missing("booking")


def branch_of_token(tx: Tx, token: str, what: str) -> BranchSettings:
    """The branch of a secret link, which its first letters name."""
    # The token itself is compared in the database, too, which cannot compare a character such as NUL.
    branch = branch_of_key(tx, token[:KEY_LENGTH]) if token.isprintable() else None
    if branch is None:
        raise Missing(what)
    return branch


def _session(connection: HTTPConnection) -> str:
    return connection.cookies.get(session_cookie(connection)) or bearer(connection) or ""


def _cookie(connection: HTTPConnection, name: str, without_tls: str) -> str:
    return f"__Host-{name}" if installation_of(connection).configuration.behind_tls else without_tls
