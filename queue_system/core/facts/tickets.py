"""Facts about tickets: from the number to the end of the visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from .base import Fact
from .fields import (
    Abilities,
    Basis,
    BookingId,
    CallingDepartment,
    CallingReason,
    CounterId,
    Day,
    Flag,
    LanguageCode,
    LostWhy,
    Moment,
    Number,
    Outcome,
    PersonId,
    PlaceId,
    PrioritySlug,
    ProfileSlug,
    QueueSlug,
    ReasonValues,
    ServiceSlug,
    Source,
    Text,
    TicketCode,
    TicketId,
    TicketIds,
    TicketStateWord,
    WhyVoid,
)


@dataclass(frozen=True, slots=True)
class TicketFact(Fact):
    """What happened to a ticket."""

    subject: TicketId
    code: TicketCode


@dataclass(frozen=True, slots=True)
class TicketIssued(TicketFact):
    """`basis` is the evidence for a priority class that was requested with the number. Older entries lack `language`."""

    kind: ClassVar[str] = "ticket.issued"
    queue: QueueSlug
    service: ServiceSlug
    business_date: Day
    priority_class: PrioritySlug
    source: Source
    anchor_at: Moment
    booking: BookingId | None = None
    basis: Basis | None = None
    language: LanguageCode | None = None

    def data(self) -> dict[str, Any]:
        return _without_nothing(TicketFact.data(self), "language")

    def variant(self) -> Literal["", "class"]:
        return "class" if self.basis else ""


@dataclass(frozen=True, slots=True)
class TicketCalled(TicketFact):
    """`reason` is a code of the calling rule and `values` fill its sentence, so that every call can be explained.

    `passed_over`: the ticket that the same press passed over, which could not be the next one.

    `skills` and `languages` are the clerk's as this call was decided with them, `profile` is a calling profile of the
    clerk's own, where it went before that of the counter. None where nothing in the branch looked at the clerk, and in
    older entries. `department` called, where the branch tells departments apart.
    """

    kind: ClassVar[str] = "ticket.called"
    counter: CounterId
    counter_number: Number
    call: Number
    reason: CallingReason
    values: ReasonValues
    passed_over: TicketId | None = None
    skills: Abilities | None = None
    languages: Abilities | None = None
    profile: ProfileSlug | None = None
    department: CallingDepartment | None = None

    def data(self) -> dict[str, Any]:
        return _without_nothing(TicketFact.data(self), "passed_over", "skills", "languages", "profile", "department")

    def variant(self) -> Literal["", "department"]:
        return "department" if self.department else ""


@dataclass(frozen=True, slots=True)
class TicketRecalled(TicketFact):
    kind: ClassVar[str] = "ticket.recalled"
    counter: CounterId
    counter_number: Number
    call: Number


@dataclass(frozen=True, slots=True)
class TicketStarted(TicketFact):
    kind: ClassVar[str] = "ticket.started"
    counter: CounterId


@dataclass(frozen=True, slots=True)
class TicketServiceBegun(TicketFact):
    """Another service began in the same visit; `corrected`: it has been this one, and not the one before, all the time."""

    kind: ClassVar[str] = "ticket.service_begun"
    counter: CounterId
    service: ServiceSlug
    corrected: Flag

    def variant(self) -> Literal["", "corrected"]:
        return "corrected" if self.corrected else ""


@dataclass(frozen=True, slots=True)
class TicketServed(TicketFact):
    kind: ClassVar[str] = "ticket.served"
    counter: CounterId
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class VoucherIssued(TicketFact):
    """The visitor lacked documents and may come back until the end of the day `until`. The voucher's code is a secret."""

    kind: ClassVar[str] = "ticket.voucher_issued"
    until: Day


@dataclass(frozen=True, slots=True)
class VoucherUsed(TicketFact):
    """The number was given for a voucher of the visit `earlier`."""

    kind: ClassVar[str] = "ticket.voucher_used"
    earlier: TicketId


@dataclass(frozen=True, slots=True)
class TicketSkipped(TicketFact):
    """The visitor missed a call but is no no-show yet: `others_first` others are called before the next call."""

    kind: ClassVar[str] = "ticket.skipped"
    counter: CounterId
    calls: Number
    others_first: Number


@dataclass(frozen=True, slots=True)
class TicketNoShow(TicketFact):
    kind: ClassVar[str] = "ticket.no_show"
    counter: CounterId
    calls: Number


@dataclass(frozen=True, slots=True)
class TicketParked(TicketFact):
    """The visitor completes something, and the place is kept."""

    # The old name of the state stays, because facts in existing logs carry it.
    kind: ClassVar[str] = "ticket.held"
    counter: CounterId


@dataclass(frozen=True, slots=True)
class TicketResumed(TicketFact):
    kind: ClassVar[str] = "ticket.resumed"


