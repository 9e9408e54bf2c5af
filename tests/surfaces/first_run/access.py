"""Who may use which address of the first run: nobody, once there is an organisation."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import UNKNOWN, Row, row

MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/first-run/{token}"): row(UNKNOWN),
    ("GET", "/first-run/{token}/organisation"): row(UNKNOWN),
    ("POST", "/first-run/{token}/organisation"): row(UNKNOWN),
}
