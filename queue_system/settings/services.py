"""Services: what people come for."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Final, Literal, Self

from ..core.channels import Channel
from ..core.issued import LONGEST_NUMBER
from .declared import (
    DAY_MIN,
    Between,
    Declared,
    Derived,
    Form,
    Kind,
    Least,
    Minutes,
    Names,
    Percent,
    Ref,
    WordsNotYet,
)
from .faults import Fault
from .terms import Retirable, ServiceTerm, term_on, terms_mistake

Mode = Literal["fcfs", "ballot", "staff_only", "invite", "walkin_only", "walkin_and_fcfs"]
# Modes that a service may have although its policy has another.
WALKIN_MODES: Final = ("walkin_only", "walkin_and_fcfs")
#: The entry in the catalogue of documents that says that there is nothing to bring.
NO_DOCUMENT: Final = "none_required"
_ELSEWHERE: Final = {"phone": Channel.TELEPHONE, "field": Channel.HOME}


class Platform(Declared):
    """A website where a request is filed before, or instead of, a visit."""

    names: Annotated[Names, "its name"]
    url: Annotated[str | None, Form.URL, "its address"] = None


class Fee(Declared):
    """What a service costs. The amount is kept as text, because binary fractions cannot hold it exactly."""

    amount: Annotated[str, Form.AMOUNT, "such as 200 or 12.50"]
    currency: Annotated[str, Form.CURRENCY, "three letters of ISO 4217"]
    where: Annotated[Names | None, "where it is paid"] = None


class IssuedNumber(Declared):
    """The number under which another office keeps the request, where the service needs what that office did first."""

    names: Annotated[Names, "what the number is called, with its office"]
    required: Annotated[
        bool, "whether nobody books without it on the internet; staff may, for whoever is still to say it"
    ] = True
    digits_only: Annotated[bool, "whether it has no letters"] = False
    length: Annotated[
        int | None, Between(1, LONGEST_NUMBER), "how many letters and digits it has, if always as many"
    ] = None


class ServiceOwn(Retirable):
    """The fields of a service itself, without its references."""

    kind_of_thing: ClassVar[str] = "service"

    names: Annotated[Names, "its name"]
    public_names: Annotated[
        Names | None, "what is shown where the real name must not be; needed if the level shows nothing"
    ] = None
    note: Annotated[Names | None, "what people should know before they come"] = None
    priority: Annotated[
        str | None,
        Ref("priority class"),
        "the class of the branch with which its tickets wait, unless visitor or appointment have a heavier one",
    ] = None
    duration_min: Annotated[int, Between(1, DAY_MIN), "minutes that a visit takes"]
    buffer_min: Annotated[Minutes, "minutes that its place stays empty after a visit"] = 0
    terms: Annotated[tuple[ServiceTerm, ...], "other lengths of a visit, each from a day on"] = ()
    policy: Annotated[str, Ref("policy"), "how its places are given"]
    mode: Annotated[
        Mode,
        Kind("mode", WALKIN_MODES),
        Derived(),
        WordsNotYet({"ballot": "ballot"}),
        "the policy's, unless the service takes visitors without booking",
    ]
    walkin_share_pct: Annotated[
        Percent | None,
        "of a hundred places of a day, those that stay for visitors without an appointment, who get no more numbers once "
        "these and all that no appointment has taken are given; 0: none; everybody gets a number when left out",
    ] = None
    tags: Annotated[tuple[Annotated[str, Ref("service tag")], ...], "tags for closures and searches"] = ()
    skills: Annotated[
        tuple[Annotated[str, Ref("skill")], ...], Least(0), "skills that a clerk needs to get its visitors by “next”"
    ] = ()
    apply_at: Annotated[Platform | None, "where the request is filed first"] = None
    issued_number: Annotated[
        IssuedNumber | None, "a number that another office has given the request, which the form asks for"
    ] = None
    fee: Annotated[Fee | None, "what it costs"] = None
    channel: Annotated[
        Literal["onsite", "onsite_or_video", "phone", "field"] | None,
        Kind("channel"),
        "how and where it takes place; `phone` and `field`: nobody comes to the branch; `onsite_or_video`: whoever books "
        "chooses, once the branch has a `video_link`",
    ] = None
    room: Annotated[bool, "whether it takes one of the rooms of its queue for itself"] = False
    travel_min: Annotated[
        Minutes | None,
        "minutes on the way to the visitor, and as many back, which a vehicle and whoever goes are taken for",
    ] = None
    staff_min: Annotated[
        int | None,
        Between(2, 9),
        "people who go together at least, with `channel: field`; of a group in `needs` so many are taken",
    ] = None
    parties: Annotated[
        int | None, Between(1, 20), "parties that meet: so many people are named before staff confirm"
    ] = None
    group_max: Annotated[
        int | None, Between(1, 100), "the most people who come with one booking, for which they need one place together"
    ] = None
    recurring: Annotated[
        Literal["weekly"] | None, Kind("rhythm"), "how often staff usually repeat an appointment of it"
    ] = None
    phone_intake: Annotated[
        bool, "whether it begins with a call: people are asked to call, and staff book; no booking on the internet"
    ] = False
    proxy_allowed: Annotated[bool, "whether somebody else may come; the form asks who, and reception sees it"] = False

    def mistake(self) -> Fault | None:
        """Terms contradict one another."""
        return terms_mistake(self.terms)

    def on(self, day: date) -> Self:
        """The service as it is on `day`, with the length of a visit then."""
        if (term := term_on(self.terms, day)) is None:
            return self
        return self.model_copy(update={"duration_min": term.duration_min, "buffer_min": term.buffer_min})

    @property
    def shown_names(self) -> dict[str, str]:
        """The names that are shown in public: the neutral ones, if the service has them."""
        return self.public_names or self.names

    @property
    def booked_as(self) -> Mode:
        """The mode for bookings: staff book what begins with a call, whether or not it also gives numbers."""
        return "staff_only" if self.phone_intake else self.mode

    @property
    def bookable(self) -> bool:
        """Whether it can be booked on the internet now. Draws will distribute their places in another way."""
        return self.booked_as in ("fcfs", "walkin_and_fcfs")

    @property
    def most_persons(self) -> int:
        """How many people may come with one booking."""
        return self.group_max or 1

    def takes_place(self, chosen: Channel | None = None) -> Channel:
        """How an appointment takes place at the branch itself, or with what its booker has `chosen`."""
        if chosen is not None:
            return chosen
        if self.channel in _ELSEWHERE:
            return _ELSEWHERE[self.channel]
        return Channel.ROOM if self.room else Channel.COUNTER

    @property
    def of_parties(self) -> bool:
        """Whether several parties meet in it, so that some people must not meet there."""
        return (self.parties or 0) > 1

    @property
    def elsewhere(self) -> bool:
        """Whether it takes place away from the branch, so that nobody comes, checks in or waits."""
        return not self.takes_place().is_received

    @property
    def at_home(self) -> bool:
        """Whether staff come to the visitor, so that an address is needed."""
        return self.channel == "field"

    @property
    def go_together(self) -> int:
        """How many members of staff go on one visit at least; 1 where they need not go together."""
        return (self.staff_min or 1) if self.at_home else 1

    @property
    def by_phone(self) -> bool:
        """Whether staff of the branch call the visitor."""
        return self.channel == "phone"

    @property
    def walk_in(self) -> bool:
        """Whether it gives numbers to visitors without an appointment."""
        return self.mode not in ("staff_only", "invite") and self.walkin_share_pct != 0 and not self.elsewhere

    @property
    def by_reception(self) -> bool:
        """Whether only reception gives its numbers, because staff decide whom they receive."""
        return self.mode == "staff_only" and not self.elsewhere


class Service(ServiceOwn):
    """A service, with the names that it refers to."""

    queue: Annotated[str, Ref("queue"), "the queue its visitors wait in"]
    department: Annotated[str, Ref("department"), "the part of the branch that gives it"]
    confidentiality: Annotated[str, Ref("confidentiality level"), "what of a visit may be seen"]
    documents: Annotated[tuple[Annotated[str, Ref("document")], ...], "documents that visitors bring"]
    refer_to: Annotated[tuple[Annotated[str, Ref("queue")], ...], "queues to which visitors are usually referred"] = ()
    needs: Annotated[
        tuple[Annotated[str, Ref("resource")], ...],
        "resources that a booking takes besides a lane",
    ] = ()
