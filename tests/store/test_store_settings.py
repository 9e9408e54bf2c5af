"""Settings are cached under their version: every node sees an edit once it is committed, and nobody before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.clock import FrozenClock
from queue_system.core.errors import Missing, Refused, Unavailable
from queue_system.store import tables, tx
from queue_system.store.database import Database, Tx
from queue_system.store.editing import editing, editing_catalogue
from queue_system.store.log import locked
from queue_system.store.queries import settings
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.rows import Rows, StoredRows
from queue_system.store.queries.settings import BranchSettings, branch_ids, branch_settings
from queue_system.store.queries.stored import stored_profile
from queue_system.store.queries.values import value_at
from queue_system.store.tables import ORGANISATION, Branch, Service, table
from tests.kit.crowd import crowd
from tests.kit.hall import Hall, edit
from tests.kit.together import in_one_transaction

NEW = {"ar": "جديد", "en": "new"}


@pytest.fixture
def other(hall: Hall, db_url: str, clock: FrozenClock) -> Iterator[Database]:
    """Another node, which has already read the settings."""
    node = Database(db_url, clock)
    read(node, hall)
    node.read_now(declared, hall.branch.id)
    yield node
    node.close()


def read(node: Database, hall: Hall) -> BranchSettings:
    return node.read_now(branch_settings, hall.branch.id)


def declared(tx: Tx, branch_id: UUID) -> Any:
    """The settings of a branch as a form and a preview have them."""
    return value_at(StoredRows(tx), branch_id)


def rename(tx: Tx, branch_id: UUID, name: str) -> None:
    """An edit that gives the branch another name."""
    with editing(tx, [branch_id]):
        tx.execute(sa.update(table(Branch)).where(table(Branch).c.id == branch_id).values(names={"ar": name}))


def name_in(view: BranchSettings) -> str:
    return view.names["ar"]


# ---------------------------------------------------------------- every node


def test_an_edit_is_seen_on_every_node(hall: Hall, other: Database) -> None:
    hall.db.write_now(rename, hall.branch.id, "أول")
    assert name_in(read(other, hall)) == name_in(read(hall.db, hall)) == "أول"
    assert name_in(other.read_now(declared, hall.branch.id)) == "أول"
    other.write_now(rename, hall.branch.id, "ثان")
    assert name_in(read(hall.db, hall)) == name_in(hall.db.read_now(declared, hall.branch.id)) == "ثان"


def test_settings_are_read_once_as_long_as_nobody_edits_them(hall: Hall, other: Database) -> None:
    assert read(other, hall) is read(other, hall)
    assert other.read_now(declared, hall.branch.id) is other.read_now(declared, hall.branch.id)
    hall.issue()
    before = read(other, hall)
    hall.db.write_now(rename, hall.branch.id, "أول")
    assert read(other, hall) is not before


def of_service(view: BranchSettings) -> Any:
    return next(iter(view.services.values()))


# Values that the organisation has once: the column to change, and where a branch shows it.
CATALOGUE: dict[str, tuple[Any, dict[str, Any], Callable[[BranchSettings], Any]]] = {
    "policy": (tables.PolicyRow, {"horizon_days": 77}, lambda view: {p.horizon_days for p in view.policies.values()}),
    "priority": (tables.Priority, {"weight": 77.0}, lambda view: {p.weight for p in view.priorities.values()}),
    "document": (
        tables.Document,
        {"names": NEW},
        lambda view: [d.names for s in view.services.values() for d in s.documents],
    ),
    "confidentiality": (tables.Confidentiality, {"names": NEW}, lambda view: of_service(view).confidentiality.names),
    "season": (tables.SeasonRow, {"provisional": True}, lambda view: {s.provisional for s in view.calendar.seasons}),
    "text": (tables.Text, {"names": NEW}, lambda view: [names for names in view.texts.values() if names == NEW]),
    "organisation": (tables.Organisation, {"names": NEW}, lambda view: view.organisation.names),
}


@pytest.mark.parametrize("what", CATALOGUE)
def test_what_the_organisation_has_once_changes_in_every_branch_on_every_node(
    hall: Hall, other: Database, what: str
) -> None:
    model, values, shown = CATALOGUE[what]
    every = hall.db.read_now(branch_ids).values()
    before = {branch_id: shown(other.read_now(branch_settings, branch_id)) for branch_id in every}
    whole = other.read_now(stored_profile)

    def change(tx: Tx) -> None:
        with editing_catalogue(tx):
            tx.execute(sa.update(table(model)).values(values))

    hall.db.write_now(change)
    for branch_id, was in before.items():
        assert shown(other.read_now(branch_settings, branch_id)) != was
    assert other.read_now(stored_profile) != whole


def test_the_organisation_itself_is_read_anew_after_an_edit(hall: Hall, other: Database) -> None:
    assert other.read_now(organisation) is other.read_now(organisation)

    def change(tx: Tx) -> str:
        with editing_catalogue(tx):
            tx.execute(sa.update(table(tables.Organisation)).values(names=NEW))
            return organisation(tx).names["ar"]

    assert hall.db.write_now(change) == NEW["ar"]
    assert other.read_now(organisation).names == hall.db.read_now(organisation).names == NEW


# ---------------------------------------------------------------- before the commit


def test_an_edit_sees_its_own_changes_and_nobody_else_does_before_the_commit(hall: Hall, other: Database) -> None:
    was = name_in(hall.branch)
    seen: list[str] = []

    def change(tx: Tx) -> None:
        with editing(tx, [hall.branch.id]) as found:
            for name in ("أول", "ثان"):
                tx.execute(
                    sa.update(table(Branch)).where(table(Branch).c.id == hall.branch.id).values(names={"ar": name})
                )
                version = found[hall.branch.id].config_version
                seen.extend(name_in(branch_settings(tx, hall.branch.id, given)) for given in (None, version))
                # In this thread, in the middle of the edit.
                seen.extend(name_in(read(node, hall)) for node in (hall.db, other))
                seen.append(name_in(declared(tx, hall.branch.id)))
                seen.extend(name_in(node.read_now(declared, hall.branch.id)) for node in (hall.db, other))

    hall.db.write_now(change)
    assert seen == ["أول", "أول", was, was, "أول", was, was, "ثان", "ثان", was, was, "ثان", was, was]
    assert name_in(read(hall.db, hall)) == name_in(read(other, hall)) == "ثان"


def look_and_give_up(tx: Tx, branch_id: UUID) -> None:
    """A preview: edit, read the result, and roll back."""
    rename(tx, branch_id, "معاينة")
    assert name_in(branch_settings(tx, branch_id)) == name_in(declared(tx, branch_id)) == "معاينة"
    raise Refused("only-a-preview")


def names_on(node: Database, hall: Hall) -> list[str]:
    """The name that visitors see, and that in the office."""
    return [name_in(read(node, hall)), name_in(node.read_now(declared, hall.branch.id))]


def after_a_preview(hall: Hall, other: Database) -> list[str]:
    """The names on the node of a preview, after another node has committed an edit with the same version."""
    with pytest.raises(Refused, match="only-a-preview"):
        hall.db.write_now(look_and_give_up, hall.branch.id)
    other.write_now(rename, hall.branch.id, "حقيقة")
    return names_on(hall.db, hall)


def test_what_was_rolled_back_is_nowhere(hall: Hall, other: Database) -> None:
    assert after_a_preview(hall, other) == ["حقيقة", "حقيقة"]


def test_a_cache_without_care_would_show_what_was_rolled_back(
    hall: Hall, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless(monkeypatch)
    assert after_a_preview(hall, other) == ["معاينة", "معاينة"]


def commit_that_fails(hall: Hall, other: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An edit and a read of it in a transaction whose commit fails; then as in `after_a_preview`."""

    def edit_and_look(tx: Tx) -> str:
        rename(tx, hall.branch.id, "معاينة")
        return name_in(branch_settings(tx, hall.branch.id)) + name_in(declared(tx, hall.branch.id))

    def lost(*_args: Any) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, Exception("the disk is full"))

    with monkeypatch.context() as broken:
        broken.setattr(hall.db.dialect, "notices", lost)
        with pytest.raises(Unavailable):
            hall.db.write_now(edit_and_look)
    other.write_now(rename, hall.branch.id, "حقيقة")
    return names_on(hall.db, hall)


