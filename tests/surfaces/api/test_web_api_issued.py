"""The number that another office gave a request, sent by a program."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.store.queries.bookings import booking_by_token
from tests.kit.api_program import EMBASSY, Program
from tests.kit.hall import Hall
from tests.kit.services import set_service

SERVICE, OTHER = "passport-lost", "attest-single"
NAMES = {"ar": "رقم الطلب على المنصة", "en": "Application number on the platform"}


@pytest.fixture
def asking(here: tuple[TestClient, Hall]) -> Hall:
    return set_service(here[1], SERVICE, issued_number={"names": NAMES, "digits_only": True, "length": 8})


def test_a_service_says_which_number_it_asks_for_and_gets_it(asking: Hall, here: tuple[TestClient, Hall]) -> None:
    program = Program(here[0])
    services = {one["service"]: one for one in program.get(f"{EMBASSY}/services").body["services"]}
    assert services[SERVICE]["issued_number"] == {"names": NAMES, "required": True, "digits_only": True, "length": 8}
    assert services[OTHER]["issued_number"] is None
    start = program.slots(SERVICE)[0]
    for typed, code in (
        (None, "issued-missing"),
        (" ", "issued-missing"),
        ("1", "issued-length"),
        ("A", "issued-digits"),
    ):
        refused = program.hold(start, service=SERVICE, **({} if typed is None else {"issued_number": typed}))
        assert (refused.status, refused.code, refused.body["field"]) == (422, code, "issued_number")
    held = program.hold(start, service=SERVICE, issued_number="2026 0114")
    assert held.status == 201
    # As with name and contact, no answer has it.
    assert "20260114" not in str(held.body)
    stored = asking.db.read_now(booking_by_token, asking.branch.id, held.body["token"])
    assert stored.issued_number == "20260114"
    elsewhere = program.hold(program.slots(OTHER)[0], service=OTHER, issued_number="20260114")
    assert (elsewhere.status, elsewhere.code) == (422, "issued-not-here")
