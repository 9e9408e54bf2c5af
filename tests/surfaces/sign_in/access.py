"""Who may use which address of the sign-in pages; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import ANY_STAFF, PUBLIC, Row

MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/sign-in"): PUBLIC,
    ("POST", "/sign-in"): PUBLIC,
    ("POST", "/sign-out"): PUBLIC,
    ("GET", "/staff"): ANY_STAFF,
}