@dataclass(frozen=True, slots=True)
class TicketReturned(TicketFact):
    """`others_first`: the old place counts after so many other calls; 0 for a place at the end."""

    kind: ClassVar[str] = "ticket.returned"
    others_first: Number

    def variant(self) -> Literal["", "aside"]:
        return "aside" if self.others_first else ""


@dataclass(frozen=True, slots=True)
class TicketTransferred(TicketFact):
    kind: ClassVar[str] = "ticket.transferred"
    counter: CounterId | None
    from_queue: QueueSlug
    to_queue: QueueSlug
    to_service: ServiceSlug


@dataclass(frozen=True, slots=True)
class TicketForCounter(TicketFact):
    """Until `until` only this counter calls the ticket, unless it closes before."""

    kind: ClassVar[str] = "ticket.for_counter"
    counter: CounterId
    until: Moment


@dataclass(frozen=True, slots=True)
class TicketForPerson(TicketFact):
    """Until `until` only this person calls the ticket, unless they leave their counter before."""

    kind: ClassVar[str] = "ticket.for_person"
    person: PersonId
    until: Moment


@dataclass(frozen=True, slots=True)
class TicketTakenBack(TicketFact):
    """The last press at `counter` was undone; the fields are the values of the ticket after that.

    `one_more` are the tickets before whose next call one more visitor is called again. Older entries lack the last four
    fields.
    """

    kind: ClassVar[str] = "ticket.taken_back"
    counter: CounterId
    to_state: TicketStateWord
    at_counter: CounterId | None
    queue: QueueSlug
    service: ServiceSlug
    priority_class: PrioritySlug
    calls: Number
    anchor_at: Moment | None = None
    skips: Number | None = None
    others_first: Number | None = None
    one_more: TicketIds | None = None

    def data(self) -> dict[str, Any]:
        return _without_nothing(TicketFact.data(self), "anchor_at", "skips", "others_first", "one_more")


@dataclass(frozen=True, slots=True)
class TicketFetched(TicketFact):
    """Somebody of the staff went to the visitor, who is not called in the hall."""

    kind: ClassVar[str] = "ticket.fetched"


@dataclass(frozen=True, slots=True)
class TicketRaised(TicketFact):
    """The ticket got a heavier class; `basis` is the evidence for it.

    `anchor_at`: since when its waiting counts now, where the class has changed that.
    """

    kind: ClassVar[str] = "ticket.raised"
    from_class: PrioritySlug
    to_class: PrioritySlug
    basis: Basis
    anchor_at: Moment | None = None

    def data(self) -> dict[str, Any]:
        return _without_nothing(TicketFact.data(self), "anchor_at")


@dataclass(frozen=True, slots=True)
class TicketLeft(TicketFact):
    kind: ClassVar[str] = "ticket.left"


@dataclass(frozen=True, slots=True)
class TicketVoided(TicketFact):
    kind: ClassVar[str] = "ticket.voided"
    reason: WhyVoid


@dataclass(frozen=True, slots=True)
class TicketReferred(TicketFact):
    """The visitor was sent on to a service; `to_branch` is None within the branch.

    `to_ticket` and `to_code` are of the number that was given there; None where the visitor only got a slip. `consent`
    says that staff recorded that the visitor agrees.
    """

    kind: ClassVar[str] = "ticket.referred"
    to_branch: PlaceId | None
    to_service: ServiceSlug
    to_ticket: TicketId | None
    to_code: Text | None
    consent: Flag

    def variant(self) -> Literal["", "slip", "elsewhere", "elsewhere-slip"]:
        # The other branch is not named, because its name can tell what somebody came for.
        if self.to_branch:
            return "elsewhere" if self.to_code else "elsewhere-slip"
        return "" if self.to_code else "slip"


@dataclass(frozen=True, slots=True)
class TicketReceived(TicketFact):
    """The ticket was given on a referral; `from_branch` is None within the branch.

    `from_code` and `from_service` are the reference and the need, as far as the rule passes them on.
    """

    kind: ClassVar[str] = "ticket.received"
    from_branch: PlaceId | None
    from_code: Text | None
    from_service: ServiceSlug | None

    def variant(self) -> Literal["", "reference"]:
        return "reference" if self.from_code else ""


@dataclass(frozen=True, slots=True)
class TicketKept(TicketFact):
    """Settings no longer support the ticket, and staff decided that it is served all the same today."""

    kind: ClassVar[str] = "ticket.kept"
    why: LostWhy


@dataclass(frozen=True, slots=True)
class TicketPutOff(TicketFact):
    """Settings no longer support the ticket, and what becomes of it is to be decided later."""

    kind: ClassVar[str] = "ticket.put_off"
    why: LostWhy


def _without_nothing(data: dict[str, Any], *later: str) -> dict[str, Any]:
    """The data without those fields that say nothing, as entries of the log were written before the fields were there."""
    return {name: value for name, value in data.items() if name not in later or value is not None}
