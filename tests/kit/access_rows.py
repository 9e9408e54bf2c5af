"""The words of the table of access: kinds of clients, answers, and rows that several surfaces have."""

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
# A call for help is for everybody whose page shows the hall of the branch.
ALARMS = row(
    SIGN_IN,
    forbidden=(IDLE, ELSEWHERE),
    open=(CLERK, SUPERVISOR, RECEPTIONIST, AUDITOR, TECHNICIAN, ADMINISTRATOR),
)
ALARMS_LIVE = {name: UNKNOWN if answer == FORBIDDEN else answer for name, answer in ALARMS.items()}
OFFICE = row(
    SIGN_IN, forbidden=(IDLE, ELSEWHERE, CLERK, RECEPTIONIST), open=(SUPERVISOR, AUDITOR, TECHNICIAN, ADMINISTRATOR)
)
DEVICES = row(
    SIGN_IN, forbidden=(IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, AUDITOR), open=(TECHNICIAN, ADMINISTRATOR)
)
# To change something of the settings at least, whatever it is.
EDITING = row(
    SIGN_IN, forbidden=(IDLE, ELSEWHERE, CLERK, RECEPTIONIST, AUDITOR), open=(SUPERVISOR, TECHNICIAN, ADMINISTRATOR)
)
BACKUP = row(
    SIGN_IN,
    forbidden=(IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, AUDITOR, TECHNICIAN),
    open=(ADMINISTRATOR,),
)
AUDIT = row(
    SIGN_IN, forbidden=(IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, TECHNICIAN), open=(AUDITOR, ADMINISTRATOR)
)
DATA = row(
    SIGN_IN,
    forbidden=(IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, AUDITOR, TECHNICIAN),
    open=(ADMINISTRATOR,),
)
RECEIVES = (CLERK, RECEPTIONIST, ADMINISTRATOR)
RECEPTION = row(SIGN_IN, forbidden=(IDLE, ELSEWHERE, SUPERVISOR, AUDITOR, TECHNICIAN), open=RECEIVES)
# Receptionists of the sample book for visitors.
BOOK = row(
    SIGN_IN,
    forbidden=(IDLE, ELSEWHERE, CLERK, SUPERVISOR, AUDITOR, TECHNICIAN),
    open=(RECEPTIONIST, ADMINISTRATOR),
)
# Supervisors of the sample move appointments and call them off, so they see the days.
DAYS = {**BOOK, SUPERVISOR: OPEN}
# Nobody else of the sample plans absences.
ABSENCES = row(
    SIGN_IN,
    forbidden=(IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, AUDITOR, TECHNICIAN),
    open=(ADMINISTRATOR,),
)
HAND_OVER = {**ABSENCES, SUPERVISOR: OPEN}
# Supervisors grant priority classes.
HALL = {**RECEPTION, SUPERVISOR: OPEN}
ANY_HALL = {**HALL, ELSEWHERE: OPEN}
PLACES = row(
    SIGN_IN,
    forbidden=(IDLE, ELSEWHERE, CLERK, RECEPTIONIST, AUDITOR, TECHNICIAN),
    open=(SUPERVISOR, ADMINISTRATOR),
)
# Supervisors ask for a second person where a number was called.
ASKING = PLACES
PEOPLE = row(
    SIGN_IN,
    forbidden=(IDLE, ELSEWHERE, CLERK, SUPERVISOR, RECEPTIONIST, AUDITOR, TECHNICIAN),
    open=(ADMINISTRATOR,),
)
ROLES = {**PEOPLE, AUDITOR: OPEN}
AT_THE_KIOSK = row(PAIR, open=(KIOSK, KIOSK_ELSEWHERE))
# Services and numbers belong to a branch, so a kiosk of another branch gets 404.
THING_AT_THE_KIOSK = row(PAIR, open=(KIOSK,), unknown=(KIOSK_ELSEWHERE,))
ON_THE_SCREEN = row(PAIR, open=(DISPLAY,))
# Only visitors in the hall get numbers: from a kiosk of the branch, or from staff who receive them there.
TAKE = row(FORBIDDEN, open=(KIOSK, CLERK, RECEPTIONIST, ADMINISTRATOR), sign_in=(REVOKED,))
TAKE_ARRIVED = {**TAKE, OTHER: UNKNOWN}

# What is done at a counter, at the desk and by a program.
ACTS = (
    "calls",
    "recalls",
    "starts",
    "finishes",
    "absences",
    "parkings",
    "transfers",
    "services",
    "notes",
    "returns",
    "raises",
    "joins",
    "splits",
    "take-backs",
)
