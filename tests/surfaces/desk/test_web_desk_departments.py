"""Counters of two departments that call from one queue are told apart at the desk and in the audit log."""

from __future__ import annotations

from starlette.testclient import TestClient

from queue_system.settings.edits import Edit
from tests.kit.hall import Hall
from tests.kit.services import save
from tests.kit.web_hall import Page, clerk, sign_in


def test_desk_and_log_say_which_department_calls(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    mine, theirs = list(hall.branch.departments.values())[:2]
    edits = [
        Edit("counter", counter, {"department": None}, {"department": one.slug})
        for counter, one in (("c4", mine), ("c5", theirs))
    ]
    save(hall, edits)
    layla = clerk(client, hall, "layla")
    layla.sit()
    hall.issue()
    layla.press("calls")
    html = layla.look().html
    assert f'id="mine-department">{mine.names["ar"]}' in html
    assert theirs.names["ar"] in html.split('id="desk-colleagues"')[1]
    sign_in(client, "admin")
    assert f"القسم الذي نادى: {mine.names['ar']}" in Page(client.get("/office/audit").text).text.replace(
        "\u2068", ""
    ).replace("\u2069", "")
