"""Who may use which address of the booking pages; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import LINK, PUBLIC, Row

# Without a link it leads nowhere.
NAMES_NOTHING: Final = {"/invitation", "/helper", "/my-contact"}
STATIC_FILE: Final = "filter.js"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/"): PUBLIC,
    ("GET", "/accessibility"): PUBLIC,
    ("GET", "/contact"): PUBLIC,
    ("GET", "/privacy"): PUBLIC,
    ("GET", "/rules/{branch}"): PUBLIC,
    ("GET", "/rules/{branch}/sheet"): PUBLIC,
    ("GET", "/invitation"): PUBLIC,
    ("GET", "/helper"): PUBLIC,
    ("GET", "/my-contact"): PUBLIC,
    ("POST", "/my-contact"): PUBLIC,
    ("GET", "/my-booking"): PUBLIC,
    ("POST", "/my-booking"): PUBLIC,
    ("GET", "/book/{branch}"): PUBLIC,
    ("GET", "/book/{branch}/{service}"): PUBLIC,
    ("GET", "/book/{branch}/{service}/days"): PUBLIC,
    ("GET", "/book/{branch}/{service}/anywhere"): PUBLIC,
    ("GET", "/book/{branch}/{service}/{date}"): PUBLIC,
    ("GET", "/book/{branch}/{service}/{date}/{start}"): PUBLIC,
    ("POST", "/book/{branch}/{service}/{date}/{start}"): PUBLIC,
    ("GET", "/together/{branch}"): PUBLIC,
    ("GET", "/together/{branch}/details"): PUBLIC,
    ("POST", "/together/{branch}/details"): PUBLIC,
    ("GET", "/b/{token}/together"): LINK,
    ("POST", "/b/{token}/together/confirmation"): LINK,
    ("POST", "/b/{token}/together/return"): LINK,
    ("GET", "/b/{token}"): LINK,
    ("GET", "/b/{token}.ics"): LINK,
    ("GET", "/b/{token}/check"): LINK,
    ("GET", "/b/{token}/confirmation"): LINK,
    ("POST", "/b/{token}/confirmation"): LINK,
    ("GET", "/b/{token}/change"): LINK,
    ("GET", "/b/{token}/change/{date}"): LINK,
    ("GET", "/b/{token}/change/{date}/{start}"): LINK,
    ("POST", "/b/{token}/change/{date}/{start}"): LINK,
    ("GET", "/b/{token}/earlier"): LINK,
    ("POST", "/b/{token}/earlier"): LINK,
    ("POST", "/b/{token}/earlier/end"): LINK,
    ("POST", "/b/{token}/earlier/answer"): LINK,
    ("GET", "/b/{token}/waiting"): LINK,
    ("POST", "/b/{token}/waiting"): LINK,
    ("GET", "/b/{token}/contact"): LINK,
    ("POST", "/b/{token}/contact"): LINK,
    ("GET", "/b/{token}/cancellation"): LINK,
    ("POST", "/b/{token}/cancellation"): LINK,
}
