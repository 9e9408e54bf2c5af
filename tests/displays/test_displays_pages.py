"""The page of a screen, and what it may show of the hall."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from displays.picture import QueueShown, fitting
from displays.reach import CAP_HEIGHT, STEPS, font_size_needed, reach_class
from queue_system.actions import calling
from queue_system.clock import FrozenClock
from queue_system.settings.edits import Edit
from queue_system.store.database import Database
from queue_system.store.queries.settings import branch_ids
from tests.kit.displays_hall import SECRET, Screen, board_of, boards_until, enrol, keep_secret, screen, seat
from tests.kit.hall import enter, furnish
from tests.kit.services import save
from tests.kit.tree import ROOT
from tests.kit.web_hall import Page, another, application, furnished


@pytest.fixture
def paired(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Screen]:
    with screen(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def page(paired: Screen) -> str:
    answer = paired.client.get("/display")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_unpaired_browser_is_sent_to_be_paired(paired: Screen) -> None:
    answer = another(paired.client).get("/display")
    assert (answer.status_code, answer.headers["location"]) == (303, "/pair?kind=display")


@pytest.mark.parametrize("cookie", ["device-kiosk", "session"])
def test_a_screen_s_token_is_good_for_screens_alone(paired: Screen, cookie: str) -> None:
    other = another(paired.client)
    other.cookies.set(cookie, paired.token)
    assert other.get("/display").status_code == 303


def test_nobody_was_called_yet_in_both_languages(paired: Screen) -> None:
    text = Page(page(paired)).text
    assert "سيظهر رقمك هنا عند النداء عليه" in text
    assert "Your number will appear here when it is called" in text


def test_a_call_stands_on_the_page_without_any_script(paired: Screen) -> None:
    code = paired.call()
    html = page(paired)
    text = Page(html).text
    assert html.count(f'class="code">{code}<') == 2
    assert "شباك التصديقات" in text
    assert "Attestations" in text
    # «الشباك 4 Counter»: one number between the two languages.
    assert "الشباك 4 Counter" in text
    assert '<noscript><meta http-equiv="refresh"' in html


def test_waiting_people_are_counted_by_queue(paired: Screen) -> None:
    for _ in range(3):
        paired.hall.issue("attest-single")
    text = Page(page(paired)).text
    assert "التصديقات Attestations 3" in text
    assert "الجوازات Passports 0" in text


def test_where_there_are_too_many_queues_those_with_people_are_shown_in_their_order() -> None:
    people = [0, 3, 0, 1, 0, 2, 0, 5, 1, 4, 1, 1]
    queues = [QueueShown(chr(ord("A") + at), {}, count) for at, count in enumerate(people)]
    assert "".join(queue.prefix for queue in fitting(queues)) == "BDFHIJKL"
    assert fitting(queues[:8]) == queues[:8]


def test_a_closed_hall_says_when_it_opens(paired: Screen, clock: FrozenClock) -> None:
    paired.call()
    clock.set(datetime(2026, 11, 22, 11, 35, tzinfo=UTC))
    text = Page(page(paired)).text
    assert "لا نستقبل المراجعين الآن" in text
    assert "الاثنين 23 تشرين الثاني/نوفمبر 2026" in text
    assert "08:30" in text
    assert "F001" not in text


def test_after_closing_the_last_visitors_are_still_shown(paired: Screen, clock: FrozenClock) -> None:
    clock.set(datetime(2026, 11, 22, 10, 25, tzinfo=UTC))
    code = paired.call()
    clock.set(datetime(2026, 11, 22, 11, 31, tzinfo=UTC))
    assert code not in page(paired)
    paired.hall.db.write_in_now(paired.hall.branch.id, calling.recall, seat(paired.hall))
    assert code in page(paired)


def test_yesterday_s_calls_are_gone(paired: Screen, clock: FrozenClock) -> None:
    code = paired.call()
    assert code in page(paired)
    clock.move(timedelta(days=1))
    assert code not in page(paired)


@pytest.mark.parametrize("slug", ["d1", "d2"])
def test_nothing_of_a_protected_service_reaches_a_screen(paired: Screen, slug: str) -> None:
    shown = replace(paired.turned_to(slug), hall=keep_secret(paired.hall, "q-legal", "none"))
    with shown.socket() as session:
        ticket = shown.hall.issue("poa").ticket
        code = shown.call("declaration", counter="r6")
        frames = boards_until(session, shown.seq)
    assert [frame["calls"] for frame in frames] == [[]] * len(frames)
    payloads = [page(shown), *(json.dumps(frame, ensure_ascii=False) for frame in frames)]
    tickets = {ticket.code, code, str(ticket.id), ticket.token}
    words = tickets | {SECRET, "q-legal", "poa", "declaration", "الأرقام <bdi>H"}
    assert [word for word in words for payload in payloads if word in payload] == []


def test_a_discreet_service_is_a_code_and_a_number(paired: Screen) -> None:
    shown = replace(paired.turned_to("d2"), hall=keep_secret(paired.hall, "q-legal", "code_random"))
    code = shown.call("poa", counter="r6")
    html = page(shown)
    with shown.socket() as session:
        frame = board_of(session)
    assert code in html
    assert SECRET not in html + json.dumps(frame)
    call = frame["calls"][0]
    assert call.pop("seq") > 0
    place = {"number": 6, "kind": "room", "names": {}, "zone": {}}
    assert call == {"code": code, "spoken": True, "again": False, "age_s": 0, **place}
    # The queue is named by the letter of its numbers.
    assert "Numbers H" in Page(html).text


def test_payloads_hold_no_ids(paired: Screen) -> None:
    paired.call()
    with paired.socket() as session:
        text = json.dumps(board_of(session))
    branch = paired.hall.branch
    ids = [str(item) for item in (branch.id, *branch.counters, *branch.queues, *branch.services)]
    assert [item for item in ids if item in text] == []


def test_a_calm_branch_has_neither_chime_nor_flash(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock)
    furnish(database, "social-work")
    calm = [
        slug
        for slug in database.read_now(branch_ids)
        if (access := enter(database, slug).branch.access) and access.calm_mode
    ]
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, hall):
        _, token = enrol(enter(hall.db, calm[0]))
        client.cookies.set("device-display", token)
        html = client.get("/display").text
    assert "data-silent" in html
    assert "is-still" in html
    assert 'id="sound-off"' not in html


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize(
    ("inches", "metres", "height_mm"),
    # Usual heights: 61 mm for 5 m, 98 mm for 8 m.
    [(43.0, 5.0, 61.0), (55.0, 8.0, 98.0), (21.5, 3.0, 36.7)],
)
def test_codes_are_as_large_as_their_readers_are_far(inches: float, metres: float, height_mm: float) -> None:
    short_side_mm = inches * 25.4 * 9 / (16**2 + 9**2) ** 0.5
    size = font_size_needed(inches, metres)
    assert size / 100 * short_side_mm * CAP_HEIGHT == pytest.approx(height_mm, abs=0.5)
    step = int(reach_class(inches, metres).removeprefix("reach-"))
    assert step >= size


def test_an_undescribed_screen_is_taken_for_a_usual_one() -> None:
    assert reach_class(None, None) == reach_class(43.0, 5.0) == "reach-16"
    assert reach_class(20.0, 40.0) == f"reach-{STEPS[-1]}"


def test_the_height_of_capitals_is_that_of_the_font() -> None:
    font = TTFont(ROOT / "queue_system/web/static/fonts/NotoSans-Latin.woff2")
    assert font["OS/2"].sCapHeight / font["head"].unitsPerEm == pytest.approx(CAP_HEIGHT, abs=0.002)


def test_the_style_sheet_has_a_layout_for_every_step() -> None:
    sheet = (ROOT / "displays/static/screen.css").read_text()
    assert [step for step in STEPS[1:] if f"body.reach-{step} " not in sheet] == []


def test_departments_that_call_from_one_queue_are_told_apart(paired: Screen) -> None:
    department = next(iter(paired.hall.branch.departments.values()))
    save(paired.hall, [Edit("counter", "c4", {"department": None}, {"department": department.slug})])
    paired.call()
    shown = page(paired)
    assert Page(shown).text.count(department.names["ar"]) == 2
    assert "newest is-beside" in shown
    assert "is-many" not in shown
