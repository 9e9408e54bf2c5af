"""Silent emergency calls: made once, answered by a colleague, over, and each step in the log. On both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from queue_system.actions import alarms
from queue_system.actions.counters import Desk
from queue_system.core.errors import Missing, Refused
from queue_system.store import log
from queue_system.store.log import Actor
from queue_system.store.queries.alarms import AlarmView, open_alarms
from queue_system.store.tables import Alarm, table
from tests.kit.hall import Hall


@pytest.fixture
def here(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


def told(hall: Hall) -> list[tuple[str, str]]:
    """The facts about calls for help, each with its author."""
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    return [(one.kind, one.actor_id) for one in entries if one.kind.startswith("counter.alarm")]


def now(hall: Hall) -> list[AlarmView]:
    return hall.db.read_now(open_alarms, hall.branch.id)


def call(hall: Hall, here: Desk) -> None:
    hall.db.write_in_now(hall.branch.id, alarms.raise_alarm, here)


def come(hall: Hall, here: Desk, staff: UUID) -> None:
    hall.db.write_in_now(
        hall.branch.id, alarms.answer_alarm, hall.branch.id, here.counter_id, staff, Actor("staff", str(staff))
    )


def end(hall: Hall, here: Desk) -> None:
    hall.db.write_in_now(hall.branch.id, alarms.end_alarm, hall.branch.id, here.counter_id, here.actor)


def test_a_call_is_open_until_it_is_over_and_every_step_is_in_the_log(hall: Hall, here: Desk) -> None:
    omar = hall.person("omar")
    call(hall, here)
    assert [(one.counter_id, one.name, one.coming) for one in now(hall)] == [(here.counter_id, "layla name", None)]
    come(hall, here, omar)
    assert [one.coming for one in now(hall)] == ["omar name"]
    end(hall, here)
    assert now(hall) == []
    layla = str(here.staff_id)
    assert told(hall) == [
        ("counter.alarm_raised", layla),
        ("counter.alarm_answered", str(omar)),
        ("counter.alarm_over", layla),
    ]


def test_pressing_in_fright_calls_once(hall: Hall, here: Desk) -> None:
    with ThreadPoolExecutor(4) as hands:
        list(hands.map(lambda _: call(hall, here), range(4)))
    assert len(now(hall)) == len(told(hall)) == 1


def test_the_database_itself_keeps_one_call_for_each_counter(hall: Hall, here: Desk) -> None:
    call(hall, here)
    row = {
        "branch_id": hall.branch.id,
        "counter_id": here.counter_id,
        "staff_id": here.staff_id,
        "raised_at": hall.db.clock.now(),
    }
    with pytest.raises(sa.exc.IntegrityError):
        hall.db.write_now(lambda tx: tx.execute(sa.insert(table(Alarm)).values(row)))


def test_the_first_who_comes_is_named_and_nobody_answers_their_own_call(hall: Hall, here: Desk) -> None:
    omar, rana = hall.person("omar"), hall.person("rana")
    call(hall, here)
    with pytest.raises(Refused, match="alarm-own"):
        come(hall, here, here.staff_id)
    come(hall, here, omar)
    come(hall, here, rana)
    assert [one.coming for one in now(hall)] == ["omar name"]
    assert len(told(hall)) == 2


def test_what_is_over_is_over(hall: Hall, here: Desk) -> None:
    end(hall, here)
    come(hall, here, hall.person("omar"))
    assert (now(hall), told(hall)) == ([], [])
    call(hall, here)
    end(hall, here)
    call(hall, here)
    assert len(now(hall)) == 1, "help can be called again"


def test_help_is_called_also_where_the_counter_was_closed_meanwhile(hall: Hall) -> None:
    call(hall, hall.at(hall.person("layla"), "c3"))
    assert [one.name for one in now(hall)] == ["layla name"]


def test_a_counter_of_another_branch_is_no_counter_here(hall: Hall, here: Desk) -> None:
    with pytest.raises(Missing):
        hall.db.write_in_now(hall.branch.id, alarms.end_alarm, hall.branch.id, uuid4(), here.actor)
