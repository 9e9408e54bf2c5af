"""Who may use which address of the screens; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import ON_THE_SCREEN, SOCKET, Row

STATIC_FILE: Final = "screen.css"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/display"): ON_THE_SCREEN,
    (SOCKET, "/display/live"): ON_THE_SCREEN,
}
