"""The oldest entries of a log go once they have reached their age, and the rest can still be verified. On both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from queue_system.clock import FrozenClock
from queue_system.core.facts.tickets import TicketLeft
from queue_system.store import log, moving, pruning, schema
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.tables import Change, Checkpoint, Entry, table
from tests.kit.hall import Hall

CHANGE, ENTRY, CHECKPOINT = table(Change), table(Entry), table(Checkpoint)


def append(hall: Hall, clock: FrozenClock, count: int) -> None:
    """That many entries, a minute apart."""

    def work(tx: Tx) -> None:
        with log.locked(tx, hall.branch.id) as lock:
            lock.append(TicketLeft(subject="t-1", code="A001"), SYSTEM)

    for _ in range(count):
        clock.move(timedelta(minutes=1))
        hall.db.write_now(work)


def seqs(hall: Hall) -> list[int]:
    return [row.seq for row in hall.db.read_now(log.after, hall.branch.id, 0)]


def prune(hall: Hall, before: datetime) -> int | None:
    through = hall.db.read_now(pruning.reached_age, hall.branch.id, before)
    if through is None:
        return None
    chain = hall.db.read_now(pruning.verified_link, hall.branch.id, through)
    assert chain is not None
    hall.db.write_now(pruning.set_checkpoint, hall.branch.id, through, chain)
    while hall.db.write_now(pruning.drop_entries, hall.branch.id):
        pass
    return through


def verdict(hall: Hall) -> log.Verdict:
    return next(one for one in hall.db.read_now(log.verify) if one.branch_id == hall.branch.id)


def test_old_entries_go_and_the_chain_holds(hall: Hall, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "ROWS_AT_ONCE", 3)
    append(hall, clock, 10)
    before = seqs(hall)
    gone = prune(hall, clock.now() - timedelta(minutes=2))
    assert gone == before[-4]
    # The last three, and the entry that tells of it.
    assert seqs(hall) == [*before[-3:], before[-1] + 1]
    assert (verdict(hall).broken_at, verdict(hall).entries) == (None, 4)
    append(hall, clock, 5)
    assert prune(hall, clock.now()) is not None
    assert verdict(hall).broken_at is None
    assert prune(hall, clock.now()) is None


def test_the_history_of_settings_goes_with_the_entries_that_tell_of_it(hall: Hall, clock: FrozenClock) -> None:
    append(hall, clock, 6)
    first, last = seqs(hall)[0], seqs(hall)[-1]
    for number, seq in enumerate((first, last)):
        row = {
            "branch_id": hall.branch.id,
            "id": UUID(int=number),
            "save_id": UUID(int=9),
            "seq": seq,
            "at": clock.now(),
        }
        said = {"object_kind": "branch", "object_slug": "", "op": "edit", "note": "asked by Hala", "actor_id": ""}
        hall.db.write_now(Tx.execute, sa.insert(CHANGE), row | said)
    prune(hall, clock.now() - timedelta(minutes=2))
    assert [row.seq for row in hall.db.read_now(Tx.rows, sa.select(CHANGE))] == [last]


def test_the_newest_entry_always_stays(hall: Hall, clock: FrozenClock) -> None:
    append(hall, clock, 3)
    last = seqs(hall)[-1]
    assert hall.db.read_now(pruning.reached_age, hall.branch.id, clock.now() + timedelta(days=1)) == last - 1


def test_an_entry_is_found_by_its_instant(hall: Hall, clock: FrozenClock) -> None:
    append(hall, clock, 7)
    rows = hall.db.read_now(log.after, hall.branch.id, 0)
    for at in (rows[0].at - timedelta(days=1), *(row.at for row in rows), rows[-1].at + timedelta(days=1)):
        naive = min((row.seq for row in rows if row.at >= at), default=rows[-1].seq + 1)
        assert hall.db.read_now(log.first_since, hall.branch.id, at) == naive


def test_no_entry_goes_without_a_checkpoint(hall: Hall, clock: FrozenClock) -> None:
    append(hall, clock, 6)
    first = seqs(hall)[0]
    chain = hall.db.read_now(pruning.verified_link, hall.branch.id, first + 2)
    assert chain is not None
    hall.db.write_now(pruning.set_checkpoint, hall.branch.id, first + 2, chain)
    beyond = sa.delete(ENTRY).where(ENTRY.c.branch_id == hall.branch.id, ENTRY.c.seq == first + 3)
    of_others = sa.delete(ENTRY).where(ENTRY.c.branch_id != hall.branch.id)
    changed = sa.update(ENTRY).where(ENTRY.c.seq == first).values(subject="x")
    for statement in (beyond, of_others, changed):
        with pytest.raises(DatabaseError, match="append-only"):
            hall.db.write_now(Tx.execute, statement)
    assert verdict(hall).broken_at is None


def test_a_checkpoint_must_fit_and_stays(hall: Hall, clock: FrozenClock) -> None:
    append(hall, clock, 6)
    last = seqs(hall)[-1]
    wrong = {"branch_id": hall.branch.id, "seq": last, "chain": "0" * 64, "at": clock.now(), "entry_seq": last}
    with pytest.raises(DatabaseError, match="does not fit"):
        hall.db.write_now(Tx.execute, sa.insert(CHECKPOINT), wrong)
    prune(hall, clock.now())
    for statement in (sa.delete(CHECKPOINT), sa.update(CHECKPOINT).values(seq=1)):
        with pytest.raises(DatabaseError, match="append-only"):
            hall.db.write_now(Tx.execute, statement)


def test_a_checkpoint_that_no_entry_tells_of_is_found(hall: Hall, clock: FrozenClock) -> None:
    """Somebody with the right to write to the database hides the beginning of the log."""
    append(hall, clock, 6)
    rows = hall.db.read_now(log.after, hall.branch.id, 0)
    hidden = rows[-2]
    row = {
        "branch_id": hall.branch.id,
        "seq": hidden.seq,
        "chain": hidden.chain,
        "at": hidden.at,
        "entry_seq": rows[-1].seq,
    }
    hall.db.write_now(Tx.execute, sa.insert(CHECKPOINT), row)
    hall.db.write_now(
        Tx.execute, sa.delete(ENTRY).where(ENTRY.c.branch_id == hall.branch.id, ENTRY.c.seq <= hidden.seq)
    )
    assert verdict(hall).reason == "checkpoint"


def test_a_log_that_does_not_hold_together_is_not_pruned(hall: Hall, clock: FrozenClock) -> None:
    append(hall, clock, 6)
    first = seqs(hall)[0]
    assert hall.db.read_now(pruning.verified_link, hall.branch.id, first + 4)
    trigger = "entry_no_update" if hall.db.dialect.is_embedded else "entry_append_only ON entry"
    with hall.db.migrating() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.execute(sa.update(ENTRY).where(ENTRY.c.seq == first + 2).values(subject="somebody else"))
    assert hall.db.read_now(pruning.verified_link, hall.branch.id, first + 1)
    assert hall.db.read_now(pruning.verified_link, hall.branch.id, first + 4) is None


def test_a_pruned_log_moves_to_another_database(hall: Hall, clock: FrozenClock, sqlite_url: str) -> None:
    append(hall, clock, 6)
    prune(hall, clock.now() - timedelta(minutes=2))
    target = Database(f"{sqlite_url}.moved", clock)
    schema.migrate(target)
    moving.adopt(hall.db, target)
    moved = [one for one in target.read_now(log.verify) if one.branch_id == hall.branch.id]
    target.close()
    assert [one.broken_at for one in moved] == [None]
