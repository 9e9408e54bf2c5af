"""The tables. They hold no decisions and use no ORM: statements are SQLAlchemy Core over these tables.

Every row of a branch has `branch_id` first in its primary key, unique keys and indexes, so that PostgreSQL can be
partitioned or distributed by branch without a change of code.
"""

from __future__ import annotations

from .access import (
    Approval,
    Credential,
    Device,
    Invitation,
    KnownBrowser,
    Pairing,
    Session,
    SignInStep,
    Staff,
    StaffRole,
)
from .agenda import BranchSeason, ClosureRow, OpeningHours, OutreachDay, SeasonRow
from .alarms import Alarm
from .apart import ApartAccepted, ApartKey, ApartPair
from .changes import Change
from .columns import table
from .day import Booking, Call, FreedPlace, GivenService, PrintJob, Seat, Series, Ticket
from .digests import DigestedDay, HourDigest, PartDigest, ServiceDigest
from .earlier import EarlierOffer, EarlierWish
from .guests import BookingInvitation
from .home_visits import HomeVisit
from .log import Checkpoint, Entry
from .members import Block, BookingMember
from .messages import Message
from .organisation import (
    ORGANISATION,
    SETTINGS,
    Branch,
    BranchPriority,
    Confidentiality,
    Counter,
    CounterQueue,
    Department,
    Document,
    Occasion,
    Organisation,
    PolicyRow,
    Priority,
    Queue,
    Resource,
    Role,
    Service,
    ServiceDocument,
    ServiceReferral,
    ServiceResource,
    Text,
    Zone,
)
from .own_views import OwnView, ReportReader
from .people import Participant
from .proofs import ContactProof
from .series import BookingSeries, SeriesDate
from .staff_notes import StaffNote, TicketNote
from .telling import PhoneCall
from .upkeep import Upkeep
from .vouchers import ReturnVoucher

__all__ = [
    "ORGANISATION",
    "SETTINGS",
    "Alarm",
    "ApartAccepted",
    "ApartKey",
    "ApartPair",
    "Approval",
    "Block",
    "Booking",
    "BookingInvitation",
    "BookingMember",
    "BookingSeries",
    "Branch",
    "BranchPriority",
    "BranchSeason",
    "Call",
    "Change",
    "Checkpoint",
    "ClosureRow",
    "Confidentiality",
    "ContactProof",
    "Counter",
    "CounterQueue",
    "Credential",
    "Department",
    "Device",
    "DigestedDay",
    "Document",
    "EarlierOffer",
    "EarlierWish",
    "Entry",
    "FreedPlace",
    "GivenService",
    "HomeVisit",
    "HourDigest",
    "Invitation",
    "KnownBrowser",
    "Message",
    "Occasion",
    "OpeningHours",
    "Organisation",
    "OutreachDay",
    "OwnView",
    "Pairing",
    "PartDigest",
    "Participant",
    "PhoneCall",
    "PolicyRow",
    "PrintJob",
    "Priority",
    "Queue",
    "ReportReader",
    "Resource",
    "ReturnVoucher",
    "Role",
    "SeasonRow",
    "Seat",
    "Series",
    "SeriesDate",
    "Service",
    "ServiceDigest",
    "ServiceDocument",
    "ServiceReferral",
    "ServiceResource",
    "Session",
    "SignInStep",
    "Staff",
    "StaffNote",
    "StaffRole",
    "Text",
    "Ticket",
    "TicketNote",
    "Upkeep",
    "Zone",
    "table",
]
