"""A family may share one telephone: a name and a contact together count as a person."""

from __future__ import annotations

from uuid import uuid4

import pytest

from queue_system.core.bookings import Mode, Policy, against_person
from queue_system.core.persons import GIVEN_BACK_MOST, Standing, given_back_times, standing

OPEN = Policy(Mode.FCFS, max_active=1, max_persons_per_contact=3)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("أحمد  الحسن", "احمد الحسن"),
        ("فاطمة علي", "فاطمه على"),
        ("مُحَمَّد", "محمد"),
        ("ســلمى", "سلمى"),
        ("José Müller", "jose  MÜLLER"),
        ("Ayşe", "AYŞE"),
        # The same letters on other keyboards, and words that people join, separate or leave out.
        ("علی رضا", "علي رضا"),
        ("کریم", "كريم"),
        ("ہدى", "هدی"),
        ("Işık", "ışık"),
        ("İpek", "ipek"),
        ("سماء", "سما"),
        ("Al-Ahmad", "Al Ahmad"),
        ("عبد الله", "عبدالله"),
        ("O’Connor", "O'Connor"),
        ("Ali\ufe0f", "Ali"),
    ],
)
def test_ways_of_writing_a_name_are_one_person(one: str, same: str) -> None:
    assert standing(one, [(same, None)], [(same, uuid4(), None)]) == Standing(active=1, given_back=1)


@pytest.mark.parametrize(("one", "other"), [("أحمد الحسن", "محمد الحسن"), ("राम", "रोमा"), ("สมชาย", "สมชิย")])
def test_brothers_are_two(one: str, other: str) -> None:
    assert standing(one, [(other, None)], [(other, uuid4(), None)]) == Standing(others=1)


def test_standing_counts_the_person_and_the_others_of_the_contact() -> None:
    found = standing(
        "أحمد",
        [(one, None) for one in ("احمد", "سلمى", "سَلمى")],
        [(one, uuid4(), None) for one in ("أحمد", "ليلى", "احمد")],
    )
    assert found == Standing(active=1, given_back=2, others=2)


def test_the_parts_of_a_visit_count_once_and_not_against_it() -> None:
    one, other = uuid4(), uuid4()
    live = [("أحمد", one), ("احمد", one), ("أحمد", other), ("أحمد", None), ("سلمى", one)]
    assert standing("أحمد", live, []) == Standing(active=3, others=1)
    assert standing("أحمد", live, [], one) == Standing(active=2, others=1)


def test_a_visit_that_is_called_off_was_given_back_once_and_again_for_each_part_that_moved_on() -> None:
    visit, other = uuid4(), uuid4()
    first, *rest = [uuid4() for _ in range(4)]
    called_off = [(one, visit) for one in (first, *rest)]
    assert given_back_times(called_off) == 1
    assert given_back_times([*called_off, (first, visit), (first, visit)]) == 3
    assert given_back_times([*called_off, (uuid4(), other), (uuid4(), None), (uuid4(), None)]) == 4


@pytest.mark.parametrize(
    ("found", "refusal"),
    [
        (Standing(), None),
        (Standing(others=2), None),
        (Standing(others=3), "booking-persons"),
        (Standing(active=1), "booking-limit"),
        (Standing(given_back=GIVEN_BACK_MOST - 1), None),
        (Standing(given_back=GIVEN_BACK_MOST), "booking-given-back"),
    ],
)
def test_what_a_standing_forbids(found: Standing, refusal: str | None) -> None:
    answer = against_person(OPEN, found)
    assert (answer.code if answer else None) == refusal
