"""Who may use which address of the kiosk; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import AT_THE_KIOSK, SOCKET, THING_AT_THE_KIOSK, Row

STATIC_FILE: Final = "kiosk.css"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/kiosk"): AT_THE_KIOSK,
    ("GET", "/kiosk/{lang}"): AT_THE_KIOSK,
    ("GET", "/kiosk/{lang}/rules"): AT_THE_KIOSK,
    ("GET", "/kiosk/{lang}/groups/{group}"): AT_THE_KIOSK,
    ("GET", "/kiosk/{lang}/services/{service}"): THING_AT_THE_KIOSK,
    ("POST", "/kiosk/{lang}/tickets"): AT_THE_KIOSK,
    ("GET", "/kiosk/{lang}/tickets/{token}"): AT_THE_KIOSK,
    ("POST", "/kiosk/{lang}/tickets/{token}/copies"): AT_THE_KIOSK,
    ("GET", "/kiosk/{lang}/check-in"): AT_THE_KIOSK,
    ("POST", "/kiosk/{lang}/check-in"): AT_THE_KIOSK,
    (SOCKET, "/kiosk/{lang}/tickets/{token}/live"): THING_AT_THE_KIOSK,
}
