"""What a level of confidentiality asks for: for each question of a page, a screen or a message, the one answer.

`display` and `rules` are those of the level (`settings.catalogue.Confidentiality`). What shows nothing is protected, and hides
all that a rule could hide; other levels hide what their rules say.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Literal

Display = Literal["code", "code_random", "none"]
Rule = Literal[
    "no_public_display",
    "no_voice_call",
    "staff_escort",
    "no_service_name_on_ticket",
    "alias_allowed",
    "quick_exit_on_web",
    "no_search_by_name_for_other_branches",
]
Rules = Collection[Rule]


class Summons(StrEnum):
    """How a visitor learns that it is their turn."""

    SCREEN = "screen"
    VOICE = "voice"
    # Somebody of the staff goes to the visitor.
    STAFF = "staff"


def is_protected(display: Display) -> bool:
    """Whether only some staff may book it, and people are asked how they may be contacted before anything is sent."""
    return display == "none"


def is_discreet(display: Display) -> bool:
    """Whether nobody else may learn that somebody comes for it, from a refusal or a calendar for example."""
    return display != "code"


def is_on_screens(display: Display, rules: Rules) -> bool:
    """Whether screens of the hall, and others' telephones, show calls, counts and queues of it."""
    return not is_protected(display) and "no_public_display" not in rules and not is_fetched(rules)


def hides_service(display: Display, rules: Rules) -> bool:
    """Whether slips, tickets, links and letters must not name the service."""
    return is_protected(display) or "no_service_name_on_ticket" in rules


def is_fetched(rules: Rules) -> bool:
    """Whether staff fetch each visitor themselves, so that the hall neither shows nor says the call."""
    return "staff_escort" in rules


def summons(display: Display, rules: Rules, *, seen: bool) -> Summons:
    """How its visitors are called; `seen`: a screen that may show the call is on."""
    if not is_on_screens(display, rules):
        return Summons.STAFF
    if seen:
        return Summons.SCREEN
    return Summons.VOICE if is_spoken(rules) else Summons.STAFF


def is_spoken(rules: Rules) -> bool:
    """Whether a voice may call its numbers."""
    return "no_voice_call" not in rules and not is_fetched(rules)


def takes_alias(rules: Rules) -> bool:
    """Whether people may give a name of their own choosing."""
    return "alias_allowed" in rules


def has_quick_exit(rules: Rules) -> bool:
    """Whether pages on the web have the button that leaves them at once."""
    return "quick_exit_on_web" in rules


def is_found_elsewhere(rules: Rules) -> bool:
    """Whether somebody at another branch may find its appointments by the name of a person."""
    return "no_search_by_name_for_other_branches" not in rules
