"""Counters with calling profiles: whom they call, what the log says, and that the desk shows the same order."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from queue_system.actions import calling, staff
from queue_system.actions.counters import Desk
from queue_system.actions.sessions import SESSION_IDLE
from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.queries.desk import desk_view
from queue_system.store.queries.settings import branch_settings
from queue_system.store.tables import Counter, Service, table
from tests.kit.hall import Hall, edit, set_branch
from tests.kit.people import let_choose

COUNTER = table(Counter)
SERVICE = table(Service)


def by_profile(hall: Hall, *steps: dict[str, object]) -> tuple[str, str]:
    """Give counter c4 a profile of these steps; returns services of two queues that it serves."""
    counter = hall.branch.counters[hall.counter("c4")]
    services = {service.queue_id: service.slug for service in hall.branch.services.values()}
    first, second = [queue for queue in counter.queues if queue in services][:2]
    slugs = [hall.branch.queues[queue].slug for queue in (first, second)]
    said = [{**step, "queues": [slugs[1]], **({"watched": slugs[0]} if "when" in step else {})} for step in steps]
    profile = {"slug": "mornings", "names": {"ar": "الصباح", "en": "Mornings"}, "steps": said}
    set_branch(hall, calling_profiles={"mornings": profile})

    def change(tx: Tx) -> None:
        tx.execute(
            sa.update(COUNTER)
            .where(COUNTER.c.branch_id == hall.branch.id, COUNTER.c.id == counter.id)
            .values(calling_profile="mornings")
        )

    edit(hall, change)
    return services[first], services[second]


@pytest.fixture
def here(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


def reasons(hall: Hall) -> list[tuple[str, dict[str, object]]]:
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    return [(entry.data["reason"], entry.data["values"]) for entry in entries if entry.kind == "ticket.called"]


def test_a_profile_puts_queues_first_and_the_log_names_the_step(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    slow, quick = by_profile(hall, {})
    hall.issue(slow)
    clock.move(timedelta(minutes=5))
    later = hall.issue(quick).ticket
    foretold = hall.db.read_now(desk_view, hall.branch.id, "c4", SESSION_IDLE).order
    called = hall.call_next(here)
    assert called is not None
    assert called.id == later.id == foretold[0].ticket_id
    assert reasons(hall) == [("profile-always", {"profile": "mornings", "step": 1})]


def test_queues_take_turns_by_the_calls_that_were_made(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    slow, quick = by_profile(hall, {"when": "share", "calls": 2, "others": 1})
    names = {}
    for _ in range(4):
        names[hall.issue(slow).ticket.id] = "s"
    clock.move(timedelta(minutes=1))
    for _ in range(5):
        names[hall.issue(quick).ticket.id] = "q"
    foretold = hall.db.read_now(desk_view, hall.branch.id, "c4", SESSION_IDLE).order
    found, expected = [], None
    for _ in range(9):
        called = hall.call_next(Desk(here.branch_id, here.counter_id, here.staff_id, expected))
        assert called is not None
        found.append(called.id)
        expected = called.id
    assert "".join(names[one] for one in found) == "qqsqqsqss"
    assert found == [choice.ticket_id for choice in foretold]
    assert reasons(hall)[0] == ("profile-share", {"profile": "mornings", "step": 1, "calls": 2, "of": 3})


def test_the_promise_stands_above_a_profile(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    slow, quick = by_profile(hall, {})
    first = hall.issue(slow).ticket
    guard = hall.branch.queue_rules.max_wait_guard_min
    clock.move(timedelta(minutes=guard))
    hall.issue(quick)
    called = hall.call_next(here)
    assert called is not None
    assert called.id == first.id
    assert reasons(hall) == [("profile-promise", {"n": guard, "profile": "mornings"})]


def test_a_call_by_hand_of_whom_the_profile_calls_next_needs_no_reason(hall: Hall, here: Desk) -> None:
    slow, quick = by_profile(hall, {})
    hall.issue(slow)
    later = hall.issue(quick).ticket
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, here, later.id)
    assert reasons(hall)[0][0] == "profile-always"


def test_the_clerk_s_own_profile_goes_before_that_of_the_counter(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    slow, quick = by_profile(hall, {})
    first = hall.issue(slow).ticket
    hall.issue(quick)
    profile = dict(
        hall.db.read_now(branch_settings, hall.branch.id).calling_profiles["mornings"].model_dump(mode="json")
    )
    queues = [hall.branch.queues[hall.branch.service(slow).queue_id].slug]
    other = profile | {"slug": "slow", "steps": [{"queues": queues}]}
    set_branch(hall, calling_profiles={"mornings": profile, "slow": other})
    hall.db.write_now(staff.change_calling, "layla", [], [], "slow")
    foretold = hall.db.read_now(desk_view, hall.branch.id, "c4", SESSION_IDLE).order
    called = hall.call_next(here)
    assert called is not None
    assert called.id == first.id == foretold[0].ticket_id
    assert reasons(hall) == [("profile-always", {"profile": "slow", "step": 1})]


def test_a_skill_is_needed_for_next_and_not_for_a_call_with_a_reason(hall: Hall, here: Desk) -> None:
    let_choose(hall, "layla")
    service = hall.branch.services[hall.service("attest-single")]
    set_branch(hall, skills={"notary": {"ar": "توثيق", "en": "Notary"}})

    def need(tx: Tx) -> None:
        where = (SERVICE.c.branch_id == hall.branch.id) & (SERVICE.c.id == service.id)
        data = tx.scalar(sa.select(SERVICE.c.data).where(where))
        tx.execute(
            sa.update(SERVICE)
            .where(SERVICE.c.branch_id == hall.branch.id, SERVICE.c.id == service.id)
            .values(data={**data, "skills": ["notary"]})
        )

    edit(hall, need)
    ticket = hall.issue().ticket
    assert hall.call_next(here) is None
    with pytest.raises(Refused, match="call-reason-missing"):
        hall.db.write_in_now(hall.branch.id, calling.call_ticket, here, ticket.id)
    hall.db.write_now(staff.change_calling, "layla", ["notary"], ["ar"], None)
    called = hall.call_next(here)
    assert called is not None
    assert called.id == ticket.id
