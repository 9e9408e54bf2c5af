"""Time zones by the names that people know: a country, and the city where a country has several zones (CLDR)."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Final

from babel.dates import get_timezone, get_timezone_location

#: Zones of places; the others are offsets and older names.
_PLACES: Final = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def zone_names(language: str) -> tuple[tuple[str, str], ...]:
    """Each zone as (IANA name, words), in the order of the words."""
    zones = [zone for zone in zoneinfo.available_timezones() if zone.partition("/")[0] in _PLACES]
    named = [(zone, f"{get_timezone_location(get_timezone(zone), locale=language)} – {zone}") for zone in zones]
    return tuple(sorted(named, key=lambda one: one[1]))
