"""Who may use which address of the API; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import (
    ACTS,
    ALARMS,
    ANY_STAFF,
    CLERK,
    DESK,
    FORBIDDEN,
    HALL,
    LINK,
    PUBLIC,
    RECEPTION,
    TAKE,
    TAKE_ARRIVED,
    Row,
)

API_COUNTER: Final = "/api/v1/branches/{branch}/counters/{counter}"
# The form names the thing, and here it names none, so clients with the right get 404.
NAMES_NOTHING: Final = {
    "/api/v1/branches/{branch}/raises",
    "/api/v1/branches/{branch}/counters/{counter}/returns",
}
STATIC_FILE: Final = "api.css"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/api/v1/"): PUBLIC,
    ("GET", "/api/v1/openapi.json"): PUBLIC,
    ("GET", "/api/v1/branches"): PUBLIC,
    ("GET", "/api/v1/branches/{branch}/services"): PUBLIC,
    ("GET", "/api/v1/branches/{branch}/services/{service}/slots"): PUBLIC,
    ("GET", "/api/v1/branches/{branch}/queues"): PUBLIC,
    ("POST", "/api/v1/branches/{branch}/bookings"): PUBLIC,
    ("GET", "/api/v1/bookings/{token}"): LINK,
    ("DELETE", "/api/v1/bookings/{token}"): LINK,
    ("POST", "/api/v1/bookings/{token}/confirmation"): LINK,
    ("PUT", "/api/v1/bookings/{token}/start"): LINK,
    ("POST", "/api/v1/bookings/{token}/ticket"): TAKE_ARRIVED,
    ("POST", "/api/v1/branches/{branch}/tickets"): TAKE,
    ("GET", "/api/v1/tickets/{token}"): LINK,
    ("DELETE", "/api/v1/tickets/{token}"): LINK,
    ("POST", "/api/v1/sessions"): PUBLIC,
    ("DELETE", "/api/v1/sessions/current"): ANY_STAFF,
    ("GET", "/api/v1/branches/{branch}/appointments"): RECEPTION,
    ("POST", "/api/v1/branches/{branch}/appointments/search"): {**RECEPTION, CLERK: FORBIDDEN},
    ("POST", "/api/v1/branches/{branch}/arrivals"): RECEPTION,
    ("GET", "/api/v1/branches/{branch}/counters"): DESK,
    ("GET", API_COUNTER): DESK,
    ("POST", f"{API_COUNTER}/sitting"): DESK,
    ("DELETE", f"{API_COUNTER}/sitting"): DESK,
    ("POST", f"{API_COUNTER}/breaks"): DESK,
    ("DELETE", f"{API_COUNTER}/breaks"): DESK,
    **{("POST", f"{API_COUNTER}/{act}"): DESK for act in ACTS if act not in {"raises", "joins", "splits"}},
    ("POST", "/api/v1/branches/{branch}/raises"): HALL,
    ("GET", "/api/v1/branches/{branch}/alarms"): ALARMS,
    ("POST", f"{API_COUNTER}/alarms"): DESK,
    ("POST", f"{API_COUNTER}/alarms/answers"): ALARMS,
    ("DELETE", f"{API_COUNTER}/alarms"): ALARMS,
}
