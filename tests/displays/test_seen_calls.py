"""A call appears where its visitor was told to wait: which screens are live, what they show, what others say of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from queue_system.actions.devices import enrol_device, revoke_device, touch_devices
from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.access import devices
from queue_system.store.queries.board import board
from queue_system.store.queries.place import PlaceView, place
from queue_system.store.queries.screens import live_zones, where_to_wait
from tests.kit.displays_hall import Screen, keep_secret, screen
from tests.kit.hall import Hall, furnish
from tests.kit.web_hall import Page, furnished

SILENCE = timedelta(minutes=4)
# Only room 8, in the offices, takes payments for the Hajj; verifications are done at counter 4 and in room 6.
IN_OFFICES, IN_BOTH, IN_HALL = "hajj-payment", "verify-document", "passport-apply"


def turn_on(hall: Hall, *slugs: str) -> None:
    """Pair these displays, and note them as seen now."""
    for device in hall.db.read_now(devices, hall.branch.id, "display"):
        if device.slug in slugs:
            if not device.paired:
                hall.db.write_in_now(hall.branch.id, enrol_device, hall.branch.id, device.id)
            hall.db.write_in_now(hall.branch.id, touch_devices, hall.branch.id, {device.id})


def zone(hall: Hall, slug: str) -> object:
    return next(view for view in hall.branch.zones.values() if view.slug == slug)


def calls_in(hall: Hall, slug: str) -> list[str]:
    """The codes on a screen in a zone."""
    found = next(view.id for view in hall.branch.zones.values() if view.slug == slug)
    return [call.code for call in hall.db.read_now(board, hall.branch.id, found).board.calls]


def called(hall: Hall, service: str, counter: str) -> str:
    here = hall.sit(hall.person(f"clerk-{counter}"), counter)
    hall.issue(service)
    ticket = hall.call_next(here)
    assert ticket is not None
    return ticket.code


def stands(hall: Hall, service: str) -> PlaceView:
    return hall.db.read_now(place, hall.branch, hall.issue(service).ticket.token)


def test_a_call_of_a_zone_without_a_live_screen_is_on_the_screens_that_live(hall: Hall, clock: FrozenClock) -> None:
    turn_on(hall, "d1")
    code = called(hall, IN_OFFICES, "r8")
    assert calls_in(hall, "hall") == [code]
    turn_on(hall, "d1", "d2")
    assert calls_in(hall, "hall") == []
    assert calls_in(hall, "offices") == [code]
    clock.move(SILENCE)
    turn_on(hall, "d1")
    assert calls_in(hall, "hall") == [code]


def test_who_may_wait_in_two_zones_is_called_in_both_wherever_the_counter_is(hall: Hall) -> None:
    turn_on(hall, "d1", "d2")
    service = next(
        one for one in hall.branch.services.values() if hall.branch.queue_of(one).slug == "q-verify" and one.walk_in
    )
    code = called(hall, service.slug, "r6")
    assert calls_in(hall, "hall") == [code]
    assert calls_in(hall, "offices") == [code]


def test_a_revoked_screen_shows_nothing_and_its_calls_go_to_the_others(hall: Hall) -> None:
    turn_on(hall, "d1", "d2")
    code = called(hall, IN_OFFICES, "r8")
    second = next(one for one in hall.db.read_now(devices, hall.branch.id, "display") if one.slug == "d2")
    hall.db.write_in_now(hall.branch.id, revoke_device, hall.branch.id, second.id, SYSTEM)
    assert calls_in(hall, "hall") == [code]


def test_where_to_wait_is_where_the_call_will_be_seen(hall: Hall) -> None:
    assert stands(hall, IN_HALL).wait_in == (zone(hall, "hall"),), "no screen lives: where the counters are"
    assert stands(hall, IN_OFFICES).wait_in == (zone(hall, "offices"),)
    turn_on(hall, "d1")
    assert stands(hall, IN_OFFICES).wait_in == (zone(hall, "hall"),)
    turn_on(hall, "d2")
    assert stands(hall, IN_HALL).wait_in == (zone(hall, "hall"),)
    assert stands(hall, IN_OFFICES).wait_in == (zone(hall, "offices"),)
    live = hall.db.read_now(live_zones, hall.branch.id)
    verify = next(queue.id for queue in hall.branch.queues.values() if queue.slug == "q-verify")
    assert where_to_wait(hall.branch, verify, live) == (), "both zones show it"


@pytest.mark.parametrize(("profile", "branch"), [("social-work", "aman"), ("forum", None)])
def test_of_a_protected_visit_nothing_says_where_it_waits(
    db: Database, clock: FrozenClock, profile: str, branch: str | None
) -> None:
    hall = furnish(db, profile, branch)
    clock.move(timedelta(days=1, hours=2))
    service = next(one for one in hall.branch.services.values() if one.confidentiality.hides_service and one.walk_in)
    found = stands(hall, service.slug)
    assert (found.wait_in, found.on_screen) == ((), False)


# ---------------------------------------------------------------- on the screen


@pytest.fixture
def paired(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Screen]:
    with screen(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def look(paired: Screen) -> str:
    return Page(paired.client.get("/display").text).text


def test_the_screen_says_in_which_zone_a_counter_of_another_zone_is(paired: Screen, clock: FrozenClock) -> None:
    turn_on(paired.hall, "d1", "d2")
    code = paired.call(IN_OFFICES, counter="r8")
    assert code not in look(paired)
    clock.move(SILENCE)
    turn_on(paired.hall, "d1")
    assert code in look(paired)
    assert "المكاتب Offices" in look(paired)
    assert "Waiting hall" not in look(paired)


def test_a_protected_call_is_on_no_screen_however_dark_its_zone_is(paired: Screen) -> None:
    hall = keep_secret(paired.hall, "q-hajj", "none")
    turn_on(hall, "d1")
    here = hall.sit(hall.person("zaina"), "r8")
    hall.issue(IN_OFFICES)
    ticket = hall.call_next(here)
    assert ticket is not None
    assert ticket.code not in look(paired)
