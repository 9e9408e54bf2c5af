"""Several people edit settings at the same moment, on several nodes. On both databases."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from queue_system.actions import bookings, placing, settings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.settings import UnfitSettings
from queue_system.clock import FrozenClock
from queue_system.core.errors import DomainError
from queue_system.settings.branch import Branch
from queue_system.settings.edits import Conflicted, Edit, applied, difference
from queue_system.settings.objects import objects_of
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR, Locked
from queue_system.store.queries.effect import undecided
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import BranchSettings, branch_settings, load
from queue_system.store.queries.values import value_at
from queue_system.store.tables import ORGANISATION
from tests.kit.changed_settings import changed
from tests.kit.crowd import PATIENCE_SECONDS, Work, crowd, meet, unlocked
from tests.kit.hall import Hall

pytestmark = pytest.mark.slow

PEOPLE = 6
DAYS = 4


def saving(hall: Hall, edit: Edit) -> Work:
    """Save an edit whose preview was seen before."""
    told = hall.db.read_now(settings.preview, hall.branch.id, [edit])
    return lambda node: node.write_now(settings.save, hall.branch.id, [edit], told.sha256, actor=SYSTEM, person=None)


def named(hall: Hall, number: int) -> Edit:
    names = dict(hall.branch.counter("c1").names)
    return Edit("counter", "c1", {"names": names}, {"names": {**names, "en": f"Counter of person {number}"}})


def value(node: Database, branch_id: UUID) -> Branch:
    found = node.read_now(lambda tx: value_at(StoredRows(tx), branch_id))
    assert isinstance(found, Branch)
    return found


# ---------------------------------------------------------------- one field


def test_of_many_who_change_one_field_one_succeeds_and_the_others_are_told(
    hall: Hall, db_url: str, clock: FrozenClock
) -> None:
    works = [saving(hall, named(hall, number)) for number in range(PEOPLE)]
    with crowd(db_url, clock, 3) as people:
        outcomes = people.rush(works)
    assert [isinstance(outcome, tuple) for outcome in outcomes].count(True) == 1
    assert [isinstance(outcome, Conflicted) for outcome in outcomes].count(True) == PEOPLE - 1
    winner = next(number for number, outcome in enumerate(outcomes) if isinstance(outcome, tuple))
    assert value(hall.db, hall.branch.id).counters["c1"].names["en"] == f"Counter of person {winner}"
    assert {verdict.broken_at for verdict in hall.db.read_now(log.verify)} == {None}


def test_control_without_the_lock_changes_are_lost_in_silence(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = [saving(hall, named(hall, number)) for number in range(2)]
    careless(monkeypatch)
    with meet(settings, "prospect", 2), crowd(db_url, clock, 2) as people:
        outcomes = people.rush(works)
    assert all(isinstance(outcome, tuple) for outcome in outcomes)


def test_many_who_change_different_things_all_succeed(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    counters = list(hall.branch.counters.values())[:PEOPLE]
    wanted = {one.slug: not one.accessible for one in counters}
    edits = [
        Edit("counter", one.slug, {"accessible": one.accessible}, {"accessible": wanted[one.slug]}) for one in counters
    ]
    works = [saving(hall, edit) for edit in edits]
    with crowd(db_url, clock, 3) as people:
        outcomes = people.rush(works)
        for node in people.nodes:
            now = node.read_now(branch_settings, hall.branch.id)
            assert {slug: now.counter(slug).accessible for slug in wanted} == wanted
    assert all(isinstance(outcome, tuple) for outcome in outcomes)


# ---------------------------------------------------------------- the effect


def test_a_booking_and_a_closure_of_its_day_never_both_succeed(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    with crowd(db_url, clock, 2) as people:
        for number in range(1, DAYS + 1):
            outcomes = people.rush(booking_and_closure(hall, number))
            assert [isinstance(outcome, DomainError) for outcome in outcomes].count(True) == 1, outcomes
            assert stranded(hall) == 0


def test_control_without_the_lock_a_booking_is_stranded(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = booking_and_closure(hall, 1)
    careless(monkeypatch)
    both = threading.Barrier(2)
    for module, name in ((settings, "prospect"), (placing, "lanes_at")):
        monkeypatch.setattr(module, name, waiting(getattr(module, name), both))
    # A closure that finds the hold ends it, which is another protection.
    monkeypatch.setattr(settings, "end_lost", lambda *_: 0)
    with crowd(db_url, clock, 2) as people:
        outcomes = people.rush(works)
    assert not any(isinstance(outcome, Exception) for outcome in outcomes), outcomes
    # No version was raised, so the settings are read past the cache.
    assert stranded(hall) == 1


def stranded(hall: Hall) -> int:
    """How many appointments lost their support without a decision."""
    return hall.db.read_now(lambda tx: len(undecided(tx, load(tx, hall.branch.id))))


def booking_and_closure(hall: Hall, ahead: int) -> list[Work]:
    """Book into a day, and close it; both were possible when their pages were shown."""
    starts_at = hall.db.clock.now().replace(minute=0) + timedelta(days=ahead)
    order = HoldOrder(
        hall.branch.id,
        hall.service("attest-single"),
        starts_at,
        f"زائر {'أبجدهو'[ahead]}",
        f"+9745541230{ahead}",
        "ar",
        VISITOR,
    )

    def book(node: Database) -> Any:
        held = node.write_in_now(hall.branch.id, bookings.hold_slot, order)
        return node.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)

    return [book, saving(hall, closure(hall, starts_at.date()))]


def closure(hall: Hall, day: date) -> Edit:
    known = objects_of(value(hall.db, hall.branch.id))["branch", hall.branch.slug].get("closures", [])
    more = {"first": f"{day}", "last": f"{day}", "names": {"ar": "جرد", "en": "Stocktaking"}}
    return Edit("branch", hall.branch.slug, {"closures": known}, {"closures": [*known, more]})


def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Edit without any lock, and without raising the version first."""
    unlocked(monkeypatch)
    # What `unlocked` has put there.
    locked: Any = vars(bookings)["locked"]

    @contextlib.contextmanager
    def editing(tx: Tx, place: UUID) -> Iterator[Mapping[UUID, Locked]]:
        tx.edits = tx.edits_shared = True
        with locked(tx, ORGANISATION) as organisation, locked(tx, place) as here:
            yield {ORGANISATION: organisation, place: here}

    monkeypatch.setattr(settings, "_editing", editing)


