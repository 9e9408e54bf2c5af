"""What the made-up visitors of a past day are told of their wait: by the estimator of the real hall, without a server."""

from __future__ import annotations

from dataclasses import replace

from ..core.tickets import TAKE_BACK
from ..core.waits.announce import Announced, Announcements
from ..core.waits.forecast import SEED, forecast
from ..store.database import Database, Tx
from ..store.queries import line
from ..store.queries.past_waits import LEARNT_FROM, learn, outcomes
from ..store.queries.settings import BranchSettings, ServiceView
from ..store.queries.waits import hall_of, newcomer_of


class Telling:
    """Does for one day of a branch, when somebody comes, what `web.forecaster` and `web.waits` do in a real hall.

    Only whoever comes is forecast, and not everybody who might, because the whole would take most of the demonstration's
    start; what is told is the same. Make it before the first visitor of the day: how long visits take is what was seen
    on earlier days.
    """

    def __init__(self, database: Database, branch: BranchSettings) -> None:
        self._database = database
        self._branch = branch
        self._announcements = Announcements()
        self._learnt = database.read_now(learn, branch.id)
        self._heard_until = database.clock.now() - LEARNT_FROM

    def told(self, service: ServiceView, priority: str) -> Announced | None:
        """What somebody is told who takes a number now, in a class; None where no range can be told."""
        if not self._announcements.may_be_told(service.queue_id, self._learnt.visits.get(service.queue_id, 0)):
            return None
        until = self._database.clock.now() - TAKE_BACK
        for outcome in self._database.read_now(outcomes, self._branch, self._heard_until, until):
            self._announcements.learn(outcome.announced, outcome.minutes, came=outcome.called)
        self._heard_until = until
        return self._database.read_now(self._said, service, priority)

    def _said(self, tx: Tx, service: ServiceView, priority: str) -> Announced | None:
        newcomer = newcomer_of(self._branch, service, self._branch.timetable.business_date(tx.now), priority)
        hall = hall_of(tx, self._branch, line.in_hall(tx, self._branch), self._learnt.come)
        wait = forecast(replace(hall, newcomers=[newcomer]), self._learnt.durations, SEED).newcomers[newcomer]
        return self._announcements.say(service.queue_id, wait)
