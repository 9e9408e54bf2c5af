"""Who may use which address of one's own account; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import ANY_STAFF, UNKNOWN, Row, row

STATIC_FILE: Final = "account.css"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/account"): ANY_STAFF,
    ("POST", "/account"): ANY_STAFF,
    ("POST", "/account/password"): ANY_STAFF,
    ("POST", "/account/sessions/end"): ANY_STAFF,
    # The links of the table are those of numbers and bookings.
    ("GET", "/welcome/{token}"): row(UNKNOWN),
    ("POST", "/welcome/{token}"): row(UNKNOWN),
}
