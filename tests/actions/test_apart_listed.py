"""Appointments that bring two people together, on the list of what is to be decided. On both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from queue_system.actions.decisions import decide_listed
from queue_system.core.promises import Choice, Decided
from queue_system.core.support import Why
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.effect import undecided
from queue_system.store.tables import Booking, table
from tests.kit.apart_hall import CONTACT, HE, SHE, at, book, met, pair, read
from tests.kit.hall import Hall, edit, furnish


@pytest.fixture
def wifaq(db: Database) -> Hall:
    return furnish(db, "social-work", "wifaq")


def test_one_that_was_kept_against_the_settings_is_listed_too_and_stays_kept(wifaq: Hall) -> None:
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 11, 30), CONTACT)
    bookings = table(Booking)
    kept = {"decision": Decided.KEEP.value, "lost_why": Why.HOURS.value}
    edit(wifaq, lambda tx: tx.execute(sa.update(bookings).where(bookings.c.id == his).values(**kept)))
    assert listed(wifaq) == []
    pair(wifaq)
    assert listed(wifaq) == [(hers, Why.APART), (his, Why.APART)]
    there = wifaq.branch.id
    wifaq.db.write_in_now(there, decide_listed, there, {his: Choice.KEEP}, SYSTEM)
    assert listed(wifaq) == []
    assert not met(wifaq)
    # Its time is still not one of the settings, so that it was kept against them stays true.
    assert read(wifaq, his).decision is Decided.KEEP


def listed(hall: Hall) -> list[tuple[object, Why]]:
    return [(one.booking.id, one.why) for one in hall.db.read_now(lambda tx: undecided(tx, hall.branch, apart=True))]
