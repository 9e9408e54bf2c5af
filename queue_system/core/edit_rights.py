"""Which right is needed to change a setting: one table, by the kind of object and the field. Saving checks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .rights import EVERYTHING, Rights

# Any of these rights is enough to change the field of an object of settings (`settings.objects`); "" is every other field,
# and to add or remove such an object.
_HOURS: Final[Rights] = frozenset({"edit_hours"})
_CLOSING: Final[Rights] = _HOURS | {"close_day"}
_STOPPING: Final[Rights] = frozenset({"stop_tickets"})
_SERVICES: Final[Rights] = frozenset({"edit_services"})
_QUEUES: Final[Rights] = frozenset({"edit_queues"})
_COUNTERS: Final[Rights] = frozenset({"edit_counters"})
_TEXTS: Final[Rights] = frozenset({"edit_texts"})
_MESSAGES: Final[Rights] = frozenset({"edit_messages"})
_POLICIES: Final[Rights] = frozenset({"edit_policies"})
_LEVELS: Final[Rights] = frozenset({"edit_levels"})
_EQUIPMENT: Final[Rights] = frozenset({"edit_printers", "pair_device"})
# Roles are saved by `actions.roles` alone: nobody adds a right there that they do not have.
_ROLES: Final[Rights] = frozenset()
_ALL: Final[Rights] = frozenset({EVERYTHING})
EDIT_RIGHTS: Final[Mapping[str, Mapping[str, Rights]]] = {
    "branch": {
        "": _ALL,
        **dict.fromkeys(("hours", "seasons", "outreach_days", "calendars", "day_starts", "week_starts"), _HOURS),
        "closures": _CLOSING,
        "numbers_stopped": _STOPPING,
        **dict.fromkeys(("names", "address", "phone", "email", "coordinates", "notes", "hotline", "access"), _TEXTS),
        "video_link": _TEXTS,
        **dict.fromkeys(("mail_from", "reply_to", "messages"), _MESSAGES),
        **dict.fromkeys(("queue_rules", "priorities", "freed_places_at", "targets", "tick_minutes"), _POLICIES),
        "calling_profiles": _POLICIES,
        **dict.fromkeys(("retention_days", "constraints", "safe_contact"), _LEVELS),
        **dict.fromkeys(("services", "departments", "occasions", "helpers", "skills", "outcomes"), _SERVICES),
        **dict.fromkeys(("queues", "resources"), _QUEUES),
        **dict.fromkeys(("counters", "zones"), _COUNTERS),
        "devices": _EQUIPMENT,
        "texts": _TEXTS,
    },
    "service": {"": _SERVICES, "confidentiality": _LEVELS},
    "department": {"": _SERVICES},
    "occasion": {"": _SERVICES},
    "queue": {"": _QUEUES},
    "resource": {"": _QUEUES},
    "counter": {"": _COUNTERS},
    "calling_profile": {"": _POLICIES},
    "skill": {"": _SERVICES},
    "zone": {"": _COUNTERS},
    "device": {"": _EQUIPMENT},
    "text": {"": _TEXTS},
    "message": {"": _MESSAGES},
    "organisation": {
        "": _ALL,
        **dict.fromkeys(("names", "motto", "notes", "rules", "security_notes", "programmes", "texts"), _TEXTS),
        "messages": _MESSAGES,
        "closures": _CLOSING,
        **dict.fromkeys(("seasons", "calendars"), _HOURS),
        **dict.fromkeys(("documents", "service_tags"), _SERVICES),
        **dict.fromkeys(("policies", "priorities"), _POLICIES),
        "confidentialities": _LEVELS,
        "spoken_prefixes": _QUEUES,
        "zones": _COUNTERS,
        "device_models": _EQUIPMENT,
        "roles": _ROLES,
        "branches": frozenset({"import_settings"}),
    },
    "document": {"": _SERVICES},
    "service_tag": {"": _SERVICES},
    "policy": {"": _POLICIES},
    "priority": {"": _POLICIES},
    "confidentiality": {"": _LEVELS},
    "season": {"": _HOURS},
    "calendar": {"": _HOURS},
    "letter": {"": _QUEUES},
    "device_model": {"": _EQUIPMENT},
    "role": {"": _ROLES},
}


def edit_rights(kind: str, field: str = "") -> Rights:
    """The rights of which one is needed to change a field of an object of settings. KeyError for an unknown kind."""
    of = EDIT_RIGHTS[kind]
    return of.get(field, of[""])
