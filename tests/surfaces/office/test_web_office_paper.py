"""The page of the virtual printer, and what the office shows and does when slips fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from printers.virtual_condition import Roll
from tests.kit.printing_hall import PrintingHall, qr_on, running_hall
from tests.kit.waiting import until
from tests.kit.web_hall import Page, sign_in


@pytest.fixture
def here(sqlite_url: str, tmp_path: Path) -> Iterator[PrintingHall]:
    with running_hall(sqlite_url, tmp_path) as hall:
        until(lambda: hall.printer_state() == "ready")
        hall.hall.administrator()
        yield hall


def see(here: PrintingHall, path: str) -> Page:
    answer = here.client.get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def press(here: PrintingHall, action: str, **values: str) -> str:
    """Send a form of the office; the address of the redirect."""
    answer = here.client.post(f"/office/printers/{here.hall.branch.slug}/p2/{action}", data=values)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_papers_hang_newest_first_and_are_pictures(here: PrintingHall) -> None:
    here.take()
    here.take(language="en")
    here.printer.wait_for_papers(2)
    page = see(here, "/paper")
    assert page.html.index("/paper/2.png") < page.html.index("/paper/1.png")
    picture = here.client.get("/paper/2.png")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content == here.printer.papers()[1].image
    assert here.client.get("/paper/3.png").status_code == 404


def test_the_page_needs_no_sign_in_and_its_part_refreshes(here: PrintingHall) -> None:
    assert 'hx-get="/paper/list"' in see(here, "/paper").html
    here.take()
    here.printer.wait_for_papers(1)
    part = see(here, "/paper/list").html
    assert "/paper/1.png" in part
    assert "<html" not in part


@pytest.mark.parametrize(
    ("fault", "shows"),
    [
        ("off", lambda now: not now.power),
        ("out", lambda now: now.roll is Roll.OUT),
        ("low", lambda now: now.roll is Roll.LOW),
        ("cover", lambda now: now.cover_open),
        ("hang", lambda now: now.hang),
        ("drop", lambda now: now.drop_after is not None),
    ],
)
def test_every_fault_can_be_switched_on_and_off(here: PrintingHall, fault: str, shows) -> None:  # type: ignore[no-untyped-def]
    assert not shows(here.printer.condition)
    assert here.client.post("/paper/condition", data={"fault": fault, "on": "yes"}).headers["location"] == "/paper"
    # A printer with little paper reports it by itself; one that breaks connections is noticed at the next one.
    if fault != "drop":
        assert shows(here.printer.condition)
        assert f'name="fault" value="{fault}"><input type="hidden" name="on" value=""' in see(here, "/paper").html
    here.client.post("/paper/condition", data={"fault": fault, "on": ""})
    assert not shows(here.printer.condition)


def test_an_unknown_fault_changes_nothing(here: PrintingHall) -> None:
    before = here.printer.condition
    assert here.client.post("/paper/condition", data={"fault": "fire", "on": "yes"}).status_code == 400
    assert here.printer.condition == before


def test_the_office_sees_the_printer_and_its_slips(here: PrintingHall) -> None:
    sign_in(here.client, "admin", "en")
    first = here.take()
    until(lambda: here.slip_states(first) == ["printed"])
    here.printer.change(roll=Roll.OUT)
    until(lambda: here.printer_state() == "no_paper")
    second = here.take()
    text = see(here, "/office/printers").text
    assert "Out of paper" in text
    assert second.ticket.code in text
    part = see(here, "/office/printers/state")
    assert part.text.count("Waiting to be printed") >= 2
    assert "<html" not in part.html
    assert "Out of paper" in see(here, "/office").text


def test_a_trial_slip_comes_out_and_is_nobody_s(here: PrintingHall) -> None:
    sign_in(here.client, "admin", "en")
    where = press(here, "trial")
    assert where == "/office/printers?said=trial&printer=p2"
    assert qr_on(here.printer.wait_for_papers(1)[0]) == "https://queue.example"
    assert "The trial slip was printed" in see(here, where).text
    assert here.kinds("slip.") == []


def test_a_trial_on_a_printer_that_is_off_says_so(here: PrintingHall) -> None:
    here.printer.change(power=False)
    sign_in(here.client, "admin", "en")
    where = press(here, "trial")
    assert where == "/office/printers?said=trial-failed&printer=p2&error=offline"
    assert "the printer is offline" in see(here, where).text


def test_a_copy_from_the_office_is_marked_and_logged_with_who_asked(here: PrintingHall) -> None:
    sign_in(here.client, "admin", "en")
    here.printer.change(drop_after=4_000)
    issued = here.take()
    until(lambda: here.slip_states(issued) == ["unknown"])
    fallen = here.printer.printed
    form = see(here, "/office/printers").form("copy", slip=here.slip_ids(issued)[0])
    answer = here.client.post(form.action, data=form.values)
    assert answer.headers["location"] == "/office/printers?said=copy&printer=p2"
    here.printer.wait_for_papers(fallen + 1)
    until(lambda: here.slip_states(issued) == ["unknown", "printed"])
    log = see(here, f"/office/audit?branch={here.hall.branch.slug}&kind=slip").text
    assert "A copy of the slip of F001 was sent to" in log
    assert "admin name" in log


def test_no_copy_while_the_slip_is_on_its_way(here: PrintingHall) -> None:
    here.printer.change(power=False)
    until(lambda: here.printer_state() == "offline")
    issued = here.take()
    sign_in(here.client, "admin", "en")
    path = f"/office/printers/{here.hall.branch.slug}/p2/copy"
    answer = here.client.post(path, data={"slip": here.slip_ids(issued)[0]})
    assert answer.status_code == 409
    assert "still on its way" in Page(answer.text).text
    assert here.client.post(path, data={"slip": "x"}).status_code == 404
