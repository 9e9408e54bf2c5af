"""Types for the fields of facts. All values are text or numbers for JSON; the type decides how a sentence shows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Annotated, Any, TypeAlias

from .. import earlier
from ..apart import AcceptedFor, Reason, Scope
from ..approvals import APPROVAL_ACTIONS
from ..attendance import Attendance, LateReason
from ..bookings import BookingState, Punctuality
from ..counters import AWAY_REASONS
from ..decision_reasons import Because
from ..delivery import ERRORS
from ..messages import MAIL, Event, Settled
from ..printers import STATES, TRANSPORTS
from ..reasons import BY_SERVICE, RAISE_REASONS, TAKEN_AWAY, VOID_REASONS
from ..support import Why
from ..tickets import TicketState


class Is(Enum):
    """The meaning of a value that is not a word of a catalogue. UNSAID: sentences must not contain it."""

    TICKET_CODE = auto()
    APPOINTMENT_CODE = auto()
    PERSON = auto()
    DEVICE = auto()
    COUNTER = auto()
    QUEUE = auto()
    SERVICE = auto()
    PRIORITY = auto()
    DEPARTMENT = auto()
    ROLES = auto()
    MOMENT = auto()
    DAY = auto()
    NUMBER = auto()
    TEXT = auto()
    FINGERPRINT = auto()
    PRINTER_SETTINGS = auto()
    OBJECT = auto()
    MEMBER = auto()
    OUTCOME = auto()
    FIELDS = auto()
    UNSAID = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """The value is one of `values`, and every one has a text in the catalogues: `<family>.<value>`."""

    family: str
    values: tuple[str, ...]


Meaning: TypeAlias = Is | Word

# Codes that people see. Ticket codes repeat every day, appointment codes are unique.
TicketCode: TypeAlias = Annotated[str, Is.TICKET_CODE]
AppointmentCode: TypeAlias = Annotated[str, Is.APPOINTMENT_CODE]

# Ids whose names are looked up when the log is read. A PersonId is empty where the person is unknown.
PersonId: TypeAlias = Annotated[str, Is.PERSON]
DeviceId: TypeAlias = Annotated[str, Is.DEVICE]
CounterId: TypeAlias = Annotated[str, Is.COUNTER]

# Ids that are never shown by name. PlaceId: a branch, or the organisation.
TicketId: TypeAlias = Annotated[str, Is.UNSAID]
TicketIds: TypeAlias = Annotated[list[str], Is.UNSAID]
BookingId: TypeAlias = Annotated[str, Is.UNSAID]
SlipId: TypeAlias = Annotated[str, Is.UNSAID]
MessageId: TypeAlias = Annotated[str, Is.UNSAID]
ApprovalId: TypeAlias = Annotated[str, Is.UNSAID]
BlockId: TypeAlias = Annotated[str, Is.UNSAID]
BlockPlanId: TypeAlias = Annotated[str, Is.UNSAID]
PairId: TypeAlias = Annotated[str, Is.UNSAID]
BookingInvitationId: TypeAlias = Annotated[str, Is.UNSAID]
PairingId: TypeAlias = Annotated[str, Is.UNSAID]
PlaceId: TypeAlias = Annotated[str, Is.UNSAID]

# Slugs of the settings.
QueueSlug: TypeAlias = Annotated[str, Is.QUEUE]
ServiceSlug: TypeAlias = Annotated[str, Is.SERVICE]
PrioritySlug: TypeAlias = Annotated[str, Is.PRIORITY]
MemberSlug: TypeAlias = Annotated[str, Is.MEMBER]
RoleSlugs: TypeAlias = Annotated[list[str], Is.ROLES]
DeviceSlug: TypeAlias = Annotated[str, Is.UNSAID]
DepartmentSlug: TypeAlias = Annotated[str, Is.UNSAID]
CallingDepartment: TypeAlias = Annotated[str, Is.DEPARTMENT]

# ISO 8601; moments in UTC.
Moment: TypeAlias = Annotated[str, Is.MOMENT]
Day: TypeAlias = Annotated[str, Is.DAY]

Number: TypeAlias = Annotated[int, Is.NUMBER]
Text: TypeAlias = Annotated[str, Is.TEXT]
# A SHA-256 in hex, of which people compare the beginning.
Fingerprint: TypeAlias = Annotated[str, Is.FINGERPRINT]
# Values by the names of `settings.printers.HABITS`.
PrinterSettings: TypeAlias = Annotated[dict[str, Any], Is.PRINTER_SETTINGS]
Flag: TypeAlias = Annotated[bool, Is.UNSAID]

# What decides whom a person calls: slugs of skills, codes of languages, the slug of a calling profile.
Abilities: TypeAlias = Annotated[list[str], Is.UNSAID]
ProfileSlug: TypeAlias = Annotated[str, Is.UNSAID]
LanguageCode: TypeAlias = Annotated[str, Is.UNSAID]
# A code of `core.dispatch` and the values of its sentence, which is shown beside the sentence of the fact.
CallingReason: TypeAlias = Annotated[str, Is.UNSAID]
ReasonValues: TypeAlias = Annotated[dict[str, Any], Is.UNSAID]

Source: TypeAlias = Annotated[
    str,
    Word(
        "audit.source",
        ("kiosk", "web", "api", "desk", "reception", "phone", "referral", "staff", "invitation", "helper"),
    ),
]
# One of core.tickets.OUTCOMES, FORGOTTEN, or an outcome that the settings of the branch have.
Outcome: TypeAlias = Annotated[str, Is.OUTCOME]
AwayReason: TypeAlias = Annotated[str, Word("state.away", AWAY_REASONS)]
Basis: TypeAlias = Annotated[str, Word("audit.basis", (*RAISE_REASONS, BY_SERVICE))]
WhyVoid: TypeAlias = Annotated[str, Word("audit.void", ("day-over", TAKEN_AWAY, *VOID_REASONS))]
TicketStateWord: TypeAlias = Annotated[str, Word("state.ticket", tuple(TicketState))]
BookingStateWord: TypeAlias = Annotated[str, Word("state.booking", tuple(BookingState))]
Arrival: TypeAlias = Annotated[str, Word("audit.punctuality", tuple(Punctuality))]
LostWhy: TypeAlias = Annotated[str, Word("state.lost", tuple(Why))]
DecidedBecause: TypeAlias = Annotated[str, Word("audit.because", tuple(Because))]
ApartScope: TypeAlias = Annotated[str, Word("apart.scope", tuple(Scope))]
ApartReason: TypeAlias = Annotated[str, Word("apart.reason", tuple(Reason))]
ApartAcceptedFor: TypeAlias = Annotated[str, Word("apart.accepted", tuple(AcceptedFor))]
AttendanceWord: TypeAlias = Annotated[str, Word("state.attendance", tuple(Attendance))]
AttendanceReason: TypeAlias = Annotated[str, Word("audit.attendance-reason", tuple(LateReason))]
FoundBy: TypeAlias = Annotated[str, Word("audit.by", ("name", "contact"))]
ApprovalAction: TypeAlias = Annotated[str, Word("audit.approval-action", APPROVAL_ACTIONS)]
Corrected: TypeAlias = Annotated[str, Word("audit.corrected", ("name", "reference", "contact", "issued_number"))]
Channel: TypeAlias = Annotated[str, Word("audit.channel", ("web", "api"))]
SignInMethod: TypeAlias = Annotated[str, Word("audit.method", ("app", "recovery", "passkey", "provider"))]
DeviceKind: TypeAlias = Annotated[str, Word("audit.device-kind", ("kiosk", "display", "printer", "counter_display"))]
Proof: TypeAlias = Annotated[str, Word("audit.proof", ("completed", "status", "none"))]
SlipError: TypeAlias = Annotated[
    str,
    Word(
        "audit.slip-error",
        (
            "offline",
            "silent",
            "garbled",
            "denied",
            "no_device",
            "no_paper",
            "cover_open",
            "interrupted",
            "unconfirmed",
            "unknown_host",
            "internal",
        ),
    ),
]
EarlierOutcome: TypeAlias = Annotated[str, Word("audit.earlier-outcome", tuple(earlier.Outcome))]
WhyGivenUp: TypeAlias = Annotated[str, Word("audit.given-up", ("unproven", "limit", "persons"))]
MessageEvent: TypeAlias = Annotated[str, Word("audit.message-event", tuple(Event))]
MessageChannel: TypeAlias = Annotated[str, Word("audit.message-channel", (MAIL,))]
MessageError: TypeAlias = Annotated[str, Word("audit.message-error", ERRORS)]
MessageSettledHow: TypeAlias = Annotated[str, Word("audit.message-settled", tuple(Settled))]
WhySlipVoid: TypeAlias = Annotated[str, Word("audit.void", ("expired",))]
PrinterState: TypeAlias = Annotated[str, Word("state.printer", STATES)]
Transport: TypeAlias = Annotated[str, Word("state.transport", TRANSPORTS)]
#: The kinds of objects of settings (`settings.objects`): of a branch, and of the organisation.
BRANCH_OBJECTS = (
    "branch",
    "department",
    "queue",
    "resource",
    "service",
    "zone",
    "counter",
    "device",
    "occasion",
    "text",
    "calling_profile",
    "skill",
)
COMMON_OBJECTS = (
    *("organisation", "confidentiality", "letter", "priority", "policy", "service_tag", "document", "season"),
    *("device_model", "role", "calendar"),
)
ObjectKind: TypeAlias = Annotated[str, Word("audit.object", (*BRANCH_OBJECTS, *COMMON_OBJECTS))]
EditOp: TypeAlias = Annotated[str, Word("audit.edit", ("add", "edit", "retire", "remove"))]
# The slug of such an object, and the names of fields that its declaration has.
ObjectSlug: TypeAlias = Annotated[str, Is.OBJECT]
FieldNames: TypeAlias = Annotated[list[str], Is.FIELDS]
# The machine's own work, at night or when somebody asks for it.
Upkeep: TypeAlias = Annotated[str, Word("audit.upkeep", ("backup", "drill", "tidy", "ping"))]
