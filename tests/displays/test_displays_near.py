"""Visitors whose turn is near are asked to come near, on screens and telephones, where the branch wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from displays.picture import BoardKey, picture
from queue_system.clock import FrozenClock
from queue_system.store.database import Tx
from queue_system.store.queries.coming_near import near_on_screen
from queue_system.store.queries.place import whole_line
from queue_system.store.queries.settings import branch_settings
from tests.kit.counted_statements import counted_statements
from tests.kit.displays_hall import Screen, screen, seat
from tests.kit.hall import Hall, set_rules
from tests.kit.levels import give_rules
from tests.kit.web_hall import Page, another, furnished

ASKED = "يُرجى الاقتراب"


@pytest.fixture
def paired(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Screen]:
    with screen(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def strip(paired: Screen) -> str:
    """The strip of the screen; empty without one."""
    return paired.client.get("/display").text.partition('<section class="near"')[2].partition("</section>")[0]


def near(hall: Hall) -> tuple[str, ...]:
    def read(tx: Tx) -> tuple[str, ...]:
        return near_on_screen(whole_line(tx, branch_settings(tx, hall.branch.id)), None)

    return hall.db.read_now(read)


def test_the_first_of_the_line_are_asked_and_nobody_where_the_branch_does_not_ask(hall: Hall) -> None:
    hall.sit(hall.person("layla"))
    codes = [hall.issue().ticket.code for _ in range(4)]
    assert near(hall) == ()
    set_rules(hall, come_near_places=2)
    assert near(hall) == tuple(codes[:2])


def test_nobody_is_asked_to_come_to_a_closed_counter(hall: Hall) -> None:
    set_rules(hall, come_near_places=2)
    hall.issue()
    assert near(hall) == ()


def test_what_screens_hide_is_not_asked_there(hall: Hall) -> None:
    set_rules(hall, come_near_places=3)
    hall.sit(hall.person("layla"))
    shown = hall.issue("attest-single").ticket
    assert near(hall) == (shown.code,)
    give_rules(hall, "attest-single", display="none")
    assert near(hall) == ()


def test_screen_and_telephone_say_it(paired: Screen) -> None:
    set_rules(paired.hall, come_near_places=1)
    seat(paired.hall)
    first, second = paired.hall.issue(), paired.hall.issue()
    said = strip(paired)
    assert ASKED in Page(said).text
    assert first.ticket.code in said
    assert second.ticket.code not in said
    visitor = another(paired.client)
    assert ASKED in visitor.get(f"/t/{first.ticket.token}?lang=ar").text
    assert ASKED not in visitor.get(f"/t/{second.ticket.token}?lang=ar").text
    paired.hall.call_next(seat(paired.hall))
    assert second.ticket.code in strip(paired)
    assert first.ticket.code not in strip(paired)
    assert ASKED not in visitor.get(f"/t/{first.ticket.token}?lang=ar").text


def test_a_screen_of_a_branch_that_does_not_ask_has_no_strip(paired: Screen) -> None:
    seat(paired.hall)
    paired.hall.issue()
    assert strip(paired) == ""


def test_the_screens_of_all_zones_share_one_reading_of_the_line(paired: Screen) -> None:
    set_rules(paired.hall, come_near_places=2)
    seat(paired.hall)
    installation, branch = paired.installation, paired.hall.branch
    zones = [*branch.zones, None]
    assert len(zones) > 2
    codes = [paired.hall.issue().ticket.code for _ in range(3)]

    async def draw() -> list[str]:
        return [(await picture(installation.read_only, BoardKey(branch.id, zone))).html for zone in zones]

    with counted_statements() as sent:
        drawn = asyncio.run(draw())
    assert len([text for text in sent if "ORDER BY ticket.anchor_at" in text]) == 1
    assert all(code in drawn[-1] for code in codes[:2])
    assert codes[2] not in drawn[-1]
    with counted_statements() as sent:
        assert another(paired.client).get(f"/api/v1/branches/{branch.slug}/queues").status_code == 200
    assert [text for text in sent if "ORDER BY ticket.anchor_at" in text] == []