def test_what_was_not_committed_is_nowhere(hall: Hall, other: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commit_that_fails(hall, other, monkeypatch) == ["حقيقة", "حقيقة"]


def test_a_cache_without_care_would_show_what_was_not_committed(
    hall: Hall, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless(monkeypatch)
    assert commit_that_fails(hall, other, monkeypatch) == ["معاينة", "معاينة"]


def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: what an edit reads is cached for everybody as soon as it is read."""
    monkeypatch.setattr(Tx, "edits", property(lambda tx: False, lambda tx, edits: None))
    monkeypatch.setattr(tx, "changed_settings", lambda *_: None)


def test_works_that_share_a_transaction_read_the_settings_once(hall: Hall) -> None:
    hall.db.write_now(rename, hall.branch.id, "أول")

    def look(tx: Tx) -> BranchSettings:
        with locked(tx, hall.branch.id) as branch:
            return branch_settings(tx, branch.id, branch.config_version)

    one, two = (job.result() for job in in_one_transaction(hall, [look, look]))
    assert one is two is read(hall.db, hall)
    assert name_in(one) == "أول"


# ---------------------------------------------------------------- the order of locks


def test_an_edit_is_refused_where_works_share_a_transaction_and_the_others_succeed(hall: Hall) -> None:
    """An earlier work may hold the branch's lock, for which another node's edit waits."""
    before = read(hall.db, hall).config_version

    def ticket(_tx: Tx) -> UUID:
        with locked(_tx, hall.branch.id) as branch:
            return branch.id

    first, edit, last = in_one_transaction(hall, [ticket, lambda tx: rename(tx, hall.branch.id, "هنا"), ticket])
    assert first.result() == last.result() == hall.branch.id
    with pytest.raises(RuntimeError, match=r"`Database\.write`"):
        edit.result()
    assert read(hall.db, hall).config_version == before


def test_an_edit_is_refused_even_if_it_is_alone_in_its_transaction(hall: Hall) -> None:
    for refused in (edit_of(hall), catalogue_edit):
        with pytest.raises(RuntimeError, match=r"`Database\.write`"):
            hall.db.write_in_now(hall.branch.id, refused)


def test_an_edit_is_refused_once_a_branch_is_locked(hall: Hall) -> None:
    def late(tx: Tx) -> None:
        with locked(tx, hall.branch.id):
            rename(tx, hall.branch.id, "هنا")

    with pytest.raises(RuntimeError, match="in the order of their ids"):
        hall.db.write_now(late)


def test_branches_are_locked_in_the_order_of_their_ids(hall: Hall) -> None:
    ids = sorted([ORGANISATION, *hall.db.read_now(branch_ids).values()])

    def lock(tx: Tx, order: list[UUID]) -> None:
        with ExitStack() as stack:
            for branch_id in order:
                stack.enter_context(locked(tx, branch_id))

    # A branch that is locked already is locked again without waiting.
    hall.db.write_now(lock, [*ids, ids[0]])
    with pytest.raises(RuntimeError, match="in the order of their ids"):
        hall.db.write_now(lock, [ids[1], ids[0]])


def edit_of(hall: Hall) -> Callable[[Tx], Any]:
    return lambda tx: rename(tx, hall.branch.id, "معاينة")


# ---------------------------------------------------------------- without the lock


@pytest.mark.parametrize("db_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_settings_that_are_edited_while_they_are_read_are_read_again(
    hall: Hall, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A work that writes sees, from one statement to the next, what others commit; SQLite allows no other writer."""
    load, edits = settings._services, iter(["between"])

    def interrupted(source: Rows, branch_id: UUID) -> Any:
        for _ in edits:
            other.write_now(change)
        return load(source, branch_id)

    def change(tx: Tx) -> None:
        with editing(tx, [hall.branch.id]):
            tx.execute(sa.update(table(Branch)).where(table(Branch).c.id == hall.branch.id).values(names=NEW))
            tx.execute(sa.update(table(Service)).where(table(Service).c.branch_id == hall.branch.id).values(names=NEW))

    monkeypatch.setattr(settings, "_services", interrupted)
    # So that there is an edit to read.
    other.write_now(rename, hall.branch.id, "أول")
    seen = hall.db.write_now(branch_settings, hall.branch.id)
    assert (seen.names, of_service(seen).names) == (NEW, NEW)


# ---------------------------------------------------------------- locks


def test_edits_and_tickets_on_several_nodes_come_through_together(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    """Edits lock many branches and tickets one: there is no deadlock, and no version is given twice."""
    before = read(hall.db, hall).config_version

    def everywhere(node: Database) -> None:
        node.write_now(catalogue_edit)

    def here(node: Database) -> None:
        node.write_now(rename, hall.branch.id, "هنا")

    def ticket(node: Database) -> None:
        Hall(node, hall.branch).issue()

    with crowd(db_url, clock, 2) as people:
        outcomes = people.rush([everywhere, here, ticket, ticket, everywhere, here, ticket, ticket] * 2)
    assert [problem for problem in outcomes if isinstance(problem, Exception)] == []
    assert read(hall.db, hall).config_version == before + 8


def catalogue_edit(tx: Tx) -> None:
    with editing_catalogue(tx):
        tx.execute(sa.update(table(tables.Document)).values(names=NEW))


def test_an_edit_locks_the_organisation_and_every_branch_it_names(hall: Hall) -> None:
    def change(tx: Tx) -> tuple[set[UUID], set[UUID]]:
        with editing(tx, [hall.branch.id]) as one, editing_catalogue(tx) as all_of_them:
            return set(one), set(all_of_them)

    every = set(hall.db.read_now(branch_ids).values())
    one, all_of_them = hall.db.write_now(change)
    assert one == {ORGANISATION, hall.branch.id}
    assert all_of_them >= every | {ORGANISATION}


def test_an_unknown_branch_cannot_be_edited(hall: Hall) -> None:
    with pytest.raises(Missing, match="branch"):
        hall.db.write_now(rename, UUID(int=77), "nowhere")


def test_settings_come_in_the_same_order_however_the_database_finds_them(hall: Hall, other: Database) -> None:
    """Without an order of our own PostgreSQL gives rows as its plan finds them, and SQLite as it likes."""
    ways = ["PRAGMA reverse_unordered_selects = ON"]
    if not other.dialect.is_embedded:
        ways = ["SET LOCAL enable_indexscan = off", "SET LOCAL enable_bitmapscan = off"]

    def found_otherwise(tx: Tx) -> BranchSettings:
        for way in ways:
            tx.execute(sa.text(way))
        return branch_settings(tx, hall.branch.id)

    def turn_round(tx: Tx) -> None:
        for links in (tables.CounterQueue, tables.ServiceResource):
            rows = table(links).c
            for row in reversed(tx.rows(sa.select(table(links)).where(rows.branch_id == hall.branch.id))):
                mine = [rows[key.name] == getattr(row, key.name) for key in table(links).primary_key]
                tx.execute(sa.update(table(links)).where(*mine).values(branch_id=row.branch_id))

    before = read(hall.db, hall)
    edit(hall, turn_round)
    assert other.read_now(found_otherwise).changed(config_version=before.config_version) == before
