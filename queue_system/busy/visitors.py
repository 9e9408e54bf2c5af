"""Made-up visitors.

They come as a Poisson process whose rate follows the hour (thinning after Lewis & Shedler, 1979): mornings are full.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from .hall import Away, Hall, Refusal

# How many arrive, against the fullest hour, by the hour of the branch's clock.
BY_HOUR: Final = {7: 0.6, 8: 0.85, 9: 1.0, 10: 1.0, 11: 0.9, 12: 0.7, 13: 0.6, 14: 0.6, 15: 0.7, 16: 0.7, 17: 0.5}
OTHERWISE: Final = 0.4
# Of what the open counters can do. Above 1 the line would grow for ever.
LOAD: Final = 0.92
MOST_WAITING: Final = 40
FIRST_VISITORS: Final = 7
WITH_BOOKING: Final = 0.15
LEAVES_THE_LINE: Final = 0.03

NAMES: Final = ("سلمى الأتاسي", "خالد الحموي", "ريم الشامي", "يوسف النجار", "هدى الخطيب", "سامر العلي", "ليان الحسن")

log = structlog.get_logger(__name__)


class Street:
    """Where visitors come from."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self._visits: set[asyncio.Task[None]] = set()

    async def flow(self) -> None:
        """Let visitors come until everything stops."""
        hall = self.hall
        for _ in range(FIRST_VISITORS):
            await self._arrival()
            await hall.pause(5)
        while not hall.stop.is_set():
            await hall.patiently(self._wait_for_the_next)
        # Not cancelled: cut off in the middle of connecting, a visit would leave its socket behind. All end by
        # themselves now, with the request they are in: pauses are over, and `call` begins nothing new.
        await asyncio.gather(*self._visits)

    async def _wait_for_the_next(self) -> None:
        hall = self.hall
        queues = await hall.call("GET", f"{hall.base}/queues")
        hour = datetime.fromisoformat(queues["at"]).hour
        # Wishes go with the inverse of the length, so their mean length is the harmonic one.
        usual = len(hall.services) / sum(1 / hall.length(service) for service in hall.services)
        await hall.pause(hall.chance.expovariate(LOAD * max(1, len(hall.tokens)) / usual))
        # Thinning: candidates come at the rate of the fullest hour, and some of them do not.
        if hall.chance.random() < BY_HOUR.get(hour, OTHERWISE):
            await self._arrival()

    async def _arrival(self) -> None:
        hall = self.hall
        try:
            queues = await hall.call("GET", f"{hall.base}/queues")
        except (Away, Refusal):
            return
        if not queues["gives_tickets"] or sum(queue["waiting"] for queue in queues["queues"]) >= MOST_WAITING:
            return
        service = self._wish(queues["queues"])
        if service is None:
            return
        visitor = Visitor(hall, service, random.Random(hall.chance.random()))  # noqa: S311
        visit = asyncio.create_task(visitor.visit(datetime.fromisoformat(queues["at"])))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    def _wish(self, queues: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
        """Something that is served now; short matters are wished for more often than long ones."""
        served = {queue["queue"] for queue in queues if queue["open_counters"]}
        wishes = [
            service
            for service in self.hall.services
            if service["queue"] in served and (service["walk_in"] or service["bookable"])
        ]
        if not wishes:
            return None
        return self.hall.chance.choices(wishes, [1 / service["duration_min"] for service in wishes])[0]


@dataclass
class Visitor:
    """Somebody who wants one thing."""

    hall: Hall
    service: dict[str, Any]
    chance: random.Random

    async def visit(self, now: datetime) -> None:
        """Come, with or without an appointment; sometimes tire of waiting."""
        try:
            booked = self.service["bookable"] and (not self.service["walk_in"] or self.chance.random() < WITH_BOOKING)
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
        """Book a time: one of the next half hour, and come; or one of the days to come, and stay at home."""
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
        held = await hall.call("POST", f"{hall.base}/bookings", body)
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
        """Numbers are given on the spot: somebody of the staff gives them."""
        return self.hall.tokens[0] if self.hall.tokens else None

    def _id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)
