"""The choices for an organisation: confidentiality levels, classes, policies, calendars, documents, texts."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from datetime import date
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from ..core import confidentiality
from ..core.bookings import PERSONS_PER_CONTACT
from ..core.staff_notes import NoteRule
from ..core.tickets import APPOINTMENT, ORDINARY
from .declared import (
    DAY_MIN,
    Between,
    ClockTime,
    Declared,
    Form,
    Informs,
    Key,
    Kind,
    Names,
    NotYet,
    Percent,
    Ref,
    Thing,
)
from .devices import DeviceModel
from .faults import Fault
from .roles import Role


class Confidentiality(Thing):
    """How much of a visit others may see."""

    kind_of_thing: ClassVar[str] = "confidentiality level"

    names: Annotated[Names, "its name"]
    display: Annotated[
        confidentiality.Display,
        Kind("display"),
        "what a public screen shows: the number, a random number, or nothing at all",
    ]
    sms: Annotated[
        Literal["full", "minimal", "neutral", "opt_in_only"],
        Kind("kind of SMS"),
        "how much a message to the visitor reveals, such as an e-mail",
    ]
    staff_note: Annotated[
        NoteRule,
        Kind("kind of staff note"),
        "who reads notes of staff about an appointment: whoever may see whom it is for; or only whoever gives the service, the "
        "writer, and those with the right to restricted notes; or these, and the text is encrypted as well",
    ]
    rules: Annotated[tuple[Annotated[confidentiality.Rule, Kind("rule")], ...], "further rules"] = ()

    @property
    def protected(self) -> bool:
        return confidentiality.is_protected(self.display)

    @property
    def discreet(self) -> bool:
        return confidentiality.is_discreet(self.display)

    @property
    def hides_service(self) -> bool:
        return confidentiality.hides_service(self.display, self.rules)

    @property
    def on_screens(self) -> bool:
        return confidentiality.is_on_screens(self.display, self.rules)

    @property
    def is_fetched(self) -> bool:
        return confidentiality.is_fetched(self.rules)

    @property
    def is_spoken(self) -> bool:
        return confidentiality.is_spoken(self.rules)

    @property
    def takes_alias(self) -> bool:
        return confidentiality.takes_alias(self.rules)

    @property
    def has_quick_exit(self) -> bool:
        return confidentiality.has_quick_exit(self.rules)

    @property
    def is_found_elsewhere(self) -> bool:
        return confidentiality.is_found_elsewhere(self.rules)

    def summons(self, *, seen: bool) -> confidentiality.Summons:
        return confidentiality.summons(self.display, self.rules, seen=seen)


#: The classes that every branch must have.
NEEDED_PRIORITIES: Final = (ORDINARY, APPOINTMENT)
CHECK_IN_TIME: Final = "check_in_time"
#: From when waiting counts in a class (core.bookings.arrival); in all others from the check-in.
ANCHORS: Final[Mapping[str, str]] = {APPOINTMENT: "appointment_time"}


class Priority(Thing):
    """A priority class."""

    kind_of_thing: ClassVar[str] = "priority class"

    names: Annotated[Names, "its name"]
    weight: Annotated[
        float, Between(0.1, 100), "b, the rate at which its tickets gather priority; 1 is an ordinary walk-in"
    ]
    evidence: Annotated[
        Literal[
            "none",
            "booking",
            "self_declared",
            "self_declared_or_age",
            "staff_confirms",
            "document",
            "invitation",
        ],
        Kind("evidence"),
        "what a visitor must show for it",
    ]
    anchor: Annotated[
        Literal["appointment_time", "check_in_time"] | None,
        Kind("anchor"),
        Informs(),
        "from when waiting counts; the class says it already",
    ] = None
    age_from: Annotated[
        int | None, Between(1, 120), "from which age; visitors are asked whether they have it, and nothing else"
    ] = None
    max_wait_target_min: Annotated[
        int | None,
        Between(0, DAY_MIN),
        "the longest wait that is aimed at: staff are warned of whoever waits longer, and the order of calls stays",
    ] = None
    season_only: Annotated[bool, "whether it is given in a season alone"] = False
    seasons: Annotated[
        tuple[Annotated[str, Ref("season")], ...], "with `season_only`, the seasons that count; all when left out"
    ] = ()

    def is_given_in(self, seasons: Collection[str]) -> bool:
        """Whether it is given on a day that is in these seasons."""
        if not self.season_only:
            return True
        return any(season in seasons for season in self.seasons) if self.seasons else bool(seasons)

    def mistake(self) -> Fault | None:
        """Its waiting counts from another moment than the field says."""
        counts = ANCHORS.get(self.slug, CHECK_IN_TIME)
        if self.anchor in (None, counts):
            return None
        return Fault("setting-anchor-check-in" if counts == CHECK_IN_TIME else "setting-anchor-appointment", "anchor")


class Window(Declared):
    """The week of a draw, as moments such as `sun 09:00`."""

    opens: Annotated[str, Form.WEEK_MOMENT, "when requests open"]
    closes: Annotated[str, Form.WEEK_MOMENT, "until when"]
    draw: Annotated[str, Form.WEEK_MOMENT, "when the lots are drawn"]
    confirm_within_hours: Annotated[int, Between(1, 336), "how long a place waits to be confirmed"]


class Share(Declared):
    """A share of the places, and how it is distributed."""

    share_pct: Annotated[Percent, "how large it is"]
    rule: Annotated[Literal["oldest_first", "lottery"], Kind("rule"), "how it is distributed"]


FreedSlot = Literal[
    "by_lot", "standby_ballot", "next_draw", "next_on_list", "staff_decides", "waitlist_in_order", "walk_ins"
]
BookingMode = Literal["fcfs", "ballot", "staff_only", "invite"]


_RULES_NOT_YET: Final = NotYet("policy-rules")


class Policy(Thing):
    """How places are given."""

    kind_of_thing: ClassVar[str] = "policy"

    names: Annotated[Names, "its name"]
    mode: Annotated[
        BookingMode,
        Kind("booking mode"),
        "who gets a place: the first to book, the winners of a draw, those whom staff choose or invite",
    ]
    freed_slot: Annotated[
        FreedSlot,
        Kind("use of a freed slot"),
        "what happens to a place that is given back",
    ]
    horizon_days: Annotated[int | None, Between(1, 730), "how many days ahead can be booked"] = None
    max_active: Annotated[int | None, Between(1, 100), "open appointments of one person (a name with a contact)"] = None
    max_changes: Annotated[int | None, Between(0, 100), "how often an appointment can be moved"] = None
    cancel_until_min: Annotated[
        int | None, Between(0, 14 * DAY_MIN), "minutes before the start until which it can be cancelled"
    ] = None
    max_persons_per_contact: Annotated[int, Between(1, 100), "persons on one telephone or address"] = (
        PERSONS_PER_CONTACT
    )
    contact_proof_h: Annotated[
        int | None,
        Between(2, 14 * 24),
        "hours within which visitors who book by themselves must answer a message, or lose the appointment",
    ] = None
    notice_min: Annotated[int, Between(0, 90 * DAY_MIN), "minutes ahead that a booking must be made"] = 0
    note: Annotated[Names | None, Informs(), "a remark for staff"] = None
    window: Annotated[Window | None, _RULES_NOT_YET, "the week of a draw"] = None
    seats_for_draw_pct: Annotated[Percent | None, _RULES_NOT_YET, "places that are drawn"] = None
    reserve_pct: Annotated[
        dict[Annotated[Literal["humanitarian", "accessibility"], Kind("reserve")], Percent] | None,
        _RULES_NOT_YET,
        "places held in reserve, by reason",
    ] = None
    loser_weight_step: Annotated[
        float | None, Between(0, 100), _RULES_NOT_YET, "what each lost draw adds to the next"
    ] = None
    loser_weight_cap: Annotated[float | None, Between(1, 100), _RULES_NOT_YET, "the most that lost draws add"] = None
    guaranteed_after_losses: Annotated[
        int | None, Between(1, 100), _RULES_NOT_YET, "after how many lost draws a place is guaranteed"
    ] = None
    standby_draw_daily_at: Annotated[
        ClockTime | None, "when freed places are drawn every day; at the branch's hour for them, when left out"
    ] = None
    shares: Annotated[tuple[Share, ...] | None, _RULES_NOT_YET, "shares of the places, each with its own rule"] = None
    family_request_max: Annotated[int | None, Between(1, 20), _RULES_NOT_YET, "persons in one request of a family"] = (
        None
    )
    family_ranked_by: Annotated[
        Literal["oldest_member"] | None, Kind("ranking"), _RULES_NOT_YET, "which member decides the rank of a family"
    ] = None
    waitlist: Annotated[bool, _RULES_NOT_YET, "whether there is a waiting list"] = False


class Dates(Declared):
    """Days, both ends included; a file may write one `day`, or `first` and `last`."""

    first: Annotated[date, "the first day"]
    last: Annotated[date, "the last day"]

    def mistake(self) -> Fault | None:
        """They end before they begin."""
        if self.last < self.first:
            return Fault("setting-days-backwards", "last", {"first": self.first, "last": self.last})
        return None


class Season(Dates):
    """Days with opening hours of their own."""

    kind_of_thing: ClassVar[str] = "season"

    provisional: Annotated[bool, "whether the days are still to be confirmed"] = False


class Closure(Dates):
    """Days, or a part of each, on which a branch is closed: from `closes`, or until `opens`, or between the two."""

    service_tag: Annotated[
        str | None, Key("only_tag"), Ref("service tag"), "only its services with this tag are closed"
    ] = None
    provisional: Annotated[bool, "whether the days are still to be confirmed"] = False
    names: Annotated[Names, "why"]
    closes: Annotated[ClockTime | None, Key("close"), "it closes at this time of each day; at once, when left out"] = (
        None
    )
    opens: Annotated[
        ClockTime | None, Key("open"), "it opens again at this time of each day; no more, when left out"
    ] = None

    def mistake(self) -> Fault | None:
        """They end before they begin, or it opens again before it closes."""
        if self.closes is not None and self.opens is not None and self.opens <= self.closes:
            return Fault("setting-backwards", "opens", {"begins": self.closes, "ends": self.opens})
        return super().mistake()


class Calendar(Thing):
    """Closed days that branches follow."""

    kind_of_thing: ClassVar[str] = "calendar"

    names: Annotated[Names | None, "what people call it; those of the library have names of the program"] = None
    weekend: Annotated[
        tuple[int, ...], Form.WEEKDAYS, Informs(), "days that are usually free there; the opening hours decide"
    ] = ()
    verify_yearly: Annotated[bool, "a person has to check it every year"] = False
    checked_years: Annotated[
        tuple[Annotated[int, Between(2000, 2200)], ...], "the years whose days somebody has checked"
    ] = ()
    closures: Annotated[tuple[Closure, ...], Key("closed"), "the days"]


class Catalogue(Declared):
    """The library, and what the organisation's own file adds."""

    confidentialities: Annotated[
        dict[str, Confidentiality], Key("confidentiality_levels"), "what of a visit may be seen"
    ] = Field(default_factory=dict)
    spoken_prefixes: Annotated[
        dict[str, Names], Kind("letter"), "the letters a queue may use, as they are spoken in a call"
    ] = Field(default_factory=dict)
    seasons: Annotated[dict[str, tuple[Season, ...]], "days with hours of their own"] = Field(default_factory=dict)
    priorities: Annotated[dict[str, Priority], "who is called before whom"] = Field(default_factory=dict)
    policies: Annotated[dict[str, Policy], "how places are given"] = Field(default_factory=dict)
    service_tags: Annotated[dict[str, Names], Kind("service tag"), "tags of services"] = Field(default_factory=dict)
    zones: Annotated[dict[str, Names], Kind("zone"), "parts of a hall"] = Field(default_factory=dict)
    documents: Annotated[dict[str, Names], Kind("document"), "documents that visitors bring"] = Field(
        default_factory=dict
    )
    device_models: Annotated[dict[str, DeviceModel], "kinds of devices"] = Field(default_factory=dict)
    texts: Annotated[dict[str, Names], Kind("text"), "sentences"] = Field(default_factory=dict)
    roles: Annotated[dict[str, Role], "what members of staff may do"] = Field(default_factory=dict)
    calendars: Annotated[dict[str, Calendar], "closed days that branches follow"] = Field(default_factory=dict)
    closures: Annotated[tuple[Closure, ...], "days on which every branch, or its services with a tag, is closed"] = ()


def overlap_of_seasons(stretches: tuple[Season, ...]) -> Fault | None:
    """What is wrong between the periods of one season, at the number of the period; None if nothing is."""
    for index, (earlier, later) in enumerate(itertools.pairwise(stretches), start=1):
        if later.first <= earlier.last:
            values = {"later": later.first, "earlier": earlier.first}
            return Fault("setting-stretches-overlap", "first", values).below(index)
    return None
