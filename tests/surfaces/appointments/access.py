"""Who may use which address of the book of appointments; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import ABSENCES, BOOK, DAYS, FORBIDDEN, HALL, HAND_OVER, PEOPLE, RECEPTION, RECEPTIONIST, Row

# The address or the form names the thing, and here it names none, so clients with the right get 404.
NAMES_NOTHING: Final = {
    "/appointments/{branch}/apart",
    "/appointments/{branch}/apart/search",
    "/appointments/{branch}/apart/{pair}/end",
    "/appointments/{branch}/apart/{pair}/accept",
    "/appointments/{branch}/new",
    "/appointments/{branch}/common",
    "/appointments/{branch}/together/{visit}",
    "/appointments/{branch}/together/{visit}/confirmation",
    "/appointments/{branch}/together/{visit}/return",
    "/appointments/{branch}/away/{block}",
    "/appointments/{branch}/away/{block}/end",
    "/appointments/{branch}/calls/{booking}",
    "/appointments/{branch}/calls/{booking}/contact",
    "/appointments/{branch}/invitations",
    "/appointments/{branch}/invitations/{invitation}",
    "/appointments/{branch}/invitations/{invitation}/withdrawal",
    "/appointments/{branch}/{booking}",
    "/appointments/{branch}/{booking}/people",
    "/appointments/{branch}/{booking}/contact",
    "/appointments/{branch}/{booking}/notes",
    "/appointments/{branch}/{booking}/typo",
    "/appointments/{branch}/{booking}/confirmation",
    "/appointments/{branch}/{booking}/besides",
    "/appointments/{branch}/{booking}/time",
    "/appointments/{branch}/{booking}/time/number",
    "/appointments/{branch}/{booking}/cancellation",
    "/appointments/{branch}/{booking}/address",
    "/appointments/{branch}/{booking}/number",
    "/appointments/{branch}/visits/{booking}/address",
    "/appointments/{branch}/visits/{booking}/back",
    "/appointments/{branch}/accounts",
    "/appointments/{branch}/{booking}/series",
    *(f"/appointments/{{branch}}/series/{{series}}{part}" for part in ("", "/change", "/more", "/end", "/dates/{n}")),
}
STATIC_FILE: Final = "appointments.css"
APART: Final = "/appointments/{branch}/apart"
INVITATIONS: Final = "/appointments/{branch}/invitations"
ONE: Final = "/appointments/{branch}/{booking}"
TOGETHER: Final = "/appointments/{branch}/together/{visit}"
# Nobody of the sample but the administrator asks how people may be contacted, records who came or sees contacts.
ASK: Final = {**BOOK, RECEPTIONIST: FORBIDDEN}
SERIES: Final = "/appointments/{branch}/series/{series}"
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/appointments"): DAYS,
    ("GET", "/appointments/{branch}"): DAYS,
    ("POST", "/appointments/{branch}"): DAYS,
    ("GET", "/appointments/{branch}/week"): DAYS,
    ("POST", "/appointments/{branch}/week"): DAYS,
    ("POST", "/appointments/{branch}/views"): DAYS,
    ("GET", "/appointments/{branch}/views"): DAYS,
    ("POST", "/appointments/{branch}/views/{view}/end"): DAYS,
    ("GET", "/appointments/{branch}/paper"): DAYS,
    ("GET", "/appointments/{branch}/away"): ABSENCES,
    ("POST", "/appointments/{branch}/away"): ABSENCES,
    ("GET", "/appointments/{branch}/away/{block}"): ABSENCES,
    ("POST", "/appointments/{branch}/away/{block}"): ABSENCES,
    ("POST", "/appointments/{branch}/away/{block}/end"): ABSENCES,
    ("GET", "/appointments/{branch}/hand-over"): HAND_OVER,
    ("POST", "/appointments/{branch}/hand-over"): HAND_OVER,
    # Who plans absences and who moves appointments are the same of the sample.
    ("GET", "/appointments/{branch}/moves"): HAND_OVER,
    ("POST", "/appointments/{branch}/moves"): HAND_OVER,
    ("GET", "/appointments/{branch}/calls"): DAYS,
    ("POST", "/appointments/{branch}/calls/{booking}"): DAYS,
    ("POST", "/appointments/{branch}/calls/{booking}/contact"): DAYS,
    ("GET", "/appointments/{branch}/common"): BOOK,
    ("POST", "/appointments/{branch}/common"): BOOK,
    ("GET", TOGETHER): BOOK,
    **{("POST", f"{TOGETHER}/{act}"): BOOK for act in ("confirmation", "return")},
    ("GET", "/appointments/{branch}/new"): BOOK,
    ("POST", "/appointments/{branch}/new"): BOOK,
    # Nobody is kept apart in the sample, so that these pages are those of an appointment that does not exist.
    ("GET", APART): BOOK,
    **{("POST", f"{APART}{act}"): BOOK for act in ("", "/search", "/{pair}/end", "/{pair}/accept")},
    ("GET", "/appointments/{branch}/accounts"): PEOPLE,
    ("POST", "/appointments/{branch}/accounts"): PEOPLE,
    ("GET", "/appointments/{branch}/visits"): HALL,
    ("POST", "/appointments/{branch}/visits/{booking}/address"): ASK,
    ("POST", "/appointments/{branch}/visits/{booking}/back"): HALL,
    ("GET", "/appointments/{branch}/helpers"): BOOK,
    ("GET", INVITATIONS): BOOK,
    ("POST", INVITATIONS): BOOK,
    ("GET", f"{INVITATIONS}/{{invitation}}"): BOOK,
    ("POST", f"{INVITATIONS}/{{invitation}}/withdrawal"): BOOK,
    # To move appointments and to call them off, one does not have to book.
    ("GET", ONE): DAYS,
    **{(how, f"{ONE}/time"): DAYS for how in ("GET", "POST")},
    ("POST", f"{ONE}/time/number"): DAYS,
    ("POST", f"{ONE}/cancellation"): DAYS,
    ("GET", "/appointments/{branch}/attendance"): ASK,
    ("POST", "/appointments/{branch}/attendance"): ASK,
    ("GET", f"{ONE}/people"): BOOK,
    ("GET", f"{ONE}/contact"): ASK,
    # Clerks read them of the visitor at their counter.
    ("GET", f"{ONE}/notes"): RECEPTION,
    ("POST", f"{ONE}/notes"): RECEPTION,
    # Receptionists of the sample correct typing errors.
    ("GET", f"{ONE}/typo"): BOOK,
    ("POST", f"{ONE}/typo"): BOOK,
    ("POST", f"{ONE}/contact"): ASK,
    **{("POST", f"{ONE}/{act}"): BOOK for act in ("confirmation", "besides", "people", "address", "number")},
    ("GET", f"{ONE}/series"): BOOK,
    ("POST", f"{ONE}/series"): BOOK,
    ("GET", SERIES): BOOK,
    **{(how, f"{SERIES}/{part}"): BOOK for how in ("GET", "POST") for part in ("change", "more", "end", "dates/{n}")},
}
