"""The table of access: for each method and address, the answer that each kind of client gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SOCKET: Final = "SOCKET"

# ---------------------------------------------------------------- who stands before the door

NOBODY = "nobody"
OTHER = "the holder of another booking and number"
IDLE = "staff without rights here"
ELSEWHERE = "a clerk of another branch"
CLERK = "a clerk"
SUPERVISOR = "a supervisor"
RECEPTIONIST = "a receptionist"
AUDITOR = "an auditor"
TECHNICIAN = "technical support"
ADMINISTRATOR = "an administrator"
KIOSK = "a kiosk"
KIOSK_ELSEWHERE = "a kiosk of another branch"
DISPLAY = "a screen"
REVOKED = "a device that was locked out"
EVERYBODY = (
    *(NOBODY, OTHER, IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, AUDITOR, TECHNICIAN, ADMINISTRATOR),
    *(KIOSK, KIOSK_ELSEWHERE, DISPLAY, REVOKED),
)

# ---------------------------------------------------------------- what is answered

OPEN = "open"  # the handler decides: success, or a refusal that does not depend on the client
SIGN_IN = "sign in"
PAIR = "be paired"
FORBIDDEN = "forbidden"
UNKNOWN = "unknown"

Row = Mapping[str, str]


def row(otherwise: str, **exceptions: tuple[str, ...]) -> Row:
    """One answer for everybody, except for those named under another answer."""
    answers = dict.fromkeys(EVERYBODY, otherwise)
    for answer, people in exceptions.items():
        answers |= dict.fromkeys(people, answer.replace("_", " "))
    return answers


STAFF = (IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, AUDITOR, TECHNICIAN, ADMINISTRATOR)
PUBLIC = row(OPEN)
# The link is a capability, so everybody who has it is served. OTHER has a link to another kind of thing.
LINK = row(OPEN, unknown=(OTHER,))
ANY_STAFF = row(SIGN_IN, open=STAFF)
SIT_DOWN = row(
    SIGN_IN, forbidden=(IDLE, SUPERVISOR, RECEPTIONIST, AUDITOR, TECHNICIAN), open=(ELSEWHERE, CLERK, ADMINISTRATOR)
)
DESK = row(
    SIGN_IN, forbidden=(IDLE, ELSEWHERE, SUPERVISOR, RECEPTIONIST, AUDITOR, TECHNICIAN), open=(CLERK, ADMINISTRATOR)
)
# A socket cannot give a reason, so a desk that one may not see looks as if it did not exist.
DESK_LIVE = {name: UNKNOWN if answer == FORBIDDEN else answer for name, answer in DESK.items()}
OFFICE = row(
    SIGN_IN, forbidden=(IDLE, ELSEWHERE, CLERK, RECEPTIONIST), open=(SUPERVISOR, AUDITOR, TECHNICIAN, ADMINISTRATOR)
)
DEVICES = row(
    SIGN_IN, forbidden=(IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, AUDITOR), open=(TECHNICIAN, ADMINISTRATOR)
)
AUDIT = row(
    SIGN_IN, forbidden=(IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, TECHNICIAN), open=(AUDITOR, ADMINISTRATOR)
)
RECEIVES = (CLERK, RECEPTIONIST, ADMINISTRATOR)
RECEPTION = row(SIGN_IN, forbidden=(IDLE, ELSEWHERE, SUPERVISOR, AUDITOR, TECHNICIAN), open=RECEIVES)
# Supervisors grant priority classes.
HALL = {**RECEPTION, SUPERVISOR: OPEN}
ANY_HALL = {**HALL, ELSEWHERE: OPEN}
PLACES = row(
    SIGN_IN,
    forbidden=(IDLE, ELSEWHERE, CLERK, RECEPTIONIST, AUDITOR, TECHNICIAN),
    open=(SUPERVISOR, ADMINISTRATOR),
)
AT_THE_KIOSK = row(PAIR, open=(KIOSK, KIOSK_ELSEWHERE))
# Services and numbers belong to a branch, so a kiosk of another branch gets 404.
THING_AT_THE_KIOSK = row(PAIR, open=(KIOSK,), unknown=(KIOSK_ELSEWHERE,))
ON_THE_SCREEN = row(PAIR, open=(DISPLAY,))
# Only visitors in the hall get numbers: from a kiosk of the branch, or from staff who receive them there.
TAKE = row(FORBIDDEN, open=(KIOSK, CLERK, RECEPTIONIST, ADMINISTRATOR), sign_in=(REVOKED,))
TAKE_ARRIVED = {**TAKE, OTHER: UNKNOWN}

ACTS = (
    "calls",
    "recalls",
    "starts",
    "finishes",
    "absences",
    "parkings",
    "transfers",
    "returns",
    "raises",
    "take-backs",
)
RECEPTION_ACTS = ("tickets", "bookings/{booking}/ticket", "bookings/{booking}/contact", "tickets/{ticket}/copies")
HALL_ACTS = ("search", "printer", "tickets/{ticket}/raises")
NO_TICKET = "01890000-0000-7000-8000-000000000000"
# The form names the thing, and here it names none, so clients with the right get 404.
NAMES_NOTHING = {
    "/office/devices/pairing",
    "/office/devices/{branch}/{device}/revocation",
    "/office/printers/{branch}/{device}/copy",
    "/counters/{branch}/{counter}/returns",
    "/counters/{branch}/{counter}/raises",
    "/api/v1/branches/{branch}/raises",
    "/reception/{branch}/bookings/{booking}/ticket",
    "/reception/{branch}/bookings/{booking}/contact",
    "/reception/{branch}/tickets/{ticket}",
    "/reception/{branch}/tickets/{ticket}/copies",
    "/reception/{branch}/tickets/{ticket}/raises",
    "/api/v1/branches/{branch}/counters/{counter}/returns",
    "/counters/{branch}/{counter}/transfers",
}
# A file that every surface has.
STATIC_FILES: Final = {
    "api": "api.css",
    "booking": "filter.js",
    "phone": "ticket.css",
    "pairing": "pairing.css",
    "desk": "desk.js",
    "reception": "reception.css",
    "office": "office.css",
    "kiosk": "kiosk.css",
    "displays": "screen.css",
}
API_COUNTER = "/api/v1/branches/{branch}/counters/{counter}"

MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/static/{digest}/{path}"): PUBLIC,
    **{("GET", f"/{surface}/static/{{digest}}/{{path}}"): PUBLIC for surface in STATIC_FILES},
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/"): PUBLIC,
    ("GET", "/accessibility"): PUBLIC,
    ("GET", "/contact"): PUBLIC,
    ("GET", "/privacy"): PUBLIC,
    ("GET", "/rules/{branch}"): PUBLIC,
    ("GET", "/rules/{branch}/sheet"): PUBLIC,
    ("GET", "/my-booking"): PUBLIC,
    ("POST", "/my-booking"): PUBLIC,
    ("GET", "/book/{branch}"): PUBLIC,
    ("GET", "/book/{branch}/{service}"): PUBLIC,
    ("GET", "/book/{branch}/{service}/days"): PUBLIC,
    ("GET", "/book/{branch}/{service}/{date}"): PUBLIC,
    ("GET", "/book/{branch}/{service}/{date}/{start}"): PUBLIC,
    ("POST", "/book/{branch}/{service}/{date}/{start}"): PUBLIC,
    ("GET", "/b/{token}"): LINK,
    ("GET", "/b/{token}.ics"): LINK,
    ("GET", "/b/{token}/check"): LINK,
    ("GET", "/b/{token}/confirmation"): LINK,
    ("POST", "/b/{token}/confirmation"): LINK,
    ("GET", "/b/{token}/change"): LINK,
    ("GET", "/b/{token}/change/{date}"): LINK,
    ("GET", "/b/{token}/change/{date}/{start}"): LINK,
    ("POST", "/b/{token}/change/{date}/{start}"): LINK,
    ("GET", "/b/{token}/cancellation"): LINK,
    ("POST", "/b/{token}/cancellation"): LINK,
    ("GET", "/t/{token}"): LINK,
    ("POST", "/t/{token}/leave"): LINK,
    (SOCKET, "/t/{token}/live"): LINK,
    ("GET", "/sign-in"): PUBLIC,
    ("POST", "/sign-in"): PUBLIC,
    ("POST", "/sign-out"): PUBLIC,
    ("GET", "/staff"): ANY_STAFF,
    ("GET", "/pair"): PUBLIC,
    ("GET", "/pair/state"): row(PAIR),
    ("POST", "/pair/state"): PUBLIC,
    ("GET", "/desk"): SIT_DOWN,
    ("GET", "/desk/{branch}/{counter}"): DESK,
    (SOCKET, "/desk/{branch}/{counter}/live"): DESK_LIVE,
    ("POST", "/counters/{branch}/{counter}/sitting"): DESK,
    ("POST", "/counters/{branch}/{counter}/leaving"): DESK,
    **{("POST", f"/counters/{{branch}}/{{counter}}/{act}"): DESK for act in ACTS},
    ("GET", "/reception"): ANY_HALL,
    ("GET", "/reception/{branch}"): HALL,
    **{("GET", f"/reception/{{branch}}/{page}"): HALL for page in ("state", "tickets/{ticket}")},
    **{("POST", f"/reception/{{branch}}/{act}"): RECEPTION for act in RECEPTION_ACTS},
    **{("POST", f"/reception/{{branch}}/{act}"): HALL for act in HALL_ACTS},
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
    ("GET", "/office/audit"): AUDIT,
    ("POST", "/office/audit/verification"): AUDIT,
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
    ("GET", "/display"): ON_THE_SCREEN,
    (SOCKET, "/display/live"): ON_THE_SCREEN,
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
    **{("POST", f"{API_COUNTER}/{act}"): DESK for act in ACTS if act != "raises"},
    ("POST", "/api/v1/branches/{branch}/raises"): HALL,
}
