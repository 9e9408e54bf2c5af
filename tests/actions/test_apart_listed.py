"""Appointments that bring two people together, on the list of what is to be decided. On both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from queue_system.actions.guarded_meetings import Kept, keep_meetings
from queue_system.core.apart import AcceptedFor
from queue_system.core.promises import Decided
from queue_system.core.support import Why
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries import audit
from queue_system.store.queries.approvals import requests
from queue_system.store.queries.effect import undecided
from queue_system.store.tables import Booking, table
from tests.kit.apart_hall import CONTACT, HE, SHE, at, book, cancel, met, pair, protect, read
from tests.kit.hall import Hall, edit, furnish
from tests.kit.people import add_role


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
    assert wifaq.db.write_now(keep_meetings, there, [his], AcceptedFor.ESCORTED, SYSTEM) == Kept(stand=1)
    assert listed(wifaq) == []
    assert not met(wifaq)
    # Its time is still not one of the settings, so that it was kept against them stays true.
    assert read(wifaq, his).decision is Decided.KEEP
    (fact,) = wifaq.db.read_now(audit.entries, there, audit.Wanted(kind="apart.accepted"), 10)
    assert fact.data == {"reason": "escorted"}


def test_in_a_protected_service_keeping_it_asks_a_second_person_and_keeps_the_others(wifaq: Hall) -> None:
    protect(wifaq)
    keeper = wifaq.person("keeper", ((wifaq.branch.id, add_role(wifaq, "keeper", "keep_apart")),))
    there, by = wifaq.branch.id, Actor("staff", str(keeper))
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 11, 30), CONTACT)
    one, other = book(wifaq, SHE, at(25, 8, 15)), book(wifaq, HE, at(25, 12))
    pair(wifaq)
    assert len(listed(wifaq)) == 4
    chosen = [hers, one, other]
    assert wifaq.db.write_now(keep_meetings, there, chosen, AcceptedFor.ESCORTED, by) == Kept(stand=2, asked=1)
    # Asked again, it is one request still.
    assert wifaq.db.write_now(keep_meetings, there, chosen, AcceptedFor.ESCORTED, by) == Kept(asked=1)
    assert [booking for booking, _ in listed(wifaq)] == [hers, his]
    (asked,) = wifaq.db.read_now(requests)
    assert (asked.action, asked.params["bookings"], asked.params["why"]) == (
        "accept-meeting",
        sorted([str(hers), str(his)]),
        "escorted",
    )


def test_one_whose_meeting_is_over_meanwhile_stands(wifaq: Hall) -> None:
    """Another time was offered and not answered, and then the other was called off."""
    hers, his = book(wifaq, SHE, at(24, 8, 15)), book(wifaq, HE, at(24, 11, 30), CONTACT)
    pair(wifaq)
    there, bookings = wifaq.branch.id, table(Booking)
    unanswered = {"decision": Decided.UNANSWERED.value, "lost_why": Why.APART.value}
    edit(wifaq, lambda tx: tx.execute(sa.update(bookings).where(bookings.c.id == his).values(**unanswered)))
    cancel(wifaq, hers)
    assert listed(wifaq) == [(his, Why.APART)]
    assert wifaq.db.write_now(keep_meetings, there, [his], AcceptedFor.AGREED, SYSTEM) == Kept(stand=1)
    assert (listed(wifaq), read(wifaq, his).decision) == ([], None)


def listed(hall: Hall) -> list[tuple[object, Why]]:
    return [(one.booking.id, one.why) for one in hall.db.read_now(lambda tx: undecided(tx, hall.branch, apart=True))]
