"""The note for the next clerk on the desk: written, shown to whoever has the visitor next, and kept when it is refused."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.core.staff_notes import LONGEST_FOR_NEXT
from tests.kit.hall import Hall
from tests.kit.web_hall import Clerk, Page, another, clerk


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    found = clerk(*here, "layla")
    found.sit()
    return found


def test_a_note_is_written_and_read_by_the_next_clerk_alone(layla: Clerk, hall: Hall) -> None:
    ticket = hall.issue().ticket
    assert 'name="text"' not in layla.look().html
    layla.press("calls")
    assert "ملاحظة للموظف التالي" in layla.look().text
    answer = layla.press("notes", htmx=True, text="الوثائق <b>مكتملة</b>")
    assert f"حُفظت الملاحظة عن الرقم {ticket.code}" in Page(answer.text).text
    assert "&lt;b&gt;مكتملة" in answer.text
    layla.press("parkings")
    assert "مكتملة" not in layla.look().html
    nour = clerk(another(layla.client), hall, "omar")
    nour.counter = "c5"
    nour.sit()
    nour.press("calls", ticket=str(ticket.id))
    page = nour.look()
    assert "ملاحظة من layla name" in page.text.replace("\u2068", "").replace("\u2069", "")
    assert "مكتملة" in page.text
    # It is read without scrolling, above all that can be done and told of the visitor.
    assert page.html.index("مكتملة") < page.html.index('class="outcomes"')
    # Who looks at the desk of another reads nothing of it.
    layla.counter = "c5"
    assert "مكتملة" not in layla.look().html


def test_a_note_that_is_too_long_is_refused_and_nothing_typed_is_lost(layla: Clerk, hall: Hall) -> None:
    hall.issue()
    layla.press("calls")
    typed = "ن" * (LONGEST_FOR_NEXT + 1)
    answer = layla.press("notes", text=typed)
    assert answer.status_code == 422
    assert f">{typed}</textarea>" in answer.text
    assert layla.press("notes", text=typed[1:]).status_code == 303
    assert layla.press("notes", text="").status_code == 303
    assert "ملاحظتي" not in layla.look().text
