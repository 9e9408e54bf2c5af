"""Settings can change only inside an edit, in whatever way; columns that daily work changes are not settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.sql import visitors

from queue_system.actions.printers import set_printer
from queue_system.core.errors import Refused
from queue_system.settings.branch import Branch
from queue_system.settings.devices import PrinterKit
from queue_system.store import tables
from queue_system.store.database import Tx
from queue_system.store.editing import editing, editing_catalogue, founding
from queue_system.store.prepared import Prepared
from queue_system.store.queries.access import devices
from queue_system.store.queries.organisation import OrganisationView
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import BranchSettings, CounterView, branch_ids, branch_settings
from queue_system.store.queries.stored import stored_profile
from queue_system.store.queries.values import branch_at
from queue_system.store.setting_changes import SETTING_COLUMNS
from queue_system.store.tables import ORGANISATION, SETTINGS, table
from tests.kit.hall import Hall

BRANCH, SERVICE, POLICY = table(tables.Branch), table(tables.Service), table(tables.PolicyRow)
COUNTER = table(tables.Counter)
NAMES = {"names": {"ar": "جديد"}}

Change = Callable[[Tx], Any]


# ---------------------------------------------------------------- how a change is written

CHANGES: dict[str, Change] = {
    "update": lambda tx: tx.execute(sa.update(SERVICE).values(**NAMES)),
    "update of the table": lambda tx: tx.execute(SERVICE.update().values(NAMES)),
    "values when it is run": lambda tx: tx.execute(sa.update(BRANCH), NAMES),
    "many values when it is run": lambda tx: tx.execute(
        sa.update(SERVICE).where(SERVICE.c.slug == sa.bindparam("which")), [NAMES | {"which": "birth"}]
    ),
    "column as a key": lambda tx: tx.execute(sa.update(COUNTER).values({COUNTER.c.number: COUNTER.c.number + 100})),
    "ordered values": lambda tx: tx.execute(sa.update(BRANCH).ordered_values((BRANCH.c.names, {"ar": "جديد"}))),
    "beside a column of the day": lambda tx: tx.execute(sa.update(BRANCH).values(live_day=None, position=0)),
    "its version": lambda tx: tx.execute(sa.update(BRANCH).values(config_version=BRANCH.c.config_version + 1)),
    "delete": lambda tx: tx.execute(sa.delete(table(tables.ServiceDocument))),
    "delete of the table": lambda tx: tx.execute(table(tables.ClosureRow).delete()),
    "insert": lambda tx: tx.execute(sa.insert(table(tables.Document)), {"slug": "new", "position": 99} | NAMES),
    "what the organisation has once": lambda tx: tx.execute(sa.update(POLICY).values(horizon_days=7)),
    "with an answer": lambda tx: tx.rows(sa.update(SERVICE).values(NAMES).returning(SERVICE.c.slug)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_settings_outside_an_edit_is_refused(hall: Hall, change: Change) -> None:
    with pytest.raises(RuntimeError, match="inside `editing`"):
        hall.db.write_now(change)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_same_change_passes_inside_an_edit(hall: Hall, change: Change) -> None:
    def edit(tx: Tx) -> None:
        with editing_catalogue(tx):
            change(tx)

    hall.db.write_now(edit)


def test_what_all_branches_share_is_not_changed_in_the_edit_of_one(hall: Hall) -> None:
    def edit(tx: Tx) -> None:
        with editing(tx, [hall.branch.id]):
            CHANGES["what the organisation has once"](tx)

    with pytest.raises(RuntimeError, match="policy"):
        hall.db.write_now(edit)


TEXT = table(tables.Text)


def word_of(branch_id: UUID) -> dict[str, Any]:
    return {"branch_id": branch_id, "slug": "new", "position": 99} | NAMES


# In an edit of one branch: changes of its rows, and of rows that others read.
OF_THE_BRANCH: dict[str, Callable[[Tx, UUID], Any]] = {
    "where it is": lambda tx, here: tx.execute(sa.update(SERVICE).where(SERVICE.c.branch_id == here).values(NAMES)),
    "and something else": lambda tx, here: tx.execute(
        sa.delete(TEXT).where(sa.and_(TEXT.c.slug == "x", TEXT.c.branch_id.in_([here])))
    ),
    "when it is run": lambda tx, here: tx.execute(
        sa.update(BRANCH).where(BRANCH.c.id == sa.bindparam("which")).values(NAMES), {"which": here}
    ),
    "a row": lambda tx, here: tx.execute(sa.insert(TEXT), word_of(here)),
    "a row of its own": lambda tx, here: tx.execute(sa.insert(TEXT).values(word_of(here))),
    "rows of its own": lambda tx, here: tx.execute(sa.insert(TEXT).values([word_of(here)])),
}
NOT_OF_THE_BRANCH: dict[str, Callable[[Tx, UUID], Any]] = {
    "every branch": lambda tx, here: tx.execute(sa.update(SERVICE).values(NAMES)),
    "or another": lambda tx, here: tx.execute(
        sa.update(SERVICE).where(sa.or_(SERVICE.c.branch_id == here, SERVICE.c.slug == "birth")).values(NAMES)
    ),
    "all but it": lambda tx, here: tx.execute(sa.delete(TEXT).where(TEXT.c.branch_id != here)),
}


@pytest.mark.parametrize("change", OF_THE_BRANCH.values(), ids=OF_THE_BRANCH)
def test_an_edit_changes_rows_of_its_branches_and_of_no_other(hall: Hall, change: Callable[[Tx, UUID], Any]) -> None:
    """A word of the organisation, or of another branch, would be served for ever where its version has not moved."""
    other = next(one for one in hall.db.read_now(branch_ids).values() if one != hall.branch.id)

    def edit(tx: Tx, whose: UUID) -> None:
        with editing(tx, [hall.branch.id]):
            change(tx, whose)

    for whose in (ORGANISATION, other):
        with pytest.raises(RuntimeError, match="rows of these only"):
            hall.db.write_now(edit, whose)
    hall.db.write_now(edit, hall.branch.id)


@pytest.mark.parametrize("change", NOT_OF_THE_BRANCH.values(), ids=NOT_OF_THE_BRANCH)
def test_an_edit_names_the_branch_whose_rows_it_changes(hall: Hall, change: Callable[[Tx, UUID], Any]) -> None:
    def edit(tx: Tx) -> None:
        with editing(tx, [hall.branch.id]):
            change(tx, hall.branch.id)

    with pytest.raises(RuntimeError, match="rows of these only"):
        hall.db.write_now(edit)


def test_a_prepared_statement_changes_no_settings() -> None:
    with pytest.raises(ValueError, match="must not change settings"):
        Prepared(sa.update(BRANCH).where(BRANCH.c.id == sa.bindparam("b")).values(names=sa.bindparam("n")))
    with pytest.raises(ValueError, match="must not change settings"):
        Prepared(sa.insert(SERVICE))


def test_what_the_day_changes_is_no_setting(hall: Hall) -> None:
    hall.db.write_now(Tx.execute, sa.update(COUNTER).values(seated_at=None, staff_id=None))
    hall.db.write_now(Tx.execute, sa.update(BRANCH).values(live_day=None))
    hall.db.write_now(Tx.execute, sa.update(table(tables.Ticket)).values(state="served"))


def test_an_installation_is_founded_once(hall: Hall) -> None:
    with pytest.raises(Refused, match="already-installed"):
        hall.db.write_now(founding)


# ---------------------------------------------------------------- which tables hold settings


def test_the_tables_of_settings_are_those_that_the_cached_views_are_read_from(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the guard did not know a table that the views read, the table could change unnoticed by the caches."""
    read: set[str] = set()
    execute = Tx.execute

    def noted(tx: Tx, statement: Any, values: Any = None) -> Any:
        plain = statement.statement if isinstance(statement, Prepared) else statement
        read.update(part.name for part in visitors.iterate(plain) if isinstance(part, sa.Table))
        return execute(tx, statement, values)

    monkeypatch.setattr(Tx, "execute", noted)
    hall.db.settings.__init__()  # type: ignore[misc]
    hall.db.read_now(branch_settings, hall.branch.id)
    hall.db.read_now(stored_profile)
    # Devices change with the day's work, so their rows are a part of what `StoredRows.once` compares.
    read.remove(table(tables.Device).name)
    guarded = {name for name, found in table(tables.Branch).metadata.tables.items() if SETTING_COLUMNS in found.info}
    assert read == guarded == {table(model).name for model in SETTINGS}


def test_no_view_shows_what_the_day_changes() -> None:
    shown = set(BranchSettings.model_fields) | set(CounterView.model_fields) | set(OrganisationView.model_fields)
    of_the_day = frozenset[str]().union(*SETTINGS.values())
    assert of_the_day
    assert shown & of_the_day == set()


def test_a_printer_that_is_adjusted_is_seen_although_the_version_stays(hall: Hall) -> None:
    """Printers are adjusted without an edit; forms and previews must not show them as they were."""

    def declared(tx: Tx) -> Branch:
        return branch_at(StoredRows(tx), hall.branch.id)

    printer = hall.db.read_now(devices, hall.branch.id, "printer")[0]
    other = 3 - printer.printer.feed_per_line
    before, version = hall.db.read_now(declared), hall.db.read_now(branch_settings, hall.branch.id).config_version
    hall.db.write_now(set_printer, hall.branch.id, printer.id, {"feed_per_line": other})
    kit = hall.db.read_now(declared).devices[printer.slug].kit
    assert isinstance(kit, PrinterKit)
    assert kit.feed_per_line == other
    assert hall.db.read_now(declared) != before
    assert hall.db.read_now(branch_settings, hall.branch.id).config_version == version
