"""Roles of staff and what they may do."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from .declared import Kind, Names, OnlyActedOn, Thing

EVERYTHING: Final = "*"
Ability = Literal[
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
ACTED_ON: Final = frozenset(
    {
        "*",
        "call_next",
        "check_in",
        "grant_priority",
        "issue_ticket",
        "pair_device",
        "print_copy",
        "read_audit",
        "release_places",
    }
)


class Role(Thing):
    """What a member of staff may do."""

    kind_of_thing: ClassVar[str] = "role"

    names: Annotated[Names, "its name"]
    can: Annotated[
        tuple[Annotated[Ability, Kind("ability", renamed=(("hold", "park"),))], ...],
        OnlyActedOn("abilities", ACTED_ON),
        "abilities, or * for everything",
    ]
