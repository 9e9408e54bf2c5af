"""Requests and answers of the API, field by field; they validate requests, make answers, and are in the document."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ...core.bookings import BookingState
from ...core.channels import LONGEST_ADDRESS, Channel
from ...core.issued import LONGEST_TYPED
from ...core.offering import Way
from ...core.promises import Decided
from ...core.staff_notes import LONGEST_FOR_NEXT
from ...core.support import Why
from ...core.tickets import TicketState
from .values import Asked, At, Day, Given, Id, Instant, Language, Names, RequestId, ServiceKey

# ---------------------------------------------------------------- places


class Branch(Given):
    branch: Annotated[str, Field(description="api.field-branch")]
    names: Names
    kind: str
    timezone: Annotated[str, Field(description="api.field-timezone")]
    languages: list[str]
    default_language: str
    gives_tickets: Annotated[bool, Field(description="api.field-gives-tickets")]
    remote_tickets: Annotated[bool, Field(description="api.field-remote-tickets")]


class Branches(Given):
    branches: list[Branch]


class Document(Given):
    document: str
    names: Names


class Platform(Given):
    names: Names
    url: Annotated[str | None, Field(description="api.field-platform-url")] = None


class IssuedNumber(Given):
    names: Names
    required: bool
    digits_only: bool
    length: int | None


class Service(Given):
    service: Annotated[str, Field(description="api.field-service")]
    names: Annotated[Names, Field(description="api.field-listed-names")]
    neutral_names: Annotated[Names | None, Field(description="api.field-neutral-names")]
    note: Names | None
    department: str
    department_names: Names
    queue: Annotated[str | None, Field(description="api.field-queue")]
    duration_min: Annotated[int, Field(description="api.field-duration")]
    how: Annotated[list[Way], Field(description="api.field-how")]
    apply_at: Annotated[Platform | None, Field(description="api.field-apply-at")]
    issued_number: Annotated[IssuedNumber | None, Field(description="api.field-issued-asked")]
    bookable: Annotated[bool, Field(description="api.field-bookable")]
    walk_in: Annotated[bool, Field(description="api.field-walk-in")]
    channels: Annotated[list[Channel], Field(description="api.field-channels")]
    documents: Annotated[list[Document], Field(description="api.field-documents")]


class Services(Given):
    branch: str
    services: list[Service]


class SlotsAsked(Asked):
    first: Annotated[Day | None, Field(alias="from", description="api.field-from")] = None
    last: Annotated[Day | None, Field(alias="to", description="api.field-to")] = None


class Slot(Given):
    starts_at: At
    ends_at: At
    places: Annotated[int, Field(description="api.field-places")]


class DayOfSlots(Given):
    day: date
    place: Annotated[Names | None, Field(description="api.field-place")]
    refusal: Annotated[str | None, Field(description="api.field-refusal")]
    slots: list[Slot]


class Slots(Given):
    branch: str
    service: str
    timezone: str
    days: list[DayOfSlots]


class Queue(Given):
    queue: str
    names: Annotated[Names | None, Field(description="api.field-queue-names")]
    waiting: Annotated[int, Field(description="api.field-waiting")]
    open_counters: Annotated[int, Field(description="api.field-open-counters")]
    gives_tickets: Annotated[bool, Field(description="api.field-gives-tickets")]


class Queues(Given):
    branch: str
    at: At
    gives_tickets: Annotated[bool, Field(description="api.field-gives-tickets")]
    queues: list[Queue]


# ---------------------------------------------------------------- bookings


class Hold(Asked):
    request_id: RequestId
    service: ServiceKey
    starts_at: Annotated[Instant, Field(description="api.field-starts-at", examples=["2026-11-23T09:00:00+03:00"])]
    name: Annotated[str, Field(max_length=200, description="api.field-name", examples=["سلمى الأتاسي"])]
    contact: Annotated[str, Field(max_length=320, description="api.field-contact", examples=["salma@example.org"])]
    contact_sure: Annotated[bool, Field(description="api.field-contact-sure")] = False
    persons: Annotated[int, Field(ge=1, le=100, description="api.field-persons")] = 1
    channel: Annotated[Channel | None, Field(description="api.field-channel-wanted")] = None
    address: Annotated[str | None, Field(max_length=LONGEST_ADDRESS, description="api.field-address")] = None
    issued_number: Annotated[str | None, Field(max_length=LONGEST_TYPED, description="api.field-issued-number")] = None
    language: Language | None = None


class Change(Asked):
    starts_at: Annotated[Instant, Field(description="api.field-starts-at", examples=["2026-11-23T09:30:00+03:00"])]


class Offer(Given):
    starts_at: At
    ends_at: At
    answer_by: At


class Booking(Given):
    token: Annotated[str, Field(description="api.field-token")]
    code: Annotated[str, Field(description="api.field-booking-code")]
    state: BookingState
    branch: Annotated[str | None, Field(description="api.field-unless-protected")]
    service: Annotated[str | None, Field(description="api.field-unless-protected")]
    service_names: Names
    place: Annotated[Names | None, Field(description="api.field-place")]
    starts_at: At
    ends_at: At
    held_until: Annotated[At | None, Field(description="api.field-held-until")]
    persons: Annotated[int, Field(description="api.field-persons")]
    channel: Annotated[Channel, Field(description="api.field-channel")]
    video_link: Annotated[str | None, Field(description="api.field-video-link")]
    changes: Annotated[int, Field(description="api.field-changes")]
    decision: Annotated[Decided | None, Field(description="api.field-decision")]
    why: Annotated[Why | None, Field(description="api.field-why-lost")]
    offer: Annotated[Offer | None, Field(description="api.field-offer")]
    warnings: Annotated[list[str], Field(description="api.field-warnings")]


# ---------------------------------------------------------------- reception


class LookUp(Asked):
    text: Annotated[str, Field(min_length=1, max_length=200, description="api.field-look-up", examples=["سلمى"])]


class Arrived(Asked):
    code: Annotated[
        str, Field(min_length=1, max_length=80, description="api.field-booking-code", examples=["K7D4 9MWT"])
    ]


class Appointment(Given):
    code: Annotated[str, Field(description="api.field-booking-code")]
    state: BookingState
    service: str
    service_names: Names
    starts_at: At
    ends_at: At


class Appointments(Given):
    branch: str
    appointments: list[Appointment]
    more: Annotated[bool, Field(description="api.field-more-found")]


# ---------------------------------------------------------------- tickets


class Take(Asked):
    request_id: RequestId
    service: ServiceKey
    language: Language | None = None
    slip: Annotated[bool, Field(description="api.field-slip")] = False


class Arrival(Asked):
    slip: Annotated[bool, Field(description="api.field-slip")] = False


class Ticket(Given):
    token: Annotated[str, Field(description="api.field-token")]
    code: Annotated[str, Field(description="api.field-code")]
    state: TicketState
    branch: Annotated[str | None, Field(description="api.field-unless-protected")]
    service: Annotated[str | None, Field(description="api.field-unless-protected")]
    issued_at: At
    ahead: Annotated[int | None, Field(description="api.field-ahead")]
    counter_open: Annotated[bool, Field(description="api.field-counter-open")]
    wait_in: Annotated[list[Names], Field(description="api.field-wait-in")]
    counter: Annotated[int | None, Field(description="api.field-counter")]
    page: Annotated[str, Field(description="api.field-page")]


# ---------------------------------------------------------------- staff


class SignIn(Asked):
    login: Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,200}$", examples=["layla"])]
    password: Annotated[str, Field(min_length=1, max_length=200, examples=["demo-demo"])]
    code: Annotated[str | None, Field(max_length=40, description="api.field-second-code")] = None


class Session(Given):
    token: Annotated[str, Field(description="api.field-session")]
    expires_at: At
    idle_minutes: Annotated[int, Field(description="api.field-idle")]
    name: str
    language: str


class SignedOut(Given):
    signed_out: Literal[True] = True


class Counter(Given):
    counter: str
    number: int
    names: Names
    queues: Annotated[list[str], Field(description="api.field-counter-queues")]
    open: Annotated[bool, Field(description="api.field-open")]
    mine: Annotated[bool, Field(description="api.field-mine")]


class Counters(Given):
    branch: str
    counters: list[Counter]


class DeskTicket(Given):
    id: UUID
    code: str
    state: TicketState
    queue: str
    service: str
    priority: str
    appointment: bool
    issued_at: At
    anchor_at: Annotated[At, Field(description="api.field-anchor")]
    calls: int
    called_at: At | None
    started_at: At | None


class Note(Given):
    text: Annotated[str | None, Field(description="api.field-note-read")]
    by: str
    at: At
    own: Annotated[bool, Field(description="api.field-note-own")]


class Desk(Given):
    counter: Counter
    current: Annotated[DeskTicket | None, Field(description="api.field-current")]
    waiting: Annotated[int, Field(description="api.field-desk-waiting")]
    line: Annotated[list[DeskTicket], Field(description="api.field-line")]
    parked: Annotated[list[DeskTicket], Field(description="api.field-parked")]
    missed: Annotated[list[DeskTicket], Field(description="api.field-missed")]
    notes: Annotated[list[Note], Field(description="api.field-notes")]


class Break(Asked):
    reason: Annotated[
        Literal["break", "prayer", "meal", "meeting", "back_office"],
        Field(description="api.field-break-reason", examples=["break"]),
    ]
    minutes: Annotated[int, Field(ge=1, le=480, description="api.field-break-minutes", examples=[15])]


class Act(Asked):
    expected: Annotated[Id | None, Field(description="api.field-expected")]


class CallAct(Act):
    ticket: Annotated[Id | None, Field(description="api.field-call-ticket")] = None
    seen: Annotated[Id | None, Field(description="api.field-call-seen")] = None
    current: Annotated[Literal["done", "absent"] | None, Field(description="api.field-call-current")] = None
    reason: Annotated[
        Literal["unwell", "accompanied", "returned", "own_case", "instruction", "mistake"] | None,
        Field(description="api.field-call-reason"),
    ] = None


class FinishAct(Act):
    outcome: Annotated[str, Field(min_length=1, max_length=80, description="api.field-outcome")] = "done"


class ServiceAct(Act):
    service: ServiceKey
    corrects: Annotated[bool, Field(description="api.field-corrects")] = False


class TransferAct(Act):
    service: ServiceKey | None = None
    to_counter: Annotated[str | None, Field(description="api.field-to-counter")] = None
    to_person: Annotated[bool, Field(description="api.field-to-person")] = False
    back: Annotated[bool, Field(description="api.field-transfer-back")] = False


class NoteAct(Act):
    text: Annotated[
        str, Field(max_length=LONGEST_FOR_NEXT, description="api.field-note", examples=["ينقصه ختم الوزارة"])
    ]


class Return(Asked):
    ticket: Annotated[Id, Field(description="api.field-return-ticket")]


class Raise(Asked):
    ticket: Annotated[
        Id, Field(description="api.field-raise-ticket", examples=["01890a5d-ac96-774b-bcce-b302099a8057"])
    ]
    priority: Annotated[
        str, Field(min_length=1, max_length=80, description="api.field-raise-class", examples=["elderly"])
    ]
    reason: Annotated[
        Literal["seen", "document", "told", "referred"],
        Field(description="api.field-raise-reason", examples=["document"]),
    ]


class Done(Given):
    ticket: Annotated[DeskTicket | None, Field(description="api.field-done-ticket")]
    expected: Annotated[UUID | None, Field(description="api.field-next-expected")]


class Alarm(Given):
    counter: Annotated[str, Field(description="api.field-counter-key")]
    number: int
    by: str
    raised_at: At
    coming: Annotated[str | None, Field(description="api.field-alarm-coming")]
    own: Annotated[bool, Field(description="api.field-alarm-own")]
    unseen: Annotated[bool, Field(description="api.field-alarm-unseen")]


class Alarms(Given):
    branch: Annotated[str, Field(description="api.field-branch")]
    alarms: list[Alarm]


# ---------------------------------------------------------------- refusals


class WrongField(Given):
    field: Annotated[str, Field(description="api.field-wrong-field")]
    code: Literal["missing", "unknown", "choice", "format", "length", "range", "twice", "type"]
    detail: str


class Problem(Given):
    type: Literal["about:blank"]
    title: str
    status: int
    code: Annotated[str, Field(description="api.field-error-code")]
    detail: Annotated[str, Field(description="api.field-error-detail")]
    field: str | None = None
    errors: Annotated[list[WrongField] | None, Field(description="api.field-errors")] = None
    understood: Annotated[list[str] | None, Field(description="api.field-understood")] = None
