"""Out of turn, with the roles of the sample: the head of section decides it, and calls only who also calls visitors."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.actions.staff_roles import give_role
from queue_system.store.log import SYSTEM
from tests.kit.hall import Hall
from tests.kit.web_hall import another, clerk, sign_in


@pytest.fixture
def head(here: tuple[TestClient, Hall]) -> TestClient:
    """The browser of a head of section."""
    client, hall = here
    hall.person("huda", ((hall.branch.id, "supervisor"),))
    found = another(client)
    sign_in(found, "huda")
    return found


def test_a_head_of_section_who_calls_nobody_is_shown_no_desk(head: TestClient, hall: Hall) -> None:
    assert head.get("/desk").status_code == 403
    assert head.get("/desk/doha-main/c4").status_code == 403
    for page in ("/office", "/reception/doha-main"):
        assert 'href="/desk' not in head.get(page).text
    assert head.post("/counters/doha-main/c4/sitting").status_code == 403


def test_a_head_of_section_with_the_role_of_those_who_call_calls_out_of_turn(head: TestClient, hall: Hall) -> None:
    hall.db.write_now(give_role, "huda", hall.branch.id, "officer", "", SYSTEM)
    there = clerk(head, hall, "huda")
    there.sit()
    hall.issue()
    wanted = hall.issue().ticket
    assert f'id="call-{wanted.id}"' in there.look().html
    assert there.press("calls", ticket=str(wanted.id), reason="instruction").status_code == 303
    assert wanted.code in there.look().html.partition('id="desk-mine"')[2].partition("</section>")[0]


def test_who_only_calls_is_offered_nobody_out_of_turn(here: tuple[TestClient, Hall]) -> None:
    layla = clerk(*here, "layla")
    layla.sit()
    first, second = (here[1].issue().ticket for _ in range(2))
    page = layla.look().html
    assert f'id="call-{first.id}"' in page
    assert f'id="call-{second.id}"' not in page
    said = {"ticket": str(second.id), "reason": "instruction"}
    assert layla.client.post("/counters/doha-main/c4/calls", data=said).status_code == 403
