"""A value for every field of a fact, and for every sentence that a fact can have."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from queue_system.core.facts.fields import Is

# The values that come from a hall are added by the tests.
VALUES: dict[Is, Any] = {
    Is.TICKET_CODE: "A012",
    Is.APPOINTMENT_CODE: "A012",
    Is.PERSON: "",
    Is.PRIORITY: "walkin",
    Is.DEPARTMENT: "consular",
    Is.OUTCOME: "done",
    Is.SERVICE: "attest-single",
    Is.ROLES: ["officer", "it"],
    Is.MOMENT: "2026-11-22T07:00:00+00:00",
    Is.DAY: "2026-11-22",
    Is.NUMBER: 4,
    Is.TEXT: "printer.example:9100",
    Is.FINGERPRINT: "ab" * 32,
    Is.OBJECT: "attest-single",
    Is.FIELDS: ["names", "duration_min"],
    Is.PRINTER_SETTINGS: {"dots": 512, "mute": True, "completion": None},
    Is.UNSAID: str(uuid4()),
}
# The values for the ordinary sentence of a fact with several, and for each of the others.
PLAINEST: dict[str, dict[str, Any]] = {
    **{key: {"because": None} for key in ("booking.kept", "booking.offered", "booking.called_off")},
    "ticket.issued": {"basis": None},
    "ticket.called": {"reason": "waited-longest", "values": {"n": 12}, "department": None},
    "ticket.returned": {"others_first": 0},
    "ticket.service_begun": {"corrected": False},
    "ticket.referred": {"to_branch": None, "to_code": "B004"},
    "ticket.received": {"from_code": None},
    "counter.opened": {"instead_of": None, "for_clerk": None},
    "settings.changed": {"object_kind": "service", "op": "retire", "fields": []},
    "slip.queued": {"copy": 0},
    "slip.failed": {"final": False, "maybe": False},
    "message.failed": {"maybe": False},
    "booking.invitation_unsent": {"maybe": False},
    "booking.attendance_recorded": {"reason": None},
    "booking.phoned": {"reached": True},
    "booking.earlier_offered": {"lot": ""},
    "staff.sign_in_failed": {"subject": str(uuid4())},
    "staff.role_given": {"department": ""},
    "staff.role_taken": {"department": ""},
}
OTHERS: dict[tuple[str, str], dict[str, Any]] = {
    ("ticket.issued", "class"): {"basis": "seen"},
    ("ticket.called", "department"): {"reason": "waited-longest", "values": {"n": 12}, "department": "consular"},
    ("settings.changed", "fields"): {"fields": ["names", "duration_min"]},
    ("ticket.returned", "aside"): {"others_first": 3},
    ("ticket.service_begun", "corrected"): {"corrected": True},
    ("ticket.referred", "slip"): {"to_code": None},
    ("ticket.referred", "elsewhere"): {"to_branch": str(uuid4()), "to_code": "B004"},
    ("ticket.referred", "elsewhere-slip"): {"to_branch": str(uuid4()), "to_code": None},
    ("ticket.received", "reference"): {"from_code": "A012"},
    ("booking.looked_up", "call"): {"by": "call"},
    ("booking.looked_up", "address"): {"by": "address"},
    ("booking.attendance_recorded", "late"): {"reason": "forgotten"},
    ("booking.phoned", "in-vain"): {"reached": False},
    ("booking.earlier_offered", "drawn"): {"lot": "00ff"},
    ("counter.opened", "instead"): {"instead_of": str(uuid4())},
    ("counter.opened", "for"): {"for_clerk": str(uuid4())},
    ("slip.queued", "copy"): {"copy": 1},
    ("slip.failed", "final"): {"final": True},
    ("slip.failed", "maybe"): {"final": True, "maybe": True},
    ("message.failed", "maybe"): {"maybe": True},
    ("booking.invitation_unsent", "maybe"): {"maybe": True},
    ("staff.sign_in_failed", "unknown"): {"subject": ""},
    ("staff.created", "alone"): {"roles": []},
    **{(f"booking.{one}", "because"): {"because": "other"} for one in ("kept", "offered", "called_off")},
    ("staff.role_given", "department"): {"department": "consular"},
    ("staff.role_taken", "department"): {"department": "consular"},
}
