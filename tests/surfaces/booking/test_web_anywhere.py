"""The first free times for a service at any branch that gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from limits import parse

from queue_system.clock import FrozenClock
from queue_system.store.database import Database, Tx
from queue_system.store.queries.bookings import DaySlots, free_days
from queue_system.store.queries.settings import BranchSettings, Names
from queue_system.store.tables import Service, table
from queue_system.surfaces.booking import any_branch, services
from queue_system.web import limits
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


def test_branches_are_counted_and_a_service_of_another_name_is_another_one(place: tuple[Visitor, Hall]) -> None:
    visitor, hall = place
    names = hall.branch.service("career").names
    # A branch with two services of this name is still one.
    change_settings(hall.db, sa.update(SERVICE).where(SERVICE.c.slug == "volunteer").values(names=names))
    assert "2 branches give this service." in visitor.open(f"{CAREER}/anywhere").text
    other = {"names": {"ar": "خدمة أخرى", "en": "Something else"}, "slug": "career"}
    change_settings(hall.db, sa.update(SERVICE).where(SERVICE.c.slug == "orphan-support").values(other))
    assert visitor.open(f"{CAREER}/anywhere").url.endswith("/career")


def test_a_branch_is_not_looked_at_beyond_the_times_that_are_shown(
    place: tuple[Visitor, Hall], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, _ = place
    looked: dict[str, set[date]] = {}

    def watched(tx: Tx, branch: BranchSettings, *args: Any, **kwargs: Any) -> list[DaySlots]:
        found = free_days(tx, branch, *args, **kwargs)
        looked.setdefault(branch.slug, set()).update(one.day for one in found)
        return found

    for module in (any_branch, services):
        monkeypatch.setattr(module, "free_days", watched)
    shown = visitor.open(f"{CAREER}/anywhere").hrefs(r"T\d{4}Z$")
    last = max(date.fromisoformat(href.split("/")[-2]) for href in shown)
    assert len(shown) == 3
    assert max(looked.pop("nama")) > last, "the first branch is looked at for a week"
    assert max(looked.pop("dreama")) <= last
    assert looked == {}


def test_looking_everywhere_is_limited(place: tuple[Visitor, Hall], monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, _ = place
    monkeypatch.setitem(limits.RATES, "searches", parse("2 per hour"))
    answers = [visitor.client.get(f"{CAREER}/anywhere").status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def same_service(names: Names, level: str) -> sa.Executable:
    """Give a service of another branch the names of the first, and a level."""
    return sa.update(SERVICE).where(SERVICE.c.slug == "orphan-support").values(names=names, confidentiality=level)


def times(hall: Hall, slug: str) -> list[str]:
    days = hall.db.read_now(free_days, hall.branch, hall.branch.service(slug), date(2026, 11, 22), date(2026, 11, 26))
    return [f"{slot.start:%Y%m%dT%H%MZ}" for day in days for slot in day.slots]
