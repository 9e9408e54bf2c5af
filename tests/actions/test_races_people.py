"""Two people who take away each other's last rights at the same moment: somebody is left. On both databases."""

from __future__ import annotations

import pytest

from queue_system.actions import authority, staff, staff_roles
from queue_system.clock import FrozenClock
from queue_system.store.log import Actor
from queue_system.store.tables import ORGANISATION
from tests.kit.crowd import Work, crowd, meet, unlocked
from tests.kit.hall import Hall

BOTH = ("first", "second")


def strip_each_other(hall: Hall) -> list[Work]:
    ids = {login: hall.administrator(login) for login in BOTH}

    def strip(login: str, actor: Actor) -> Work:
        return lambda node: node.write_now(staff_roles.take_role, login, ORGANISATION, "administrator", "", actor)

    first, second = (Actor("staff", str(ids[login])) for login in BOTH)
    return [strip("second", first), strip("first", second)]


def lock_each_other(hall: Hall) -> list[Work]:
    for login in BOTH:
        hall.administrator(login)
    return [lambda node, login=login: node.write_now(staff.lock_staff, login) for login in BOTH]  # type: ignore[misc]


@pytest.mark.parametrize("each_other", [strip_each_other, lock_each_other])
def test_two_administrators_who_remove_each_other_leave_one(
    hall: Hall, db_url: str, clock: FrozenClock, each_other: object
) -> None:
    works = each_other(hall)  # type: ignore[operator]
    with crowd(db_url, clock, 2) as people:
        answers = people.rush(works)
    assert len(hall.db.read_now(authority.administrators)) == 1
    assert sum(isinstance(answer, Exception) for answer in answers) == 1


def test_without_the_lock_they_leave_nobody(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = lock_each_other(hall)
    unlocked(monkeypatch)
    # They look before their change and after it. SQLite has one writer at a time, so the second sees the first even then.
    times = 1 if hall.db.dialect.is_embedded else 2
    with crowd(db_url, clock, 2) as people, meet(authority, "administrators", 2, times):
        people.rush(works)
    assert len(hall.db.read_now(authority.administrators)) == (1 if hall.db.dialect.is_embedded else 0)
