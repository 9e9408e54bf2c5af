"""Roles to begin a new one from; their names are under `rights.preset-<slug>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .rights import EVERYTHING, GROUPS, Right

_SUPERVISION: Final[tuple[Right, ...]] = (
    *GROUPS["hall"],
    "close_day",
    "choose_ticket",
    "grant_priority",
    "see_bookings",
)
#: The rights of each preset, after the usual division of work in a hall.
PRESETS: Final[Mapping[str, tuple[Right, ...]]] = {
    "receptionist": ("issue_ticket", "check_in", "print_copy", "correct_typo", "book_for_visitor"),
    "officer": ("call_next", "park", "transfer"),
    "supervisor": _SUPERVISION,
    "head": (
        *GROUPS["desk"],
        *GROUPS["reception"],
        *_SUPERVISION,
        *(right for right in GROUPS["settings"] if right != "edit_levels"),
        "invite_people",
        "edit_people",
        "grant_roles",
        "reset_sign_in",
        "see_contacts",
        "see_reports",
        "approve",
    ),
    "reports": ("see_reports",),
    "auditor": ("read_audit", "verify_chain"),
    "support": ("pair_device", "edit_printers", "see_health", "make_backup"),
    "administrator": (EVERYTHING,),
}
