"""Who may use which address of the office; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import AUDIT, BACKUP, DEVICES, OFFICE, PLACES, Row

# The form names the thing, and here it names none, so clients with the right get 404.
NAMES_NOTHING: Final = {
    "/office/devices/pairing",
    "/office/devices/{branch}/{device}/revocation",
    "/office/printers/{branch}/{device}/copy",
}
STATIC_FILE: Final = "office.css"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/office"): OFFICE,
    ("GET", "/office/devices"): DEVICES,
    ("POST", "/office/devices/pairing"): DEVICES,
    ("POST", "/office/devices/{branch}/{device}/revocation"): DEVICES,
    ("GET", "/office/printers"): DEVICES,
    ("GET", "/office/printers/state"): DEVICES,
    ("GET", "/office/printers/{branch}/{device}"): DEVICES,
    ("POST", "/office/printers/{branch}/{device}"): DEVICES,
    ("POST", "/office/printers/{branch}/{device}/learn"): DEVICES,
    ("POST", "/office/printers/{branch}/{device}/trial"): DEVICES,
    ("POST", "/office/printers/{branch}/{device}/copy"): DEVICES,
    ("GET", "/office/given-back"): PLACES,
    ("POST", "/office/given-back/{branch}/release"): PLACES,
    ("GET", "/office/health"): DEVICES,
    ("POST", "/office/health/backup"): BACKUP,
    ("POST", "/office/health/drill"): BACKUP,
    ("GET", "/office/audit"): AUDIT,
    ("POST", "/office/audit/verification"): AUDIT,
}
