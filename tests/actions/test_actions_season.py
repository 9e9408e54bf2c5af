"""A class that is given in a season alone: who grants it then, and that it is refused on other days. On both databases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions.raising import raise_ticket
from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused
from queue_system.ops.doctor import look_at_seasons
from queue_system.settings.branch import Branch
from queue_system.settings.catalogue import Catalogue
from queue_system.settings.references import used_entries
from queue_system.store.log import Actor
from queue_system.store.queries import classes, line
from queue_system.store.queries.line import TicketView
from queue_system.store.tables import Priority, SeasonRow, Service, table
from tests.kit.furnished import profile_of
from tests.kit.hall import Hall, change_settings, edit, enter

RECEPTION = Actor("staff", "01a214ae-a28f-72e1-94f5-49f1eea5c5c4")
CLASSES = table(Priority)
SERVICES = table(Service)
WEEK = timedelta(days=7)


def with_season(hall: Hall, slug: str, first: date, *, named: tuple[str, ...] = ()) -> Hall:
    """The hall with a season of two weeks, and with these seasons named by the class of students."""
    season = {"slug": slug, "first": first, "last": first + 2 * WEEK, "position": 9, "provisional": False}
    data: dict[str, Any] = {"season_only": True, "seasons": list(named)} if named else {"season_only": True}
    change_settings(
        hall.db,
        sa.insert(table(SeasonRow)).values(**season),
        sa.update(CLASSES).where(CLASSES.c.slug == "student_exam").values(data=data),
    )
    return enter(hall.db)


def raised(hall: Hall, ticket: TicketView) -> TicketView:
    branch = hall.branch.id
    return hall.db.write_in_now(branch, raise_ticket, branch, ticket.id, "student_exam", "document", RECEPTION)


def today(hall: Hall, clock: FrozenClock) -> date:
    return hall.branch.timetable.business_date(clock.now())


def test_within_its_season_a_class_is_granted_with_the_number_and_later(hall: Hall, clock: FrozenClock) -> None:
    hall = with_season(hall, "exams", today(hall, clock) - WEEK, named=("exams",))
    assert "student_exam" in classes.given_by_staff(hall.branch, today(hall, clock))
    assert hall.issue(priority="student_exam").ticket.priority == "student_exam"
    assert raised(hall, hall.issue().ticket).priority == "student_exam"


@pytest.mark.parametrize("named", [("exams",), ()])
def test_outside_its_season_a_class_is_neither_offered_nor_granted(
    hall: Hall, clock: FrozenClock, named: tuple[str, ...]
) -> None:
    hall = with_season(hall, "exams", today(hall, clock) + timedelta(days=1), named=named)
    waiting = hall.issue().ticket
    assert "student_exam" not in classes.given_by_staff(hall.branch, today(hall, clock))
    assert not [one for one, _ in classes.heavier_classes(hall.branch, waiting, today(hall, clock)) if one.season_only]
    with pytest.raises(Refused, match="class-out-of-season"):
        hall.issue(priority="student_exam")
    with pytest.raises(Refused, match="class-out-of-season"):
        raised(hall, waiting)
    assert hall.db.read_now(line.ticket, hall.branch.id, waiting.id) == waiting


def test_another_season_than_the_one_named_does_not_count(hall: Hall, clock: FrozenClock) -> None:
    begun = today(hall, clock) - WEEK
    hall = with_season(hall, "exams", begun)
    assert hall.issue(priority="student_exam").created, "without a name every season counts"
    hall = with_season(hall, "enrolment", today(hall, clock) + 4 * WEEK, named=("enrolment",))
    with pytest.raises(Refused, match="class-out-of-season"):
        hall.issue(priority="student_exam")


def test_the_class_of_a_service_waits_for_its_season_too(hall: Hall, clock: FrozenClock) -> None:
    wanted = SERVICES.c.branch_id == hall.branch.id, SERVICES.c.slug == "edu-attest"
    given = sa.update(SERVICES).where(*wanted).values(priority="student_exam")
    edit(hall, lambda tx: tx.execute(given))
    hall = enter(hall.db)
    assert hall.issue("edu-attest").ticket.priority == "walkin"
    hall = with_season(hall, "exams", today(hall, clock))
    assert hall.issue("edu-attest").ticket.priority == "student_exam"


def test_a_branch_takes_the_seasons_of_its_classes_along() -> None:
    organisation = profile_of("embassy")
    branch: Branch = organisation.branches["doha-main"]
    catalogue: Catalogue = organisation.catalogue
    named = catalogue.priorities["student_exam"].changed(seasons=("ramadan",))
    changed = catalogue.changed(priorities={**catalogue.priorities, "student_exam": named})
    without_hours = branch.changed(hours=tuple(one for one in branch.hours if one.season is None))
    assert ("season", "ramadan") in used_entries(without_hours, changed)
    assert ("season", "ramadan") not in used_entries(without_hours, catalogue)


def test_the_doctor_names_a_class_that_nobody_can_get_and_one_that_any_season_opens(
    hall: Hall, clock: FrozenClock
) -> None:
    def found() -> set[tuple[str, str | int]]:
        return {(one.code, one.values["class"]) for one in hall.db.read_now(look_at_seasons)}

    assert found() == set(), "the sample names a season with days to come"
    with_season(hall, "carnival", today(hall, clock) - 3 * WEEK)
    assert found() == {("class-in-any-season", "student_exam")}
    with_season(hall, "festival", today(hall, clock) - 3 * WEEK, named=("festival",))
    assert found() == {("class-without-days", "student_exam")}
    change_settings(hall.db, sa.update(table(SeasonRow)).values(last=today(hall, clock)))
    assert found() == set()
