"""How an appointment takes place, chosen by a program: at the branch, by video, at home with an address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.store.queries.bookings import booking_by_token
from queue_system.store.queries.home_visits import address_of
from tests.actions.test_channels import set_channels
from tests.kit.api_program import EMBASSY, Program
from tests.kit.hall import Hall, edit, set_branch

VIDEO, HOME, HERE = "passport-lost", "civil-extract", "attest-single"


@pytest.fixture
def program(here: tuple[TestClient, Hall]) -> Program:
    client, hall = here
    edit(hall, lambda tx: set_channels(tx, hall, {VIDEO: "onsite_or_video", HOME: "field"}))
    set_branch(hall, video_link="https://meet.example.org/{room}")
    return Program(client)


def test_a_program_chooses_video_and_is_told_the_call_once_it_is_confirmed(program: Program) -> None:
    assert channels(program, VIDEO) == ["counter", "video"]
    held = hold(program, VIDEO, channel="video")
    assert (held["channel"], held["video_link"]) == ("video", None)
    booked = program.post(f"bookings/{held['token']}/confirmation").body
    assert re.fullmatch(r"https://meet\.example\.org/[0-9a-f]{32}", booked["video_link"])
    assert program.delete(f"bookings/{held['token']}").body["video_link"] is None
    plain = hold(program, VIDEO)
    assert (plain["channel"], plain["video_link"]) == ("counter", None)


def test_an_address_is_kept_for_whoever_goes_and_is_in_no_answer(
    program: Program, here: tuple[TestClient, Hall]
) -> None:
    assert channels(program, HOME) == ["home"]
    held = hold(program, HOME, channel="home", address="12  Corniche Street")
    assert held["channel"] == "home"
    assert "Corniche" not in str(held)
    hall = here[1]
    booking = hall.db.read_now(booking_by_token, hall.branch.id, held["token"])
    assert hall.db.read_now(address_of, hall.branch.id, booking.id) == "12 Corniche Street"


def test_what_does_not_fit_the_service_is_refused(program: Program) -> None:
    for service, channel in ((HERE, "video"), (VIDEO, "telephone"), (HOME, "counter")):
        refused = program.hold(times(program, service)[0], service=service, channel=channel)
        assert (refused.status, refused.code) == (422, "channel-not-here")
    for service, said, code in (
        (HERE, {"address": "12 Corniche Street"}, "address-not-here"),
        (HOME, {}, "address-missing"),
        (HOME, {"channel": "home", "address": " "}, "address-missing"),
    ):
        refused = program.hold(times(program, service)[0], service=service, **said)
        assert (refused.status, refused.code) == (422, code)
    unknown = program.hold(times(program, HERE)[0], service=HERE, channel="pigeon")
    assert unknown.status == 422


def test_a_channel_that_the_branch_has_just_begun_to_offer_can_be_chosen(
    program: Program, here: tuple[TestClient, Hall]
) -> None:
    """The settings that are remembered do not have it yet."""
    hall = here[1]
    start = times(program, HERE)[0]
    edit(hall, lambda tx: set_channels(tx, hall, {HERE: "onsite_or_video"}))
    held = program.hold(start, service=HERE, channel="video")
    assert (held.status, held.body.get("channel")) == (201, "video")


def channels(program: Program, service: str) -> list[str]:
    found = program.get(f"{EMBASSY}/services").body["services"]
    return next(one["channels"] for one in found if one["service"] == service)


def times(program: Program, service: str) -> list[str]:
    days = program.get(f"{EMBASSY}/services/{service}/slots", **{"from": "2026-11-23", "to": "2026-11-26"}).body["days"]
    return [slot["starts_at"] for day in days for slot in day["slots"]]


def hold(program: Program, service: str, **said: str) -> Any:
    held = program.hold(times(program, service)[0], service=service, **said)
    assert held.status == 201, held.body
    return held.body
