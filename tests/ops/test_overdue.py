"""What nobody else could approve is carried out by itself after its time, as the person who asked. On both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
import structlog

from queue_system.actions import approvals, guarded_settings, invitations, settings, staff
from queue_system.clock import FrozenClock
from queue_system.core.approvals import DELAY, LIFETIME, ApprovalState
from queue_system.core.promises import Choices
from queue_system.ops.overdue import Overdue
from queue_system.settings.edits import Edit
from queue_system.settings.objects import objects_of
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import Actor
from queue_system.store.queries.approvals import requests
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.values import branch_at
from queue_system.store.tables import ORGANISATION, Approval, table
from tests.kit.hall import Hall

pytestmark = pytest.mark.anyio
APPROVAL = table(Approval)


def ask(hall: Hall, person: UUID, days: int, sha256: str | None = None) -> UUID:
    """Ask to keep the log for so many days; `sha256` is of an effect that is no longer the one of now."""
    kept = hall.db.read_now(branch_settings, hall.branch.id).retention_days.model_dump(mode="json", exclude_unset=True)
    edit = Edit("branch", "doha-main", {"retention_days": kept}, {"retention_days": kept | {"audit": days}})
    told = hall.db.read_now(settings.preview, hall.branch.id, [edit])
    how: dict[str, Any] = {"actor": by(person), "choices": Choices(), "reasons": ["longer-retention"]}
    asked: UUID = hall.db.write_now(guarded_settings.ask_for_change, hall.branch.id, [edit], told.sha256, **how)
    if sha256 is not None:
        changed = sa.update(APPROVAL).where(APPROVAL.c.id == asked).values(effect_sha256=sha256)
        hall.db.write_now(lambda tx: tx.execute(changed))
    return asked


def by(person: UUID) -> Actor:
    return Actor("staff", str(person))


def kept(hall: Hall) -> int:
    return hall.db.read_now(branch_settings, hall.branch.id).retention_days.audit


def state(hall: Hall, asked: UUID) -> ApprovalState:
    return next(one.state for one in hall.db.read_now(requests) if one.id == asked)


async def test_it_is_carried_out_after_its_time_and_once(hall: Hall, clock: FrozenClock) -> None:
    alone = hall.administrator("alone")
    before, asked = kept(hall), ask(hall, alone, 4000)
    nodes = [Overdue(hall.db), Overdue(hall.db)]
    clock.move(DELAY - timedelta(seconds=1))
    for node in nodes:
        await node.look()
    assert kept(hall) == before
    clock.move(timedelta(seconds=1))
    for node in nodes:
        await node.look()
    assert (kept(hall), state(hall, asked)) == (4000, ApprovalState.DONE)
    entries = hall.db.read_now(log.after, ORGANISATION, 0)
    assert [one.actor_kind for one in entries if one.kind == "approval.used"] == ["system"]
    changed = [one for one in hall.db.read_now(log.after, hall.branch.id, 0) if one.kind == "settings.changed"]
    assert [one.actor_id for one in changed] == [str(alone)]


async def test_what_was_withdrawn_is_not_carried_out(hall: Hall, clock: FrozenClock) -> None:
    alone = hall.administrator("alone")
    before, asked = kept(hall), ask(hall, alone, 4000)
    hall.db.write_now(approvals.withdraw, asked, by(alone))
    clock.move(DELAY)
    await Overdue(hall.db).look()
    assert kept(hall) == before


async def test_where_a_second_person_could_approve_nothing_happens_by_itself(hall: Hall, clock: FrozenClock) -> None:
    first = hall.administrator("first")
    hall.administrator("second")
    before = kept(hall)
    ask(hall, first, 4000)
    clock.move(DELAY)
    await Overdue(hall.db).look()
    assert kept(hall) == before


async def test_a_link_waits_for_the_person_who_asked_because_only_they_may_see_it(
    hall: Hall, clock: FrozenClock
) -> None:
    alone = hall.administrator("alone")
    hall.administrator("other")
    _, asked = hall.db.write_now(invitations.reset_sign_in, "other", by(alone))
    assert asked is not None
    hall.db.write_now(staff.lock_staff, "other", by(alone))
    clock.move(DELAY)
    with structlog.testing.capture_logs() as told:
        await Overdue(hall.db).look()
    assert (state(hall, asked), told) == (ApprovalState.ASKED, [])


async def test_what_is_refused_is_logged_once_and_stays_open_until_it_ends(hall: Hall, clock: FrozenClock) -> None:
    alone = hall.administrator("alone")
    before, asked = kept(hall), ask(hall, alone, 4000, "of another effect")
    clock.move(DELAY)
    node = Overdue(hall.db)
    with structlog.testing.capture_logs() as told:
        await node.look()
        await node.look()
    assert [one["code"] for one in told if one["event"] == "approval.refused_when_due"] == ["effect-changed"]
    assert (kept(hall), state(hall, asked)) == (before, ApprovalState.ASKED)
    clock.move(LIFETIME)
    with structlog.testing.capture_logs() as told:
        await node.look()
    assert told == []


async def test_a_request_that_cannot_be_read_keeps_no_other_one_waiting(hall: Hall, clock: FrozenClock) -> None:
    """As one that another version has stored."""
    alone = hall.administrator("alone")
    params: dict[str, Any] = {"at": str(hall.branch.id), "edits": [["season-of-old", "x", {}, {}]]}
    unread = hall.db.write_now(approvals.ask, hall.branch.id, guarded_settings.ACTION, params, by(alone), "0" * 64)
    asked = ask(hall, alone, 4000)
    clock.move(DELAY)
    node = Overdue(hall.db)
    with structlog.testing.capture_logs() as logged:
        await node.look()
        await node.look()
    assert (kept(hall), state(hall, asked), state(hall, unread)) == (4000, ApprovalState.DONE, ApprovalState.ASKED)
    assert [one["approval"] for one in logged if one["event"] == "approval.failed_when_due"] == [str(unread)]


async def test_other_hours_for_good_are_carried_out_on_the_next_day(hall: Hall, clock: FrozenClock) -> None:
    """A preview looks a certain number of days ahead, so on the next day it ends on another day."""
    alone = hall.administrator("alone")
    hours = hall.db.read_now(lambda tx: objects_of(branch_at(StoredRows(tx), hall.branch.id)))["branch", "doha-main"]
    later = [{**one, "closes": "14:00:00", "last_ticket": "13:00:00"} for one in hours["hours"]]
    edit = Edit("branch", "doha-main", {"hours": hours["hours"]}, {"hours": later})
    told = hall.db.read_now(settings.preview, hall.branch.id, [edit])
    how: dict[str, Any] = {"actor": by(alone), "choices": Choices(), "reasons": ["many-bookings"]}
    asked = hall.db.write_now(guarded_settings.ask_for_change, hall.branch.id, [edit], told.sha256, **how)
    clock.move(DELAY)
    await Overdue(hall.db).look()
    assert (told.faults, state(hall, asked)) == ((), ApprovalState.DONE)


async def test_what_would_do_something_else_now_is_refused_without_a_lock(hall: Hall, clock: FrozenClock) -> None:
    ask(hall, hall.administrator("alone"), 4000, "of another effect")
    clock.move(DELAY)
    begun, over = Event(), Event()

    def busy(tx: Tx) -> None:
        with log.locked(tx, ORGANISATION):
            begun.set()
            over.wait(60)

    writing = asyncio.ensure_future(hall.db.write(busy))
    await asyncio.to_thread(begun.wait)
    try:
        await asyncio.wait_for(Overdue(hall.db).look(), 30)
    finally:
        over.set()
        await writing