def waiting(original: Any, barrier: threading.Barrier) -> Any:
    def met(*args: Any, **kwargs: Any) -> Any:
        answer = original(*args, **kwargs)
        if not barrier.broken and barrier.n_waiting < barrier.parties:
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(PATIENCE_SECONDS)
        return answer

    return met


# ---------------------------------------------------------------- any edits in any order


# How many edits by chance the usual run makes on each database; `-m soak` makes many more.
EDITS = 12


@pytest.mark.parametrize("edits", [EDITS, pytest.param(500, marks=[pytest.mark.soak, pytest.mark.timeout(3_600)])])
def test_random_edits_of_two_people_end_in_what_the_last_of_them_saw(
    hall: Hall, db_url: str, clock: FrozenClock, edits: int
) -> None:
    """Two nodes; each person edits what was on the screen some saves ago. The pure functions say what must come of it."""
    # Each database sees another story.
    random = Random(f"{edits} {hall.db.dialect.name}")
    refused = 0
    with contextlib.closing(Database(db_url, clock)) as other:
        nodes = (hall.db, other)
        now = value(hall.db, hall.branch.id)
        seen = [now, now]
        for _ in range(edits):
            who = random.randrange(2)
            if random.random() < 0.3:
                seen[who] = now
            wanted = difference(seen[who], changed(random, seen[who], most=2))
            before, now = now, saved(nodes[who], hall.branch.id, wanted, now)
            refused += now is before
            for node in nodes:
                assert value(node, hall.branch.id) == now
                assert named_things(node.read_now(branch_settings, hall.branch.id)) == named_things(now)
    assert 0 < refused < edits - 2


def named_things(branch: Branch | BranchSettings) -> list[Any]:
    """The names of a branch and of the things in it."""
    things: list[Mapping[Any, Any]] = [branch.queues, branch.services, branch.counters, branch.resources]
    return [branch.names, *({one.slug: one.names for one in of.values()} for of in things)]


def saved(node: Database, place: UUID, edits: tuple[Edit, ...], before: Branch) -> Branch:
    """Save and return what the settings must be now: the edits applied to those before, or these if it is refused."""
    told = node.read_now(settings.preview, place, edits)
    try:
        node.write_now(settings.save, place, edits, told.sha256, actor=SYSTEM, person=None)
    except Conflicted:
        with pytest.raises(Conflicted):
            applied(before, edits)
        return before
    except UnfitSettings:
        assert not told.may_be_saved
        return before
    return applied(before, edits)
