"""Everything with a time: opening hours, occasions, outreach days."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Final, Literal

from ..core.calendars import LAST_IN_MONTH, Layer
from ..core.errors import Count
from .catalogue import Closure
from .declared import (
    DAY_MIN,
    LANGUAGES,
    Between,
    ClockTime,
    Declared,
    Form,
    Informs,
    Key,
    Kind,
    Language,
    Names,
    Percent,
    Ref,
    Thing,
)
from .faults import Fault

INTERPRETATION: Final = tuple(f"{one}-{other}" for one in LANGUAGES for other in LANGUAGES if one != other)


class HoursRule(Declared):
    """One line of the opening hours; `closes <= opens` runs over midnight. A file writes them by their layers."""

    layer: Annotated[Layer, "regular, season, service, exception or break; each replaces those before it"]
    days: Annotated[tuple[int, ...], Form.WEEKDAYS, "weekdays"]
    opens: Annotated[ClockTime, Key("open"), "from when"]
    closes: Annotated[ClockTime, Key("close"), "until when"]
    last_ticket: Annotated[ClockTime | None, "until when numbers are given; closing, when left out"] = None
    season: Annotated[str | None, Ref("season"), "only while it lasts"] = None
    service: Annotated[str | None, Ref("service"), "only for this service"] = None
    resource: Annotated[str | None, Ref("resource"), "only for this member, as its working hours"] = None
    first: Annotated[date | None, "not before this day"] = None
    last: Annotated[date | None, "not after this day"] = None
    every_weeks: Annotated[int, Between(1, 4), "every how many weeks, counted from the week of `anchor`"] = 1
    anchor: Annotated[date | None, "a day of a week in which it holds; the branch's `week_starts` begins a week"] = None
    in_month: Annotated[
        int | None, Between(1, LAST_IN_MONTH), "only on the first to fourth such weekday of a month; 5 is the last"
    ] = None
    opens_anyway: Annotated[bool, "of an exception: it opens closed days too"] = False
    names: Annotated[Names | None, Informs(), "why"] = None

    def mistake(self) -> Fault | None:
        """It ends before it begins, or nobody could say when it recurs or what it is above."""
        if self.first is not None and self.last is not None and self.last < self.first:
            return Fault("setting-days-backwards", "last", {"first": self.first, "last": self.last})
        if self.every_weeks > 1 and self.in_month is not None:
            return Fault("setting-recurs-twice", "in_month")
        if self.every_weeks > 1 and self.anchor is None:
            return Fault("setting-anchor-missing", "anchor")
        if self.opens_anyway and self.layer is not Layer.EXCEPTION:
            return Fault("setting-anyway", "opens_anyway")
        return None


class BranchClosure(Closure):
    """Days, or a part of each, on which a branch or something in it is closed.

    With several kinds of things, a service is closed if one of them names it.
    """

    services: Annotated[tuple[Annotated[str, Ref("service")], ...] | None, "only these services"] = None
    queues: Annotated[tuple[Annotated[str, Ref("queue")], ...] | None, "only the services of these queues"] = None
    resources: Annotated[
        tuple[Annotated[str, Ref("resource")], ...] | None, "only the services that need these resources"
    ] = None


class OutreachDay(Declared):
    """A day on which the branch works elsewhere."""

    day: Annotated[date, "when"]
    opens: Annotated[ClockTime, Key("open"), "from when"]
    closes: Annotated[ClockTime, Key("close"), "until when"]
    place: Annotated[Names, "where"]
    capacity: Annotated[int, Between(1, 10_000), "how many people can come, appointments and numbers together"]
    services: Annotated[
        tuple[Annotated[str, Ref("service")], ...] | None, "the services offered there; all when left out"
    ] = None

    def mistake(self) -> Fault | None:
        """It closes before it opens."""
        if self.closes <= self.opens:
            return Fault("setting-backwards", "closes", {"begins": self.opens, "ends": self.closes})
        return None


class Session(Declared):
    """One of several meetings of an occasion."""

    day: Annotated[int, Form.WEEKDAY, "weekday"]
    open: Annotated[ClockTime, "when it begins"]


class Quotas(Declared):
    """Places kept for some of the participants."""

    women_pct_min: Annotated[Percent | None, "the least share of women"] = None
    inside_syria_online_pct: Annotated[Percent | None, "share that takes part from inside Syria"] = None


class CheckIn(Declared):
    """How participants are received."""

    desks: Annotated[int | None, Between(1, 100), "how many desks receive them"] = None
    badge_print: Annotated[bool, "whether badges are printed there"] = False
    protocol_list: Annotated[bool, "whether there is a list of guests of honour"] = False
    arrival_from: Annotated[ClockTime | None, "from when they are received"] = None
    arrival_to: Annotated[ClockTime | None, "until when"] = None


class Part(Thing):
    """A part of an occasion with places of its own."""

    kind_of_thing: ClassVar[str] = "part"

    names: Annotated[Names, "its name"]
    policy: Annotated[str, Ref("policy"), "how its places are given"]
    capacity: Annotated[int | None, Between(1, 100_000), "how many can take part"] = None
    slot_min: Annotated[int | None, Between(1, DAY_MIN), "minutes of one place"] = None
    tables: Annotated[int | None, Between(1, 1000), "how many tables there are"] = None


class Occasion(Thing):
    """A training, briefing, reception: what people call an event."""

    kind_of_thing: ClassVar[str] = "occasion"

    names: Annotated[Names, "its name"]
    policy: Annotated[str, Ref("policy"), "how its places are given"]
    capacity: Annotated[int, Between(1, 100_000), "how many can take part"]
    duration_min: Annotated[int, Between(1, 14 * DAY_MIN), "minutes that it takes"]
    waitlist: Annotated[int | None, Between(0, 100_000), "how many may wait for a place"] = None
    min_participants: Annotated[int | None, Between(1, 100_000), "with fewer it does not take place"] = None
    sessions: Annotated[tuple[Session, ...], "its meetings in a week"] = ()
    languages: Annotated[tuple[Language, ...], "languages that are spoken"] = ()
    interpretation: Annotated[
        tuple[Annotated[str, Kind("pair of languages", INTERPRETATION)], ...], "such as ar-en"
    ] = ()
    documents: Annotated[tuple[Annotated[str, Ref("document")], ...], "documents that participants bring"] = ()
    certificate: Annotated[bool, "whether participants get one"] = False
    breakout_rooms: Annotated[int | None, Between(1, 100), "how many rooms for groups"] = None
    attendance_list: Annotated[
        Literal["stored", "not_stored"] | None, Kind("use of the attendance list"), "whether it is kept"
    ] = None
    photos: Annotated[Literal["allowed", "forbidden"] | None, Kind("rule on photos"), "whether they may be taken"] = (
        None
    )
    questions_queue: Annotated[bool, "whether questions of participants are queued"] = False
    voting_credentials: Annotated[bool, "whether participants get a secret for votes"] = False
    quotas: Annotated[Quotas | None, "places for some"] = None
    check_in: Annotated[CheckIn | None, "how participants are received"] = None
    parts: Annotated[dict[str, Part] | None, "parts with places of their own"] = None

    def mistake(self) -> Fault | None:
        """It needs more participants than it holds."""
        if (fewest := self.min_participants or 0) > self.capacity:
            return Fault(
                "setting-participants", "min_participants", {"fewest": Count(fewest), "capacity": Count(self.capacity)}
            )
        return None
