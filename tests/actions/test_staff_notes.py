"""Notes of staff about appointments: who reads them, and that nobody else can, not even from the files. On both databases."""

from __future__ import annotations

import zipfile
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions.member_accounts import link_member
from queue_system.actions.staff_notes import write_note
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.core.errors import Denied, Invalid, Missing
from queue_system.core.staff_notes import LONGEST_NOTE, NONCE_BYTES, NoteRule, Reader, opened, sealed, stricter
from queue_system.ops import backup
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.staff_notes import Notes, gives, notes_of
from queue_system.store.tables import Confidentiality, StaffNote, table
from tests.kit.hall import Hall, change_settings, enter, furnish
from tests.kit.legal_aid import START, booked, legal_aid
from tests.kit.people import add_role

NOTE = table(StaffNote)
# Occurs in nothing else.
TEXT = "الشاهدة زمرّدة تحضر مع شقيقتها smaragd"
MARKS = ("زمرّدة".encode(), b"smaragd", b"\\u0632\\u0645\\u0631")


@pytest.fixture
def aid(db: Database) -> Hall:
    return legal_aid(db)


def set_rule(hall: Hall, service: str, rule: NoteRule) -> Hall:
    level, rows = hall.branch.service(service).confidentiality, table(Confidentiality)

    def change(tx: Tx) -> None:
        data = dict(tx.scalar(sa.select(rows.c.data).where(rows.c.slug == level.slug)))
        tx.execute(sa.update(rows).where(rows.c.slug == level.slug).values(data=data | {"staff_note": rule}))

    change_settings(hall.db, change)
    return enter(hall.db, hall.branch.slug)


def reader(hall: Hall, login: str, *, gives: bool = False, names: bool = False, privileged: bool = False) -> Reader:
    return Reader(hall.person(login, ()), gives, names, privileged)


def write(hall: Hall, booking: BookingView, by: Reader, text: str = TEXT, corrects: UUID | None = None) -> UUID:
    branch, actor = hall.branch.id, Actor("staff", str(by.staff_id))
    return hall.db.write_in_now(branch, write_note, branch, booking.id, text, by, actor, corrects)


def read(hall: Hall, booking: BookingView, by: Reader) -> Notes:
    return hall.db.read_now(notes_of, hall.branch, booking, by)


def texts(hall: Hall, booking: BookingView, by: Reader) -> list[str | None]:
    return [one.text for one in read(hall, booking, by).notes]


@pytest.mark.parametrize("rule", ["allowed", "restricted", "restricted_encrypted"])
def test_who_reads_a_note_follows_from_the_level(aid: Hall, rule: NoteRule) -> None:
    hall = set_rule(aid, "assoc-compliance", rule)
    booking = booked(hall, START)
    writer, colleague = reader(hall, "writer", names=True), reader(hall, "colleague", names=True)
    lawyer, trusted = reader(hall, "lawyer", gives=True), reader(hall, "trusted", privileged=True)
    stranger = reader(hall, "stranger")
    write(hall, booking, writer)
    for one in (writer, lawyer, trusted):
        assert texts(hall, booking, one) == [TEXT]
    found = read(hall, booking, colleague)
    if rule == "allowed":
        assert [one.text for one in found.notes] == [TEXT]
    else:
        assert (found.notes, found.withheld) == ((), 1)
    assert texts(hall, booking, stranger) == []
    with pytest.raises(Denied):
        write(hall, booking, stranger)
    stored = hall.db.read_now(Tx.scalar, sa.select(NOTE.c.text))
    assert (stored == TEXT) == (rule != "restricted_encrypted")


def test_a_level_that_becomes_stricter_holds_for_old_notes_and_one_that_becomes_open_does_not(aid: Hall) -> None:
    hall = set_rule(aid, "assoc-compliance", "allowed")
    booking = booked(hall, START)
    writer, colleague = reader(hall, "writer", names=True), reader(hall, "colleague", names=True)
    write(hall, booking, writer, "مفتوحة")
    hall = set_rule(hall, "assoc-compliance", "restricted")
    assert texts(hall, booking, colleague) == []
    write(hall, booking, writer, "مقيّدة")
    hall = set_rule(hall, "assoc-compliance", "allowed")
    assert texts(hall, booking, colleague) == ["مفتوحة"]
    assert texts(hall, booking, writer) == ["مقيّدة", "مفتوحة"]
    assert stricter("restricted", "allowed") == stricter("allowed", "restricted") == "restricted"


