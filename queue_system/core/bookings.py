"""A booking: its states, the rules for making and changing one, its code, and the result of a check-in."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from .errors import Count, Days, IllegalTransition, Invalid, Minutes, Refused
from .freed import Freed
from .names import name_key
from .persons import GIVEN_BACK_MOST, GIVEN_BACK_WITHIN, Standing
from .tickets import APPOINTMENT, LATE_APPOINTMENT

HOLD: Final = timedelta(minutes=10)
# Enough for a family; further persons have to use their own contacts.
PERSONS_PER_CONTACT: Final = 6


class BookingState(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    FULFILLED = "fulfilled"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class BookingStep(StrEnum):
    """A step of a booking."""

    CONFIRM = "confirm"
    CHANGE = "change"
    CANCEL = "cancel"
    EXPIRE = "expire"
    CHECK_IN = "check_in"
    FULFIL = "fulfil"
    NO_SHOW = "no_show"


# One literal, from which docs can be drawn. A visitor marked as absent may still turn up, as a ticket may be
# taken back; cancelled and expired are final, because the seats have gone to others.
TRANSITIONS: Final[dict[tuple[BookingState, BookingStep], BookingState]] = {
    (BookingState.HELD, BookingStep.CONFIRM): BookingState.CONFIRMED,
    (BookingState.HELD, BookingStep.CANCEL): BookingState.CANCELLED,
    (BookingState.HELD, BookingStep.EXPIRE): BookingState.EXPIRED,
    (BookingState.CONFIRMED, BookingStep.CHANGE): BookingState.CONFIRMED,
    (BookingState.CONFIRMED, BookingStep.CANCEL): BookingState.CANCELLED,
    (BookingState.CONFIRMED, BookingStep.CHECK_IN): BookingState.CHECKED_IN,
    (BookingState.CONFIRMED, BookingStep.NO_SHOW): BookingState.NO_SHOW,
    (BookingState.CHECKED_IN, BookingStep.FULFIL): BookingState.FULFILLED,
    (BookingState.CHECKED_IN, BookingStep.NO_SHOW): BookingState.NO_SHOW,
    (BookingState.NO_SHOW, BookingStep.CHECK_IN): BookingState.CHECKED_IN,
}

# States that keep their seats.
LIVE: Final = frozenset({BookingState.HELD, BookingState.CONFIRMED, BookingState.CHECKED_IN})


class Mode(StrEnum):
    """How places of a service are given out."""

    FCFS = "fcfs"
    BALLOT = "ballot"
    STAFF_ONLY = "staff_only"
    INVITE = "invite"
    WALKIN_ONLY = "walkin_only"
    WALKIN_AND_FCFS = "walkin_and_fcfs"


class Booker(StrEnum):
    """The kind of person who asks for a booking."""

    PUBLIC = "public"
    INVITED = "invited"
    HELPER = "helper"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of booking; None means unlimited.

    `horizon_days`: last day that can be booked, counted from today. `max_active`: live bookings of one person.
    `max_persons_per_contact`: how many persons may use one telephone or address. `max_changes`: moves to another time.
    `cancel_until_min`: minutes before the start after which visitors can neither move nor cancel by themselves.
    `notice_min`: the shortest time between booking and start.
    `contact_proof_h`: hours within which visitors must prove that they read what is sent to their contact.
    `freed`: who gets a place that is given back; `draws_at`: the hour of the draws for it, None for the branch's hour.
    """

    mode: Mode
    horizon_days: int | None = None
    max_active: int | None = None
    max_persons_per_contact: int = PERSONS_PER_CONTACT
    max_changes: int | None = None
    cancel_until_min: int | None = None
    notice_min: int = 0
    freed: Freed = Freed.STAFF
    draws_at: time | None = None
    contact_proof_h: int | None = None


class Punctuality(StrEnum):
    TOO_EARLY = "too_early"
    ON_TIME = "on_time"
    LATE = "late"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class CheckInRules:
    """Check-in is possible from `early_min` minutes before the booked time, and late after `late_grace_min` minutes."""

    early_min: int
    late_grace_min: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """The result of a check-in now: the priority class, and the anchor from which waiting counts, UTC.

    Both are None when it is too early (`opens_at` says from when) or too late.
    """

    punctuality: Punctuality
    priority: str | None
    anchor: datetime | None
    opens_at: datetime


