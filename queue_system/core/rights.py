"""The rights of staff: atomic rights, the words by which profiles name them, and the sets that open pages or actions.

A role is a list of words. Most words are atomic rights. Some are names that people are used to: `granted` turns them into
atomic rights. Others promise something that this program does not do yet. One right of a set is enough to open a page;
the administrator of an installation has EVERYTHING.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal, TypeAlias, get_args

DeskRight = Literal[
    "call_next",
    "park",
    "transfer",
    "refer",
    "choose_ticket",
    "grant_priority",
    "void_ticket",
    "be_booked_as_resource",
]
ReceptionRight = Literal[
    "issue_ticket",
    "check_in",
    "print_copy",
    "correct_typo",
    "book_for_visitor",
    "create_protected_case",
    "set_safe_contact",
    "attendance",
    "escort",
]
HallRight = Literal[
    "see_today",
    "open_close_counters",
    "stop_tickets",
    "block_members",
    "move_bookings",
    "cancel_bookings",
    "release_places",
    "announce",
]
SettingsRight = Literal[
    "edit_hours",
    "close_day",
    "edit_services",
    "edit_queues",
    "edit_counters",
    "edit_texts",
    "edit_messages",
    "edit_policies",
    "edit_levels",
    "import_settings",
    "export_settings",
]
PeopleRight = Literal["invite_people", "edit_people", "grant_roles", "reset_sign_in"]
SeeRight = Literal[
    "see_bookings",
    "see_contacts",
    "keep_apart",
    "restricted_notes",
    "see_reports",
    "reports_aggregate",
    "reports_aggregate_k_anonymous",
    "see_staff_reports",
    "see_small_numbers",
    "export_personal",
    "read_audit",
    "verify_chain",
]
MachineRight = Literal["pair_device", "edit_printers", "see_health", "make_backup", "edit_sign_in"]
ApprovalRight = Literal["approve"]
Atomic = Literal[
    "*",
    DeskRight,
    ReceptionRight,
    HallRight,
    SettingsRight,
    PeopleRight,
    SeeRight,
    MachineRight,
    ApprovalRight,
]
# Names that stand for atomic rights, and do no more than these.
Alias = Literal[
    "complete",
    "no_show",
    "recall",
    "reports",
    "reschedule_bulk",
    "restart_device",
    "rosters",
    "schedule_follow_up",
    "void_ticket_with_reason",
    "approve_void_four_eyes",
    "case_notes_privileged",
]
# Names that promise more than the atomic rights that they stand for, and often these are none.
Promise = Literal[
    "accept_media_request",
    "admit",
    "approve_public_event_four_eyes",
    "approve_urgent",
    "certificates",
    "create_event_draft",
    "host_session",
    "member_events",
    "open_case",
    "org_records",
    "print_badge",
    "release_ballot",
    "scan",
    "triage_urgent",
    "waitlist",
]
Right = Literal[Atomic, Alias, Promise]
Rights: TypeAlias = frozenset[Right]

EVERYTHING: Final[Right] = "*"

#: The atomic rights in the groups in which the page of a role shows them, each group as `rights.group-<name>`.
GROUPS: Final[Mapping[str, tuple[Right, ...]]] = {
    "desk": get_args(DeskRight),
    "reception": get_args(ReceptionRight),
    "hall": get_args(HallRight),
    "settings": get_args(SettingsRight),
    "people": get_args(PeopleRight),
    "see": get_args(SeeRight),
    "machine": get_args(MachineRight),
    "approval": get_args(ApprovalRight),
}
ATOMIC: Final[tuple[Right, ...]] = tuple(right for group in GROUPS.values() for right in group)

_MEANS: Final[Mapping[str, Rights]] = {
    "complete": frozenset({"call_next"}),
    "no_show": frozenset({"call_next"}),
    "recall": frozenset({"call_next"}),
    "rosters": frozenset({"see_today", "open_close_counters", "see_bookings", "block_members"}),
    "reports": frozenset({"see_reports"}),
    "reschedule_bulk": frozenset({"move_bookings", "see_bookings"}),
    "restart_device": frozenset({"see_health"}),
    "schedule_follow_up": frozenset({"book_for_visitor", "see_bookings"}),
    "void_ticket_with_reason": frozenset({"void_ticket"}),
    "approve_void_four_eyes": frozenset({"approve"}),
    "case_notes_privileged": frozenset({"restricted_notes"}),
}

#: People with one of these may change what others may do, or how they sign in.
ADMINISTRATION: Final[Rights] = frozenset({EVERYTHING, "grant_roles", "reset_sign_in", "edit_sign_in"})
DESK_RIGHTS: Final[Rights] = frozenset({"call_next"})
# To call a number out of turn, besides the right to call.
CHOOSE_RIGHTS: Final[Rights] = frozenset({"choose_ticket"})
PARK_RIGHTS: Final[Rights] = frozenset({"park"})
TRANSFER_RIGHTS: Final[Rights] = frozenset({"transfer"})
# To send a visitor on to a service, also of another branch.
REFER_RIGHTS: Final[Rights] = frozenset({"refer"})
AUDIT_RIGHTS: Final[Rights] = frozenset({"read_audit"})
# To recompute the chain of a log that one may read.
CHAIN_RIGHTS: Final[Rights] = frozenset({"verify_chain"})
DEVICE_RIGHTS: Final[Rights] = frozenset({"pair_device"})
PRINTER_RIGHTS: Final[Rights] = DEVICE_RIGHTS | {"edit_printers"}
# To see names and contacts of appointments, for staff who receive people; to call numbers does not need them.
NAME_RIGHTS: Final[Rights] = frozenset({"issue_ticket", "check_in"})
RECEPTION_RIGHTS: Final[Rights] = DESK_RIGHTS | NAME_RIGHTS
COPY_RIGHTS: Final[Rights] = RECEPTION_RIGHTS | {"print_copy"}
# To see how a hall is doing, for the people who are responsible for it.
SUPERVISION_RIGHTS: Final[Rights] = frozenset({"see_today", "open_close_counters", "see_reports"})
# To see how a hall has been doing: figures, and whether what people were told came true.
REPORT_RIGHTS: Final[Rights] = frozenset({"see_reports"})
# To see the figures of a branch: those of past weeks and months alone with `reports_aggregate`, which opens no row behind them.
FIGURE_RIGHTS: Final[Rights] = REPORT_RIGHTS | {"reports_aggregate"}
# To see figures of several branches together.
ACROSS_RIGHTS: Final[Rights] = FIGURE_RIGHTS | {"reports_aggregate_k_anonymous"}
# To see figures of counters, which are about whoever sat there.
STAFF_REPORT_RIGHTS: Final[Rights] = frozenset({"see_staff_reports"})
# To see figures about few people, too.
SMALL_NUMBER_RIGHTS: Final[Rights] = frozenset({"see_small_numbers"})
# To open a counter for a clerk, or close it for one who has gone.
COUNTER_RIGHTS: Final[Rights] = frozenset({"open_close_counters"})
# To let a queue give no more numbers today.
STOP_RIGHTS: Final[Rights] = frozenset({"stop_tickets"})
# To give a waiting visitor a heavier class, for staff who meet visitors and see their needs.
RAISE_RIGHTS: Final[Rights] = RECEPTION_RIGHTS | {"grant_priority"}
VOID_RIGHTS: Final[Rights] = frozenset({"void_ticket"})
# To fetch visitors who are not called in the hall.
ESCORT_RIGHTS: Final[Rights] = frozenset({"escort"})
# To open the page of reception, or a part of it.
HALL_RIGHTS: Final[Rights] = COPY_RIGHTS | RAISE_RIGHTS | VOID_RIGHTS | REFER_RIGHTS | ESCORT_RIGHTS
HEALTH_RIGHTS: Final[Rights] = frozenset({"see_health"})
BACKUP_RIGHTS: Final[Rights] = frozenset({"make_backup"})
PLACES_RIGHTS: Final[Rights] = frozenset({"release_places"})
# To see how long data are kept, and to erase a person who asks for it, at the whole organisation.
DATA_RIGHTS: Final[Rights] = frozenset({EVERYTHING})
INVITE_RIGHTS: Final[Rights] = frozenset({"invite_people"})
ACCOUNT_RIGHTS: Final[Rights] = frozenset({"edit_people"})
GRANT_RIGHTS: Final[Rights] = frozenset({"grant_roles"})
RESET_RIGHTS: Final[Rights] = frozenset({"reset_sign_in"})
# To open the list of people; each change there needs its own right.
PEOPLE_RIGHTS: Final[Rights] = INVITE_RIGHTS | ACCOUNT_RIGHTS | GRANT_RIGHTS | RESET_RIGHTS
# To see which person may do what, for those who change it and those who check it.
ROLES_RIGHTS: Final[Rights] = PEOPLE_RIGHTS | AUDIT_RIGHTS
APPROVAL_RIGHTS: Final[Rights] = frozenset({"approve"})
# To see the requests of others, for those who approve, and those who answer for people.
DECIDING_RIGHTS: Final[Rights] = APPROVAL_RIGHTS | PEOPLE_RIGHTS
# To change settings; `core.edit_rights` says which right each field needs.
SETTINGS_RIGHTS: Final[Rights] = frozenset(GROUPS["settings"]) - {"export_settings"} | PRINTER_RIGHTS
# To edit services, queues, counters and what else has a page of its own; closed days and files of settings have others.
OBJECT_RIGHTS: Final[Rights] = SETTINGS_RIGHTS - {"close_day", "import_settings"}
# To take the settings of a branch away as a file, and to let such a file change them.
EXPORT_RIGHTS: Final[Rights] = frozenset({"export_settings"})
IMPORT_RIGHTS: Final[Rights] = frozenset({"import_settings"})
FILE_RIGHTS: Final[Rights] = EXPORT_RIGHTS | IMPORT_RIGHTS
# To decide on appointments that the settings no longer support: keep or move them, or call them off.
MOVE_RIGHTS: Final[Rights] = frozenset({"move_bookings"})
CALL_OFF_RIGHTS: Final[Rights] = frozenset({"cancel_bookings"})
DECISION_RIGHTS: Final[Rights] = MOVE_RIGHTS | CALL_OFF_RIGHTS
# Those who ask for the second person see what became of it.
ASKING_RIGHTS: Final[Rights] = DECIDING_RIGHTS | (SETTINGS_RIGHTS - PRINTER_RIGHTS) | VOID_RIGHTS | DECISION_RIGHTS
# To book for visitors, to move and call off one appointment for them, and to see its name while doing so.
BOOK_RIGHTS: Final[Rights] = frozenset({"book_for_visitor", "create_protected_case"})
# To open an appointment, for those who may move it or call it off; whom it is for needs BOOK_RIGHTS.
APPOINTMENT_RIGHTS: Final[Rights] = BOOK_RIGHTS | DECISION_RIGHTS
#: Rights that count only for protected services.
PROTECTED_ONLY: Final[Rights] = frozenset({"create_protected_case"})
#: Rights that do not count for protected services: only some staff book these, and nobody else reads a name there.
NEVER_PROTECTED: Final[Rights] = frozenset({"book_for_visitor"})
# To ask people how they may be contacted without harm, and to change it.
SAFE_CONTACT_RIGHTS: Final[Rights] = frozenset({"set_safe_contact"})
# To record who came.
ATTENDANCE_RIGHTS: Final[Rights] = frozenset({"attendance"})
# To see the appointments of a day; names need BOOK_RIGHTS.
DAY_RIGHTS: Final[Rights] = BOOK_RIGHTS | ATTENDANCE_RIGHTS | {"see_bookings"}
# To see who must not meet, and to say so.
APART_RIGHTS: Final[Rights] = frozenset({"keep_apart"})
# To be a person whose time is booked: only such an account can be tied to a member.
BOOKED_RIGHTS: Final[Rights] = frozenset({"be_booked_as_resource"})
# To see whom an appointment belongs to, and how to reach them.
CONTACT_RIGHTS: Final[Rights] = frozenset({"see_contacts"})
# To record when people and rooms are away, which puts their appointments on the list of what is to be decided.
ABSENCE_RIGHTS: Final[Rights] = frozenset({"block_members"})
# To give appointments to another person or room at the same time.
HAND_OVER_RIGHTS: Final[Rights] = ABSENCE_RIGHTS | MOVE_RIGHTS
# To read notes of staff that only few may read.
NOTE_RIGHTS: Final[Rights] = frozenset({"restricted_notes"})
# To open the notes of an appointment; which of them one reads depends on what one has to do with it.
NOTE_PAGE_RIGHTS: Final[Rights] = NOTE_RIGHTS | BOOK_RIGHTS | BOOKED_RIGHTS | RECEPTION_RIGHTS
# To correct a typing error in whom an appointment is for.
TYPO_RIGHTS: Final[Rights] = frozenset({"correct_typo"})
# To call visitors whom no message reaches; the list itself has no names and numbers.
PHONE_RIGHTS: Final[Rights] = CONTACT_RIGHTS | NAME_RIGHTS
PHONE_LIST_RIGHTS: Final[Rights] = HAND_OVER_RIGHTS | CALL_OFF_RIGHTS | PHONE_RIGHTS
# To see which home visits there are, and to say that somebody is back. An address is for whoever goes there, and on
# request, which the log keeps, for CONTACT_RIGHTS.
VISIT_RIGHTS: Final[Rights] = RECEPTION_RIGHTS | DAY_RIGHTS | CONTACT_RIGHTS | {"see_today", "open_close_counters"}
# To open the page of home visits: also for whoever goes on one, who sees their own alone.
VISIT_PAGE_RIGHTS: Final[Rights] = VISIT_RIGHTS | BOOKED_RIGHTS
# To change when a branch is open, or only to close it for some days.
HOURS_RIGHTS: Final[Rights] = frozenset({"edit_hours"})
CLOSING_RIGHTS: Final[Rights] = HOURS_RIGHTS | {"close_day"}
# To see a hall and its day as it runs.
TODAY_RIGHTS: Final[Rights] = (
    CLOSING_RIGHTS
    | AUDIT_RIGHTS
    | PRINTER_RIGHTS
    | HEALTH_RIGHTS
    | SUPERVISION_RIGHTS
    | STOP_RIGHTS
    | PLACES_RIGHTS
    | ASKING_RIGHTS
    | DECISION_RIGHTS
    | FILE_RIGHTS
)
# To see a silent emergency call at a branch, and to go there: for everybody whose page there shows the hall.
ALARM_RIGHTS: Final[Rights] = HALL_RIGHTS | TODAY_RIGHTS
# To open the office. Whoever sees figures alone is led to them.
OFFICE_RIGHTS: Final[Rights] = TODAY_RIGHTS | ACROSS_RIGHTS

# A role that is held for one department counts only for these, because the others cannot be divided by services.
DEPARTMENTAL: Final[Rights] = frozenset(
    {
        *GROUPS["desk"],
        *GROUPS["reception"],
        *GROUPS["hall"],
        "edit_services",
        "edit_queues",
        "edit_counters",
        "see_bookings",
        "see_contacts",
        "restricted_notes",
        "see_reports",
        "reports_aggregate",
    }
)


def granted(can: Iterable[str]) -> Rights:
    """The atomic rights that the words of a role grant; EVERYTHING stays one word. Unknown words grant nothing."""
    known = {EVERYTHING, *ATOMIC}
    return frozenset(right for word in can for right in _MEANS.get(word, {word}) if right in known)


def written_out(rights: Collection[str]) -> Rights:
    """The atomic rights among `rights`, with EVERYTHING written out."""
    return frozenset(ATOMIC) if EVERYTHING in rights else frozenset(right for right in ATOMIC if right in rights)


def _obeyed() -> Rights:
    """Every word of which all that it says is acted on: it is in a set above, or stands for rights that are."""
    sets = [value for name, value in globals().items() if name.endswith("_RIGHTS")]
    atomic = frozenset[Right]({EVERYTHING}).union(*sets)
    return atomic | {word for word in get_args(Alias) if _MEANS[word] <= atomic}


# The rights that do all that they say.
OBEYED: Final[Rights] = _obeyed()
