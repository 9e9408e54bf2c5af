"""Numbers of thousands of digits, which Python refuses to read, are answered like other wrong numbers."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.profiles.branch_file import read_branch_file
from queue_system.profiles.nodes import ProfileError
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in
from tests.surfaces.office.test_web_editing import QUEUE, sent

LONG = "9" * 5_000
CLOSING = "/office/closing/doha-main"


@pytest.mark.parametrize("digits", [LONG, "٩" * 5_000])
def test_a_field_a_row_and_an_order_are_refused_or_left_out(here: tuple[TestClient, Hall], digits: str) -> None:
    client, _ = here
    sign_in(client, "admin")
    assert client.post(QUEUE, data=sent(client, QUEUE) | {"lanes": digits}).status_code == 422
    service = "/office/settings/doha-main/service/passport-lost"
    assert client.post(service, data=sent(client, service) | {f"terms.{digits}.first": "2027-01-01"}).status_code < 500
    assert client.post(service, data=sent(client, service) | {"documents.order.id": digits}).status_code < 500
    assert client.get(f"{CLOSING}?change={digits}").status_code < 500


def test_the_format_of_a_file_is_newer() -> None:
    with pytest.raises(ProfileError, match="is newer than this program"):
        read_branch_file(f"format: {LONG}\n".encode(), "branch.yaml")