def persons_said(typed: str, most: int) -> int:
    """How many people will come, as a form or program sent it; one where nothing was said.

    Raises Invalid("booking-group") unless it is 1 to `most`.
    """
    try:
        count = int(typed.strip() or 1)
    except ValueError:
        count = 0
    return checked_persons(count, most)


def checked_persons(count: int, most: int) -> int:
    """The same for a number."""
    if not 1 <= count <= most:
        raise Invalid("booking-group", "persons", count=Count(most))
    return count


def after(state: BookingState, step: BookingStep) -> BookingState:
    """The state that `step` leads to; raises IllegalTransition where the step is not possible."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition("booking-step", state=state, step=step.value) from None


def steps_from(state: BookingState) -> frozenset[BookingStep]:
    """The steps that are possible from `state`."""
    return frozenset(step for (origin, step) in TRANSITIONS if origin == state)


def held_until(now: datetime, kept: datetime | None = None) -> datetime:
    """The end of a hold that is made at `now`, while the booker fills in the form.

    `kept` is the end of the earlier hold of the same time that this one replaces. It stays, because otherwise a
    time could be held for ever.
    """
    return kept or now + HOLD


def may_replace(earlier_name: str, earlier_contact: str, name: str, contact: str) -> bool:
    """Whether a hold of this name and contact may replace the earlier one: a person corrects one of them, not both.

    A hold that is nobody's yet, as staff make them, is for whoever is named next.
    """
    if not earlier_name and not earlier_contact:
        return True
    return contact == earlier_contact or name_key(name) == name_key(earlier_name)


def against_mode(mode: Mode, booker: Booker) -> Refused | None:
    """Why `booker` cannot book a service of this `mode` at all; None when allowed."""
    if mode == Mode.WALKIN_ONLY:
        return Refused("booking-walkin-only")
    # The settings name the services of an organisation that books for people.
    if booker in (Booker.STAFF, Booker.HELPER):
        return None
    if mode == Mode.STAFF_ONLY:
        return Refused("booking-staff-only")
    if mode == Mode.BALLOT:
        return Refused("booking-by-ballot")
    if mode == Mode.INVITE and booker != Booker.INVITED:
        return Refused("booking-invite-only")
    return None


def against_day(policy: Policy, booker: Booker, today: date, day: date) -> Refused | None:
    """Why times of `day` cannot be booked `today`; None when they can. The horizon does not apply to staff."""
    if day < today:
        return Refused("day-past")
    last = last_day(policy, today)
    if booker != Booker.STAFF and last is not None and day > last:
        return Refused("day-too-far", days=Days((last - today).days))
    return None


def against_person(policy: Policy, standing: Standing) -> Refused | None:
    """Why a person of this standing cannot get another appointment in the group of services; None when allowed."""
    if policy.max_active is not None and standing.active >= policy.max_active:
        return Refused("booking-limit", count=Count(policy.max_active))
    if standing.given_back >= GIVEN_BACK_MOST:
        return Refused("booking-given-back", count=Count(GIVEN_BACK_MOST), days=Days(GIVEN_BACK_WITHIN.days))
    if standing.others >= policy.max_persons_per_contact:
        return Refused("booking-persons", count=Count(policy.max_persons_per_contact))
    return None


def may_book(policy: Policy, mode: Mode, booker: Booker, today: date, day: date, standing: Standing) -> None:
    """Raises Refused where a booking is against the rules; `standing` is that of this person in the service's group.

    Codes: those of `against_mode`, `against_day` and `against_person`. Free seats are checked by `choose_seats`.
    """
    refusal = against_mode(mode, booker) or against_day(policy, booker, today, day) or against_person(policy, standing)
    if refusal is not None:
        raise refusal


def against_change(
    policy: Policy,
    booker: Booker,
    state: BookingState,
    starts_at: datetime,
    changes: int,
    now: datetime,
    given_back: int = 0,
) -> Refused | None:
    """Why a booking can no longer be moved to another time; None when it can. These limits do not apply to staff.

    `given_back` is the person's (`Standing`). It limits moves too, because every move gives a place back.
    """
    refusal = against_cancel(policy, booker, state, starts_at, now, BookingStep.CHANGE)
    if refusal is not None or booker == Booker.STAFF:
        return refusal
    if policy.max_changes is not None and changes >= policy.max_changes:
        return Refused("booking-changes-used", count=Count(policy.max_changes))
    if given_back >= GIVEN_BACK_MOST:
        return Refused("booking-given-back", count=Count(GIVEN_BACK_MOST), days=Days(GIVEN_BACK_WITHIN.days))
    return None


def against_cancel(
    policy: Policy,
    booker: Booker,
    state: BookingState,
    starts_at: datetime,
    now: datetime,
    step: BookingStep = BookingStep.CANCEL,
) -> Refused | None:
    """Why a booking cannot be cancelled; None when it can. A hold can always be given back."""
    if (state, step) not in TRANSITIONS:
        return Refused("booking-over")
    if state == BookingState.HELD or booker == Booker.STAFF:
        return None
    if now >= last_moment(policy, starts_at):
        return Refused("booking-too-late", minutes=Minutes(policy.cancel_until_min or 0))
    return None


def last_moment(policy: Policy, starts_at: datetime) -> datetime:
    """The instant from which bookers can neither move nor cancel a booking by themselves."""
    return starts_at - timedelta(minutes=Minutes(policy.cancel_until_min or 0))


def fixed_at_once(policy: Policy, starts_at: datetime, now: datetime) -> int | None:
    """The policy's `cancel_until_min` where a booking made at `now` can already no longer be changed; else None."""
    return policy.cancel_until_min if now >= last_moment(policy, starts_at) else None


