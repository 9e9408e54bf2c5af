"""When two appointments are too near, and by what people are recognised."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.apart import Least, Presence, Rule, Scope, key_mark, keyed, meet, read_reference, references
from queue_system.core.errors import Invalid

A, B = UUID(int=1), UUID(int=2)
DAY = date(2026, 11, 24)


def there(hour: int, minute: int = 0, *, day: int = 24, zones: frozenset[UUID] = frozenset({A})) -> Presence:
    """An hour that somebody is there."""
    starts_at = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
    return Presence(starts_at, starts_at + timedelta(hours=1), starts_at.date(), zones)


@pytest.mark.parametrize(
    ("rule", "other", "expected"),
    [
        (Rule(Scope.BUILDING_DAY), there(18, zones=frozenset({B})), True),
        (Rule(Scope.BUILDING_DAY), there(8, day=25), False),
        (Rule(Scope.ZONE_DAY), there(18), True),
        (Rule(Scope.ZONE_DAY), there(8, zones=frozenset({B})), False),
        (Rule(Scope.ZONE_DAY), there(18, zones=frozenset({A, B})), True),
        # Whoever may be anywhere may be there.
        (Rule(Scope.ZONE_DAY), there(18, zones=frozenset()), True),
        (Rule(Scope.MINUTES, 30), there(9, 29), True),
        (Rule(Scope.MINUTES, 30), there(9, 30), False),
        (Rule(Scope.BUILDING_DAY, until=DAY), there(18), True),
        (Rule(Scope.BUILDING_DAY, until=DAY - timedelta(days=1)), there(18), False),
    ],
)
def test_a_rule_says_what_is_too_near(rule: Rule, other: Presence, expected: bool) -> None:
    assert meet(there(8), other, rule) is expected


def test_what_the_branch_asks_for_holds_beside_the_rule() -> None:
    rule = Rule(Scope.MINUTES, 5)
    assert not meet(there(8), there(9, 15), rule)
    assert meet(there(8), there(9, 15), rule, [Least(20, in_zone=True)])
    assert not meet(there(8), there(9, 15, zones=frozenset({B})), rule, [Least(20, in_zone=True)])
    assert meet(there(8), there(9, 15, zones=frozenset({B})), rule, [Least(20, in_zone=False)])


PRESENCES = st.builds(
    there,
    st.integers(0, 22),
    st.integers(0, 59),
    day=st.integers(23, 25),
    zones=st.frozensets(st.sampled_from([A, B])),
)
RULES = st.builds(Rule, st.sampled_from(Scope), st.integers(0, 480), st.none() | st.just(DAY))


@given(PRESENCES, PRESENCES, RULES)
def test_it_is_the_same_for_both(one: Presence, other: Presence, rule: Rule) -> None:
    assert meet(one, other, rule) == meet(other, one, rule)


@given(PRESENCES, PRESENCES)
def test_a_whole_day_in_the_building_is_the_widest_of_the_days(one: Presence, other: Presence) -> None:
    if meet(one, other, Rule(Scope.ZONE_DAY)):
        assert meet(one, other, Rule(Scope.BUILDING_DAY))


def test_a_person_has_one_reference_for_each_way_to_write_it() -> None:
    assert references("WQ-2026/007") == references("wq 2026 7") == references("WQ2026-7") == {"case:wq-2026-7"}
    assert references("ق-٢٠٢٦/٧") == references("ق 2026/7")
    assert references("سلمى الأتاسي") == frozenset()
    assert references("سلمى الأتاسي", "Salma@Example.org") == {"contact:salma@example.org"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("WQ-7", "case:wq-7"),
        ("114", "case:114"),
        ("55512345", "contact:+97455512345"),
        ("+974 5551 2345", "contact:+97455512345"),
        ("a@example.org", "contact:a@example.org"),
    ],
)
def test_what_was_typed_is_read_as_one_reference(typed: str, expected: str) -> None:
    assert read_reference(typed, "974", "one") == expected


@pytest.mark.parametrize("typed", ["", "سلمى", "<7>", "nobody@", "123456789012345678901"])
def test_what_is_no_reference_says_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as mistake:
        read_reference(typed, "974", "one")
    assert mistake.value.field == "one"


def test_a_hash_says_nothing_without_the_key_and_the_branch() -> None:
    secret = b"the key of the installation"
    found = keyed(secret, A, "case:wq-7")
    assert found == keyed(secret, A, "case:wq-7")
    assert len({found, keyed(secret, B, "case:wq-7"), keyed(secret + b"!", A, "case:wq-7")}) == 3
    assert key_mark(secret, A) != key_mark(secret + b"!", A)
    with pytest.raises(RuntimeError):
        keyed(b"", A, "case:wq-7")
