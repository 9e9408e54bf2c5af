"""The page "Health": what is found, and the buttons that mend it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions.devices import enrol_device, touch_devices
from queue_system.actions.upkeep import done_by_hand
from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused
from queue_system.i18n import isolates
from queue_system.i18n.words import words_for
from queue_system.ops import backup
from queue_system.store import log, schema
from queue_system.store.queries import access
from queue_system.store.tables import ORGANISATION
from queue_system.surfaces.office import health
from queue_system.web import errands
from queue_system.web.installation import Installation
from tests.kit.hall import Hall
from tests.kit.web_hall import Page, application, furnished, sign_in


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        sign_in(found[0], "admin", "ar")
        yield found


@pytest.fixture
def client(place: tuple[TestClient, Hall]) -> TestClient:
    return place[0]


@pytest.fixture
def hall(place: tuple[TestClient, Hall]) -> Hall:
    return place[1]


def see(client: TestClient, path: str = "/office/health") -> Page:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return Page(isolates.strip(answer.text))


def installation(client: TestClient) -> Installation:
    found: Installation = client.app.state.installation  # type: ignore[attr-defined]
    return found


def test_a_backup_is_made_with_one_button(client: TestClient, hall: Hall) -> None:
    page = see(client)
    assert "لا توجد نسخة احتياطية بعد" in page.text
    answer = client.post(page.form("health/backup").action)
    assert (answer.status_code, answer.headers["location"]) == (303, "/office/health?said=backup-done")
    made = backup.newest(installation(client).configuration)
    page = see(client, answer.headers["location"])
    assert "أُنشئت النسخة الاحتياطية" in page.text
    assert made.path.name in page.text
    assert "لا توجد نسخة احتياطية بعد" not in page.text
    # The log says who wanted it.
    entry = hall.db.read_now(log.after, ORGANISATION, 0, 10_000)[-1]
    assert (entry.kind, entry.data, entry.actor_kind) == ("organisation.upkeep_done", {"task": "backup"}, "staff")


def test_no_backup_can_be_had_in_the_browser(client: TestClient) -> None:
    client.post("/office/health/backup")
    name = backup.newest(installation(client).configuration).path.name
    assert f'href="{name}' not in see(client).html
    assert client.get(f"/office/health/{name}").status_code == 404


def test_an_old_backup_is_a_fault(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    hall.db.write_in_now(ORGANISATION, done_by_hand, "backup", {"file": "x", "rows": 7})
    assert "عمر أحدث نسخة احتياطية بالساعات: 0" in see(client).text
    clock.set(clock.now() + timedelta(days=5))
    sign_in(client, "admin", "ar")
    page = see(client)
    assert "عمر أحدث نسخة احتياطية بالأيام: 5" in page.text
    assert "خلل" in page.html


@pytest.mark.process
@pytest.mark.slow
def test_the_newest_backup_is_tried_out_in_a_process_of_its_own(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "PATIENCE_SECONDS", 60.0)
    client.post("/office/health/backup")
    assert "لم تُختبر أي نسخة" in see(client).text
    answer = client.post("/office/health/drill")
    assert answer.headers.get("location") == "/office/health?said=drill-done", Page(answer.text).text
    assert "لم تُختبر أي نسخة" not in see(client).text


def test_a_task_that_takes_long_goes_on_and_its_failure_is_told(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "PATIENCE_SECONDS", 0.05)
    ends, begun = asyncio.Event(), []

    async def slow(_: object) -> None:
        begun.append(True)
        await ends.wait()
        raise Refused("drill-failed", what="rows/ticket")

    monkeypatch.setattr(health, "try_out_apart", slow)
    for _ in range(2):
        answer = client.post("/office/health/drill")
        assert answer.headers["location"] == "/office/health?said=drill-running"
    # The second press waits for the same one.
    assert begun == [True]
    assert client.portal is not None
    client.portal.call(ends.set)
    assert "rows/ticket" in _until_it_ended(client).text


def _until_it_ended(client: TestClient) -> Page:
    while installation(client).errands.underway:
        see(client)
    return see(client)


def test_each_device_that_is_silent_is_named_with_the_way_to_mend_it(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    (kiosk, *_) = [one for one in hall.db.read_now(access.devices, hall.branch.id) if one.kind == "kiosk"]
    hall.db.write_in_now(hall.branch.id, enrol_device, hall.branch.id, kiosk.id)
    clock.set(clock.now() + timedelta(days=1))
    sign_in(client, "admin", "ar")
    # It was paired, but has not been switched on yet.
    assert "لا تواصل" not in see(client).text
    assert "لم يتصل بعد" in see(client, "/office/devices").text
    hall.db.write_in_now(hall.branch.id, touch_devices, hall.branch.id, [kiosk.id])
    clock.set(clock.now() + timedelta(minutes=4))
    page = see(client)
    assert "لا تواصل" in page.text
    assert (kiosk.names or {}).get("ar", kiosk.slug) in page.text
    assert 'href="/office/devices"' in page.html


def test_who_may_see_health_may_not_have_backups_made(client: TestClient, hall: Hall) -> None:
    hall.person("tech", ((ORGANISATION, "it"),))
    sign_in(client, "tech", "ar")
    page = see(client)
    assert [form.action for form in page.forms if "health" in form.action] == []
    assert client.post("/office/health/backup").status_code == 403


def test_what_only_technicians_understand_is_told_to_them_apart(client: TestClient, hall: Hall) -> None:
    client.post("/office/health/backup")
    html = see(client).html
    apart = re.sub(r"<details class=\"for-technician\">.*?</details>", "", html, flags=re.DOTALL)
    name = backup.newest(installation(client).configuration).path.name
    for technical in (name, "QUEUE_", "SQLite", schema.newest()):
        assert technical in html
        assert technical not in Page(apart).text
    assert "عنوان الموقع غير مضبوط" in Page(apart).text


def test_every_word_for_everybody_belongs_to_something_that_doctor_says() -> None:
    words = words_for("ar", strict=True)
    assert [code for code in health.PLAIN if not words.has(f"doctor.{code}")] == []
