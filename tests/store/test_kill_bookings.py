"""kill -9 and pauses while people book, move and cancel: no member is taken twice, nothing acknowledged is missing.

And each message goes out once. On both databases; the short form belongs to every run, the soak is 100,000 operations (or
QUEUE_SOAK_OPERATIONS), or as many as QUEUE_SOAK_MINUTES allow.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from queue_system.actions.message_rows import LEASE
from queue_system.app import create_app
from queue_system.clock import FrozenClock, ShiftedClock
from queue_system.configuration import read_configuration
from queue_system.core.bookings import BookingState
from queue_system.messages.postman import Postman
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.tables import Booking, Message, table
from tests.kit.book_rush import BookRush, lost, wrong_letters
from tests.kit.day_log import Telling
from tests.kit.hall import Hall
from tests.kit.joint_house import joint_house
from tests.kit.mail_server import MailServer, mail_server
from tests.kit.member_log import faults
from tests.kit.server import Server

pytestmark = [pytest.mark.anyio, pytest.mark.process, pytest.mark.slow]

CLIENTS = 8
ADDRESS = "https://queue.house.example"
SENDER = "appointments@house.example"


@dataclass
class Size:
    """How much is done, how often the server is killed, and paused, meanwhile, and for how many seconds at most."""

    operations: int
    kills: int
    pauses: int
    seconds: float = math.inf


@dataclass
class House:
    """A house with a running server and a mail server."""

    hall: Hall
    server: Server
    mail: MailServer
    folder: Path


@pytest.fixture
def house(db: Database, db_url: str, tmp_path: Path) -> Iterator[House]:
    hall = joint_house(db)
    with mail_server() as mail:
        more = {
            "QUEUE_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
            "QUEUE_MAIL_FROM": SENDER,
            "QUEUE_PUBLIC_URL": ADDRESS,
        }
        with Server(db_url, tmp_path, more=more) as server:
            yield House(hall, server, mail, tmp_path)


async def test_kills_and_pauses_lose_no_appointment_and_no_message(house: House) -> None:
    rush = await survive(house, Size(operations=300, kills=2, pauses=2), random.Random(11))
    assert min(rush.kinds[kind] for kind in ("hold", "confirmed", "move", "cancelled")) > 0
    the_checks_notice(house, rush)


@pytest.mark.soak
@pytest.mark.timeout(10_800)
async def test_a_hundred_thousand_operations_lose_nothing(house: House) -> None:
    """`QUEUE_SOAK_REPORT` is a file for its figures (`benchmarks/soak.py`)."""
    began = time.monotonic()
    seconds = 60 * float(os.environ.get("QUEUE_SOAK_MINUTES", "inf"))
    operations = int(os.environ.get("QUEUE_SOAK_OPERATIONS", "100000"))
    # One break of each kind in 500 operations, so that a short run has some, too.
    breaks = max(operations // 500, 1)
    size = Size(operations, kills=breaks, pauses=breaks, seconds=seconds)
    rush = await survive(house, size, random.Random())
    said = {"operations": rush.operations, "seconds": round(time.monotonic() - began), "letters": len(house.mail.taken)}
    said |= {"cut_off": rush.cut_off, **rush.breaks, **rush.kinds}
    structlog.get_logger().info("soak", **said)
    report(said)


def report(said: dict[str, int]) -> None:
    """Write the figures to the file that whoever started this asked for."""
    if file := os.environ.get("QUEUE_SOAK_REPORT"):
        Path(file).write_text(json.dumps(said), encoding="utf-8")


async def survive(house: House, size: Size, chance: random.Random) -> BookRush:
    rush = BookRush(house.server, house.hall, chance)
    breaks = ["kill"] * size.kills + ["pause"] * size.pauses
    chance.shuffle(breaks)
    each = size.operations // (len(breaks) + 1)
    end = time.monotonic() + size.seconds
    rush.up.set()
    with closing(Database(house.server.url, ShiftedClock(house.server.step))) as beside:
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(rush.visitor())
            clients.create_task(rush.releases(beside))
            for number, what in enumerate(breaks, 1):
                enough = each * number + chance.randint(-each // 3, each // 3)
                await rush.until(lambda enough=enough: rush.operations >= enough, 600)
                await (rush.kill() if what == "kill" else rush.pause(CLIENTS))
                if time.monotonic() > end:
                    break
            else:
                await rush.until(lambda: rush.operations >= size.operations, 600)
            rush.closing = True
            await rush.acknowledge()
    assert rush.cut_off > 0, "nobody was in the middle of anything: the kills proved nothing"
    assert house.server.stop() == 0
    assert "Traceback" not in house.server.words()
    send_the_rest(house)
    nothing_is_missing(house, rush)
    return rush


def send_the_rest(house: House) -> None:
    """Send what killed workers had claimed, and then the reminders as the days pass."""
    server = house.server
    clock = FrozenClock(ShiftedClock(server.step).now() + LEASE)
    configuration = read_configuration(
        {},
        database_url=server.url,
        data_dir=house.folder,
        public_url=ADDRESS,
        smtp_url=f"smtp://127.0.0.1:{house.mail.port}",
        mail_from=SENDER,
    )
    installation = create_app(configuration, clock).state.installation
    postman = Postman(installation)
    for _ in range(2 * 30):
        clock.move(timedelta(hours=12))
        postman.send_due()
    installation.database.close()


def nothing_is_missing(house: House, rush: BookRush) -> None:
    db, branch = house.hall.db, house.hall.branch
    assert db.read_now(faults, branch) == []
    assert db.read_now(lost, branch.id, rush.acknowledged) == []
    assert db.read_now(wrong_letters, branch.id, [one.raw for one in house.mail.taken]) == []
    assert all(verdict.broken_at is None for verdict in db.read_now(log.verify))
    telling = Telling()
    while telling.seq < db.read_now(log.positions)[branch.id]:
        for entry in db.read_now(log.after, branch.id, telling.seq):
            telling.follow(entry)
    rows = db.read_now(Tx.rows, sa.select(table(Booking).c.id, table(Booking).c.state))
    assert {str(row.id): row.state for row in rows} == {key: state.value for key, state in telling.bookings.items()}


def the_checks_notice(house: House, rush: BookRush) -> None:
    """The negative control: each check finds what it is for, in the very database in which all was well."""
    db, branch = house.hall.db, house.hall.branch
    letters = [one.raw for one in house.mail.taken]
    assert len(db.read_now(wrong_letters, branch.id, [*letters, letters[0], letters[0]])) == 1
    # Ten, because one alone may have gone out twice around a kill, and its other copy is there.
    assert db.read_now(wrong_letters, branch.id, letters[10:])
    message = table(Message)
    reminder = (message.c.event == "reminder") & (message.c.state == "sent")
    db.write_now(Tx.execute, sa.update(message).where(reminder).values(event="handed_over"))
    assert any("reminded 0 times" in fault for fault in db.read_now(wrong_letters, branch.id, letters))
    token = next(token for token, (state, _) in rush.acknowledged.items() if state is BookingState.CONFIRMED)
    mine = table(Booking).c.token == token
    moved = {"starts_at": rush.acknowledged[token][1] + timedelta(hours=1)}
    db.write_now(Tx.execute, sa.update(table(Booking)).where(mine).values(moved))
    assert len(db.read_now(lost, branch.id, rush.acknowledged)) == 1
    assert db.read_now(faults, branch)
    db.write_now(Tx.execute, sa.update(table(Booking)).where(mine).values(state="expired"))
    assert any("still takes members" in fault for fault in db.read_now(faults, branch))
