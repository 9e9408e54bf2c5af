"""A branch: a place with doors, and everything in it."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from ..core.freed import DEFAULT_HOUR
from .agenda import BranchClosure, HoursRule, Occasion, OutreachDay
from .calling_profiles import CallingProfile
from .catalogue import Season
from .declared import (
    Among,
    Between,
    ClockTime,
    Declared,
    Form,
    Informs,
    Kind,
    Language,
    Least,
    Minutes,
    Names,
    NotInherited,
    NotYet,
    OfOrganisation,
    OnlyActedOn,
    Percent,
    Ref,
    Sentences,
    SomeMinutes,
    Thing,
    Told,
)
from .devices import Device
from .hall import Counter, Queue, Resource
from .helping import Helper
from .outcomes import VisitOutcome
from .services import Service
from .texts import SHOWN_TEXTS
from .wording import MessageText

Numbering = Literal["latn", "arab"]
BranchKind = Literal["office", "outreach", "replica"]
CLASS_OF_THE_BRANCH: Final = "priority class of this branch"
DAY_STARTS: Final = time(3)
TICK_MINUTES: Final = 5
WEEK_STARTS: Final = 0


class Digits(Declared):
    """Which digits numbers are written in: latn (0–9) or arab (٠–٩), by language."""

    ar: Annotated[Numbering, Kind("kind of digits"), "in Arabic"] = "latn"
    en: Annotated[Numbering, Kind("kind of digits"), "in English"] = "latn"
    tr: Annotated[Numbering, Kind("kind of digits"), "in Turkish"] = "latn"
    de: Annotated[Numbering, Kind("kind of digits"), "in German"] = "latn"
    alternatives: Annotated[
        tuple[Annotated[Numbering, Kind("kind of digits")], ...],
        NotYet("digits-choice", Told.PLACE),
        "those that a visitor may choose",
    ] = ()

    def of(self, language: str) -> str:
        """The digits of a language; latn for one that has no digits of its own here."""
        return str(getattr(self, language, "latn"))


class QueueRules(Declared):
    """Times and limits of checking in, calling and no-shows."""

    early_check_in_min: Annotated[Minutes, "minutes before an appointment from which one can check in"]
    call_early_min: Annotated[Minutes, "minutes before an appointment from which it may be called"]
    late_grace_min: Annotated[Minutes, "minutes after an appointment until which it keeps its rank"]
    max_wait_guard_min: Annotated[SomeMinutes, "minutes of waiting after which no later visitor is called first"]
    no_show_after_calls: Annotated[
        int,
        Between(1, 20),
        'calls in a row before "not here" is a no-show; until then the visitor is passed over, keeps the place '
        "and is called again after others",
    ]
    no_show_after_min: Annotated[Minutes, "minutes since the first of these calls that must have gone by, too"]
    recall_pause_s: Annotated[
        int, Between(0, 300), "seconds between two calls of a visitor who is awaited at a counter; 0 for no pause"
    ] = 15
    recall_limit: Annotated[
        int | None,
        Between(1, 20),
        "calls in a row after which a visitor is not called again from the counter, which then offers "
        '"not here" first; two more than `no_show_after_calls` when left out',
    ] = None
    look_before_calling: Annotated[
        bool,
        "whether desks show whom their next press would call, with what is known of the visitor; when another is next "
        "at the press, nobody is called and the desk says so",
    ] = False
    come_near_places: Annotated[
        int,
        Between(0, 20),
        "with fewer than so many people ahead, visitors are asked to come near, on their telephone and on screens; 0: nobody is",
    ] = 0
    guard_kind: Annotated[
        Literal["two_slope"] | None, Kind("kind of guard"), Informs(), "the rule of the longest wait; there is no other"
    ] = None
    missed_rejoin_after_calls: Annotated[
        int | None,
        Between(1, 100),
        "how many others are called before a visitor who was passed over, 1 when left out; when given, a no-show "
        "who comes after all keeps the old place behind as many",
    ] = None
    missed_rejoin_times: Annotated[
        int | None, Between(0, 10), "how often a no-show is let into the line again; always, when left out"
    ] = None
    reserved_return_min: Annotated[
        SomeMinutes, "minutes for which a visitor waits for one counter or person only; then everybody calls them"
    ] = 20
    language_match: Annotated[
        Literal["off", "prefer", "only"],
        Kind("language match"),
        "whether the languages of a clerk matter for whom they call: `prefer`, visitors who speak one of them come first "
        "until the others have waited for `language_first_min`; `only`, the others are not called",
    ] = "off"
    language_first_min: Annotated[
        SomeMinutes, "minutes of waiting after which the languages of a clerk do not matter any more"
    ] = 10
    idle_counter_min: Annotated[
        SomeMinutes | None,
        "minutes without a press after which Today says that nothing happens at an open counter; never, when left out",
    ] = None
    return_days: Annotated[
        int | None,
        Between(1, 365),
        "days in which whoever lacked documents comes back once with a voucher, without another wait at the end; no "
        "vouchers when left out",
    ] = None
    return_class: Annotated[
        str | None,
        Ref(CLASS_OF_THE_BRANCH),
        "the class with which they then wait; that of appointments when left out",
    ] = None
    no_show_action: Annotated[
        Literal["staff_safe_follow_up"] | None,
        Kind("action"),
        "what is done after an appointment that nobody came to: it is put on the call list, and staff see to the person, "
        "only in the way that the person chose; nothing when left out",
    ] = None


class Retention(Declared):
    """How many whole days each kind of data stays after its own day; it is deleted in the night after them."""

    ticket: Annotated[int, Between(1, 36_500), "numbers with their calls and slips, and appointments without a name"]
    booking_personal_data: Annotated[int, Between(1, 36_500), "names and contacts in bookings"]
    audit: Annotated[int, Between(1, 36_500), "the log"]
    ballot_application: Annotated[
        int | None, Between(1, 36_500), Informs(), "requests for a draw, of which none are stored"
    ] = None
    occasion_attendance: Annotated[
        int | None, Between(1, 36_500), Informs(), "lists of participants, of which none are stored"
    ] = None


_ACCESS_NOT_YET: Final = NotYet("access-needs")


class Access(Declared):
    """What visitors with a need find here."""

    quiet_room: Annotated[bool, _ACCESS_NOT_YET, "a quiet room"] = False
    calm_mode: Annotated[
        tuple[
            Annotated[Literal["no_chime", "no_flashing", "text_and_vibration_only"], Kind("part of the calm mode")],
            ...,
        ],
        OnlyActedOn("access-needs", frozenset({"no_chime", "no_flashing"})),
        "what screens leave out",
    ] = ()
    sign_language_interpreter_bookable: Annotated[
        bool, _ACCESS_NOT_YET, "an interpreter of sign language can be booked"
    ] = False
    companion_default: Annotated[bool, _ACCESS_NOT_YET, "a companion is expected"] = False
    step_free: Annotated[bool, _ACCESS_NOT_YET, "no steps"] = False
    large_text_default: Annotated[bool, _ACCESS_NOT_YET, "large letters everywhere"] = False
    call_repeat: Annotated[int | None, Between(1, 9), _ACCESS_NOT_YET, "how often a call is repeated"] = None
    seat_first: Annotated[bool, _ACCESS_NOT_YET, "visitors sit down before they are called"] = False
    proxy_booking: Annotated[bool, "somebody else may book: the form asks who"] = False
    phone_booking: Annotated[bool, "bookings are taken on the telephone: the pages say so with the branch's number"] = (
        False
    )
    transport_request: Annotated[bool, _ACCESS_NOT_YET, "a ride can be asked for"] = False


class Constraint(Thing):
    """A rule that keeps people apart."""

    kind_of_thing: ClassVar[str] = "constraint"

    names: Annotated[Names, "its name"]
    rule: Annotated[Literal["parties_apart"], Kind("rule"), "what must be observed"]
    within_min: Annotated[SomeMinutes, "minutes between two people of a pair at least"]
    scope: Annotated[Literal["zone", "branch"], Kind("scope"), "where: in one zone, or anywhere in the branch"]


class Hotline(Declared):
    """A number to call in need; shown with the ways to reach the branch."""

    number: Annotated[str, Form.PHONE, "the number"]
    names: Annotated[Names, "whose it is"]


class SafeContact(Declared):
    """How to contact a visitor without putting them at risk."""

    allowed: Annotated[
        tuple[Annotated[Literal["none", "call_at_time", "sms_neutral", "via_referrer"], Kind("way of contact")], ...],
        "ways that visitors can choose",
    ]
    default: Annotated[
        Literal["none", "call_at_time", "sms_neutral", "via_referrer"],
        Kind("way of contact"),
        Among("allowed", "way of contact that is allowed here"),
        "the way if nothing was chosen",
    ]
    recheck_each_visit: Annotated[bool, "whether it is asked again at every visit"] = True


class Targets(Declared):
    """The aims of the branch."""

    p90_wait_min: Annotated[
        dict[Annotated[str, Ref(CLASS_OF_THE_BRANCH)], Minutes] | None,
        "minutes that nine of ten visitors do not wait longer than, by class",
    ] = None
    coverage_p90: Annotated[
        tuple[Annotated[float, Between(0, 1)], ...],
        Least(2),
        "how often the forecast of the longest wait must be right",
    ] = ()
    no_show_max_pct: Annotated[Percent | None, "no-shows at most"] = None
    double_bookings: Annotated[int | None, Between(0, 1000), "double bookings at most"] = None


class Coordinates(Declared):
    """Where the entrance is: degrees of WGS 84."""

    latitude: Annotated[float, Between(-90, 90), "north"]
    longitude: Annotated[float, Between(-180, 180), "east"]


class BranchOwn(Thing):
    """The fields of a branch itself, without the things in it."""

    kind_of_thing: ClassVar[str] = "branch"

    names: Annotated[Names, NotInherited(), "its name"]
    kind: Annotated[
        BranchKind,
        Kind("kind of branch"),
        NotInherited(),
        "`office` (when left out); `outreach`, a branch without doors of its own, open on its `outreach_days` only; "
        "`replica`, a template for branches to come: `init` keeps it as data, and nothing of it can be visited, booked, "
        "paired or signed in to",
    ] = "office"
    timezone: Annotated[str, Form.TIME_ZONE, "IANA name of the zone"]
    languages: Annotated[tuple[Language, ...], OfOrganisation(), "languages of its pages"]
    default_language: Annotated[
        Language, Among("languages", "language of this branch"), OfOrganisation(), "which of them comes first"
    ]
    digits: Annotated[Digits, OfOrganisation(), "by language"]
    offline_first: Annotated[bool, NotYet("offline", Told.PLACE), "whether it is to work without a connection"] = False
    day_starts: Annotated[ClockTime, "when the business day begins and numbers start anew"] = DAY_STARTS
    week_starts: Annotated[
        int, Form.WEEKDAY, "the weekday on which a week begins, for hours of every n weeks; Monday when left out"
    ] = WEEK_STARTS
    tick_minutes: Annotated[
        Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60],
        Kind("length of a step in minutes"),
        "step in which bookings take capacity, a divisor of 60",
    ] = TICK_MINUTES
    queue_rules: Annotated[QueueRules, "when to come, when to call, when to give up"]
    retention_days: Annotated[Retention, "how many days what is kept"]
    country_code: Annotated[
        str | None,
        Form.COUNTRY_CODE,
        "calling code of the country: telephone numbers are read as people there write them, and the form shows one of "
        "its numbers as an example; of countries that share a code (+1, +7) the largest stands for all",
    ] = None
    address: Annotated[Names | None, "where it is, as visitors read it"] = None
    phone: Annotated[str | None, Form.PHONE, "its telephone number"] = None
    email: Annotated[str | None, Form.EMAIL, "its e-mail address"] = None
    mail_from: Annotated[
        str | None,
        Form.EMAIL,
        "the address that its messages come from, in place of the installation's; one that the mail server may not send "
        "from is not used (`QUEUE_MAIL_FROM_DOMAINS`)",
    ] = None
    reply_to: Annotated[
        str | None,
        Form.EMAIL,
        "the address to which people answer a message; without one, messages say that nobody reads the answers",
    ] = None
    coordinates: Annotated[Coordinates | None, "where its entrance is"] = None
    video_link: Annotated[
        str | None,
        Form.URL,
        "address of a video call, with {room} where the name of its room goes; each appointment gets a room of its own",
    ] = None
    remote_tickets: Annotated[
        bool, "yes: programs may take numbers without a device or staff (docs/decisions/0010)"
    ] = False
    freed_places_at: Annotated[
        ClockTime, "published hour from which appointments that were given back return (docs/decisions/0009)"
    ] = DEFAULT_HOUR
    numbers_stopped: Annotated[
        dict[Annotated[str, Ref("queue")], date],
        NotInherited(),
        "queues that give no more numbers on a day, each with that day",
    ] = Field(default_factory=dict)
    notes: Annotated[Sentences, NotYet("remarks"), "what people should know"] = ()
    access: Annotated[Access | None, "what visitors with a need find here"] = None
    constraints: Annotated[
        dict[str, Constraint] | None,
        "rules that keep people apart; services with `parties` are then booked by staff only",
    ] = None
    helpers: Annotated[
        dict[str, Helper] | None, "organisations that book for people by a link of their own, within their places"
    ] = None
    outcomes: Annotated[
        dict[str, VisitOutcome] | None,
        "how a visit can end here, besides done, documents missing and request refused",
    ] = None
    messages: Annotated[dict[str, MessageText], "its own words for messages about appointments"] = Field(
        default_factory=dict
    )
    skills: Annotated[
        dict[str, Names],
        Kind("skill"),
        "what clerks must be able to do for some services; people have them in the office",
    ] = Field(default_factory=dict)
    calling_profiles: Annotated[
        dict[str, CallingProfile], "which queues counters call first; the published rule chooses within them"
    ] = Field(default_factory=dict)
    hotline: Annotated[Hotline | None, "a number to call in need, shown with the ways to reach the branch"] = None
    safe_contact: Annotated[SafeContact | None, "how visitors may be contacted without harm"] = None
    targets: Annotated[Targets | None, "what the branch wants to reach"] = None
    checklist: Annotated[Sentences, NotYet("checklist", Told.PLACE), "what has to be done before it opens"] = ()
    inherits_from: Annotated[
        str | None, NotInherited(), Informs(), "the branch above in the file that it took things over from"
    ] = None
    calendars: Annotated[
        tuple[Annotated[str, Ref("calendar")], ...], Least(0), "calendars of closed days that the branch follows"
    ] = ()


class Branch(BranchOwn):
    """A branch after reading: it contains what it inherited, and every name in it refers to something."""

    departments: Annotated[dict[str, Names], Kind("department"), "parts of the branch"]
    queues: Annotated[dict[str, Queue], "number series"]
    resources: Annotated[dict[str, Resource], "what bookings may need besides a lane"] = Field(default_factory=dict)
    services: Annotated[dict[str, Service], "what people come for"]
    zones: Annotated[
        dict[str, Names],
        Kind("zone"),
        "zones of its own, or other names for those of the library; used zones need not be listed",
    ] = Field(default_factory=dict)
    counters: Annotated[dict[str, Counter], "where visitors are called to"]
    devices: Annotated[dict[str, Device], "kiosks, printers, screens"] = Field(default_factory=dict)
    priorities: Annotated[
        tuple[Annotated[str, Ref("priority class")], ...], "classes in use, with `walkin` and `appointment`"
    ]
    hours: Annotated[tuple[HoursRule, ...], "opening hours"]
    closures: Annotated[tuple[BranchClosure, ...], NotInherited(), "closed days of its own"] = ()
    seasons: Annotated[
        dict[Annotated[str, Ref("season")], tuple[Season, ...]],
        "days of a season here, in place of those of the library",
    ] = Field(default_factory=dict)
    occasions: Annotated[
        dict[str, Occasion],
        NotInherited(),
        NotYet("occasion", Told.ITEMS),
        "trainings and receptions",
    ] = Field(default_factory=dict)
    outreach_days: Annotated[tuple[OutreachDay, ...], NotInherited(), "days of work elsewhere"] = ()
    texts: Annotated[dict[str, Names], Kind("text"), OnlyActedOn("text", SHOWN_TEXTS), "sentences of the branch"] = (
        Field(default_factory=dict)
    )
