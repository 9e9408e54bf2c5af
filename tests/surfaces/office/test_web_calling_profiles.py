"""Calling profiles in the office: a head of section adds one, gives it to a counter, and is told what a condition lacks."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.stored import stored_branch
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in
from tests.surfaces.office.test_web_editing import previewed, saved, sent

HERE = "/office/settings/doha-main"
NEW = "/office/new-setting/doha-main/calling_profile"
RULES = "/rules/doha-main"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def test_a_profile_is_added_given_to_a_counter_and_published(client: TestClient, hall: Hall) -> None:
    first = next(iter(hall.branch.queues.values())).slug
    step = {"steps__0__queues": first, "steps__0__when": "waiting", "steps__0__watched": first}
    named = {"names__ar": "الصباح", "names__en": "Mornings"}
    lacking = client.post(NEW, data=sent(client, NEW, **named, **step))
    assert lacking.status_code == 422
    assert "هذا الشرط يحتاج إلى هذه القيمة" in lacking.text
    saved(client, NEW, previewed(client, NEW, **named, **step, steps__0__waits_min="20"))
    found = hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id)).calling_profiles["mornings"]
    assert (found.steps[0].queues, found.steps[0].waits_min) == ((first,), 20)
    itself = {**named, **step, "steps__0__when": "share", "steps__0__calls": "2", "steps__0__others": "1"}
    refused = client.post(NEW, data=sent(client, NEW, **itself))
    assert "لا يتناوب الدور مع نفسه" in refused.text
    address = f"{HERE}/counter/c4"
    saved(client, address, previewed(client, address, calling_profile="mornings"))
    assert hall.db.read_now(branch_settings, hall.branch.id).counter("c4").calling_profile == "mornings"
    assert "نمط نداء" in client.get(RULES).text
