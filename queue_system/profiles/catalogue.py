"""The sections that the library and an organisation's file share: what can be chosen from."""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, Final, TypeVar

from ..core.printers import BAUDS, DOTS, FEEDS, FLOWS, TRANSPORTS
from .model import (
    BOOKING_MODES,
    Calendar,
    Catalogue,
    Closure,
    Confidentiality,
    DeviceModel,
    Names,
    Policy,
    Priority,
    Season,
)
from .nodes import Read, Section, Value
from .roles import read_role
from .values import (
    clock_time,
    day,
    flag,
    keyed,
    listed,
    named,
    names,
    number,
    one_of,
    percent,
    some,
    table,
    text,
    week_moment,
    weekdays,
    whole,
)

T = TypeVar("T")

DISPLAYS: Final = ("code", "code_random", "none")
SMS: Final = ("full", "minimal", "neutral", "opt_in_only")
STAFF_NOTES: Final = ("allowed", "restricted", "restricted_encrypted")
CONFIDENTIALITY_RULES: Final = (
    "no_public_display",
    "no_voice_call",
    "staff_escort",
    "no_service_name_on_ticket",
    "alias_allowed",
    "quick_exit_on_web",
    "no_search_by_name_for_other_branches",
)
EVIDENCE: Final = (
    "none",
    "booking",
    "self_declared",
    "self_declared_or_age",
    "staff_confirms",
    "document",
    "invitation",
)
ANCHORS: Final = ("appointment_time", "check_in_time")
FREED_SLOTS: Final = ("by_lot", "standby_ballot", "next_draw", "next_on_list", "staff_decides", "waitlist_in_order")
SHARE_RULES: Final = ("oldest_first", "lottery")
DEVICE_KINDS: Final = ("kiosk", "printer", "display", "counter_display")
PRINTER_LANGUAGES: Final = ("escpos", "star_raster_png", "epos_xml")
ADAPTERS: Final = ("rs485", "modbus", "udp")

_DAY: Final = 24 * 60


def _number_of(what: str, known: Collection[int]) -> Read[int]:
    read = one_of(what, tuple(map(str, known)))
    return lambda value: int(read(value))


_SCREEN: Final[Mapping[str, Read[Any]]] = {
    "screen_in": number(3, 200),
    "orientation": one_of("orientation", ("portrait", "landscape")),
    "pixels": text,
    "browser": text,
}
#: How a printer behaves, by model and for a printer of its own.
PRINTER_SETTINGS: Final[Mapping[str, Read[Any]]] = {
    "dots": _number_of("paper width in dots", DOTS),
    "cutter": flag,
    "left_margin": flag,
    "feed_per_line": _number_of("step of the paper feed", FEEDS),
    "mute": flag,
    "completion": flag,
    "baud": _number_of("speed", BAUDS),
    "flow": one_of("flow control", FLOWS),
}
_MODEL_DETAILS: Final[Mapping[str, Mapping[str, Read[Any]]]] = {
    "kiosk": {
        **_SCREEN,
        "touch": flag,
        "audio_jack": flag,
        "keypad_tactile": flag,
        "max_operable_height_mm": whole(300, 2500),
        "battery": flag,
        "offline_first": flag,
    },
    "printer": {
        "transport": one_of("transport", TRANSPORTS),
        "language": one_of("printer language", PRINTER_LANGUAGES),
        **PRINTER_SETTINGS,
        "near_end_sensor": flag,
        "battery": flag,
        "poll_s": whole(1, 300),
    },
    "display": {**_SCREEN, "viewing_distance_m": number(0.5, 50), "min_code_height_mm": whole(5, 1000)},
    "counter_display": {"digits": whole(1, 8), "adapters": listed(one_of("adapter", ADAPTERS))},
}
_NEEDED_OF_MODEL: Final = {"printer": ("transport", "language", "dots")}


def read_catalogue(section: Section, base: Catalogue | None = None) -> Catalogue:
    """The catalogue sections of a file. Without `base` all must be there; with one, they add to it.

    An entry that is already in the base is refused, except texts, which an organisation may say differently.
    """
    known = base or Catalogue()

    def part(key: str, into: str, read_all: Read[dict[str, T]]) -> dict[str, T]:
        before: Mapping[str, T] = getattr(known, into)

        def read(value: Value) -> dict[str, T]:
            for slug, entry in value.entries().items():
                if slug in before and into != "texts":
                    raise entry.error("is already in the library")
            return {**before, **read_all(value)}

        return section.required(key, read) if base is None else section.optional(key, read, dict(before))

    parts: dict[str, Any] = {
        "confidentialities": part(
            "confidentiality_levels", "confidentialities", keyed("confidentiality level", _confidentiality)
        ),
        "spoken_prefixes": part("spoken_prefixes", "spoken_prefixes", _spoken_prefixes),
        "priorities": part("priorities", "priorities", keyed("priority class", _priority)),
        "policies": part("policies", "policies", keyed("policy", _policy)),
        "service_tags": part("service_tags", "service_tags", named("service tag")),
        "zones": part("zones", "zones", named("zone")),
        "documents": part("documents", "documents", named("document")),
        "seasons": part("seasons", "seasons", keyed("season", _season)),
        "device_models": part("device_models", "device_models", keyed("device model", _device_model)),
        "texts": part("texts", "texts", named("text")),
        "roles": part("roles", "roles", keyed("role", read_role)),
    }
    parts["calendars"] = part("calendars", "calendars", keyed("calendar", _calendar_with(parts["service_tags"])))
    return Catalogue(**parts)


