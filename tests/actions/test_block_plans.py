"""Absences of several members, or on several days: one list, all or nothing, ended or changed in parts, on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queue_system.actions.blocks import BlockOrder, block_members, end_blocks
from queue_system.core.blocks import Absence, BlockReason, Concerned, Planned, Remedy, Settling, fingerprint
from queue_system.core.errors import Invalid, Refused, Stale
from queue_system.core.promises import Decided
from queue_system.settings.edits import Edit
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries import audit
from queue_system.store.queries.blocks import BlockView, blocks_of, concerned
from queue_system.store.queries.effect import ending_of
from queue_system.store.queries.settings import BranchSettings, branch_settings
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid, member, save, who

WEEK = timedelta(weeks=1)
EVERY: Any = tuple(Remedy)


@pytest.fixture
def istanbul(db: Database) -> Hall:
    return legal_aid(db)


def test_a_meeting_takes_all_who_are_in_it_and_nobody_of_them_stands_in(istanbul: Hall) -> None:
    one, other = booked(istanbul, START), booked(istanbul, START, contact="omar@example.org", name="عمر")
    meeting = at(istanbul, ("amal", "basel"), [START])
    found = seen(istanbul, meeting)
    assert {each.booking for each in found} == {one.id, other.id}
    assert [each.stand_ins for each in found] == [(), ()]
    # Whoever is away from both is offered a time at which the same person is back.
    assert [each.usual(EVERY).way for each in found] == [Remedy.NEXT, Remedy.NEXT]
    assert all(each.next_at is not None and each.next_at >= START + HOUR for each in found)
    block(istanbul, meeting, found, {each.booking: each.usual(EVERY) for each in found})
    assert {as_stored(istanbul, each).decision for each in (one, other)} == {Decided.MOVE}
    assert {each.plan_id for each in blocks(istanbul)} == {blocks(istanbul)[0].plan_id}
    assert [each.data["member"] for each in facts(istanbul, "member.blocked")] == ["basel", "amal"]


def test_whoever_is_in_the_same_meeting_stands_in_for_nobody(istanbul: Hall) -> None:
    booked(istanbul, START, asked="amal")
    basel = member(istanbul, "basel")
    assert [each.stand_ins for each in seen(istanbul, at(istanbul, ("amal",), [START]))] == [((basel,),)]
    assert [each.stand_ins for each in seen(istanbul, at(istanbul, ("amal", "basel"), [START]))] == [()]


def test_all_or_none_where_one_of_them_has_changed(istanbul: Hall) -> None:
    booked(istanbul, START, asked="amal")
    meeting = at(istanbul, ("amal", "basel"), [START])
    found = seen(istanbul, meeting)
    booked(istanbul, START, asked="basel", contact="omar@example.org", name="عمر")
    with pytest.raises(Stale, match="block-changed"):
        block(istanbul, meeting, found, {})
    assert blocks(istanbul) == []


def test_an_appointment_that_loses_two_people_has_one_line_and_gets_two(istanbul: Hall) -> None:
    istanbul = with_interpreters(istanbul)
    one = booked(istanbul, START, "case-follow")
    assert who(istanbul, one) == ["amal", "cemil"]
    meeting = at(istanbul, ("amal", "cemil"), [START])
    (line,) = seen(istanbul, meeting)
    assert len(line.parts) == 2
    basel, dilek, emre = (member(istanbul, slug) for slug in ("basel", "dilek", "emre"))
    assert {frozenset(to) for to in line.stand_ins} == {frozenset((basel, dilek)), frozenset((basel, emre))}
    written = Settling(Remedy.STAND_IN, to=next(to for to in line.stand_ins if dilek in to))
    assert Settling.read(str(written)) == written
    block(istanbul, meeting, (line,), {one.id: written})
    assert who(istanbul, one) == ["basel", "dilek"]
    assert len(facts(istanbul, "booking.handed_over")) == 2


def test_nobody_stands_in_for_two_appointments_at_a_time(istanbul: Hall) -> None:
    istanbul = with_interpreters(istanbul)
    ones = [booked(istanbul, START, "case-follow") for _ in (1, 2)]
    assert sorted(name for each in ones for name in who(istanbul, each)) == ["amal", "basel", "cemil", "dilek"]
    meeting = at(istanbul, ("cemil", "dilek"), [START])
    found = seen(istanbul, meeting)
    assert [each.stand_ins for each in found] == [((member(istanbul, "emre"),),)] * 2
    first = found[0].usual(EVERY)
    assert first.way is Remedy.STAND_IN
    assert found[1].usual(EVERY, [(found[0], first.to)]).way is Remedy.NEXT
    with pytest.raises(Refused, match="block-stand-in-twice"):
        block(istanbul, meeting, found, {each.booking: first for each in found})
    assert blocks(istanbul) == []
    assert facts(istanbul, "booking.handed_over") == []


def test_what_recurs_is_no_other_time_for_what_it_takes(istanbul: Hall) -> None:
    # Every day but the fourth at this hour, so the first free time of the same person is in between, not then.
    one = booked(istanbul, START, asked="amal")
    days = [START + timedelta(days=n) for n in range(3)]
    whole = tuple(Absence(member(istanbul, "amal"), day, day + timedelta(hours=12)) for day in days)
    (line,) = seen(istanbul, whole)
    assert line.next_at is not None
    assert not any(each.starts_at <= line.next_at < each.ends_at for each in whole)
    block(istanbul, whole, (line,), {one.id: line.usual(EVERY)})
    assert as_stored(istanbul, one).offered_starts_at == line.next_at


def test_many_days_are_one_entry_of_the_log_for_each_member(istanbul: Hall) -> None:
    block(istanbul, at(istanbul, ("amal", "basel"), weekly(4)))
    entries = facts(istanbul, "member.blocked_often")
    assert [(each.data["member"], each.data["times"]) for each in entries] == [("basel", 4), ("amal", 4)]
    assert entries[0].data["from_at"] == START.isoformat()
    assert entries[0].data["until_at"] == (START + 3 * WEEK + HOUR).isoformat()
    end(istanbul, blocks(istanbul)[2:])
    ended = facts(istanbul, "member.blocks_ended")
    assert [(each.data["member"], each.data["times"]) for each in ended] == [("basel", 3), ("amal", 3)]


def test_sent_twice_is_one_and_the_days_that_are_new_are_added(istanbul: Hall) -> None:
    some, more = at(istanbul, ("amal",), weekly(2)), at(istanbul, ("amal",), weekly(3))
    assert block(istanbul, some) == block(istanbul, some)
    assert len(blocks(istanbul)) == 2
    block(istanbul, more)
    assert [each.starts_at for each in blocks(istanbul)] == weekly(3)


def test_the_end_of_one_of_several_gives_back_only_what_it_took(istanbul: Hall) -> None:
    first, second = (booked(istanbul, START + n * WEEK, asked="amal") for n in range(2))
    weekly_meeting = at(istanbul, ("amal",), weekly(2))
    block(istanbul, weekly_meeting, seen(istanbul, weekly_meeting), {})
    assert {as_stored(istanbul, each).decision for each in (first, second)} == {Decided.LATER}
    end(istanbul, blocks(istanbul)[1:])
    assert as_stored(istanbul, first).decision is Decided.LATER
    assert as_stored(istanbul, second).decision is None


def test_what_stands_again_is_what_was_seen_and_is_still_so(istanbul: Hall) -> None:
    """It is seen without the lock; meanwhile another absence may begin, or the settings change."""
    one = booked(istanbul, START, asked="amal")
    morning = at(istanbul, ("amal",), [START])
    block(istanbul, morning, seen(istanbul, morning), {})
    ending = istanbul.db.read_now(ending_of, now(istanbul), [each.id for each in blocks(istanbul)])
    assert ending.stand == {one.id}
    longer = (Absence(member(istanbul, "amal"), START, START + 2 * HOUR),)
    block(istanbul, longer)
    istanbul.db.write_in_now(istanbul.branch.id, end_blocks, istanbul.branch.id, ending, SYSTEM)
    assert as_stored(istanbul, one).decision is Decided.LATER
    ending = istanbul.db.read_now(ending_of, now(istanbul), [each.id for each in blocks(istanbul)])
    day = START.date().isoformat()
    closed = {"first": day, "last": day, "names": {"ar": "عطلة", "en": "Holiday"}}
    save(istanbul, Edit("branch", "istanbul", {"closures": []}, {"closures": [closed]}))
    istanbul.db.write_in_now(istanbul.branch.id, end_blocks, istanbul.branch.id, ending, SYSTEM)
    assert as_stored(istanbul, one).decision is Decided.LATER


def test_a_change_ends_the_old_times_and_makes_new_ones_in_one_step(istanbul: Hall) -> None:
    before, after = (booked(istanbul, START + n * HOUR, asked="amal") for n in (0, 2))
    old = at(istanbul, ("amal",), weekly(2))
    plan = block(istanbul, old, seen(istanbul, old), {})
    instead = frozenset(each.id for each in blocks(istanbul))
    new = tuple(Absence(each.member, each.starts_at + 2 * HOUR, each.ends_at + 2 * HOUR) for each in old)
    planned = Planned(new, instead)
    found = istanbul.db.read_now(concerned, now(istanbul), planned)
    assert [each.booking for each in found] == [after.id]
    ending = istanbul.db.read_now(ending_of, now(istanbul), instead)
    order = BlockOrder(new, BlockReason.MEETING, fingerprint(found), {}, ending=ending, plan=plan)
    do(istanbul, order)
    assert as_stored(istanbul, before).decision is None
    assert as_stored(istanbul, after).decision is Decided.LATER
    assert [(each.starts_at, each.plan_id) for each in blocks(istanbul)] == [(each.starts_at, plan) for each in new]
    # Pressed twice; and once more by whoever saw what is no longer there.
    do(istanbul, order)
    other = tuple(Absence(each.member, each.starts_at + 4 * HOUR, each.ends_at + 4 * HOUR) for each in old)
    with pytest.raises(Stale, match="block-changed"):
        do(istanbul, BlockOrder(other, BlockReason.MEETING, fingerprint(()), {}, ending=ending, plan=plan))
    assert len(blocks(istanbul)) == 2


def test_a_change_does_not_look_through_all_that_is_booked_while_the_hall_waits(
    istanbul: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands again was seen without the lock; what the new times take does not."""
    free, taken = (booked(istanbul, START + n * HOUR, asked="amal") for n in (0, 2))
    old = (Absence(member(istanbul, "amal"), START, START + 4 * HOUR),)
    block(istanbul, old, seen(istanbul, old), {})
    ending = istanbul.db.read_now(ending_of, now(istanbul), [each.id for each in blocks(istanbul)])
    assert ending.stand == {free.id, taken.id}
    new = (Absence(member(istanbul, "amal"), START + 2 * HOUR, START + 4 * HOUR),)

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("everything was read under the lock")

    monkeypatch.setattr("queue_system.actions.decisions.regained", never)
    do(istanbul, BlockOrder(new, BlockReason.MEETING, fingerprint(()), {}, ending=ending))
    assert [as_stored(istanbul, each).decision for each in (free, taken)] == [None, Decided.LATER]


