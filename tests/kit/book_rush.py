"""Visitors of a real server who book with members, move and cancel, and what must be true after it was killed and paused.

They remember what was acknowledged. The checks return what is wrong, so that tests can also show that they notice it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from queue_system.actions.freed_places import release_places
from queue_system.core.bookings import BookingState
from queue_system.core.errors import Unavailable
from queue_system.core.messages import REMIND_BEFORE
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.freed import kept_places
from queue_system.store.tables import Booking, Message, table
from tests.kit.hall import Hall
from tests.kit.joint_house import ALONE, JOINT, times
from tests.kit.rush import Rush
from tests.kit.server import Server
from tests.kit.wire import Wire

BRANCH: Final = "/api/v1/branches/istanbul"
# More would fill the house, and then nobody could book or move any more.
MOST_KEPT: Final = 100
RELEASE_EVERY: Final = 40
BOOKING, MESSAGE = table(Booking), table(Message)

#: The last thing that was acknowledged of each booking, by token: its state, and when it begins.
Acknowledged = dict[str, tuple[BookingState, datetime]]


class BookRush(Rush):
    """Visitors who book, each from an address of their own; one in four has an e-mail address."""

    def __init__(self, server: Server, hall: Hall, chance: random.Random) -> None:
        super().__init__(server)
        self.chance = chance
        self.acknowledged: Acknowledged = {}
        self.operations = 0
        self.kinds: Counter[str] = Counter()
        self._branch = hall.branch.id
        self._free = {service: times(hall, service) for service in (JOINT, ALONE)}
        self._visitors = itertools.count()
        self._kept = 0

    async def visitor(self) -> None:
        """One visit after the other, each to its end."""
        while not self.closing:
            number = next(self._visitors)
            address = f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
            with Wire(self.server.port, address) as wire:
                await self._visit(wire, number)

    async def releases(self, beside: Database) -> None:
        """Let cancelled times return, as staff do, from another process than the server."""
        for turn in itertools.count(1):
            await self.until(lambda turn=turn: self.closing or self.operations >= turn * RELEASE_EVERY, 600)
            if self.closing:
                return
            # SQLite lets one process at a time write, and the server is busy or paused.
            with contextlib.suppress(Unavailable):
                await asyncio.to_thread(self._release, beside)

    async def _visit(self, wire: Wire, number: int) -> None:
        token, service = await self._hold(wire, number)
        booking = f"/api/v1/bookings/{token}"
        if self.chance.random() < 0.1:
            await self._do(wire, "DELETE", booking, token, BookingState.CANCELLED)
            return
        await self._do(wire, "POST", f"{booking}/confirmation", token, BookingState.CONFIRMED)
        if self.chance.random() < 0.8:
            await self._move(wire, booking, token, self.chance.choice(self._free[service]))
        if self._kept < MOST_KEPT and self.chance.random() < 0.3:
            self._kept += 1
        else:
            await self._do(wire, "DELETE", booking, token, BookingState.CANCELLED)

    async def _hold(self, wire: Wire, number: int) -> tuple[str, str]:
        """Try one time after the other until one is free: the token and the service."""
        contact = f"visitor{number}@example.org" if number % 4 == 0 else f"+90555{number:07d}"
        for attempt in itertools.count():
            service = self.chance.choice((JOINT, ALONE))
            starts_at = self.chance.choice(self._free[service])
            wanted = {
                "request_id": f"request-{number:07}-{attempt:04}",
                "service": service,
                "starts_at": starts_at.isoformat(),
                "name": "سلمى الحسن",
                "contact": contact,
            }
            answer = await self.answered(wire, "POST", f"{BRANCH}/bookings", wanted, None)
            if answer.status == 409:
                self.kinds["refused"] += 1
                continue
            assert answer.status == 201, answer
            token: str = answer.json["token"]
            await self._acknowledged("hold", token, BookingState.HELD, starts_at)
            return token, service
        raise AssertionError("unreachable")

    async def _do(self, wire: Wire, method: str, path: str, token: str, state: BookingState) -> None:
        answer = await self.answered(wire, method, path, {} if method == "POST" else None, None)
        assert (answer.status, answer.json["state"]) == (200, state), answer
        await self._acknowledged(state, token, state, self.acknowledged[token][1])

    async def _move(self, wire: Wire, booking: str, token: str, starts_at: datetime) -> None:
        answer = await self.answered(wire, "PUT", f"{booking}/start", {"starts_at": starts_at.isoformat()}, None)
        if answer.status == 409:
            self.kinds["refused"] += 1
            return
        assert answer.status == 200, answer
        await self._acknowledged("move", token, BookingState.CONFIRMED, starts_at)

    async def _acknowledged(self, kind: str, token: str, state: BookingState, starts_at: datetime) -> None:
        self.acknowledged[token] = state, starts_at
        self.operations += 1
        self.kinds[kind] += 1
        await self.acknowledge()

    def _release(self, beside: Database) -> None:
        ids = {place.id for place in beside.read_now(kept_places, self._branch)}
        beside.write_in_now(self._branch, release_places, self._branch, ids, SYSTEM)


# ---------------------------------------------------------------- what must be true afterwards


def lost(tx: Tx, branch_id: UUID, acknowledged: Mapping[str, tuple[BookingState, datetime]]) -> list[str]:
    """Every acknowledged booking that is missing, or is not as it was acknowledged last."""
    rows = tx.rows(
        sa.select(BOOKING.c.token, BOOKING.c.state, BOOKING.c.starts_at).where(BOOKING.c.branch_id == branch_id)
    )
    stored = {row.token: (BookingState(row.state), row.starts_at) for row in rows}
    return [
        f"{token} was acknowledged as {state} at {at} and is {stored.get(token)}"
        for token, (state, at) in acknowledged.items()
        if stored.get(token) != (state, at)
    ]


def wrong_letters(tx: Tx, branch_id: UUID, letters: Sequence[bytes]) -> list[str]:
    """Every message that did not go out once, when all are due; `letters` are those that the mail server took.

    One whose worker was killed may go out twice, with the same Message-ID, because nobody knows whether it went out.
    """
    sent = Counter(UUID(_ID.search(letter)[1].decode()) for letter in letters)  # type: ignore[index]
    rows = tx.rows(sa.select(MESSAGE).where(MESSAGE.c.branch_id == branch_id))
    found = [f"a letter of no message: {key}" for key in sent.keys() - {row.id for row in rows}]
    for row in rows:
        least, most = {"sent": (1, 1 + row.doubtful), "void": (0, 1), "unknown": (0, 2)}.get(row.state, (1, 0))
        if not least <= sent[row.id] <= most:
            found.append(f"{row.event} {row.id} is {row.state} and went out {sent[row.id]} times")
    live = tx.rows(
        sa.select(BOOKING).where(
            BOOKING.c.branch_id == branch_id,
            BOOKING.c.state == BookingState.CONFIRMED.value,
            BOOKING.c.contact.contains("@"),
        )
    )
    return found + list(_wrong_reminders(live, rows))


_ID: Final = re.compile(rb"(?im)^Message-ID:\s*<([^@>]+)@")


def _wrong_reminders(
    live: Collection[sa.Row[tuple[object, ...]]], rows: Collection[sa.Row[tuple[object, ...]]]
) -> Iterator[str]:
    """Live bookings without their last message or their one reminder; `rows` are all messages."""
    by_booking: dict[object, list[sa.Row[tuple[object, ...]]]] = {}
    for row in rows:
        if row.state == "sent":
            by_booking.setdefault(row.about, []).append(row)
    for booking in live:
        told = [row for row in by_booking.get(booking.id, []) if row.event != "reminder"]
        if not told:
            yield f"{booking.code} was told nothing"
            continue
        last = max(row.created_at for row in told)
        reminded = sum(row.event == "reminder" for row in by_booking[booking.id])
        if reminded != (booking.starts_at - last >= REMIND_BEFORE + timedelta(days=1)):
            yield f"{booking.code} was reminded {reminded} times"
