"""What is a typing error, and what is another person."""

from __future__ import annotations

import pytest

from queue_system.core.errors import Refused, Stale
from queue_system.core.typos import check_contact, check_name, distance, merged

SAME = [
    ("سلمى الأتاسي", "سلمى الاتاسي"),  # letters that are written for one another
    ("سلمى الأتاسي", "سلمى الأناسي"),
    ("سلمى الأتاسي", "سملى الأتاسي"),
    ("عبد الله حسن", "عبدالله حسن"),
    ("محمد خالد العلي", "محمد خالد العلى"),
    ("Layla Haddad", "Leyla Hadad"),
    ("Jon", "John"),
    ("WQ-114", "WQ-144"),
    ("WQ-114", "QW-114"),
]
OTHERS = [
    ("علي حسن الخطيب", "عمر حسن الخطيب"),
    ("سلمى الأتاسي", "سلمى الحموي"),
    ("سلمى الأتاسي", "سلمى"),
    ("سلمى", "سلمى الأتاسي"),
    ("سلمى الأتاسي", ""),
    ("", "سلمى الأتاسي"),
    ("سلمى", "WQ-114"),
    ("WQ-114", "WQ-141-2"),
    ("WQ-114", "WQ-223"),
    ("محمد", "سامر"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_a_few_letters_are_a_typing_error(old: str, new: str) -> None:
    check_name(old, new)
    check_name(new, old)


@pytest.mark.parametrize(("old", "new"), OTHERS)
def test_another_name_is_another_person(old: str, new: str) -> None:
    with pytest.raises(Refused, match="typo-name"):
        check_name(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+97455512345", "+97455512346"),
        ("+97455512345", "+97455521345"),
        ("salma@example.org", "salma@exmaple.org"),
        ("salma@example.org", "selma@exampl.org"),
    ],
)
def test_a_digit_or_a_sign_or_two_of_an_address_are_a_typing_error(old: str, new: str) -> None:
    check_contact(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+97455512345", "+97455599945"),
        ("+97455512345", "+97433312345"),
        ("+97455512345", ""),
        ("", "+97455512345"),
        ("+97455512345", "salma@example.org"),
        ("salma@example.org", "hala@example.org"),
    ],
)
def test_another_number_is_another_persons(old: str, new: str) -> None:
    with pytest.raises(Refused, match="typo-contact"):
        check_contact(old, new)


@pytest.mark.parametrize(
    ("one", "other", "far"), [("", "", 0), ("ab", "ba", 1), ("abc", "acb", 1), ("abc", "", 3), ("kitten", "sitting", 3)]
)
def test_the_distance_counts_neighbours_that_were_exchanged_once(one: str, other: str, far: int) -> None:
    assert distance(one, other) == distance(other, one) == far


@pytest.mark.parametrize(
    ("shown", "stored", "typed", "meant"),
    [
        ("a", "a", "a", "a"),
        ("a", "a", "b", "b"),
        ("a", "c", "a", "c"),
        ("a", "c", "c", "c"),
    ],
)
def test_what_only_one_of_two_has_changed_holds(shown: str, stored: str, typed: str, meant: str) -> None:
    assert merged({"name": shown}, {"name": stored}, {"name": typed}) == {"name": meant}


def test_what_two_have_changed_in_two_ways_is_for_the_second_to_decide() -> None:
    with pytest.raises(Stale, match="typo-changed"):
        merged({"name": "a"}, {"name": "b"}, {"name": "c"})
    assert merged({}, {"name": "b"}, {"name": "c"}) == {"name": "c"}, "nothing was compared"