def test_a_note_is_corrected_by_a_new_one_of_the_same_writer(aid: Hall) -> None:
    booking = booked(aid, START)
    writer, lawyer = reader(aid, "writer", names=True), reader(aid, "lawyer", gives=True)
    first = write(aid, booking, writer, "الأولى")
    with pytest.raises(Missing, match="note"):
        write(aid, booking, lawyer, "ليست لها", first)
    second = write(aid, booking, writer, "الثانية", first)
    with pytest.raises(Missing, match="note"):
        write(aid, booking, writer, "مرة أخرى", first)
    (note,) = read(aid, booking, lawyer).notes
    assert (note.id, note.text, [one.text for one in note.earlier]) == (second, "الثانية", ["الأولى"])
    entries = aid.db.read_now(log.after, aid.branch.id, 0)
    assert [one.kind for one in entries][-2:] == ["booking.noted", "booking.note_corrected"]
    assert not [one for one in entries if "الأولى" in str(one.data) or "الثانية" in str(one.data)]


def test_the_right_to_read_restricted_notes_lets_nobody_write_them(aid: Hall) -> None:
    with pytest.raises(Denied):
        write(aid, booked(aid, START), reader(aid, "trusted", privileged=True))


def test_a_stored_text_that_is_damaged_is_one_that_cannot_be_read(aid: Hall) -> None:
    secret, branch, note = b"secret", aid.branch.id, aid.branch.id
    whole = sealed(secret, branch, note, TEXT, bytes(NONCE_BYTES))
    assert opened(secret, branch, note, whole) == TEXT
    for damaged in (whole[:-1], whole[:8], "", "ليس"):
        assert opened(secret, branch, note, damaged) is None


@pytest.mark.parametrize(("typed", "code"), [(" \n ", "note-empty"), ("س" * (LONGEST_NOTE + 1), "note-long")])
def test_a_note_has_a_text_of_some_length(aid: Hall, typed: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        write(aid, booked(aid, START), reader(aid, "writer", names=True), typed)
    assert (refused.value.code, refused.value.field) == (code, "text")


def test_the_booked_member_and_the_clerk_at_the_counter_give_the_service(aid: Hall) -> None:
    booking = booked(aid, START, asked="amal")
    lawyer = add_role(aid, "is_booked", "be_booked_as_resource")
    amal, basel = (aid.person(login, ((aid.branch.id, lawyer),)) for login in ("amal", "basel"))
    for login, account in (("amal", amal), ("basel", basel)):
        aid.db.write_in_now(aid.branch.id, link_member, aid.branch.id, login, account, SYSTEM)
    assert aid.db.read_now(gives, aid.branch.id, booking, amal)
    assert not aid.db.read_now(gives, aid.branch.id, booking, basel)


def test_who_serves_the_visitor_reads_only_while_the_visitor_is_there(hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.check_in("edu-attest", clock)
    assert ticket.booking_id is not None
    booking = hall.db.read_now(booking_by_id, hall.branch.id, ticket.booking_id)
    here = hall.sit(hall.person("layla"))
    assert not hall.db.read_now(gives, hall.branch.id, booking, here.staff_id)
    called = hall.call_next(here)
    assert called is not None
    assert called.id == ticket.id
    assert hall.db.read_now(gives, hall.branch.id, booking, here.staff_id)
    hall.call_next(hall.at(here.staff_id, expected=ticket.id))
    assert not hall.db.read_now(gives, hall.branch.id, booking, here.staff_id)


def test_a_sealed_text_opens_only_as_its_own_note_and_with_the_same_key() -> None:
    branch, note, other = UUID(int=1), UUID(int=2), UUID(int=3)
    made = sealed(b"one key", branch, note, TEXT, bytes(12))
    assert opened(b"one key", branch, note, made) == TEXT
    assert opened(b"another", branch, note, made) is None
    assert opened(b"one key", branch, other, made) is None
    assert opened(b"one key", other, note, made) is None
    with pytest.raises(RuntimeError):
        sealed(b"", branch, note, TEXT, bytes(12))


@pytest.mark.parametrize(("rule", "found"), [("restricted_encrypted", False), ("restricted", True)])
def test_an_encrypted_note_is_in_no_file_of_the_database_and_in_no_backup(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock, rule: NoteRule, found: bool
) -> None:
    """A note that is not encrypted is found by the same search, so the search is able to find."""
    database = Database(sqlite_url, clock, secret=b"the key of the installation")
    hall = set_rule(furnish(database, "forum", "istanbul"), "assoc-compliance", rule)
    booking = booked(hall, START)
    write(hall, booking, reader(hall, "writer", names=True))
    assert texts(hall, booking, reader(hall, "lawyer", gives=True)) == [TEXT]
    file = database.file
    assert file is not None
    parts = [part for end in ("", "-wal", "-shm") if (part := Path(f"{file}{end}")).exists()]
    made = made_backup(database, tmp_path)
    contents = [part.read_bytes() for part in parts] + made
    assert any(mark in text for text in contents for mark in MARKS) == found
    assert any(mark in text for text in made for mark in MARKS) == found


def made_backup(database: Database, folder: Path) -> list[bytes]:
    made = backup.make(read_configuration({}, data_dir=folder / "data"), database)
    with zipfile.ZipFile(made.path) as archive:
        return [archive.read(name) for name in archive.namelist()]
