"""A visitor who is fetched and not called: one person of the staff goes, and the desk reads who. On both databases."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from queue_system.actions import calling
from queue_system.actions.escorts import take_escort
from queue_system.clock import FrozenClock
from queue_system.core.errors import Missing, Refused
from queue_system.store import log
from queue_system.store.log import Actor
from queue_system.store.queries import line
from queue_system.store.queries.escorts import Escort, to_fetch
from tests.kit.hall import Hall
from tests.kit.levels import give_rules


@pytest.fixture
def fetching(hall: Hall) -> Hall:
    return give_rules(hall, "attest-single", "staff_escort")


def escorts(hall: Hall) -> list[Escort]:
    return hall.db.read_now(lambda tx: to_fetch(tx, hall.branch, line.in_hall(tx, hall.branch)))


def fetch(hall: Hall, ticket_id: UUID, staff_id: UUID) -> None:
    branch = hall.branch.id
    hall.db.write_in_now(branch, take_escort, branch, ticket_id, staff_id, Actor("staff", str(staff_id)))


def test_one_person_fetches_a_visitor_who_was_called(fetching: Hall) -> None:
    desk = fetching.sit(fetching.person("layla"))
    amal, nour = (fetching.person(login, ()) for login in ("amal", "nour"))
    ticket = fetching.issue().ticket
    with pytest.raises(Refused) as early:
        fetch(fetching, ticket.id, amal)
    assert early.value.code == "escort-not-called"
    assert escorts(fetching) == []
    fetching.call_next(desk)
    assert [one.by for one in escorts(fetching)] == [None]
    fetch(fetching, ticket.id, amal)
    fetch(fetching, ticket.id, amal)
    with pytest.raises(Refused) as late:
        fetch(fetching, ticket.id, nour)
    assert late.value.code == "escort-taken"
    assert [(one.ticket.id, one.by) for one in escorts(fetching)] == [(ticket.id, "amal name")]
    kinds = [one.kind for one in fetching.db.read_now(log.after, fetching.branch.id, 0)]
    assert kinds.count("ticket.fetched") == 1


def test_who_is_called_again_is_to_be_fetched_again(fetching: Hall, clock: FrozenClock) -> None:
    desk = fetching.sit(fetching.person("layla"))
    amal = fetching.person("amal", ())
    ticket = fetching.issue().ticket
    fetching.call_next(desk)
    fetch(fetching, ticket.id, amal)
    clock.move(timedelta(seconds=15))
    fetching.db.write_in_now(fetching.branch.id, calling.recall, fetching.at(desk.staff_id, expected=ticket.id))
    assert [one.by for one in escorts(fetching)] == [None]
    fetching.db.write_in_now(fetching.branch.id, calling.start_serving, fetching.at(desk.staff_id, expected=ticket.id))
    assert escorts(fetching) == [], "the visitor is at the counter"


def test_who_is_called_as_usual_is_fetched_by_nobody(hall: Hall) -> None:
    desk = hall.sit(hall.person("layla"))
    ticket = hall.issue().ticket
    hall.call_next(desk)
    assert escorts(hall) == []
    with pytest.raises(Missing):
        fetch(hall, ticket.id, desk.staff_id)
