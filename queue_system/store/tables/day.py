"""The work of a day: bookings and their seats, tickets, calls, slips."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from ..dialect import partial
from .columns import key, of_branch, within_branch

OPEN_STATES = "('waiting', 'parked', 'called', 'serving')"
# The line, in three parts: whoever took a number, whoever has an appointment, and the few who
# were called and were not here, or whom not every counter may call.
NUMBERS_IN_LINE = "state = 'waiting' AND aside = 0 AND reserved_until_at IS NULL AND booking_id IS NULL"
BOOKED_IN_LINE = "state = 'waiting' AND aside = 0 AND reserved_until_at IS NULL AND booking_id IS NOT NULL"
SINGLED_OUT = "state = 'waiting' AND (aside > 0 OR reserved_until_at IS NOT NULL)"
# Kind by kind, each in the order of its places: the first of each is one step in the index (queries/foremost.py).
KINDS_IN_LINE = ("branch_id", "queue_id", "service_id", "priority", "language", "anchor_at", "id")
COUNTER_STATES = "('called', 'serving')"
PENDING_SLIPS = "('queued', 'claimed')"
PLACED_BOOKINGS = "('confirmed', 'checked_in')"
UNPROVEN_BOOKINGS = "prove_until IS NOT NULL AND state = 'confirmed'"
# Decisions that are not the last word: another time is offered, or staff still have to decide.
UNSETTLED_BOOKINGS = "('move', 'later', 'unanswered')"


class Series(SQLModel, table=True):
    """The last number given in a queue on a business date."""

    branch_id: UUID = of_branch()
    queue_id: UUID = key()
    business_date: date = key()
    last_number: int


class Ticket(SQLModel, table=True):
    """A visitor's place in line, from the number to the end of the visit."""

    __table_args__ = (
        within_branch("queue_id", "queue"),
        within_branch("series_id", "queue"),
        within_branch("service_id", "service"),
        within_branch("counter_id", "counter"),
        UniqueConstraint("branch_id", "series_id", "business_date", "number", name="one_number_a_day"),
        UniqueConstraint("branch_id", "request_id", name="one_ticket_a_request"),
        UniqueConstraint("branch_id", "token"),
        # One open ticket per counter; the database enforces this even if a lock was forgotten.
        Index(
            "one_ticket_a_counter",
            "branch_id",
            "counter_id",
            unique=True,
            **partial(f"state IN {COUNTER_STATES}"),
        ),
        # Unique, because two visitors with one number would come to the same counter.
        Index("one_open_code", "branch_id", "code", unique=True, **partial(f"state IN {OPEN_STATES}")),
        # Open tickets are few and history is long, so every read of all open tickets uses this index alone. It is without
        # the day, because SQLite takes an index of the day for better and reads all numbers of the day then.
        Index("open_tickets", "branch_id", "anchor_at", "id", **partial(f"state IN {OPEN_STATES}")),
        Index("numbers_in_line", *KINDS_IN_LINE, **partial(NUMBERS_IN_LINE)),
        Index("booked_in_line", *KINDS_IN_LINE, **partial(BOOKED_IN_LINE)),
        Index("singled_out", "branch_id", "queue_id", **partial(SINGLED_OUT)),
        Index("tickets_by_day", "branch_id", "business_date"),
        Index("joined_tickets", "branch_id", "business_date", **partial("joined_to IS NOT NULL")),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    queue_id: UUID
    # The queue whose series gave the number; it stays the same when the visitor is transferred to another queue.
    series_id: UUID
    service_id: UUID
    business_date: date
    number: int
    code: str
    state: str
    priority: str = Field(foreign_key="priority.slug")
    # The instant from which waiting counts: arrival for a walk-in, the booked time for a visitor who came in time.
    anchor_at: datetime
    issued_at: datetime
    source: str
    language: str
    booking_id: UUID | None = None
    counter_id: UUID | None = None
    # The number of calls since the visitor last stood at a counter, and the instants of the first and the last.
    calls: int = 0
    first_called_at: datetime | None = None
    called_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    # How often the visitor was called and did not come, and how many others are now called first.
    skips: int = 0
    aside: int = 0
    # Until when only one counter, or one person, calls the visitor, and which counter sent them from which service.
    reserved_counter_id: UUID | None = None
    reserved_staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    reserved_until_at: datetime | None = None
    sent_counter_id: UUID | None = None
    sent_service_id: UUID | None = None
    # How often the visitor came after a no-show and was let into the line again.
    returns: int = 0
    request_id: str | None = None
    token: str
    # The forecast that was told with the number, in minutes (`core.waits.announce.Announced`); empty where none was.
    told_p50: float | None = None
    told_p90: float | None = None
    told_least: int | None = None
    told_most: int | None = None
    # When that wait ended: the first call ever, also where the visitor was called again for another service.
    wait_ended_at: datetime | None = None
    # How many rows of GivenService the visit has; 0 while it has had one service only, whose times are the ticket's.
    services_given: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    # The number with which this one is called, and the own anchor of a number that others are called with.
    joined_to: UUID | None = None
    own_anchor_at: datetime | None = None


class Call(SQLModel, table=True):
    """A call as the hall saw it; `seq` is the log position of its entry."""

    __table_args__ = (
        within_branch("ticket_id", "ticket"),
        within_branch("counter_id", "counter"),
        # Conditions of calling profiles look at the calls of the last hours.
        Index("calls_by_time", "branch_id", "at"),
    )

    branch_id: UUID = of_branch()
    seq: int = key()
    ticket_id: UUID
    counter_id: UUID
    # The queue that the visitor was called from; empty for calls of former versions.
    queue_id: UUID | None = None
    at: datetime
    kind: str
    # Who of the staff fetches the visitor, where visitors are fetched.
    fetched_by: UUID | None = Field(default=None, foreign_key="staff.id")


class GivenService(SQLModel, table=True):
    """A service that was given in a visit of several, with its own times; without an end it is being given now.

    A visit of one service, which was not interrupted, has no such row: its ticket says the same.
    """

    __tablename__ = "given_service"
    __table_args__ = (
        within_branch("ticket_id", "ticket"),
        within_branch("service_id", "service"),
        within_branch("counter_id", "counter"),
    )

    branch_id: UUID = of_branch()
    ticket_id: UUID = key()
    # 1 for the first service of the visit.
    n: int = key()
    service_id: UUID
    counter_id: UUID
    started_at: datetime
    ended_at: datetime | None = None
    # The outcome of the visit; FOLLOWED, INTERRUPTED or HANDED_ON (core.tickets) where the visit went on.
    outcome: str | None = None


class Booking(SQLModel, table=True):
    """An agreed time; becomes a ticket at check-in."""

    __table_args__ = (
        within_branch("service_id", "service"),
        UniqueConstraint("branch_id", "code"),
        UniqueConstraint("branch_id", "token"),
        UniqueConstraint("branch_id", "request_id", name="one_booking_a_request"),
        Index("bookings_by_time", "branch_id", "starts_at"),
        Index("holds", "branch_id", "held_until", **partial("state = 'held'")),
        Index("placed_bookings", "branch_id", "contact", **partial(f"state IN {PLACED_BOOKINGS}")),
        Index("visits_of_contact", "branch_id", "service_id", "contact", **partial("state = 'fulfilled'")),
        Index("bookings_together", "branch_id", "together_id", **partial("together_id IS NOT NULL")),
        Index("named_bookings", "branch_id", "starts_at", **partial("erased_at IS NULL")),
        Index("known_ways", "branch_id", "contact", **partial("contact_way IS NOT NULL")),
        # Few at any time, but asked for with every booking and on the first page of the office.
        Index("unproven_bookings", "branch_id", "prove_until", **partial(UNPROVEN_BOOKINGS)),
        Index("unsettled_bookings", "branch_id", **partial(f"decision IN {UNSETTLED_BOOKINGS}")),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    code: str
    state: str
    service_id: UUID
    starts_at: datetime
    ends_at: datetime
    name: str
    contact: str
    language: str
    # How many people come; together they have one place.
    persons: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    source: str
    # The organisation that booked it, by its name in the settings; "" for none.
    helper: str = Field(default="", sa_column_kwargs={"server_default": ""})
    held_until: datetime | None = None
    created_at: datetime
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    changes: int = 0
    ticket_id: UUID | None = None
    request_id: str | None = None
    token: str
    # When name and contact were erased; both are empty then.
    erased_at: datetime | None = None
    # `core.channels.Channel`, only where the booker chose it; and the secret name of the room of a video call.
    channel: str | None = None
    video_room: str | None = None
    # What staff decided when the settings no longer supported its time (core.promises.Decided), why it lost its
    # support (core.support.Why), and the change of settings that took it.
    decision: str | None = None
    lost_why: str | None = None
    change_id: UUID | None = None
    # The time that is offered instead; its seats are taken too, until the visitor answers or the offer ends.
    offered_starts_at: datetime | None = None
    offered_ends_at: datetime | None = None
    offer_until: datetime | None = None
    # Equal for the parts of one visit, which were booked together (actions/together.py).
    together_id: UUID | None = None
    # A case number besides the name; erased with it, as the way to contact them is.
    reference: str = ""
    # The number under which another office keeps the request (core.issued); erased with the name.
    issued_number: str = Field(default="", sa_column_kwargs={"server_default": ""})
    # The priority class that the visitor said by themself before coming; "" for none. Erased with the name.
    declared: str = Field(default="", sa_column_kwargs={"server_default": ""})
    # How whoever it was booked for may be contacted (core.safe_contact.ContactWay), when it is safe, and when they were asked.
    contact_way: str | None = None
    contact_note: str = ""
    contact_asked_at: datetime | None = None
    # The highest number of a person who was taken off (people.Participant), which no other person gets.
    last_gone: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    # Until when the contact is to be proven, and when it was (actions/contact_proofs.py). Whoever does not loses the
    # appointment, and the first stays to say so.
    prove_until: datetime | None = None
    proven_at: datetime | None = None


class FreedPlace(SQLModel, table=True):
    """A place that a cancelled or moved booking gave back; `lot` decides when it can be booked again.

    Without `returns_at` it returns only when staff release it. The row stays after that, because the places that a
    person gave back in the last days are counted. From `offers_at` on it is offered to those who wait for an earlier
    time; once nobody is left, `offers_at` is empty and the lot counts from `lot_from`.
    """

    __tablename__ = "freed_place"
    __table_args__ = (
        within_branch("booking_id", "booking"),
        within_branch("service_id", "service"),
        Index("freed_by_booking", "branch_id", "booking_id"),
        Index("freed_lately", "branch_id", "freed_at"),
        Index("kept_places", "branch_id", "returns_at", **partial("returned_at IS NULL")),
        Index("listed_places", "branch_id", "offers_at", **partial("offers_at IS NOT NULL")),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    booking_id: UUID
    service_id: UUID
    starts_at: datetime
    freed_at: datetime
    returns_at: datetime | None = None
    returned_at: datetime | None = None
    lot: str
    # In which order it is offered (core.freed.Freed), from when, and from when the lot of its return counts after that.
    offer_order: str | None = None
    offers_at: datetime | None = None
    lot_from: datetime | None = None


class Seat(SQLModel, table=True):
    """One lane of one resource, taken for one tick. The primary key makes overbooking impossible.

    With `freed_id` the booking has given the seat back, but it cannot be taken again yet.
    """

    __table_args__ = (
        Index("seats_of_booking", "branch_id", "booking_id"),
        within_branch("booking_id", "booking"),
        within_branch("freed_id", "freed_place"),
    )

    branch_id: UUID = of_branch()
    # The id of a queue or of a resource.
    resource_id: UUID = key()
    # Minutes since 1970-01-01 UTC, divided by the branch's tick length.
    tick: int = key()
    lane: int = key()
    booking_id: UUID
    freed_id: UUID | None = None


class PrintJob(SQLModel, table=True):
    """A slip on its way to paper: queued, claimed, printed, failed, unknown, void."""

    __tablename__ = "print_job"
    __table_args__ = (
        within_branch("ticket_id", "ticket"),
        within_branch("printer_id", "device"),
        Index("pending_slips", "branch_id", "printer_id", **partial(f"state IN {PENDING_SLIPS}")),
        Index("slips_of_ticket", "branch_id", "ticket_id"),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    ticket_id: UUID
    printer_id: UUID
    copy_number: int = 0
    state: str
    attempts: int = 0
    created_at: datetime
    # After this the slip is not printed, because the visitor has left the printer.
    expires_at: datetime
    # When the job may be claimed (again).
    due_at: datetime
    lease_until: datetime | None = None
    ended_at: datetime | None = None
    error: str | None = None
