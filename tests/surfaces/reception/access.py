"""Who may use which address of the reception; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import ANY_HALL, DATA, HALL, PLACES, RECEPTION, Row

RECEPTION_ACTS = (
    "tickets",
    "bookings/{booking}/ticket",
    "bookings/{booking}/contact",
    "tickets/{ticket}/copies",
    "vouchers",
    "tickets/{ticket}/joins",
    "tickets/{ticket}/splits",
)
HALL_ACTS = ("search", "printer", "tickets/{ticket}/raises")
# The form names the thing, and here it names none, so clients with the right get 404.
NAMES_NOTHING: Final = {
    "/reception/{branch}/bookings/{booking}/ticket",
    "/reception/{branch}/vouchers",
    "/reception/{branch}/bookings/{booking}/contact",
    "/reception/{branch}/tickets/{ticket}",
    "/reception/{branch}/tickets/{ticket}/copies",
    "/reception/{branch}/tickets/{ticket}/joins",
    "/reception/{branch}/tickets/{ticket}/splits",
    "/reception/{branch}/tickets/{ticket}/raises",
    "/reception/{branch}/tickets/{ticket}/escort",
    "/reception/{branch}/tickets/{ticket}/void",
    "/reception/{branch}/tickets/{ticket}/referral",
}
STATIC_FILE: Final = "reception.css"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/reception"): ANY_HALL,
    ("GET", "/reception/{branch}"): HALL,
    **{("GET", f"/reception/{{branch}}/{page}"): HALL for page in ("state", "tickets/{ticket}")},
    **{("POST", f"/reception/{{branch}}/{act}"): RECEPTION for act in RECEPTION_ACTS},
    **{("POST", f"/reception/{{branch}}/{act}"): HALL for act in HALL_ACTS},
    ("POST", "/reception/{branch}/tickets/{ticket}/void"): PLACES,
    # No role of the embassy fetches visitors or refers.
    ("POST", "/reception/{branch}/tickets/{ticket}/escort"): DATA,
    ("GET", "/reception/{branch}/tickets/{ticket}/referral"): DATA,
    ("POST", "/reception/{branch}/tickets/{ticket}/referral"): DATA,
}