def last_day(policy: Policy, today: date) -> date | None:
    """The last day that can be booked `today`; None without a horizon."""
    return None if policy.horizon_days is None else today + timedelta(days=policy.horizon_days)


def arrival(starts_at: datetime, now: datetime, rules: CheckInRules, until: datetime) -> Arrival:
    """The result of a check-in at `now` for a booking at `starts_at`; after `until` it is too late.

    For visitors on time or early, waiting counts from the booked time; for late ones from now, in a class of
    their own. So coming early brings no advantage, and being late costs the booked place but not the visit.
    """
    opens_at = starts_at - timedelta(minutes=rules.early_min)
    if now < opens_at:
        return Arrival(Punctuality.TOO_EARLY, None, None, opens_at)
    if now >= until:
        return Arrival(Punctuality.TOO_LATE, None, None, opens_at)
    if now <= starts_at + timedelta(minutes=rules.late_grace_min):
        return Arrival(Punctuality.ON_TIME, APPOINTMENT, starts_at, opens_at)
    return Arrival(Punctuality.LATE, LATE_APPOINTMENT, now, opens_at)


# Without vowels and Y, so that no code reads as a word; with one of each pair that looks alike: 8 not B, 5 not S,
# 2 not Z, 6 not G, V not U, and none of 0 O 1 I L. That leaves 23 characters, a prime number, as `_checks` needs.
ALPHABET: Final = "23456789CDFHJKMNPQRTVWX"
CODE_LENGTH: Final = 8
# With room for spaces and hyphens. It is checked first, because normalising a text as long as a page takes seconds.
LONGEST_TYPED_CODE: Final = 80
_MISREAD: Final = str.maketrans("BSZGU", "8526V")


def new_code(source: random.Random) -> str:
    """A booking code such as K7D49MWT: seven random characters (3.4 · 10⁹ codes) and a check character.

    The code finds a booking at the kiosk and is not secret. In production `source` is random.SystemRandom.
    """
    drawn = "".join(source.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    return next(drawn + sign for sign in ALPHABET if _checks(drawn + sign))


def read_code(typed: str) -> str:
    """The code that was typed: small letters, Arabic digits, spaces, hyphens and look-alikes are corrected.

    Raises Invalid("code-missing") for an empty text, Invalid("code-wrong") for a text that cannot be a code. A wrong
    character or two swapped ones are always detected, so the visitor reads "mistyped" instead of "no such booking".
    """
    if len(typed) > LONGEST_TYPED_CODE:
        raise Invalid("code-wrong", "code")
    folded = unicodedata.normalize("NFKC", typed).upper()
    signs = (str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in folded if sign.isalnum())
    code = "".join(signs).translate(_MISREAD)
    if not code:
        raise Invalid("code-missing", "code")
    if len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET) or not _checks(code):
        raise Invalid("code-wrong", "code")
    return code


def spaced_code(code: str) -> str:
    """The code as people read it, in two groups: K7D4 9MWT."""
    return f"{code[:4]} {code[4:]}"


def _checks(code: str) -> bool:
    """Whether the weighted sum is a multiple of the alphabet's size, as in ISBN-10.

    A prime size detects every single wrong character and every swap.
    """
    weighted = (weight * ALPHABET.index(sign) for weight, sign in enumerate(code, 1))
    return sum(weighted) % len(ALPHABET) == 0
