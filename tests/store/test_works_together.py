"""Works that share a transaction: a change that one of them leaves waiting is refused to that one alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.core.errors import Refused
from queue_system.store.database import Tx
from queue_system.store.prepared import Prepared
from queue_system.store.tables import Branch, table
from tests.kit.hall import Hall
from tests.kit.together import in_one_transaction

BRANCH = table(Branch)
_NOWHERE = Prepared(sa.update(BRANCH).where(BRANCH.c.last_seq == sa.bindparam("seq")).values(last_seq=0))


def refused(tx: Tx) -> str:
    tx.later(_NOWHERE, {"seq": -1}, Refused("booking-over"))
    return "answered"


def wrong(tx: Tx) -> str:
    """Leaves a change with another value than the statement takes, which fails before the database sees it."""
    tx.later(_NOWHERE, {"other": 1})
    return "answered"


def reads(tx: Tx) -> int:
    return len(tx.rows(sa.select(BRANCH.c.id)))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_change_that_changes_nothing_is_refused_to_whoever_made_it(hall: Hall, place: int) -> None:
    works: list[Callable[[Tx], Any]] = [reads, reads]
    works.insert(place, refused)
    jobs: list[Future[Any]] = in_one_transaction(hall, works)
    problem = jobs.pop(place).exception()
    assert isinstance(problem, Refused)
    assert problem.code == "booking-over"
    assert len({job.result() for job in jobs}) == 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_change_that_cannot_be_sent_fails_for_whoever_made_it(hall: Hall, place: int) -> None:
    works: list[Callable[[Tx], Any]] = [reads, reads]
    works.insert(place, wrong)
    jobs: list[Future[Any]] = in_one_transaction(hall, works)
    assert isinstance(jobs.pop(place).exception(), ValueError)
    assert len({job.result() for job in jobs}) == 1