def dates(section: Section) -> tuple[date, date]:
    """One `day`, or `first` and `last` with both included."""
    if section.given("day"):
        only = section.required("day", day)
        return only, only
    first, last = section.required("first", day), section.required("last", day)
    if last < first:
        raise section.value.error(f"ends on {last}, before it begins on {first}")
    return first, last


def _spoken_prefixes(value: Value) -> dict[str, Names]:
    found = {}
    for letter, entry in value.entries().items():
        if letter not in string.ascii_uppercase or len(letter) != 1:
            raise entry.error("is not one capital letter A to Z")
        found[letter] = names(entry.about(f'letter "{letter}"'))
    return found


def _confidentiality(slug: str, value: Value) -> Confidentiality:
    with value.section() as section:
        return Confidentiality(
            slug=slug,
            names=section.required("names", names),
            display=section.required("display", one_of("display", DISPLAYS)),
            data={
                "sms": section.required("sms", one_of("kind of SMS", SMS)),
                "staff_note": section.required("staff_note", one_of("kind of staff note", STAFF_NOTES)),
                **some(section, {"rules": listed(one_of("rule", CONFIDENTIALITY_RULES))}),
            },
        )


def _priority(slug: str, value: Value) -> Priority:
    with value.section() as section:
        return Priority(
            slug=slug,
            names=section.required("names", names),
            weight=section.required("weight", number(0.1, 100)),
            evidence=section.required("evidence", one_of("evidence", EVIDENCE)),
            data=some(
                section,
                {
                    "anchor": one_of("anchor", ANCHORS),
                    "age_from": whole(1, 120),
                    "max_wait_target_min": whole(0, _DAY),
                    "season_only": flag,
                },
            ),
        )


def _policy(slug: str, value: Value) -> Policy:
    with value.section() as section:
        return Policy(
            slug=slug,
            names=section.required("names", names),
            mode=section.required("mode", one_of("booking mode", BOOKING_MODES)),
            freed_slot=section.required("freed_slot", one_of("use of a freed slot", FREED_SLOTS)),
            horizon_days=section.optional("horizon_days", whole(1, 730), None),
            max_active=section.optional("max_active", whole(1, 100), None),
            max_changes=section.optional("max_changes", whole(0, 100), None),
            cancel_until_min=section.optional("cancel_until_min", whole(0, 14 * _DAY), None),
            data=some(
                section,
                {
                    "note": names,
                    "notice_min": whole(0, 90 * _DAY),
                    "max_persons_per_contact": whole(1, 100),
                    "window": _window,
                    "seats_for_draw_pct": percent,
                    "reserve_pct": _reserve,
                    "loser_weight_step": number(0, 100),
                    "loser_weight_cap": number(1, 100),
                    "guaranteed_after_losses": whole(1, 100),
                    "standby_draw_daily_at": clock_time,
                    "shares": _shares,
                    "family_request_max": whole(1, 20),
                    "family_ranked_by": one_of("ranking", ("oldest_member",)),
                    "waitlist": flag,
                },
            ),
        )


def _window(value: Value) -> dict[str, Any]:
    with value.section() as section:
        return {
            "opens": section.required("opens", week_moment),
            "closes": section.required("closes", week_moment),
            "draw": section.required("draw", week_moment),
            "confirm_within_hours": section.required("confirm_within_hours", whole(1, 336)),
        }


def _reserve(value: Value) -> dict[str, int]:
    shares = table(percent, ("humanitarian", "accessibility"), "reserve")(value)
    if sum(shares.values()) > 100:
        raise value.error(f"adds up to {sum(shares.values())}, more than 100")
    return shares


def _shares(value: Value) -> list[dict[str, Any]]:
    def share(entry: Value) -> dict[str, Any]:
        with entry.section() as section:
            return {
                "share_pct": section.required("share_pct", percent),
                "rule": section.required("rule", one_of("rule", SHARE_RULES)),
            }

    shares = list(listed(share, unique=False)(value))
    total = sum(entry["share_pct"] for entry in shares)
    if total != 100:
        raise value.error(f"adds up to {total}, not 100")
    return shares


def _season(slug: str, value: Value) -> tuple[Season, ...]:
    def stretch(entry: Value) -> Season:
        with entry.section() as section:
            first, last = dates(section)
            return Season(slug, first, last, section.optional("provisional", flag, False))

    found = listed(stretch, unique=False)(value)
    for earlier, later in itertools.pairwise(found):
        if later.first <= earlier.last:
            raise value.error(f"the stretch from {later.first} begins before the one from {earlier.first} is over")
    return found


def _calendar_with(tags: Mapping[str, Names]) -> Callable[[str, Value], Calendar]:
    def closure(value: Value) -> Closure:
        with value.section() as section:
            first, last = dates(section)
            return Closure(
                first=first,
                last=last,
                provisional=section.optional("provisional", flag, False),
                service_tag=section.optional("only_tag", one_of("service tag", tags), None),
                names=section.required("names", names),
            )

    def calendar(slug: str, value: Value) -> Calendar:
        with value.section() as section:
            return Calendar(
                slug=slug,
                weekend=section.optional("weekend", weekdays, ()),
                verify_yearly=section.optional("verify_yearly", flag, False),
                closures=section.required("closed", listed(closure, unique=False)),
            )

    return calendar


def _device_model(slug: str, value: Value) -> DeviceModel:
    with value.section() as section:
        kind = section.required("kind", one_of("kind of device", DEVICE_KINDS))
        for key in _NEEDED_OF_MODEL.get(kind, ()):
            section.required(key, lambda given: given)
        return DeviceModel(slug, kind, some(section, _MODEL_DETAILS[kind]))
