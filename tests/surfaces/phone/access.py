"""Who may use which address of the telephone page; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import LINK, SOCKET, Row

STATIC_FILE: Final = "ticket.css"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/t/{token}"): LINK,
    ("GET", "/t/{token}/why"): LINK,
    ("POST", "/t/{token}/leave"): LINK,
    (SOCKET, "/t/{token}/live"): LINK,
}
