"""The log tells of settings with the names of then and the values of the history, on the page, on paper and in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import settings
from queue_system.clock import FrozenClock
from queue_system.i18n import isolates
from queue_system.i18n.words import words_for
from queue_system.settings.edits import Edit
from queue_system.settings.objects import objects_of
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import audit
from queue_system.store.queries.audit import Wanted
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.values import value_at
from queue_system.store.tables import ORGANISATION, Change, table
from queue_system.surfaces.office import audit_values
from queue_system.surfaces.office.sentences import Sentences
from tests.kit.hall import Hall, furnish
from tests.kit.web_hall import Page, application, furnished, sign_in

OLD = "Attestation (up to 3 documents)"
SERVICE = "attest-single"


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def save(hall: Hall, kind: str, slug: str, where: UUID | None = None, **now: Any) -> None:
    """Set fields of a thing, whatever they are."""
    place = where or hall.branch.id
    was = hall.db.read_now(_values, place, kind, slug)
    edit = Edit(kind, slug, {name: was.get(name) for name in now}, now)
    told = hall.db.read_now(settings.preview, place, [edit])
    assert told.edits
    hall.db.write_now(settings.save, place, [edit], told.sha256, actor=SYSTEM, person=None)


def _values(tx: Tx, place: UUID, kind: str, slug: str) -> dict[str, Any]:
    return objects_of(value_at(StoredRows(tx), place))[kind, slug]


def told(hall: Hall, kind: str = "") -> list[str]:
    """The sentences of the branch's log, newest first."""
    names = hall.db.read_now(audit.names_of_log, hall.branch.id)
    write = Sentences(words_for("en", strict=True), names, hall.branch.zone)
    found = hall.db.read_now(audit.entries, hall.branch.id, Wanted(kind=kind), 50)
    return [isolates.strip(write.sentence(one).striptags()) for one in found]


def test_an_entry_names_a_thing_as_it_was_called_then(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    hall.issue()
    save(hall, "service", SERVICE, names={"ar": "تصديق", "en": "Second name"})
    clock.move(timedelta(minutes=5))
    hall.issue()
    save(hall, "service", SERVICE, names={"ar": "تصديق", "en": "Third name"})
    hall.issue()
    issued = told(hall, "ticket.issued")
    assert [next(name for name in (OLD, "Second name", "Third name") if name in one) for one in issued] == [
        "Third name",
        "Second name",
        OLD,
    ]
    assert "service Second name" in told(hall, "settings")[1]


def test_what_all_branches_share_has_its_name_of_then_too(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    hall.issue()
    clock.move(timedelta(minutes=5))
    save(hall, "priority", "walkin", ORGANISATION, names={"ar": "بلا موعد", "en": "Came by"})
    clock.move(timedelta(minutes=5))
    hall.issue()
    newer, older = told(hall, "ticket.issued")
    assert "Class: Came by" in newer
    assert "Class: Walk-in" in older


def test_what_was_removed_keeps_its_name_in_the_log(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    room = {"names": {"ar": "غرفة", "en": "Quiet room"}}
    for edit in (Edit("zone", "quiet", None, room), Edit("zone", "quiet", room, None)):
        clock.move(timedelta(minutes=1))
        shown = hall.db.read_now(settings.preview, hall.branch.id, [edit])
        hall.db.write_now(settings.save, hall.branch.id, [edit], shown.sha256, actor=SYSTEM, person=None)
    assert all("Quiet room" in one for one in told(hall, "settings"))


def test_the_page_the_paper_and_the_file_say_the_old_and_the_new_value(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    save(hall, "service", SERVICE, duration_min=9)
    save(hall, "priority", "walkin", ORGANISATION, names={"ar": "بلا موعد", "en": "Came by"})
    sign_in(client, "admin", "en")
    for page in ("", "/paper"):
        html = client.get(f"/office/audit{page}?kind=settings").text
        assert "<del><bdi" in html
        text = isolates.strip(Page(html).text)
        assert "6 minutes" in text
        assert "9 minutes" in text
        assert "Came by" in text, "a change of the organisation has its values in the log of the branch"
    table = list(csv.reader(io.StringIO(client.get("/office/audit/table?kind=settings").content.decode("utf-8-sig"))))
    assert [row[5] for row in table][-1] == "Duration of a visit: from 6 minutes to 9 minutes"


def test_values_that_were_erased_are_not_invented(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    save(hall, "service", SERVICE, duration_min=9)
    hall.db.write_now(lambda tx: tx.execute(sa.delete(table(Change))))
    sign_in(client, "admin", "en")
    page = Page(client.get("/office/audit?kind=settings").text)
    assert "What changed: Duration of a visit" in page.text
    assert "9 minutes" not in page.text


def test_of_a_long_list_the_log_says_what_came_and_went(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    documents = list(hall.db.read_now(_values, ORGANISATION, "organisation", _slug(hall))["documents"])
    save(hall, "service", SERVICE, documents=documents[1:15])
    save(hall, "service", SERVICE, documents=documents[2:16])
    sign_in(client, "admin", "en")
    html = client.get("/office/audit?kind=settings").text
    newest = html[html.index('<div class="log-values">') :].partition("</div></div>")[0]
    names = hall.db.read_now(_values, ORGANISATION, "document", documents[1])["names"]
    stayed = hall.db.read_now(_values, ORGANISATION, "document", documents[5])["names"]
    assert names["en"] in newest.partition("</dl>")[0]
    assert stayed["en"] not in newest.partition("</dl>")[0]
    older = html[html.index('<div class="log-values">', html.index('<div class="log-values">') + 9) :]
    value = Page(older[older.index("<ins>") : older.index("</ins>")]).text
    assert value.rstrip("\u2069 ").endswith("…")
    assert len(value) <= audit_values.LONGEST_VALUE + 2


def _slug(hall: Hall) -> str:
    return hall.db.read_now(lambda tx: value_at(StoredRows(tx), ORGANISATION).slug)
