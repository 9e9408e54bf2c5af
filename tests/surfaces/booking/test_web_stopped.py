"""The public pages say which services give no more numbers today."""

from __future__ import annotations

from datetime import timedelta

from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from tests.kit.hall import Hall, set_branch

SAID = {"ar": "لا تُعطى أرقام أخرى اليوم", "en": "No more numbers today"}
PAGE = "/book/doha-main"


def said(client: TestClient, address: str, language: str = "ar") -> int:
    return client.get(f"{address}?lang={language}").text.count(SAID[language])


def test_what_gives_no_more_numbers_today_says_so(here: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = here
    queues = {one.slug: hall.branch.queue_of(one).slug for one in hall.branch.services.values() if one.walk_in}
    stopped = [slug for slug, queue in queues.items() if queue == "q-attest"]
    other = next(slug for slug, queue in queues.items() if queue != "q-attest")
    assert said(client, PAGE) == 0
    set_branch(hall, numbers_stopped={"q-attest": clock.now().date().isoformat()})
    for language in SAID:
        assert said(client, PAGE, language) == len(stopped)
        assert said(client, f"{PAGE}/{stopped[0]}", language) == 1
        assert said(client, f"{PAGE}/{other}", language) == 0
    clock.move(timedelta(days=1))
    assert said(client, PAGE) == 0


def test_where_one_can_book_a_time_the_page_says_that_too(here: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = here
    today = clock.now().date().isoformat()
    set_branch(hall, numbers_stopped={one.slug: today for one in hall.branch.queues.values()})
    for service in hall.branch.services.values():
        page = client.get(f"{PAGE}/{service.slug}").text
        if SAID["ar"] in page:
            assert ("يمكن حجز موعد" in page) == service.bookable
        assert (SAID["ar"] in page) == service.walk_in
