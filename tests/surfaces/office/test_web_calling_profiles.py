"""Calling profiles in the office: a head of section adds one, gives it to a counter, and is told what a condition lacks."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.store.queries.calling_profiles import clerk
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.stored import stored_branch
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in
from tests.surfaces.office.test_web_editing import previewed, saved, sent

HERE = "/office/settings/doha-main"
NEW = "/office/new-setting/doha-main/calling_profile"
NEW_SKILL = "/office/new-setting/doha-main/skill"
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


def test_people_have_skills_and_languages_and_today_says_where_a_skill_is_lacking(
    client: TestClient, hall: Hall
) -> None:
    saved(client, NEW_SKILL, previewed(client, NEW_SKILL, names__ar="توثيق", names__en="Notary"))
    address = f"{HERE}/service/attest-single"
    saved(client, address, previewed(client, address, skills="notary"))
    mona = hall.person("mona")
    hall.sit(mona)
    hall.issue()
    assert "لديه المهارة المطلوبة" in client.get("/office").text
    page = f"/office/people/{mona}"
    assert 'name="skill-notary"' in client.get(page).text
    said = {"name": "Layla", "language": "ar", "calling": "1", "skill-notary": "1", "speaks-ar": "1"}
    assert client.post(page, data=said, follow_redirects=False).status_code == 303
    person = hall.db.read_now(clerk, mona)
    assert (person.skills, person.languages, person.profile) == (frozenset({"notary"}), frozenset({"ar"}), None)
    assert "لديه المهارة المطلوبة" not in client.get("/office").text
    shown = client.get(page).text
    assert 'name="skill-notary" value="1" checked' in shown
