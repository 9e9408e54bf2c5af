"""A running node uses the current settings, also after another node has changed them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.store.database import Database, Tx
from queue_system.store.editing import editing_catalogue
from queue_system.store.tables import Organisation, Service, table
from queue_system.web.here import AtBranch
from tests.kit.api_program import Program, kiosk_token
from tests.kit.hall import Hall, change_settings, edit, enter, furnish
from tests.kit.web_hall import application

FIRST, SECOND = "attest-single", "edu-attest"


@pytest.fixture
def office(db: Database) -> Hall:
    """The node that changes settings."""
    return furnish(db)


@pytest.fixture
def client(office: Hall, db_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[TestClient]:
    """A client of another node."""
    with application(db_url, tmp_path, clock) as (client, _):
        yield client


def name_the_house(tx: Tx, name: str) -> None:
    with editing_catalogue(tx):
        tx.execute(sa.update(table(Organisation)).values(names={"ar": name, "en": name}))


def slugs(hall: Hall, **new: str) -> None:
    """Give services other slugs: `was="becomes"`, with _ for -."""
    services = table(Service)
    ids = {hall.service(old.replace("_", "-")): slug for old, slug in new.items()}

    def change(tx: Tx) -> None:
        # In two steps, because no two services may have the same slug in between.
        for step in ("between-{}", "{}"):
            for service_id, slug in ids.items():
                tx.execute(sa.update(services).where(services.c.id == service_id).values(slug=step.format(slug)))

    change_settings(hall.db, change)


def test_the_name_of_the_organisation_changes_on_every_page_without_a_restart(client: TestClient, office: Hall) -> None:
    pages = ("/", "/sign-in", f"/b/{office.branch.slug}", "/nowhere")
    assert not any("دار جديدة" in client.get(page).text for page in pages)
    office.db.write_now(name_the_house, "دار جديدة")
    assert [page for page in pages if "دار جديدة" not in client.get(page).text] == []


def test_an_application_that_loses_its_database_still_knows_its_name(client: TestClient, office: Hall) -> None:
    office.db.write_now(name_the_house, "دار قديمة")
    client.get("/")
    with office.db.migrating() as connection:
        for gone in ("organisation", "branch"):
            connection.execute(sa.text(f"ALTER TABLE {gone} RENAME TO gone_{gone}"))
    answer = client.get("/nowhere")
    assert (answer.status_code, "دار قديمة" in answer.text) == (404, True)


@pytest.fixture
def program(client: TestClient, office: Hall) -> Program:
    client.headers.pop("sec-fetch-site")
    found = Program(client, kiosk_token(office))
    assert found.take(FIRST).status == 201
    return found


def test_a_number_is_of_the_service_that_has_the_name_now(program: Program, office: Hall) -> None:
    """Already the first number after the edit: the node's cached settings are compared again under the lock."""
    slugs(office, attest_single=SECOND, edu_attest=FIRST)
    prefix = {service.slug: service.queue_id for service in enter(office.db).branch.services.values()}
    queue = office.branch.queues[prefix[FIRST]]
    taken = program.take(FIRST)
    assert (taken.status, taken.body["service"], taken.body["code"][: len(queue.prefix)]) == (201, FIRST, queue.prefix)


def test_a_service_that_is_new_gives_numbers_at_once(program: Program, office: Hall) -> None:
    slugs(office, attest_single="attest-anew")
    assert program.take("attest-anew").status == 201
    assert program.take(FIRST).status == 404


def test_nobody_is_refused_while_settings_are_edited_quickly(
    program: Program, office: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another edit comes each time between the look at the settings and the lock."""
    do = AtBranch.do

    async def after_another_edit(here: AtBranch, *args: Any, **kwargs: Any) -> Any:
        await asyncio.to_thread(edit, office, lambda tx: None)
        return await do(here, *args, **kwargs)

    monkeypatch.setattr(AtBranch, "do", after_another_edit)
    assert program.take(FIRST).status == 201
