"""The doctor names what can never be sent, and what to set."""

from __future__ import annotations

import pytest

from queue_system.core.messages import Level
from queue_system.ops.doctor import look_at_levels
from tests.kit.hall import Hall, set_branch
from tests.kit.levels import give_rules

MAIL = frozenset({"full", "minimal"})


def unsent(hall: Hall, sends: frozenset[str]) -> dict[str, str]:
    return {one.code: str(one.values["what"]) for one in hall.db.read_now(look_at_levels, sends)}


def test_a_level_whose_messages_are_neutral_needs_a_neutral_sender(hall: Hall) -> None:
    hall = give_rules(hall, "verify-doc", display="code_random", sms="full")
    found = unsent(hall, MAIL)
    assert "of-verify-doc" in found["level-unsent-neutral"]
    assert "normal" not in found["level-unsent-neutral"]
    assert hall.branch.slug in found["level-unsent-chosen"]
    assert "level-unsent-named" not in found
    for neutral in (Level.NEUTRAL.value, "sms:neutral"):
        assert unsent(hall, MAIL | {neutral}) == {}


def test_with_a_neutral_gateway_alone_what_names_the_branch_is_never_sent(hall: Hall) -> None:
    assert unsent(hall, frozenset({"sms:neutral"}))["level-unsent-named"].startswith("normal")


@pytest.mark.parametrize(("allowed", "found"), [(["sms_neutral", "none"], True), (["none"], False)])
def test_a_choice_that_nothing_can_send_is_named_where_it_is_offered(
    hall: Hall, allowed: list[str], *, found: bool
) -> None:
    set_branch(hall, safe_contact={"allowed": allowed, "default": "none", "recheck_each_visit": False})
    assert (hall.branch.slug in unsent(hall, MAIL).get("level-unsent-chosen", "")) == found
