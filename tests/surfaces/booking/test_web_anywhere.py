"""The first free times for a service at any branch that gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from queue_system.store.queries.bookings import free_days
from queue_system.store.queries.settings import Names
from queue_system.store.tables import Service, table
from tests.kit.hall import Hall, change_settings, enter, furnish
from tests.kit.public_visitor import NAME, PHONE, Visitor
from tests.kit.web_hall import application

SERVICE = table(Service)
# Both can be booked by everybody; in these tests they are one service at two branches.
CAREER, OTHER = "/book/nama/career", "/book/dreama/orphan-support"


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[Visitor, Hall]]:
    database = Database(sqlite_url, clock)
    hall = furnish(database, "social-work", "nama")
    names = hall.branch.service("career").names
    change_settings(database, same_service(names, "normal"))
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, first):
        yield Visitor(client, "en"), enter(first.db, "nama")


def test_the_first_times_of_two_branches_lead_to_their_booking(place: tuple[Visitor, Hall]) -> None:
    visitor, hall = place
    visitor.open(CAREER)
    page = visitor.follow("/anywhere$")
    starts = [re.search(r"\d{8}T\d{4}Z", href) for href in page.hrefs(r"T\d{4}Z$")]
    found = [one.group() for one in starts if one]
    assert len(found) == 3
    assert found == sorted(found)
    both = [*times(hall, "career"), *times(enter(hall.db, "dreama"), "orphan-support")]
    assert found == sorted(both)[:3]
    assert "2 branches give this service." in page.text
    visitor.follow(r"T\d{4}Z$")
    check = visitor.send(name=NAME, contact=PHONE)
    assert check.status == 200
    assert check.url.endswith("/check")


def test_a_service_of_one_branch_leads_nowhere(place: tuple[Visitor, Hall]) -> None:
    visitor, _ = place
    assert not visitor.open("/book/nama/volunteer").hrefs("anywhere")
    assert visitor.open("/book/nama/volunteer/anywhere").url.endswith("/volunteer")


def test_what_is_nobodys_business_is_not_found(place: tuple[Visitor, Hall]) -> None:
    """A discreet service of another branch with the same name stays out, and leads to no other branch itself."""
    visitor, hall = place
    other = enter(hall.db, "dreama").branch
    change_settings(hall.db, same_service(hall.branch.service("career").names, "sensitive"))
    assert not visitor.open(CAREER).hrefs("anywhere")
    page = visitor.open(f"{CAREER}/anywhere")
    assert page.url.endswith("/career")
    assert other.names["en"] not in page.text
    assert visitor.open(f"{OTHER}/anywhere").url.endswith("/orphan-support")


def same_service(names: Names, level: str) -> sa.Executable:
    """Give a service of another branch the names of the first, and a level."""
    return sa.update(SERVICE).where(SERVICE.c.slug == "orphan-support").values(names=names, confidentiality=level)


def times(hall: Hall, slug: str) -> list[str]:
    days = hall.db.read_now(free_days, hall.branch, hall.branch.service(slug), date(2026, 11, 22), date(2026, 11, 26))
    return [f"{slot.start:%Y%m%dT%H%MZ}" for day in days for slot in day.slots]
