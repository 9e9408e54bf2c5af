"""The number that another office gave, as people type it."""

from __future__ import annotations

import pytest

from queue_system.core.errors import Invalid
from queue_system.core.issued import LONGEST_NUMBER, LONGEST_TYPED, read_issued


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("", ""),
        (" \t ", ""),
        ("  A-2026/114 ", "A-2026/114"),
        ("طلب\u00a0٢٠٢٦/١١٤", "طلب 2026/114"),
        ("\u202aWQ_7#1.2\u202c", "WQ_7#1.2"),
        ("12\u201334", "12-34"),
        ("１２ａ", "12a"),
    ],
)
def test_a_number_is_kept_as_it_stands_with_plain_digits(typed: str, number: str) -> None:
    assert read_issued(typed) == number


def test_digits_alone_are_kept_without_what_divides_them() -> None:
    assert read_issued("٠٠١ ٢٣-٤٥", digits_only=True, length=7) == "0012345"


@pytest.mark.parametrize(
    ("typed", "rule", "code"),
    [
        ("<b>7</b>", {}, "issued-signs"),
        ("7; 8", {}, "issued-signs"),
        ("12a", {"digits_only": True}, "issued-digits"),
        ("12#", {"digits_only": True}, "issued-digits"),
        ("123", {"length": 4}, "issued-length"),
        ("12 34 5", {"digits_only": True, "length": 4}, "issued-length"),
        ("7" * (LONGEST_NUMBER + 1), {}, "issued-long"),
        ("7" * (LONGEST_TYPED + 1), {"digits_only": True}, "issued-long"),
    ],
)
def test_what_is_no_such_number_is_refused_on_its_field(typed: str, rule: dict[str, int], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_issued(typed, **rule)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.field) == (code, "issued_number")


def test_what_divides_a_number_does_not_count_and_none_has_no_length() -> None:
    assert read_issued("AB-12/3", length=5) == "AB-12/3"
    assert read_issued(" ", length=5) == ""
