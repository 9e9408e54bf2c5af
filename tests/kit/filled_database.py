"""A database with a row in every table, and its stored form for future migrations.

Each test run makes the newest state again. Before a migration is added, that state is stored once and for all:

    ./dev.py shell python -m tests.kit.filled_database

It is then in tests/filled/REVISION.json, with values as SQLite stores them; `tests.kit.migrating` loads it.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from queue_system.actions import (
    bookings,
    credentials,
    devices,
    digests,
    invitations,
    own_views,
    report_readers,
    series,
    sessions,
    settings,
    tickets,
    upkeep,
)
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.series import SeriesOrder
from queue_system.actions.tickets import TicketOrder
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.messages import Level
from queue_system.core.one_time_codes import app_secret, code_at, step_of
from queue_system.core.series import Rhythm, SeriesRule
from queue_system.core.tokens import sha256
from queue_system.settings.edits import Edit
from queue_system.store import pruning, schema
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR, Actor
from queue_system.store.queries import access, past_days
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.credentials import step_by_token
from queue_system.store.queries.freed import kept_places
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.series_chances import dates_shown, planned
from queue_system.store.tables import (
    ORGANISATION,
    Alarm,
    ApartAccepted,
    ApartKey,
    ApartPair,
    Block,
    Booking,
    BookingInvitation,
    BranchSeason,
    ContactProof,
    EarlierOffer,
    EarlierWish,
    GivenService,
    HomeVisit,
    Message,
    Participant,
    PhoneCall,
    Resource,
    ReturnVoucher,
    ServiceResource,
    StaffNote,
    TicketNote,
    table,
)
from tests.kit.hall import Hall, edit, furnish
from tests.kit.tree import ROOT

KEPT: Final = ROOT / "tests" / "filled"
# A Sunday, 10:00 in Doha; a free time two days later.
NOW: Final = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
FREE_AT: Final = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)

# Table → its rows, each column as SQLite stores it. Each table comes after those that it refers to.
State: TypeAlias = dict[str, list[dict[str, Any]]]


def main() -> None:
    """Store the newest state."""
    with tempfile.TemporaryDirectory() as folder:
        state = newest_state(Path(folder))
    kept = KEPT / f"{schema.newest()}.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(state, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    sys.stdout.write(f"{kept}: {sum(map(len, state.values()))} rows\n")


def state_at(revision: str, folder: Path) -> State:
    """A filled database of that revision; raises FileNotFoundError for an older one that was never stored."""
    if revision == schema.newest():
        return newest_state(folder)
    state: State = json.loads((KEPT / f"{revision}.json").read_text(encoding="utf-8"))
    return state


def newest_state(folder: Path) -> State:
    """A filled database of the present tables, made in a file of `folder`."""
    file = folder / "filled.db"
    file.unlink(missing_ok=True)
    clock = FrozenClock(NOW)
    database = Database(f"sqlite:///{file}", clock)
    schema.migrate(database)
    fill(furnish(database), clock)
    database.close()
    connection = sqlite3.connect(file)
    connection.row_factory = sqlite3.Row
    try:
        return {
            rows.name: [dict(row) for row in connection.execute(f'SELECT * FROM "{rows.name}"')]
            for rows in schema.METADATA.sorted_tables
        }
    finally:
        connection.close()


def fill(hall: Hall, clock: FrozenClock) -> None:
    """A morning in the embassy, with some of everything."""
    here = hall.sit(hall.person("layla"))
    hall.issue()
    _serve(hall, hall.call_next(here), here.counter_id, here.staff_id)
    _print(hall)
    hall.check_in("edu-attest", clock)
    _give_a_time_back(hall)
    _take_a_room(hall)
    _repeat(hall)
    invited = _invited(hall)
    hall.db.write_now(Tx.execute, sa.insert(table(BookingInvitation)), invited)
    hall.db.write_now(Tx.execute, sa.insert(table(Message)), _letter(invited))
    proof = {"branch_id": hall.branch.id, "contact_key": sha256("a contact"), "proven_at": NOW}
    hall.db.write_now(Tx.execute, sa.insert(table(ContactProof)), proof)
    hall.db.write_now(sessions.start_session, here.staff_id, "browser")
    hall.db.write_now(sessions.remember_browser, here.staff_id, "a browser's secret")
    hall.db.write_now(own_views.save_view, hall.branch.id, here.staff_id, "شباكي", ["q-passports"])
    hall.db.write_now(report_readers.follow, hall.branch.id, here.staff_id)
    _add_app(hall, here.staff_id, clock)
    hall.db.write_now(devices.ask_pairing, "display")
    hall.db.write_now(upkeep.done_by_hand, "backup", {"rows": 1})
    samira = Actor("staff", str(hall.administrator("samira")))
    hall.db.write_now(invitations.invite, "nour", "نور", "ar", ORGANISATION, "administrator", "", samira)
    edit(hall, lambda tx: _add_resource(tx, hall))
    edit(hall, lambda tx: _shift_ramadan(tx, hall))
    hall.db.write_now(_keep_apart, hall)
    hall.db.write_now(_note, hall, here.staff_id)
    call = {"branch_id": hall.branch.id, "counter_id": here.counter_id, "staff_id": here.staff_id, "raised_at": NOW}
    hall.db.write_now(Tx.execute, sa.insert(table(Alarm)), call)
    _rename(hall)
    _digest(hall)


def _serve(hall: Hall, called: TicketView | None, counter_id: UUID, called_by: UUID) -> None:
    """A service that is given in a visit of several, a note about it, and the voucher of a visit for which documents were missing."""
    assert called is not None
    mine = {"branch_id": hall.branch.id, "ticket_id": called.id, "service_id": called.service_id}
    given = {"n": 1, "counter_id": counter_id, "started_at": NOW}
    hall.db.write_now(Tx.execute, sa.insert(table(GivenService)), mine | given)
    note = {"id": uuid7(), "rule": "allowed", "text": "ملاحظة", "written_at": NOW, "written_by": called_by}
    hall.db.write_now(Tx.execute, sa.insert(table(TicketNote)), mine | note)
    voucher = {"code": "AAAA-AAAA", "token": "a token", "valid_until": NOW.date()}
    hall.db.write_now(Tx.execute, sa.insert(table(ReturnVoucher)), mine | voucher)


def _note(tx: Tx, hall: Hall, staff_id: UUID) -> None:
    """Two notes of a clerk about one appointment, the second of which words the first anew."""
    booking = tx.row(sa.select(table(Booking)).where(table(Booking).c.branch_id == hall.branch.id))
    assert booking is not None
    first, second = uuid7(), uuid7()
    for note_id, corrects in ((first, None), (second, first)):
        row = {
            "branch_id": hall.branch.id,
            "id": note_id,
            "booking_id": booking.id,
            "rule": "allowed",
            "text": "ملاحظة",
        }
        row |= {"written_at": NOW, "written_by": staff_id, "corrects": corrects}
        tx.execute(sa.insert(table(StaffNote)), row)


def _keep_apart(tx: Tx, hall: Hall) -> None:
    """A pair whose people have one appointment together, which staff have accepted."""
    branch, pair = hall.branch.id, uuid7()
    booking = tx.row(sa.select(table(Booking)).where(table(Booking).c.branch_id == branch))
    assert booking is not None
    made = {"made_with": "0123456789abcdef", "scope": "building-day", "minutes": 0, "reason": "court"}
    keys = {"key_a": sha256("one"), "key_b": sha256("other")}
    tx.execute(sa.insert(table(ApartPair)), {"branch_id": branch, "id": pair, **keys, **made, "created_at": NOW})
    tx.execute(sa.insert(table(ApartKey)), {"branch_id": branch, "booking_id": booking.id, "hash": keys["key_a"]})
    both = {"one_id": booking.id, "other_id": booking.id}
    times = {"one_starts_at": booking.starts_at, "other_starts_at": booking.starts_at, "accepted_at": NOW}
    tx.execute(
        sa.insert(table(ApartAccepted)), {"branch_id": branch, "pair_id": pair, **both, **times, "reason": "agreed"}
    )


def _rename(hall: Hall) -> None:
    counter = hall.branch.counter("c1")
    renamed = Edit("counter", "c1", {"names": counter.names}, {"names": {"ar": "الشباك الأول", "en": "First counter"}})
    told = hall.db.read_now(settings.preview, hall.branch.id, [renamed])
    hall.db.write_now(settings.save, hall.branch.id, [renamed], told.sha256, actor=SYSTEM, person=None)


def _digest(hall: Hall) -> None:
    """The digest of the morning, and a checkpoint at the first entry of the log."""
    branch = hall.branch.id
    day = hall.db.read_now(past_days.digest_of, hall.branch, NOW.date())
    hall.db.write_in_now(branch, digests.write_digests, branch, past_days.Gathered(1, (day,)))
    chain = hall.db.read_now(pruning.verified_link, branch, 1)
    assert chain is not None
    hall.db.write_in_now(branch, pruning.set_checkpoint, branch, 1, chain)


def _add_app(hall: Hall, staff_id: UUID, clock: FrozenClock) -> None:
    key, actor = b"the key of the installation", Actor("staff", str(staff_id))
    token = hall.db.write_now(credentials.begin_app, staff_id)
    step = hall.db.read_now(step_by_token, sha256(token), "app")
    assert step is not None
    code = code_at(app_secret(key, step.data["salt"]), step_of(clock.now()))
    # The step that shows the recovery codes stays.
    hall.db.write_now(credentials.add_app, token, code, key, actor)


def _print(hall: Hall) -> None:
    printer = hall.db.read_now(access.devices, hall.branch.id, "printer")[0]
    service = hall.service("attest-single")
    order = TicketOrder(hall.branch.id, service, "ar", "kiosk", SYSTEM, printer_id=printer.id)
    hall.db.write_in_now(hall.branch.id, tickets.issue_ticket, order)


def _give_a_time_back(hall: Hall) -> None:
    branch = hall.branch.id
    order = HoldOrder(branch, hall.service("civil-extract"), FREE_AT, "هالة الحسن", "hala@example.org", "ar", VISITOR)
    held = hall.db.write_in_now(branch, bookings.hold_slot, order)
    person = {"role": "companion", "name": "ليلى الحسن", "contact": "+97455512346"}
    visit = {"branch_id": branch, "booking_id": held.id, "address": "شارع الزبارة 5", "back_at": NOW}
    hall.db.write_now(Tx.execute, sa.insert(table(HomeVisit)), visit)
    companion = {"branch_id": branch, "booking_id": held.id, "n": 1, **person}
    hall.db.write_now(Tx.execute, sa.insert(table(Participant)), companion)
    hall.db.sends = frozenset({Level.MINIMAL})
    hall.db.write_in_now(branch, bookings.confirm_booking, branch, held.id, VISITOR)
    hall.db.sends = frozenset()
    hall.db.write_in_now(branch, bookings.cancel_booking, branch, held.id, VISITOR)
    call = {
        "branch_id": branch,
        "booking_id": held.id,
        "n": 0,
        "event": "called_off",
        "since": NOW,
        "tries": 1,
        "tried_at": NOW,
    }
    hall.db.write_now(Tx.execute, sa.insert(table(PhoneCall)), call)
    _offer_earlier(hall, held)


def _offer_earlier(hall: Hall, booking: BookingView) -> None:
    """Somebody waits for an earlier time, and was offered one."""
    mine = {"branch_id": hall.branch.id, "booking_id": booking.id}
    (place,) = hall.db.read_now(kept_places, hall.branch.id)
    wish = {"since": NOW, "part": "morning", "notice_hours": 24}
    hall.db.write_now(Tx.execute, sa.insert(table(EarlierWish)), mine | wish)
    times = {"from_starts_at": FREE_AT, "starts_at": FREE_AT, "offered_at": NOW, "until": NOW, "ended_at": NOW}
    offer = {"id": uuid7(), "place_id": place.id, "outcome": "declined", **times}
    hall.db.write_now(Tx.execute, sa.insert(table(EarlierOffer)), mine | offer)


def _take_a_room(hall: Hall) -> None:
    service, contact = hall.service("legal-advice"), "omar@example.org"
    order = HoldOrder(hall.branch.id, service, FREE_AT, "عمر الحسن", contact, "ar", VISITOR)
    hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def _repeat(hall: Hall) -> None:
    """An appointment in three weeks, of which one is skipped."""
    branch = hall.branch.id
    order = HoldOrder(
        branch,
        hall.service("civil-extract"),
        FREE_AT + timedelta(days=1),
        "وفاء الحسن",
        "wafa@example.org",
        "ar",
        VISITOR,
        booker=Booker.STAFF,
    )
    held = hall.db.write_in_now(branch, bookings.hold_slot, order)
    rule = SeriesRule(Rhythm.WEEKLY, dates=3)
    dates = planned(hall.branch, held, rule)
    times = {**dict(dates), 2: None}
    hall.db.write_in_now(
        branch, series.make_series, branch, SeriesOrder(held.id, rule, times, dates_shown(held, dates)), SYSTEM
    )


def _invited(hall: Hall) -> dict[str, Any]:
    """A guest who has not answered yet."""
    return {
        "branch_id": hall.branch.id,
        "id": uuid7(),
        "service_id": hall.service("civil-extract"),
        "name": "رنا السالم",
        "contact": "rana@example.org",
        "language": "ar",
        "persons": 2,
        "answer_until": FREE_AT,
        "created_at": NOW,
    }


def _letter(invited: dict[str, Any]) -> dict[str, Any]:
    """The letter of an invitation, which waits to be sent."""
    return {
        "branch_id": invited["branch_id"],
        "id": uuid7(),
        "invitation_id": invited["id"],
        "event": "invited",
        "sequence": 0,
        "channel": "mail",
        "language": "ar",
        "state": "queued",
        "created_at": NOW,
        "wanted_at": NOW,
        "due_at": NOW,
    }


def _add_resource(tx: Tx, hall: Hall) -> None:
    branch, service = hall.branch.id, hall.service("attest-single")
    interpreter = uuid7()
    resource = {
        "branch_id": branch,
        "id": interpreter,
        "slug": "interpreter",
        "position": 0,
        "names": {"ar": "ترجمان"},
        "kind": "interpreter",
        "pool": 1,
    }
    tx.execute(sa.insert(table(Resource)), resource)
    leave = {"starts_at": NOW, "ends_at": NOW + timedelta(days=1), "reason": "leave", "created_at": NOW}
    tx.execute(
        sa.insert(table(Block)),
        {"branch_id": branch, "id": uuid7(), "plan_id": uuid7(), "member_id": interpreter, **leave},
    )
    tx.execute(
        sa.insert(table(ServiceResource)),
        {"branch_id": branch, "service_id": service, "resource_id": interpreter, "position": 0},
    )


def _shift_ramadan(tx: Tx, hall: Hall) -> None:
    days = {"first": date(2027, 2, 9), "last": date(2027, 3, 9), "provisional": True}
    tx.execute(sa.insert(table(BranchSeason)), {"branch_id": hall.branch.id, "slug": "ramadan", "position": 0, **days})


if __name__ == "__main__":
    main()
