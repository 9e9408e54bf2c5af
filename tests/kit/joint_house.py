"""The forum's office in Istanbul with appointments of two workers, an interpreter and a room, which people book themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from queue_system.settings.edits import Edit
from queue_system.store.database import Database
from queue_system.store.queries.bookings import free_days
from tests.kit.hall import Hall, furnish
from tests.kit.legal_aid import save

#: Needs two workers, an interpreter and a room; and one that needs one of the same workers only.
JOINT, ALONE = "bureaucracy", "join-forum"
#: Fewer interpreters than anything else, so they decide how many can come.
PEOPLE: Final[dict[str, dict[str, Any]]] = {
    "amal": {"kind": "person"},
    "basel": {"kind": "person"},
    "dalia": {"kind": "person"},
    "ehab": {"kind": "person"},
    "farah": {"kind": "person"},
    "cemil": {"kind": "interpreter"},
    "deniz": {"kind": "interpreter"},
    "room-1": {"kind": "room"},
    "room-2": {"kind": "room"},
    "room-3": {"kind": "room"},
    "lawyers": {"kind": "group", "any_of": ["amal", "basel", "dalia"]},
    # Who is in both groups cannot be counted for both needs of one appointment.
    "advisers": {"kind": "group", "any_of": ["dalia", "ehab", "farah"]},
    "interpreters": {"kind": "group", "any_of": ["cemil", "deniz"]},
    "rooms": {"kind": "group", "any_of": ["room-1", "room-2", "room-3"]},
}
INTERPRETERS: Final = 2
# Different lengths, so that appointments overlap in all ways.
MINUTES: Final = {JOINT: 30, ALONE: 45}
NEEDS: Final = {JOINT: ["lawyers", "advisers", "interpreters", "rooms"], ALONE: ["lawyers"]}


def joint_house(db: Database) -> Hall:
    """The office with these members; lanes are never scarce in it."""
    hall = furnish(db, "forum", "istanbul")
    edits = [
        Edit("resource", slug, None, {"names": {"ar": slug, "en": slug}, **values}) for slug, values in PEOPLE.items()
    ]
    for slug, wanted in NEEDS.items():
        known = hall.branch.service(slug)
        before = {
            "needs": [hall.branch.resources[one].slug for one in known.resources],
            "duration_min": known.duration_min,
        }
        edits.append(Edit("service", slug, before, {"needs": wanted, "duration_min": MINUTES[slug]}))
    queue = hall.branch.queue_of(hall.branch.service(JOINT))
    was = {"lanes": queue.lanes, "public_lanes": queue.public_lanes}
    edits.append(Edit("queue", queue.slug, was, {"lanes": 12, "public_lanes": 12}))
    return save(hall, *edits)


def times(hall: Hall, service: str = JOINT, days: int = 14) -> list[datetime]:
    """Every bookable time of a service from tomorrow on, as a visitor sees them."""
    today = hall.db.clock.now().astimezone(hall.branch.zone).date()
    found = hall.db.read_now(
        free_days,
        hall.branch,
        hall.branch.service(service),
        today + timedelta(days=1),
        today + timedelta(days=days),
    )
    return [slot.start for day in found for slot in day.slots]
