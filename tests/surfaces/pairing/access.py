"""Who may use which address of the pairing pages; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import PAIR, PUBLIC, Row, row

STATIC_FILE: Final = "pairing.css"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/pair"): PUBLIC,
    ("GET", "/pair/state"): row(PAIR),
    ("POST", "/pair/state"): PUBLIC,
}
