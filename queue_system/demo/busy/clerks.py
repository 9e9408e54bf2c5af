"""Made-up clerks. The length of a visit is log-normal; its median is the usual length of its service."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any, Final

from .hall import Away, Hall, Refusal

SPREAD: Final = 0.5
WALK_SECONDS: Final = (10.0, 40.0)
LOOK_SECONDS: Final = 12.0
# The outcomes of a call, as shares.
STAYS_AWAY: Final = 0.07
NEEDS_A_FORM: Final = 0.05
SENT_ON: Final = 0.05
WITHOUT_DOCUMENTS: Final = 0.06


@dataclass
class Clerk:
    """A clerk who works at a counter."""

    hall: Hall
    login: str
    password: str
    chance: random.Random
    token: str = ""
    counter: str = ""

    async def work(self) -> None:
        """Sign in, sit down, and serve until everything stops."""
        while not self.hall.stop.is_set():
            await self.hall.patiently(self._sit_down)
            while not self.hall.stop.is_set():
                try:
                    await self._serve_one()
                except Away as away:
                    await self.hall.pause(away.seconds or 2.0, real=True)
                except Refusal as refusal:
                    # Another person used the counter, or the session has ended: read again, or sign in again.
                    await self.hall.pause(1.0, real=True)
                    if refusal.status in (401, 403, 404) or refusal.code == "not-your-counter":
                        break

    async def _sit_down(self) -> None:
        hall = self.hall
        if self.token in hall.tokens:
            hall.tokens.remove(self.token)
        hall.taken.discard(self.counter)
        session = await hall.call("POST", "/sessions", {"login": self.login, "password": self.password})
        self.token = session["token"]
        hall.tokens.append(self.token)
        counters = (await hall.call("GET", f"{hall.base}/counters", token=self.token))["counters"]
        self.counter = self._choose(counters)
        hall.taken.add(self.counter)
        await hall.call("POST", f"{hall.base}/counters/{self.counter}/sitting", token=self.token)

    def _choose(self, counters: list[dict[str, Any]]) -> str:
        """This clerk's counter, else the free one that serves the most queues that no other counter serves."""
        for counter in counters:
            if counter["mine"]:
                return str(counter["counter"])
        free = [one for one in counters if not one["open"] and one["counter"] not in self.hall.taken]
        if not free:
            raise Refusal(409, "counter-taken")
        used = [one for one in counters if one not in free]
        served = {queue for one in used for queue in one["queues"]}
        best = max(free, key=lambda one: len(set(one["queues"]) - served))
        return str(best["counter"])

    async def _serve_one(self) -> None:
        """Call a visitor, unless one is at the counter already, and carry the visit through."""
        desk = await self.hall.call("GET", self._path(), token=self.token)
        if desk["current"] is None:
            current = await self._call(desk)
            if current is None:
                await self.hall.pause(LOOK_SECONDS)
                return
        else:
            current = desk["current"]
        here = {"expected": current["id"]}
        if current["state"] == "called":
            if not await self._comes(here):
                return
            await self._act("starts", here)
        await self._visit(current, here)

    async def _call(self, desk: dict[str, Any]) -> Any:
        """Call the next visitor, or one who is parked."""
        wanted: dict[str, Any] = {"expected": None}
        if desk["parked"] and (not desk["waiting"] or self.chance.random() < 0.3):
            wanted["ticket"] = desk["parked"][0]["id"]
        elif not desk["waiting"]:
            return None
        return (await self._act("calls", wanted))["ticket"]

    async def _comes(self, here: dict[str, Any]) -> bool:
        """Whether the visitor comes; otherwise recall once and then mark the no-show."""
        await self.hall.pause(self.chance.uniform(*WALK_SECONDS))
        if self.chance.random() >= STAYS_AWAY:
            return True
        await self._act("recalls", here)
        await self.hall.pause(2 * WALK_SECONDS[1])
        await self._act("absences", here)
        return False

    async def _visit(self, current: dict[str, Any], here: dict[str, Any]) -> None:
        usual = next(
            (self.hall.length(one) for one in self.hall.services if one["service"] == current["service"]), 300.0
        )
        # The median of exp(N(mu, sigma)) is exp(mu).
        lasts = self.chance.lognormvariate(math.log(usual), SPREAD)
        what = self.chance.random()
        if what < NEEDS_A_FORM:
            await self.hall.pause(lasts / 4)
            await self._act("parkings", here)
            return
        if what < NEEDS_A_FORM + SENT_ON and (service := await self._elsewhere(current)):
            await self.hall.pause(lasts / 2)
            await self._act("transfers", here | {"service": service})
            return
        await self.hall.pause(lasts)
        outcome = "documents_missing" if self.chance.random() < WITHOUT_DOCUMENTS else "done"
        await self._act("finishes", here | {"outcome": outcome})

    async def _elsewhere(self, current: dict[str, Any]) -> str | None:
        """Another service that is open at a counter now."""
        queues = (await self.hall.call("GET", f"{self.hall.base}/queues"))["queues"]
        served = {queue["queue"] for queue in queues if queue["open_counters"]} - {current["queue"]}
        choices = [service["service"] for service in self.hall.services if service["queue"] in served]
        return self.chance.choice(choices) if choices else None

    async def _act(self, resource: str, body: dict[str, Any]) -> Any:
        return await self.hall.call("POST", f"{self._path()}/{resource}", body, self.token)

    def _path(self) -> str:
        return f"{self.hall.base}/counters/{self.counter}"
