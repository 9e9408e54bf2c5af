"""What needs a hand in the hall: waits beyond a target, queues that nobody serves, people without settings, a late end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ...core import hours
from ...core.rights import COUNTER_RIGHTS, DESK_RIGHTS, TODAY_RIGHTS
from ...core.tickets import TicketState
from ...i18n import dates
from ...i18n.filters import localised
from ...store.database import Tx
from ...store.queries import line
from ...store.queries.calling_profiles import callers
from ...store.queries.class_targets import beyond_target
from ...store.queries.settings import BranchSettings
from ...web.departments import queues_for
from .frame import InOffice
from .todo_item import Item
from .undecided_line import seen_in_line


def unserved_queues(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Queues in which people wait and that no open counter serves."""
    seen = queues_for(here.person, branch, TODAY_RIGHTS)
    opens = here.person.may_any(COUNTER_RIGHTS, branch.id)
    sits = not opens and here.person.may_any(DESK_RIGHTS, branch.id)
    words = here.words
    return [
        Item(
            "bad",
            words.text(
                "today.unserved",
                queue=localised(one.queue.names, here.language),
                people=words.plural("common.people-waiting", one.people),
                since=words.text("common.first-since", time=dates.time(one.since, branch.zone, words)),
            ),
            "today.open-a-counter" if opens or sits else "today.see-counters",
            link="/desk" if sits else "#counters",
        )
        for one in _unserved(tx, branch)
        if one.queue.id in seen
    ]


def beyond_targets(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """People who wait longer than is aimed at for their class; the order of calls stays as published."""
    seen, words = queues_for(here.person, branch, TODAY_RIGHTS), here.words
    sits = here.person.may_any(DESK_RIGHTS, branch.id)
    waiting = [one for one in line.in_hall(tx, branch) if one.queue_id in seen]
    return [
        Item(
            "bad",
            words.plural(
                "today.beyond-target",
                len(one.tickets),
                priority=localised(one.priority.names, here.language),
                target=dates.minutes(one.target_min, words),
                since=words.text("common.first-since", time=dates.time(one.tickets[0].anchor_at, branch.zone, words)),
            ),
            "today.to-the-desk" if sits else "today.see-counters",
            link="/desk" if sits else "#counters",
        )
        for one in beyond_target(branch, waiting, here.now)
    ]


def unskilled_services(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """Services for which people wait and whose skills nobody at an open counter has."""
    if not line.skills_needed(branch):
        return []
    seen = queues_for(here.person, branch, TODAY_RIGHTS)
    there = callers(tx, branch, line.open_counters(tx, branch))
    served = {queue_id for one in there for queue_id in one.queues}
    tickets = line.in_hall(tx, branch)
    lacking: dict[UUID, int] = {}
    for ticket in tickets:
        needed = line.skills_needed(branch).get(ticket.service_id)
        able = any(ticket.queue_id in one.queues and needed <= one.skills for one in there) if needed else True
        # A queue that nobody serves at all is an item of its own.
        if ticket.state is TicketState.WAITING and ticket.queue_id in seen & served and not able:
            lacking[ticket.service_id] = lacking.get(ticket.service_id, 0) + 1
    words = here.words
    return [
        Item(
            "bad",
            words.text(
                "today.unskilled",
                service=localised(branch.services[service_id].names, here.language),
                people=words.plural("common.people-waiting", people),
            ),
            "today.see-counters",
            link="#counters",
        )
        for service_id, people in lacking.items()
    ]


def late_end(_tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """The last of those who wait will be called after the branch closes."""
    last = here.installation.waits.last_call(branch.id, here.now)
    closes = hours.last_closing(here.now, branch.calendar, branch.day_starts)
    if last is None or last <= closes:
        return []

    def clock(at: datetime) -> str:
        return dates.time(at, branch.zone, here.words)

    sentence = here.words.text("today.late-end", last=clock(last), closes=clock(closes))
    return [Item("note", sentence, "today.see-counters", link="#counters")]


def undecided_line(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """People in line whom the settings no longer support."""
    count = len(seen_in_line(tx, here.person, branch))
    sentence = here.words.plural("today.undecided-line", count)
    return [Item("bad", sentence, "today.decide", link="/office/undecided")] if count else []


def _unserved(tx: Tx, branch: BranchSettings) -> list[line.UnservedView]:
    return line.unserved(line.in_hall(tx, branch), branch, line.open_counters(tx, branch))
