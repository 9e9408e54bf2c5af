"""Occasions: trainings, briefings, receptions, with what is special about each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from .model import LANGUAGES, Occasion
from .nodes import Read, Value
from .values import clock_time, details, flag, keyed, listed, names, one_of, percent, some, weekday, whole

INTERPRETATION: Final = tuple(f"{one}-{other}" for one in LANGUAGES for other in LANGUAGES if one != other)

_CHECK_IN: Final[Mapping[str, Read[Any]]] = {
    "desks": whole(1, 100),
    "badge_print": flag,
    "protocol_list": flag,
    "arrival_from": clock_time,
    "arrival_to": clock_time,
}
_QUOTAS: Final[Mapping[str, Read[Any]]] = {"women_pct_min": percent, "inside_syria_online_pct": percent}


def read_occasions(value: Value, policies: Collection[str], documents: Collection[str]) -> dict[str, Occasion]:
    """The section `occasions`."""

    def occasion(slug: str, entry: Value) -> Occasion:
        with entry.section() as section:
            found = Occasion(
                slug=slug,
                names=section.required("names", names),
                policy=section.required("policy", one_of("policy", policies)),
                capacity=section.required("capacity", whole(1, 100_000)),
                duration_min=section.required("duration_min", whole(1, 14 * 24 * 60)),
                data=some(
                    section,
                    {
                        "waitlist": whole(0, 100_000),
                        "min_participants": whole(1, 100_000),
                        "sessions": listed(_session, unique=False),
                        "languages": listed(one_of("language", LANGUAGES)),
                        "interpretation": listed(one_of("pair of languages", INTERPRETATION)),
                        "documents": listed(one_of("document", documents)),
                        "certificate": flag,
                        "breakout_rooms": whole(1, 100),
                        "attendance_list": one_of("use of the attendance list", ("stored", "not_stored")),
                        "photos": one_of("rule on photos", ("allowed", "forbidden")),
                        "questions_queue": flag,
                        "voting_credentials": flag,
                        "quotas": details(_QUOTAS),
                        "check_in": details(_CHECK_IN),
                        "parts": keyed("part", part),
                    },
                ),
            )
        if found.data.get("min_participants", 0) > found.capacity:
            raise entry.error(f"needs {found.data['min_participants']} participants, but holds {found.capacity}")
        return found

    def part(_: str, entry: Value) -> dict[str, Any]:
        with entry.section() as section:
            return {
                "names": section.required("names", names),
                "policy": section.required("policy", one_of("policy", policies)),
                **some(section, {"capacity": whole(1, 100_000), "slot_min": whole(1, 1440), "tables": whole(1, 1000)}),
            }

    return keyed("occasion", occasion)(value)


def _session(value: Value) -> dict[str, Any]:
    with value.section() as section:
        return {"day": section.required("day", weekday), "open": section.required("open", clock_time)}
