"""Each rule of a level answers its own question, and no other."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from queue_system.core.confidentiality import Rule, Summons
from queue_system.core.errors import Invalid
from queue_system.core.messages import Level, level_of
from queue_system.core.participants import read_named
from queue_system.settings.catalogue import Confidentiality

# What changes of an open level when it gets the rule.
CHANGES: dict[str, dict[str, object]] = {
    "no_public_display": {"on_screens": False, "seen": Summons.STAFF, "unseen": Summons.STAFF},
    "no_voice_call": {"is_spoken": False, "unseen": Summons.STAFF},
    "staff_escort": {
        "on_screens": False,
        "is_spoken": False,
        "is_fetched": True,
        "seen": Summons.STAFF,
        "unseen": Summons.STAFF,
    },
    "no_service_name_on_ticket": {"hides_service": True},
    "alias_allowed": {"takes_alias": True},
    "quick_exit_on_web": {"has_quick_exit": True},
    "no_search_by_name_for_other_branches": {"is_found_elsewhere": False},
}
OPEN: dict[str, object] = {
    "protected": False,
    "discreet": False,
    "hides_service": False,
    "on_screens": True,
    "is_fetched": False,
    "is_spoken": True,
    "takes_alias": False,
    "has_quick_exit": False,
    "is_found_elsewhere": True,
    "seen": Summons.SCREEN,
    "unseen": Summons.VOICE,
}


def answers(display: Any, *rules: Any) -> dict[str, object]:
    level = Confidentiality(
        slug="x", names={"ar": "س", "en": "x"}, display=display, sms="full", staff_note="allowed", rules=rules
    )
    found = {name: getattr(level, name) for name in OPEN if name not in ("seen", "unseen")}
    return found | {"seen": level.summons(seen=True), "unseen": level.summons(seen=False)}


def test_every_rule_is_asked_for() -> None:
    assert set(CHANGES) == set(get_args(Rule))


@pytest.mark.parametrize("rule", CHANGES)
def test_a_rule_changes_its_own_answer_alone(rule: str) -> None:
    assert answers("code") == OPEN
    assert answers("code", rule) == OPEN | CHANGES[rule]


def test_what_shows_nothing_is_called_by_staff_and_named_nowhere() -> None:
    hidden: dict[str, object] = {"protected": True, "discreet": True, "hides_service": True, "on_screens": False}
    assert answers("none") == OPEN | hidden | {"seen": Summons.STAFF, "unseen": Summons.STAFF}


def test_a_letter_about_a_service_that_must_not_be_named_is_neutral() -> None:
    assert level_of(protected=False, discreet=False, hides_service=True, sms="full") is Level.NEUTRAL
    assert level_of(protected=True, discreet=False, hides_service=True, sms="full") is Level.NONE
    assert level_of(protected=False, discreet=False, hides_service=False, sms="full") is Level.FULL


def test_where_no_alias_is_allowed_a_protected_service_takes_case_numbers_only() -> None:
    assert read_named("سلمى", "", protected=True, alias=True) == ("سلمى", "")
    with pytest.raises(Invalid) as refused:
        read_named("سلمى", "", protected=True, alias=False)
    assert (refused.value.code, refused.value.field) == ("alias-not-allowed", "name")
    assert read_named("WQ-114", "", protected=True, alias=False) == ("WQ-114", "")
    assert read_named("", "", protected=True, alias=False) == ("", "")
    assert read_named("سلمى", "", protected=False, alias=False) == ("سلمى", "")
