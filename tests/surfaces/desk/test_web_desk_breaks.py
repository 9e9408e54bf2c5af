"""A break on the page of the desk, on those of colleagues, on Today and for programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from tests.kit.hall import Hall, set_rules
from tests.kit.web_hall import Clerk, Page, another, clerk, sign_in


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    """A clerk who sits at counter 4."""
    found = clerk(*here, "layla")
    found.sit()
    return found


def today(client: TestClient) -> Page:
    admin = another(client)
    sign_in(admin, "admin")
    return Page(admin.get("/office").text)


def test_a_break_is_seen_at_the_desk_by_colleagues_and_on_today(layla: Clerk, hall: Hall) -> None:
    hall.issue()
    answer = layla.press("breaks", reason="prayer", minutes="20", htmx=True)
    assert answer.status_code == 200
    assert "صلاة، والعودة نحو الساعة 10:20" in Page(answer.text).text
    omar = clerk(another(layla.client), hall, "omar", "c1")
    assert "صلاة، والعودة نحو الساعة 10:20" in omar.look().text
    assert "صلاة، والعودة نحو الساعة 10:20" in today(layla.client).text
    assert 'id="act-B" data-key="B"' in layla.look().html
    layla.press("break-ends")
    assert "صلاة" not in omar.look().text
    layla.press("breaks", reason="meal", minutes="30")
    layla.press("calls")
    assert "طعام" not in omar.look().text


@pytest.mark.parametrize("said", [{"reason": "prayer", "minutes": "soon"}, {"reason": "", "minutes": "5"}, {}])
def test_a_break_that_makes_no_sense_is_refused_with_a_sentence(layla: Clerk, said: dict[str, str]) -> None:
    form = layla.look().form("breaks")
    answer = layla.client.post(form.action, data=form.values | said)
    assert answer.status_code in (409, 422)
    assert "يُرجى" in Page(answer.text).text


def test_today_says_where_nothing_happens_and_has_the_button_that_closes(
    layla: Clerk, hall: Hall, clock: FrozenClock
) -> None:
    set_rules(hall, idle_counter_min=20)
    clock.move(timedelta(minutes=25))
    page = today(layla.client)
    assert "لا نشاط منذ 25 دقيقة" in page.text
    form = page.form("counters/doha-main/c4/closing", staff=str(layla.id))
    admin = another(layla.client)
    sign_in(admin, "admin")
    assert admin.post(form.action, data=form.values).status_code == 303
    assert "لا نشاط" not in today(layla.client).text
