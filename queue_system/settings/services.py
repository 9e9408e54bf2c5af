"""Services: what people come for."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from .declared import (
    DAY_MIN,
    Between,
    Declared,
    Derived,
    Form,
    Kind,
    Minutes,
    Names,
    NotYet,
    Percent,
    Ref,
    Thing,
    Told,
    WordsNotYet,
)

Mode = Literal["fcfs", "ballot", "staff_only", "invite", "walkin_only", "walkin_and_fcfs"]
# Those by which a service may depart from its policy.
WALKIN_MODES: Final = ("walkin_only", "walkin_and_fcfs")


class Platform(Declared):
    """Where on the internet a request is filed before, or instead of, a visit."""

    names: Annotated[Names, "its name"]
    url: Annotated[str | None, Form.URL, "its address"] = None


class Fee(Declared):
    """What a service costs. The amount is kept as it is written: money is no binary fraction."""

    amount: Annotated[str, Form.AMOUNT, "such as 200 or 12.50"]
    currency: Annotated[str, Form.CURRENCY, "three letters of ISO 4217"]
    where: Annotated[Names | None, "where it is paid"] = None


class ServiceOwn(Thing):
    """What a service says of itself."""

    kind_of_thing: ClassVar[str] = "service"

    names: Annotated[Names, "its name"]
    public_names: Annotated[
        Names | None, "what is shown where the real name must not be; needed where the level shows nothing"
    ] = None
    note: Annotated[Names | None, "what people should know before they come"] = None
    priority: Annotated[
        str | None,
        Ref("priority class"),
        "the class of the branch with which its tickets wait, where visitor and appointment have no heavier one",
    ] = None
    duration_min: Annotated[int, Between(1, DAY_MIN), "minutes that a visit takes"]
    buffer_min: Annotated[Minutes, "minutes that its place stays empty after a visit"] = 0
    policy: Annotated[str, Ref("policy"), "how its places are given"]
    mode: Annotated[
        Mode,
        Kind("mode", WALKIN_MODES),
        Derived(),
        WordsNotYet({"ballot": "ballot", "staff_only": "staff-booking", "invite": "invitation"}),
        "the policy's, unless the service takes visitors without booking",
    ]
    walkin_share_pct: Annotated[
        Percent | None, NotYet("walkin-share", Told.VALUE, " %"), "places for visitors without an appointment; 0: none"
    ] = None
    tags: Annotated[tuple[Annotated[str, Ref("service tag")], ...], "marks that closures and searches know"] = ()
    apply_at: Annotated[Platform | None, "where the request is filed first"] = None
    fee: Annotated[Fee | None, "what it costs"] = None
    channel: Annotated[
        Literal["onsite", "onsite_or_video", "phone", "field"] | None,
        Kind("channel"),
        NotYet("service-details"),
        "how and where it takes place; `phone` and `field`: nobody comes to the branch",
    ] = None
    room: Annotated[bool, NotYet("service-details"), "whether it needs a room"] = False
    travel_min: Annotated[Minutes | None, NotYet("service-details"), "minutes on the way to the visitor"] = None
    parties: Annotated[int | None, Between(1, 20), NotYet("service-details"), "sides that come together"] = None
    group_max: Annotated[int | None, Between(1, 100), NotYet("service-details"), "persons in one group"] = None
    recurring: Annotated[
        Literal["weekly"] | None, Kind("rhythm"), NotYet("service-details"), "how often it is repeated"
    ] = None
    phone_intake: Annotated[bool, NotYet("service-details"), "whether it begins with a call"] = False
    proxy_allowed: Annotated[bool, NotYet("service-details"), "whether somebody else may come"] = False

    @property
    def shown_names(self) -> dict[str, str]:
        """What a visitor reads in public: the neutral name where the service has one."""
        return self.public_names or self.names

    @property
    def bookable(self) -> bool:
        """Can be booked on the internet now; ballots follow with their own issue of places."""
        return self.mode in ("fcfs", "walkin_and_fcfs")

    @property
    def elsewhere(self) -> bool:
        """Takes place away from the branch: nobody comes, checks in or waits."""
        return self.channel in ("phone", "field")

    @property
    def by_phone(self) -> bool:
        """Somebody of the branch calls the visitor."""
        return self.channel == "phone"

    @property
    def walk_in(self) -> bool:
        """Gives numbers to visitors without an appointment."""
        return self.mode not in ("staff_only", "invite") and self.walkin_share_pct != 0 and not self.elsewhere

    @property
    def by_reception(self) -> bool:
        """Gives numbers through reception alone: staff decide whom they receive."""
        return self.mode == "staff_only" and not self.elsewhere


class Service(ServiceOwn):
    """A service, with the things it refers to by name."""

    queue: Annotated[str, Ref("queue"), "the queue its visitors wait in"]
    department: Annotated[str, Ref("department"), "the part of the branch that gives it"]
    confidentiality: Annotated[str, Ref("confidentiality level"), "what of a visit may be seen"]
    documents: Annotated[tuple[Annotated[str, Ref("document")], ...], "papers that visitors bring"]
    refer_to: Annotated[tuple[Annotated[str, Ref("queue")], ...], "queues that visitors are usually handed on to"] = ()
    needs: Annotated[
        tuple[Annotated[str, Ref("resource")], ...],
        NotYet("resource", Told.ITEMS),
        "resources that a booking takes besides a lane",
    ] = ()
