"""Closures as they are told: those of a part on Today, and those that are over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from queue_system.actions.settings import preview, save
from queue_system.clock import FrozenClock
from queue_system.settings.edits import Edit
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in

EARLIER = "/office/closures/doha-main/earlier"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


def seen(client: TestClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>|[\u2066-\u2069]", "", answer.text)).split())


def closed(hall: Hall, *closures: Mapping[str, object]) -> None:
    """The branch has these closures."""

    def written(tx: Tx) -> None:
        edit = Edit("branch", "doha-main", {"closures": []}, {"closures": [dict(one) for one in closures]})
        save(tx, hall.branch.id, [edit], preview(tx, hall.branch.id, [edit]).sha256, actor=SYSTEM, person=None)

    hall.db.write_now(written)


def test_today_says_of_a_closure_of_a_part_what_it_closes_and_when(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    day = f"{clock.now().date() + timedelta(days=2)}"
    one = {"first": day, "last": day, "names": {"ar": "تدريب", "en": "Training"}}
    closed(
        hall,
        {**one, "services": ["civil-extract"], "closes": "12:00"},
        {**one, "queues": ["q-passports"], "opens": "10:00"},
        {**one, "closes": "11:00", "opens": "12:00"},
    )
    names = {slug: hall.branch.service(slug).names["en"] for slug in ("civil-extract", "passport-apply")}
    text = seen(client, "/office")
    assert f"Closed in part from 12:00 ({names['civil-extract']}): Training" in text
    assert "Closed in part until 10:00 (Passports): Training" in text
    assert names["passport-apply"] not in text.split("Closed in part until")[1].split("Training")[0]
    assert "Closed in part 11:00 to 12:00: Training" in text


def test_closures_that_are_over_are_listed_for_twelve_months_the_latest_first(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    first = clock.now().date() + timedelta(days=1)
    days = [f"{first + timedelta(days=ahead)}" for ahead in range(22)]
    closed(hall, *({"first": one, "last": one, "names": {"ar": "عطلة", "en": f"Closure {one}"}} for one in days))
    assert "No closure ended" in seen(client, EARLIER)
    clock.move(timedelta(days=30))
    sign_in(client, "admin", "en")
    found = [*re.findall(r"Closure ([\d-]+)", seen(client, EARLIER))]
    assert found == days[::-1][: len(found)]
    assert not re.findall(r"Closure [\d-]+", seen(client, "/office/closures/doha-main"))
    assert found + re.findall(r"Closure ([\d-]+)", seen(client, f"{EARLIER}?page=2")) == days[::-1]
    assert f'href="{EARLIER}?page=2"' in client.get(EARLIER).text
    assert f'href="{EARLIER}?page=1"' in client.get(f"{EARLIER}?page=99").text
    clock.move(timedelta(days=400))
    sign_in(client, "admin", "en")
    assert not re.findall(r"Closure [\d-]+", seen(client, EARLIER))