def test_a_stand_in_may_be_whoever_is_back_by_the_change(istanbul: Hall) -> None:
    block(istanbul, at(istanbul, ("basel",), [START]))
    (old,) = blocks(istanbul)
    one = booked(istanbul, START, asked="amal")
    away = Absence(member(istanbul, "amal"), START, START + HOUR)
    (line,) = seen(istanbul, (away,))
    assert line.stand_ins == ()
    planned = Planned((away,), frozenset({old.id}))
    (line,) = istanbul.db.read_now(concerned, now(istanbul), planned)
    assert line.stand_ins == ((member(istanbul, "basel"),),)
    chosen = {one.id: Settling(Remedy.STAND_IN, to=line.stand_ins[0])}
    ending = istanbul.db.read_now(ending_of, now(istanbul), planned.ended)
    do(istanbul, BlockOrder((away,), BlockReason.LEAVE, fingerprint((line,)), chosen, ending=ending))
    assert who(istanbul, one) == ["basel"]


def test_no_more_is_recorded_together_than_a_transaction_should_do(
    istanbul: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_system.actions.blocks.MOST_BLOCKS", 3)
    with pytest.raises(Invalid, match="block-repeats-many"):
        block(istanbul, at(istanbul, ("amal", "basel"), weekly(2)))
    assert blocks(istanbul) == []


def test_an_order_without_any_absence_is_refused_and_ends_nothing(istanbul: Hall) -> None:
    block(istanbul, at(istanbul, ("amal",), [START]))
    ids = frozenset(each.id for each in blocks(istanbul))
    assert istanbul.db.read_now(concerned, now(istanbul), Planned((), ids)) == ()
    ending = istanbul.db.read_now(ending_of, now(istanbul), ids)
    for order in (None, ending):
        with pytest.raises(Invalid, match="block-repeats-none"):
            do(istanbul, BlockOrder((), BlockReason.MEETING, fingerprint(()), ending=order))
    assert {each.id for each in blocks(istanbul)} == ids


def with_interpreters(hall: Hall) -> Hall:
    """Two more interpreters; case-follow needs one of three."""
    names = {"dilek": ("ديلك", "Dilek"), "emre": ("أمره", "Emre"), "interpreters": ("مترجمون", "Interpreters")}
    made: dict[str, dict[str, Any]] = {
        "dilek": {"kind": "interpreter"},
        "emre": {"kind": "interpreter"},
        "interpreters": {"kind": "group", "any_of": ["cemil", "dilek", "emre"]},
    }
    edits = [
        Edit("resource", slug, None, {"names": {"ar": names[slug][0], "en": names[slug][1]}, **values})
        for slug, values in made.items()
    ]
    edits.append(
        Edit("service", "case-follow", {"needs": ["lawyers", "cemil"]}, {"needs": ["lawyers", "interpreters"]})
    )
    return save(hall, *edits)


def at(hall: Hall, slugs: Sequence[str], starts: Iterable[Any]) -> tuple[Absence, ...]:
    """An hour of these members from each of these instants."""
    return tuple(Absence(member(hall, slug), start, start + HOUR) for start in starts for slug in slugs)


def weekly(times: int) -> list[Any]:
    return [START + n * WEEK for n in range(times)]


def now(hall: Hall) -> BranchSettings:
    return hall.db.read_now(branch_settings, hall.branch.id)


def seen(hall: Hall, absences: tuple[Absence, ...]) -> tuple[Concerned, ...]:
    return hall.db.read_now(concerned, now(hall), Planned(absences))


def block(
    hall: Hall,
    absences: tuple[Absence, ...],
    found: tuple[Concerned, ...] = (),
    chosen: dict[UUID, Settling] | None = None,
) -> UUID:
    return do(hall, BlockOrder(absences, BlockReason.MEETING, fingerprint(found), chosen or {}))


def do(hall: Hall, order: BlockOrder) -> UUID:
    return hall.db.write_in_now(hall.branch.id, block_members, hall.branch.id, order, SYSTEM)


def end(hall: Hall, some: Sequence[BlockView]) -> None:
    ending = hall.db.read_now(ending_of, now(hall), [one.id for one in some])
    hall.db.write_in_now(hall.branch.id, end_blocks, hall.branch.id, ending, SYSTEM)


def blocks(hall: Hall) -> list[BlockView]:
    return hall.db.read_now(blocks_of, now(hall))


def facts(hall: Hall, kind: str) -> list[audit.EntryView]:
    """The newest first."""
    return hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind=kind), 50)
