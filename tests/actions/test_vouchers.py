"""A visitor who lacked documents comes back once with a voucher. On both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from queue_system.actions import calling
from queue_system.actions.counters import Desk
from queue_system.actions.vouchers import come_again
from queue_system.clock import FrozenClock
from queue_system.core.errors import DomainError, Missing, Refused
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.vouchers import VoucherView, voucher_of
from tests.kit.hall import Hall, set_rules


@pytest.fixture
def here(hall: Hall) -> Desk:
    set_rules(hall, return_days=7)
    return hall.sit(hall.person("layla"))


def do(hall: Hall, action: Any, here: Desk, *args: Any) -> Any:
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return hall.db.write_in_now(hall.branch.id, action, replace(here, expected=current.id if current else None), *args)


def sent_away(hall: Hall, here: Desk, outcome: str = "documents_missing") -> TicketView:
    ticket = hall.issue().ticket
    do(hall, calling.call_next, here)
    do(hall, calling.finish, here, outcome)
    return ticket


def voucher(hall: Hall, ticket: TicketView) -> VoucherView | None:
    return hall.db.read_now(voucher_of, hall.branch.id, ticket.id)


def come(hall: Hall, ticket: TicketView) -> TicketView:
    issued = hall.db.write_in_now(hall.branch.id, come_again, hall.branch.id, ticket.id, SYSTEM, language="ar")
    return issued.ticket


def test_missing_documents_alone_give_a_voucher_and_only_where_the_branch_gives_any(hall: Hall, here: Desk) -> None:
    assert voucher(hall, sent_away(hall, here, "refused")) is None
    got = voucher(hall, sent_away(hall, here))
    assert got is not None
    assert (len(got.code), got.used_by) == (8, None)
    set_rules(hall, return_days=None)
    assert voucher(hall, sent_away(hall, here)) is None


def test_who_comes_back_is_called_before_those_who_came_first_and_only_once(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    first = sent_away(hall, here)
    clock.move(timedelta(days=2))
    waiting = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    again = come(hall, first)
    assert (again.service_id, again.priority) == (first.service_id, "appointment")
    clock.move(timedelta(minutes=10))
    assert come(hall, first).id == again.id
    hall.sit(here.staff_id)
    assert do(hall, calling.call_next, here).id == again.id
    with pytest.raises(Refused, match="voucher-used"):
        come(hall, first)
    do(hall, calling.start_serving, here)
    assert do(hall, calling.call_next, here).id == waiting.id


def test_the_class_is_the_one_that_the_branch_sets(hall: Hall, here: Desk) -> None:
    set_rules(hall, return_days=7, return_class="elderly")
    assert come(hall, sent_away(hall, here)).priority == "elderly"


def test_a_voucher_is_valid_until_the_end_of_its_last_day(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    punctual, late = sent_away(hall, here), sent_away(hall, here)
    clock.move(timedelta(days=7))
    assert come(hall, punctual).state is TicketState.WAITING
    clock.move(timedelta(days=1))
    with pytest.raises(Refused, match="voucher-expired"):
        come(hall, late)
    assert voucher(hall, late).used_by is None  # type: ignore[union-attr]


def test_no_voucher_is_found_for_another_visit(hall: Hall, here: Desk) -> None:
    with pytest.raises(Missing, match="voucher"):
        come(hall, sent_away(hall, here, "done"))


def test_a_press_that_is_taken_back_takes_the_voucher_with_it(hall: Hall, here: Desk) -> None:
    ticket = sent_away(hall, here)
    do(hall, calling.take_back, here)
    assert voucher(hall, ticket) is None
    do(hall, calling.finish, here, "documents_missing")
    come(hall, ticket)
    with pytest.raises(Refused, match="take-back-moved"):
        do(hall, calling.take_back, here)


def test_of_many_who_come_at_once_with_one_voucher_all_get_one_number(hall: Hall, here: Desk) -> None:
    first = sent_away(hall, here)

    def one(_: int) -> str:
        try:
            return str(come(hall, first).id)
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(one, range(8)))
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    assert [entry.kind for entry in entries].count("ticket.voucher_used") == 1
    assert len(found) == 1


def test_the_log_has_no_code_of_a_voucher(hall: Hall, here: Desk) -> None:
    got = voucher(hall, sent_away(hall, here))
    assert got is not None
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    assert "ticket.voucher_issued" in [entry.kind for entry in entries]
    assert not [entry for entry in entries if got.code in str(entry.data) or got.token in str(entry.data)]
