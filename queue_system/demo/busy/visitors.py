"""Made-up visitors.

They arrive at random (a Poisson process), faster while the line is short and slower while it is long. So at any speed
and with any number of counters some people wait, but the line does not grow without bound. Mornings are busy.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from .hall import Away, Hall, Refusal

# The number of waiting people relative to the fullest hour, by the hour of the branch's clock.
BY_HOUR: Final = {7: 0.6, 8: 0.85, 9: 1.0, 10: 1.0, 11: 0.9, 12: 0.7, 13: 0.6, 14: 0.6, 15: 0.7, 16: 0.7, 17: 0.5}
OTHERWISE: Final = 0.4
# The number for each clerk in the fullest hour.
WAITING_PER_CLERK: Final = 3.0
LEAST_WAITING: Final = 3.0
MOST_WAITING: Final = 40
FIRST_SECONDS: Final = 5.0
SLOWEST: Final = 0.1
WITH_BOOKING: Final = 0.15
LEAVES_THE_LINE: Final = 0.03

NAMES: Final = ("سلمى الأتاسي", "خالد الحموي", "ريم الشامي", "يوسف النجار", "هدى الخطيب", "سامر العلي", "ليان الحسن")

log = structlog.get_logger(__name__)


class Street:
    """Sends visitors to the hall."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self._visits: set[asyncio.Task[None]] = set()
        self._is_full = False

    async def flow(self) -> None:
        """Send visitors until `stop` is set."""
        while not self.hall.stop.is_set():
            await self.hall.patiently(self._next)
        # Visits are not cancelled, because one that is connecting would leave its socket behind. They end after their
        # present request, because pauses end at once and `call` begins no new one.
        await asyncio.gather(*self._visits)

    async def _next(self) -> None:
        """Send the next visitor and wait. At the start visitors come quickly, because people wait at the door."""
        hall = self.hall
        queues = await hall.call("GET", f"{hall.base}/queues")
        now = datetime.fromisoformat(queues["at"])
        clerks = max(1, len(hall.tokens))
        wanted = max(LEAST_WAITING, WAITING_PER_CLERK * clerks * BY_HOUR.get(now.hour, OTHERWISE))
        waiting = sum(queue["waiting"] for queue in queues["queues"])
        self._is_full = self._is_full or waiting >= wanted
        service = self.wish(queues["queues"])
        if service is not None and queues["gives_tickets"] and waiting < MOST_WAITING:
            visitor = Visitor(hall, service, random.Random(hall.chance.random()))  # noqa: S311
            visit = asyncio.create_task(visitor.visit(now))
            self._visits.add(visit)
            visit.add_done_callback(self._visits.discard)
        if not self._is_full:
            await hall.pause(FIRST_SECONDS)
            return
        # The arrival rate equals the service rate while the wanted number waits, and is twice that for an empty line.
        share = max(SLOWEST, 2 - waiting / wanted)
        await hall.pause(hall.chance.expovariate(share * clerks / hall.usual_length()))

    def wish(self, queues: Collection[dict[str, Any]]) -> dict[str, Any] | None:
        """A random service that is open now; short services and short lines are more likely."""
        lines: dict[str | None, float] = {
            queue["queue"]: queue["waiting"] / queue["open_counters"] for queue in queues if queue["open_counters"]
        }
        # A protected service does not name its queue; such a queue has a letter but no name.
        discreet = [queue for queue in queues if queue["names"] is None]
        if discreet and all(queue["open_counters"] for queue in discreet):
            lines[None] = max(lines[queue["queue"]] for queue in discreet)
        wishes = [
            service
            for service in self.hall.services
            if service["queue"] in lines and (service["walk_in"] or (service["bookable"] and self.hall.books()))
        ]
        if not wishes:
            return None
        weights = [1 / service["duration_min"] / (1 + lines[service["queue"]]) for service in wishes]
        return self.hall.chance.choices(wishes, weights)[0]


@dataclass
class Visitor:
    """A visitor who wants one service."""

    hall: Hall
    service: dict[str, Any]
    chance: random.Random

    async def visit(self, now: datetime) -> None:
        """Come, with or without an appointment, and sometimes leave the line early."""
        try:
            booked = (
                self.service["bookable"]
                and self.hall.books()
                and (not self.service["walk_in"] or self.chance.random() < WITH_BOOKING)
            )
            if booked:
                await self._come_as_booked(now)
            else:
                await self._take_a_number()
        except (Away, Refusal) as trouble:
            log.debug("busy.visitor_left", why=str(trouble))

    async def _take_a_number(self) -> None:
        hall = self.hall
        body = {
            "request_id": str(self._id()),
            "service": self.service["service"],
            "language": self.chance.choices(("ar", "en"), (0.85, 0.15))[0],
        }
        ticket = await hall.call("POST", f"{hall.base}/tickets", body, self._reception())
        if self.chance.random() < LEAVES_THE_LINE:
            await hall.pause(hall.length(self.service) * 2)
            await hall.call("DELETE", f"/tickets/{ticket['token']}")

    async def _come_as_booked(self, now: datetime) -> None:
        """Book a time within the next half hour and come, or book one on a later day and do not come."""
        hall = self.hall
        slots = await self._slots(now)
        soon = [slot for slot in slots if datetime.fromisoformat(slot) - now < timedelta(minutes=30)]
        start = soon[0] if soon else self.chance.choice(slots) if slots else None
        if start is None:
            return
        body = {
            "request_id": str(self._id()),
            "service": self.service["service"],
            "starts_at": start,
            "name": self.chance.choice(NAMES),
            "contact": f"{self._id().hex}@visitor.example",
        }
        try:
            held = await hall.call("POST", f"{hall.base}/bookings", body)
        except Away as away:
            hall.book_later(away.seconds or 0.0)
            raise
        await hall.pause(20)
        await hall.call("POST", f"/bookings/{held['token']}/confirmation")
        if soon:
            await hall.pause(60 * self.chance.random())
            await hall.call("POST", f"/bookings/{held['token']}/ticket", {}, self._reception())

    async def _slots(self, now: datetime) -> list[str]:
        hall = self.hall
        last = (now + timedelta(days=7)).date()
        path = f"{hall.base}/services/{self.service['service']}/slots?from={now.date()}&to={last}"
        found = await hall.call("GET", path)
        return [slot["starts_at"] for day in found["days"] for slot in day["slots"]]

    def _reception(self) -> str | None:
        """The token of the reception, because staff take the numbers for visitors in the hall."""
        return self.hall.tokens[0] if self.hall.tokens else None

    def _id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)
