"""The book of a demonstration: people in every sample, and a week of made-up appointments around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions.installation import install
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.rights import granted
from queue_system.demo import book
from queue_system.demo.casts import CASTS
from queue_system.demo.people import Cast, with_people
from queue_system.profiles import profile_names, read_profile
from queue_system.settings.consistency import faults
from queue_system.store.database import Database
from queue_system.store.log import verify
from queue_system.store.queries.appointments import DayOfBookings, appointments_on
from queue_system.store.queries.members import members_of, needs_of
from queue_system.store.queries.settings import BranchSettings
from queue_system.store.tables import Block, Booking, HomeVisit, Participant, SeriesDate, table
from tests.kit.hall import enter

EMBASSY = "embassy-sy-doha"
# A Tuesday in Doha, in the middle of the morning.
MORNING = datetime(2026, 11, 24, 7, tzinfo=UTC)
TODAY = MORNING.date()


@pytest.mark.parametrize("profile", profile_names())
def test_every_sample_with_people_is_as_right_as_without(profile: str) -> None:
    sample = read_profile(profile)
    casts = CASTS[sample.slug]
    found = with_people(sample, casts)
    for slug, cast in casts.items():
        branch = found.branches[slug]
        assert faults(branch, found.catalogue) == ()
        assert {*cast.day, cast.series} <= branch.services.keys()
        assert cast.series in cast.day
        assert cast.away in cast.members
        # Nobody could take these people for real ones.
        assert all(
            "مثال" in one.texts.ar and "Example" in one.texts.en
            for one in cast.members.values()
            if one.kind in ("person", "interpreter")
        )
    # One sign-in beside the administrator can play it through: record who is ill, and book for those who lose their time.
    heads = [slug for slug, one in found.roles.items() if {"block_members", "book_for_visitor"} <= granted(one.can)]
    assert heads
    assert all("move_bookings" in granted(found.roles[slug].can) for slug in heads)
    assert read_profile(profile) == sample


def test_a_newcomer_finds_a_living_day(db: Database, clock: FrozenClock) -> None:
    installed(db, clock)
    assert fill(db, {}) == {"doha-main": "2026-11-30"}
    assert db.clock is clock
    branch, day = on(db, TODAY)
    assert len(day.bookings) == len(CASTS[EMBASSY]["doha-main"].day)
    assert {one.state for one in day.bookings} == {BookingState.CONFIRMED}
    assert all(one.created_at < MORNING - timedelta(hours=4) for one in day.bookings), "made on the evening before"
    # Everybody has something to do, and nobody everything.
    had = {members_of(branch)[one.member].slug for booking in day.bookings for one in day.had(booking)}
    assert had >= set(CASTS[EMBASSY]["doha-main"].members)
    [visit] = [one for one in day.bookings if branch.services[one.service_id].at_home]
    assert rows(db, HomeVisit)[0].booking_id == visit.id
    # Somebody comes every week; the 8th of December is a holiday.
    assert len({row.series_id for row in rows(db, SeriesDate)}) == 1
    assert sum(row.booking_id is not None for row in rows(db, SeriesDate)) >= 2
    assert [row.reason for row in rows(db, Block)] == ["training"]
    # Of those whose time is over, most came.
    over = {one.id for one in day.bookings if one.ends_at <= MORNING}
    came = {row.booking_id: row.attendance for row in rows(db, Participant) if row.attendance}
    assert came.keys() == over
    assert "came" in came.values()
    later = [len(on(db, TODAY + timedelta(days=n))[1].bookings) for n in range(1, book.DAYS)]
    assert sum(later) >= 20
    # Weekends are free, and every other day has free time.
    assert later[2] == later[3] == 0
    assert max(later) < len(day.bookings)
    assert all(verdict.broken_at is None for verdict in db.read_now(verify))


def test_the_next_run_adds_only_the_days_that_are_new_and_nothing_that_is_over(
    db: Database, clock: FrozenClock
) -> None:
    installed(db, clock)
    until = fill(db, {})
    before = {n: ids(db, n) for n in range(book.DAYS)}
    assert fill(db, until) == until
    clock.move(timedelta(days=1))
    until = fill(db, until)
    assert until == {"doha-main": "2026-12-01"}
    assert {n: ids(db, n) for n in range(book.DAYS)} == before
    assert ids(db, book.DAYS)
    # After a long pause today is new, too, and what would have been this morning is left out.
    clock.move(timedelta(days=21))
    fill(db, until)
    _, today = on(db, clock.now().date())
    assert today.bookings
    assert all(one.starts_at > clock.now() for one in today.bookings)


def test_a_run_that_ended_between_two_branches_fills_the_first_one_only_once(db: Database, clock: FrozenClock) -> None:
    wanted = next(one for name in profile_names() if len(CASTS.get((one := read_profile(name)).slug, {})) > 1)
    casts = CASTS[wanted.slug]
    db.write_now(install, with_people(wanted, casts))
    clock.move(MORNING - clock.now())
    kept: dict[str, str] = {}

    def stop(filled: dict[str, str]) -> None:
        kept.update(filled)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        book.fill(db, casts, {}, stop)
    [first] = kept
    before = booked_by_branch(db)
    until = fill(db, kept, casts)
    after = booked_by_branch(db)
    assert until.keys() == casts.keys()
    assert list(before) == [enter(db, first).branch.id]
    assert {key: after[key] for key in before} == before
    assert len(after) == len(casts)


def test_a_demonstration_from_before_there_were_people_is_left_as_it_is(db: Database) -> None:
    db.write_now(install, read_profile("embassy"))
    assert fill(db, {}) == {}
    assert not on(db, TODAY)[1].bookings


def test_people_add_to_what_the_sample_needs(db: Database, clock: FrozenClock) -> None:
    installed(db, clock)
    branch = enter(db, "doha-main").branch
    advice = branch.service("legal-advice")
    kinds = {members_of(branch)[option].kind for need in needs_of(branch, advice.id) for option in need.options}
    assert kinds == {"person", "interpreter", "room"}
    assert branch.helpers


def fill(db: Database, until: dict[str, str], casts: Mapping[str, Cast] = CASTS[EMBASSY]) -> dict[str, str]:
    """Fill the book; the last days that are saved."""
    saved = until

    def save(filled: dict[str, str]) -> None:
        nonlocal saved
        saved = dict(filled)

    book.fill(db, casts, until, save)
    return saved


def booked_by_branch(db: Database) -> dict[Any, int]:
    return Counter(row.branch_id for row in rows(db, Booking))


def installed(db: Database, clock: FrozenClock) -> None:
    db.write_now(install, with_people(read_profile("embassy"), CASTS[EMBASSY]))
    clock.move(MORNING - clock.now())


def on(db: Database, day: date) -> tuple[BranchSettings, DayOfBookings]:
    branch = enter(db, "doha-main").branch
    return branch, db.read_now(appointments_on, branch, day)


def ids(db: Database, n: int) -> set[str]:
    return {str(one.id) for one in on(db, TODAY + timedelta(days=n))[1].bookings}


def rows(db: Database, model: type) -> list[Any]:
    return db.read_now(lambda tx: list(tx.rows(sa.select(table(model)))))
