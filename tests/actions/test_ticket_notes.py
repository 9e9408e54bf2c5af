"""Notes for the next clerk: who reads them after a transfer, a return and parking, and when they go. On both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from queue_system.actions import calling, transferring
from queue_system.actions.counters import Desk
from queue_system.actions.retention import erase, tidy
from queue_system.actions.sessions import SESSION_IDLE
from queue_system.actions.ticket_notes import note_for_next
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.errors import Invalid, Refused, Stale
from queue_system.core.staff_notes import LONGEST_FOR_NEXT, NoteRule, reads_for_next
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.queries import line
from queue_system.store.queries.desk import desk_view
from queue_system.store.queries.ticket_notes import TicketNoteView
from queue_system.store.tables import Confidentiality, TicketNote, table
from tests.kit.hall import Hall, change_settings, enter
from tests.kit.people import add_role, give_in_department

NOTE = table(TicketNote)
TEXT = "الوثائق مُراجَعة، ويحتاج إلى نسخة smaragd"


@pytest.fixture
def here(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


def free(hall: Hall, here: Desk) -> Desk:
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return Desk(here.branch_id, here.counter_id, here.staff_id, current.id if current else None)


def write(hall: Hall, here: Desk, text: str = TEXT) -> bool:
    return hall.db.write_in_now(hall.branch.id, note_for_next, free(hall, here), text)[1]


def read(hall: Hall, counter: str = "c4") -> Sequence[TicketNoteView]:
    return hall.db.read_now(desk_view, hall.branch.id, counter, SESSION_IDLE).notes


def stored(hall: Hall) -> list[str]:
    return [row.text for row in hall.db.read_now(Tx.rows, sa.select(NOTE.c.text))]


def set_rule(hall: Hall, service: str, rule: NoteRule) -> Hall:
    level, rows = hall.branch.service(service).confidentiality, table(Confidentiality)

    def change(tx: Tx) -> None:
        data = dict(tx.scalar(sa.select(rows.c.data).where(rows.c.slug == level.slug)))
        tx.execute(sa.update(rows).where(rows.c.slug == level.slug).values(data=data | {"staff_note": rule}))

    change_settings(hall.db, change)
    return enter(hall.db, hall.branch.slug)


def elsewhere(hall: Hall, here: Desk) -> tuple[Desk, str]:
    """A counter of another department, and a service that it alone gives."""
    own = hall.branch.services[hall.service("attest-single")].department_id
    mine = hall.branch.counter("c4").queues
    service, counter = next(
        (service, counter)
        for service in hall.branch.services.values()
        for counter in hall.branch.counters.values()
        if service.department_id != own and service.queue_id in counter.queues and service.queue_id not in mine
    )
    return hall.sit(hall.person("omar"), counter.slug), service.slug


def test_whoever_has_the_visitor_next_reads_the_note_and_nobody_before(hall: Hall, here: Desk) -> None:
    hall.issue()
    hall.call_next(here)
    assert write(hall, here)
    assert [(one.text, one.own, one.by) for one in read(hall)] == [(TEXT, True, "layla name")]
    there, service = elsewhere(hall, here)
    counter = hall.branch.counters[there.counter_id].slug
    goal = Goal(hall.service(service))
    hall.db.write_in_now(hall.branch.id, transferring.transfer, free(hall, here), goal)
    assert (read(hall), read(hall, counter)) == ((), ())
    hall.call_next(there)
    assert [(one.text, one.own) for one in read(hall, counter)] == [(TEXT, False)]
    # A second clerk adds one of their own, and both stay with the visitor who is sent back.
    assert write(hall, there, "نسخة واحدة")
    hall.db.write_in_now(hall.branch.id, transferring.transfer, free(hall, there), Goal(back=True))
    hall.call_next(here)
    assert [(one.text, one.own) for one in read(hall)] == [(TEXT, True), ("نسخة واحدة", False)]


def test_a_parked_visitor_keeps_the_note_and_the_writer_words_it_anew_or_removes_it(hall: Hall, here: Desk) -> None:
    ticket = hall.issue().ticket
    hall.call_next(here)
    write(hall, here)
    hall.db.write_in_now(hall.branch.id, calling.park, free(hall, here))
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, free(hall, here), ticket.id)
    assert write(hall, here, "  عاد بالنسخة \n")
    assert [one.text for one in read(hall)] == ["عاد بالنسخة"]
    assert not write(hall, here, " ")
    assert not write(hall, here, "")
    assert stored(hall) == []
    entries = [one for one in hall.db.read_now(log.after, hall.branch.id, 0) if "note" in one.kind]
    assert [one.kind for one in entries] == ["ticket.noted", "ticket.noted", "ticket.note_removed"]
    assert "smaragd" not in str([one.data for one in entries])


def test_what_is_refused_changes_nothing(hall: Hall, here: Desk) -> None:
    with pytest.raises(Refused, match="nobody-at-counter"):
        write(hall, here)
    hall.issue()
    hall.call_next(here)
    with pytest.raises(Stale, match="desk-stale"):
        hall.db.write_in_now(hall.branch.id, note_for_next, here, TEXT)
    write(hall, here)
    with pytest.raises(Invalid, match="note-long"):
        write(hall, here, "ن" * (LONGEST_FOR_NEXT + 1))
    assert stored(hall) == [TEXT]
    # The last press can still be taken back, because a note is no press.
    hall.db.write_in_now(hall.branch.id, calling.take_back, free(hall, here))


def test_a_clerk_of_another_department_reads_nothing_at_a_shared_counter(hall: Hall, here: Desk) -> None:
    hall.issue()
    hall.call_next(here)
    write(hall, here)
    hall.db.write_in_now(hall.branch.id, calling.park, free(hall, here))
    own = hall.branch.departments[hall.branch.services[hall.service("attest-single")].department_id].slug
    other = next(one.slug for one in hall.branch.departments.values() if one.slug != own)
    role = add_role(hall, "clerk-there", "call_next")
    stranger = hall.person("sami", ())
    give_in_department(hall, "sami", role, other)
    ticket = hall.db.read_now(line.open_tickets, hall.branch.id)[0]
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, hall.sit(stranger, "c5"), ticket.id)
    assert read(hall, "c5") == ()
    give_in_department(hall, "sami", role, own)
    assert [one.text for one in read(hall, "c5")] == [TEXT]


def test_a_restricted_note_stays_with_its_service_and_an_encrypted_one_is_in_no_table(hall: Hall, here: Desk) -> None:
    hall = set_rule(hall, "attest-single", "restricted_encrypted")
    hall.issue()
    hall.call_next(here)
    write(hall, here)
    assert "smaragd" not in str(stored(hall))
    assert [one.text for one in read(hall)] == [TEXT]
    there, service = elsewhere(hall, here)
    counter = hall.branch.counters[there.counter_id].slug
    hall.db.write_in_now(hall.branch.id, transferring.transfer, free(hall, here), Goal(hall.service(service)))
    hall.call_next(there)
    assert read(hall, counter) == ()
    # Only whoever has the right to restricted notes reads it there.
    give_in_department(hall, "omar", add_role(hall, "privileged", "restricted_notes"), "")
    assert [one.text for one in read(hall, counter)] == [TEXT]
    assert not reads_for_next("allowed", own=False, serves=False, same_service=True, privileged=True)


def test_notes_go_when_the_day_is_over_and_when_the_person_is_erased(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    booked = hall.check_in("attest-single", clock)
    here = hall.sit(here.staff_id)
    hall.issue()
    hall.call_next(here)
    write(hall, here)
    hall.db.write_in_now(hall.branch.id, calling.finish, free(hall, here))
    hall.call_next(here)
    write(hall, here, "أخرى")
    tidy(hall.db, hall.branch.id)
    assert sorted(stored(hall)) == sorted([TEXT, "أخرى"])

    def erased(tx: Tx) -> None:
        with log.locked(tx, hall.branch.id) as lock:
            assert booked.booking_id is not None
            erase(lock, [booked.booking_id])

    hall.db.write_in_now(hall.branch.id, erased)
    assert stored(hall) == ["أخرى"]
    hall.db.write_in_now(hall.branch.id, calling.finish, free(hall, here))
    clock.move(timedelta(days=1))
    tidy(hall.db, hall.branch.id)
    assert stored(hall) == []
