"""The rights of staff, and those of them that open pages or allow actions.

Profiles name rights in their people's words. One right of a set is enough; the administrator of an installation has
EVERYTHING.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Right = Literal[
    "*",
    "accept_media_request",
    "admit",
    "approve_public_event_four_eyes",
    "approve_urgent",
    "approve_void_four_eyes",
    "attendance",
    "be_booked_as_resource",
    "call_next",
    "case_notes_privileged",
    "certificates",
    "check_in",
    "complete",
    "correct_typo",
    "create_event_draft",
    "create_protected_case",
    "escort",
    "grant_priority",
    "park",
    "host_session",
    "issue_ticket",
    "member_events",
    "no_show",
    "open_case",
    "open_close_counters",
    "org_records",
    "pair_device",
    "print_badge",
    "print_copy",
    "read_audit",
    "recall",
    "refer",
    "release_ballot",
    "release_places",
    "reports",
    "reports_aggregate",
    "reports_aggregate_k_anonymous",
    "reschedule_bulk",
    "restart_device",
    "rosters",
    "scan",
    "schedule_follow_up",
    "see_reports",
    "set_safe_contact",
    "transfer",
    "triage_urgent",
    "verify_chain",
    "void_ticket_with_reason",
    "waitlist",
]
Rights: TypeAlias = frozenset[Right]

EVERYTHING: Final[Right] = "*"

DESK_RIGHTS: Final[Rights] = frozenset({"call_next"})
AUDIT_RIGHTS: Final[Rights] = frozenset({"read_audit"})
DEVICE_RIGHTS: Final[Rights] = frozenset({"pair_device"})
# To see names and contacts of appointments, for staff who receive people; to call numbers does not need them.
NAME_RIGHTS: Final[Rights] = frozenset({"issue_ticket", "check_in"})
RECEPTION_RIGHTS: Final[Rights] = DESK_RIGHTS | NAME_RIGHTS
COPY_RIGHTS: Final[Rights] = RECEPTION_RIGHTS | {"print_copy"}
# To see how a hall is doing, for the people who are responsible for it.
SUPERVISION_RIGHTS: Final[Rights] = frozenset(
    {"open_close_counters", "see_reports", "reports", "reports_aggregate", "rosters"}
)
# To give a waiting visitor a heavier class, for staff who meet visitors and see their needs.
RAISE_RIGHTS: Final[Rights] = RECEPTION_RIGHTS | {"grant_priority"}
# To open the page of reception, or a part of it.
HALL_RIGHTS: Final[Rights] = COPY_RIGHTS | RAISE_RIGHTS
PLACES_RIGHTS: Final[Rights] = frozenset({"release_places"})
OFFICE_RIGHTS: Final[Rights] = AUDIT_RIGHTS | DEVICE_RIGHTS | SUPERVISION_RIGHTS | PLACES_RIGHTS

# The rights that do all that they say. Those of supervision open the overview of the office, and promise more.
OBEYED: Final[Rights] = frozenset({EVERYTHING}) | HALL_RIGHTS | (OFFICE_RIGHTS - SUPERVISION_RIGHTS)
