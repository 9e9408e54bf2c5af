"""`queue-system replay calls`: what the published rule says of every call, from the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from queue_system.store.database import Database, Tx
from queue_system.store.tables import Entry, table
from tests.kit.command_line import Run, opened
from tests.kit.hall import enter

ENTRY = table(Entry)


@pytest.fixture
def installed(run: Run, folder: Path) -> Iterator[Database]:
    run.load("embassy")
    database = opened(folder)
    yield database
    database.close()


def test_a_log_without_calls_has_nothing_that_differs(run: Run, installed: Database) -> None:
    assert installed.url.database
    ran = run("replay", "calls")
    assert ran.code == 0, ran.err
    assert "doha-main: 0 calls, 0 reproduced" in ran.out


def test_a_call_of_nobody_the_rule_calls_is_told_and_fails(run: Run, installed: Database) -> None:
    hall = enter(installed)
    at = installed.clock.now()
    ticket = {"code": "F001", "queue": "q-attest", "service": "attest-single", "business_date": at.date().isoformat()}
    issued: dict[str, object] = {
        **ticket,
        "priority_class": "walkin",
        "source": "kiosk",
        "anchor_at": at.isoformat(),
        "booking": None,
    }
    number = hall.branch.counter("c4").number
    called = {"code": "F001", "counter": str(hall.counter("c4")), "counter_number": number, "call": 1}
    subject = "01a22ccd-3886-7361-b9d8-c887e257822a"
    append(installed, "ticket.issued", subject, issued | {"basis": None})
    append(installed, "ticket.called", subject, called | {"reason": "waited-longest", "values": {"n": 45}})
    ran = run("replay", "calls", "--branch", "doha-main")
    assert ran.code == 1
    assert f"F001 was called at {at:%Y-}" in ran.out
    assert f"to counter {number} (waited-longest n=45); the rule says: F001, waited-longest n=0" in ran.out
    assert "doha-main: 1 calls, 0 reproduced (0 by hand), 1 differ, 0 with not enough in the log" in ran.out
    assert run("replay", "calls", "--to", "2026-01-01").code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "yesterday"), "yesterday is no day. Write it as 2026-03-01"),
        (("--from", "0001-01-01"), "is no day of any hall"),
        (("--to", "9999-12-31"), "is no day of any hall"),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "2026-03-02 is after 2026-03-01"),
        (("--branch", "nowhere"), "there is no branch nowhere. There are: doha-main"),
    ],
)
def test_what_cannot_be_read_is_told(run: Run, installed: Database, arguments: tuple[str, ...], told: str) -> None:
    assert installed.url.database
    ran = run("replay", "calls", *arguments)
    assert ran.code == 1
    assert told in ran.err


def append(database: Database, kind: str, subject: str, data: Mapping[str, object]) -> None:
    """An entry as the log would have it; the command does not look at the chain."""
    branch = enter(database).branch
    last = database.read_now(Tx.scalar, sa.select(sa.func.max(ENTRY.c.seq)).where(ENTRY.c.branch_id == branch.id)) or 0
    row = {"branch_id": branch.id, "seq": last + 1, "at": database.clock.now(), "kind": kind, "subject": subject}
    database.write_now(
        Tx.execute, sa.insert(ENTRY), row | {"actor_kind": "system", "actor_id": "", "chain": "", "data": data}
    )
