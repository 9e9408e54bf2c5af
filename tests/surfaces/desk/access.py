"""Who may use which address of the desk; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import ACTS, ALARMS, ALARMS_LIVE, DESK, DESK_LIVE, SIT_DOWN, SOCKET, Row

# The form names the thing, and here it names none, so clients with the right get 404.
NAMES_NOTHING: Final = {
    "/counters/{branch}/{counter}/returns",
    "/counters/{branch}/{counter}/raises",
    "/counters/{branch}/{counter}/splits",
    "/counters/{branch}/{counter}/transfers",
    "/desk/{branch}/{counter}/vouchers/{ticket}",
    "/counters/{branch}/{counter}/services",
}
STATIC_FILE: Final = "desk.js"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/desk"): SIT_DOWN,
    ("GET", "/desk/{branch}/{counter}"): DESK,
    ("GET", "/desk/{branch}/{counter}/vouchers/{ticket}"): DESK,
    (SOCKET, "/desk/{branch}/{counter}/live"): DESK_LIVE,
    ("POST", "/counters/{branch}/{counter}/sitting"): DESK,
    ("POST", "/counters/{branch}/{counter}/leaving"): DESK,
    ("POST", "/counters/{branch}/{counter}/breaks"): DESK,
    ("POST", "/counters/{branch}/{counter}/break-ends"): DESK,
    ("POST", "/counters/{branch}/{counter}/alarms"): DESK,
    (SOCKET, "/alarms/{branch}/live"): ALARMS_LIVE,
    ("POST", "/alarms/{branch}/{counter}/answers"): ALARMS,
    ("POST", "/alarms/{branch}/{counter}/ends"): ALARMS,
    **{("POST", f"/counters/{{branch}}/{{counter}}/{act}"): DESK for act in ACTS},
}
