"""What is particular to an organisation or a branch and has no field of its own: rules, needs, targets, notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from .model import LANGUAGES
from .nodes import Read, Section, Value
from .values import (
    NUMBERING,
    clock_time,
    details,
    flag,
    keyed,
    listed,
    names,
    number,
    one_of,
    percent,
    some,
    table,
    text,
    whole,
)

_DAY: Final = 24 * 60
_AMOUNT: Final = re.compile(r"\d{1,9}(\.\d{1,3})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")

QUEUE_RULES: Final[Mapping[str, Read[Any]]] = {
    "early_check_in_min": whole(0, _DAY),
    "call_early_min": whole(0, _DAY),
    "late_grace_min": whole(0, _DAY),
    "max_wait_guard_min": whole(1, _DAY),
    "no_show_after_calls": whole(1, 20),
    "no_show_after_min": whole(1, _DAY),
    "guard_kind": one_of("kind of guard", ("two_slope",)),
    "missed_rejoin_after_calls": whole(1, 100),
    "missed_rejoin_times": whole(0, 10),
    "no_show_action": one_of("action", ("staff_safe_follow_up",)),
}
NEEDED_QUEUE_RULES: Final = tuple(QUEUE_RULES)[:6]

RETENTION: Final = ("ticket", "booking_personal_data", "audit", "ballot_application", "occasion_attendance")
NEEDED_RETENTION: Final = RETENTION[:3]

_ACCESS: Final[Mapping[str, Read[Any]]] = {
    "quiet_room": flag,
    "calm_mode": listed(one_of("part of the calm mode", ("no_chime", "no_flashing", "text_and_vibration_only"))),
    "sign_language_interpreter_bookable": flag,
    "companion_default": flag,
    "step_free": flag,
    "large_text_default": flag,
    "call_repeat": whole(1, 9),
    "seat_first": flag,
    "proxy_booking": flag,
    "phone_booking": flag,
    "transport_request": flag,
}
_WAYS_OF_CONTACT: Final = one_of("way of contact", ("none", "call_at_time", "sms_neutral", "via_referrer"))


def digits(value: Value) -> dict[str, Any]:
    """Digits by language (latn: 0–9, arab: ٠–٩), and which `alternatives` a visitor may choose."""
    numbering = one_of("kind of digits", NUMBERING)
    return details({**dict.fromkeys(LANGUAGES, numbering), "alternatives": listed(numbering)})(value)


def queue_rules(value: Value) -> dict[str, Any]:
    """When to come, when to call, when to give up; minutes and counts."""
    return _with(details(QUEUE_RULES), NEEDED_QUEUE_RULES)(value)


def retention(value: Value) -> dict[str, int]:
    """After how many days what is deleted."""
    return _with(table(whole(1, 36_500), RETENTION, "kind of data"), NEEDED_RETENTION)(value)


def of_organisation(section: Section) -> dict[str, Any]:
    """The particulars of an organisation, as JSON values."""
    return some(
        section,
        {
            "replication_ready": flag,
            "notes": _sentences,
            "rules": _sentences,
            "security_notes": _sentences,
            "programmes": keyed("programme", _programme),
            "cross_branch_rules": details(
                {"referrals": _referrals, "reports": details({"min_cell_size": whole(1, 1000)})}
            ),
        },
    )


def of_branch(section: Section, priorities: Collection[str]) -> dict[str, Any]:
    """The particulars of a branch, as JSON values."""
    targets = {
        "p90_wait_min": table(whole(0, _DAY), priorities, "priority class of this branch"),
        "coverage_p90": listed(number(0, 1), least=2),
        "no_show_max_pct": percent,
        "double_bookings": whole(0, 1000),
    }
    return some(
        section,
        {
            "country_code": _country_code,
            "address": names,
            "phone": _phone,
            "email": _email,
            "coordinates": _coordinates,
            "remote_tickets": flag,
            "freed_places_at": clock_time,
            "notes": _sentences,
            "access": details(_ACCESS),
            "constraints": keyed("constraint", _constraint),
            "hotline": _hotline,
            "safe_contact": _safe_contact,
            "targets": details(targets),
            "checklist": _sentences,
        },
    )


def platform(value: Value) -> dict[str, Any]:
    """Where on the internet a request is filed before, or instead of, a visit here."""
    with value.section() as section:
        return {"names": section.required("names", names), **some(section, {"url": _url})}


def fee(value: Value) -> dict[str, Any]:
    """What a service costs, as an exact amount in a currency (ISO 4217), and where it is paid."""
    with value.section() as section:
        return {
            "amount": section.required("amount", _amount),
            "currency": section.required("currency", _currency),
            **some(section, {"where": names}),
        }


def _sentences(value: Value) -> list[Any]:
    return list(listed(names)(value))


def _programme(_: str, value: Value) -> dict[str, Any]:
    with value.section() as section:
        return {"names": section.required("names", names), **some(section, {"note": names})}


def _referrals(value: Value) -> dict[str, Any]:
    carried = listed(one_of("kind of data", ("case_reference", "need_category", "narrative", "other_party")))
    with value.section() as section:
        return {
            "names": section.required("names", names),
            "requires": section.required(
                "requires", listed(one_of("requirement", ("consent_recorded", "minimum_data")))
            ),
            "carries": section.required("carries", carried),
            "never_carries": section.required("never_carries", carried),
        }


def _constraint(_: str, value: Value) -> dict[str, Any]:
    with value.section() as section:
        return {
            "names": section.required("names", names),
            "rule": section.required("rule", one_of("rule", ("parties_apart",))),
            "within_min": section.required("within_min", whole(1, _DAY)),
            "scope": section.required("scope", one_of("scope", ("zone", "branch"))),
        }


def _hotline(value: Value) -> dict[str, Any]:
    with value.section() as section:
        return {"number": section.required("number", _phone), "names": section.required("names", names)}


def _phone(value: Value) -> str:
    found = text(value)
    if not all(character.isdecimal() or character in "+ " for character in found):
        raise value.error(f'"{found}" is not a telephone number')
    return found


def _email(value: Value) -> str:
    found = text(value)
    try:
        return validate_email(found, check_deliverability=False).normalized
    except EmailNotValidError:
        raise value.error(f'"{found}" is not an e-mail address') from None


def _coordinates(value: Value) -> dict[str, float]:
    """Where the door is: degrees of WGS 84."""
    with value.section() as section:
        return {
            "latitude": section.required("latitude", number(-90, 90)),
            "longitude": section.required("longitude", number(-180, 180)),
        }


def _url(value: Value) -> str:
    found = text(value)
    if not found.startswith("https://") or " " in found or not urlsplit(found).hostname:
        raise value.error(f'"{found}" is not an address that begins with https://')
    return found


def _amount(value: Value) -> str:
    """Kept as it is written: money is no binary fraction."""
    found = text(value)
    if not _AMOUNT.fullmatch(found):
        raise value.error(f'"{found}" is not an amount such as 200 or 12.50')
    return found


def _currency(value: Value) -> str:
    found = text(value)
    if not _CURRENCY.fullmatch(found):
        raise value.error(f'"{found}" is not the three letters of a currency, such as QAR')
    return found


def _country_code(value: Value) -> str:
    """The calling code that completes telephone numbers written as at home, digits only (ITU-T E.164)."""
    return str(whole(1, 999)(value))


def _safe_contact(value: Value) -> dict[str, Any]:
    with value.section() as section:
        allowed = section.required("allowed", listed(_WAYS_OF_CONTACT))
        return {
            "default": section.required("default", one_of("way of contact that is allowed here", allowed)),
            "allowed": list(allowed),
            "recheck_each_visit": section.optional("recheck_each_visit", flag, True),
        }


def _with(read: Read[dict[str, Any]], needed: Collection[str]) -> Callable[[Value], dict[str, Any]]:
    def check(value: Value) -> dict[str, Any]:
        found = read(value)
        for key in needed:
            if key not in found:
                raise value.error(f'"{key}" is missing')
        return found

    return check
