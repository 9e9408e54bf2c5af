"""No small number of a report can be had from its sums."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from queue_system.core.small_numbers import Sum, derivable, withheld

Cell = tuple[str, str]


def grid(numbers: list[list[int]]) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    """The counts of a table with its sums by row and by column."""
    rows = [str(n) for n in range(len(numbers))]
    columns = [str(n) for n in range(len(numbers[0]))]
    counts = {(row, column): numbers[int(row)][int(column)] for row in rows for column in columns}
    counts |= {(row, "all"): sum(numbers[int(row)]) for row in rows}
    counts |= {("all", column): sum(line[int(column)] for line in numbers) for column in columns}
    counts["all", "all"] = sum(map(sum, numbers))
    sums = [Sum((row, "all"), tuple((row, one) for one in columns)) for row in [*rows, "all"]]
    sums += [Sum(("all", column), tuple((one, column) for one in rows)) for column in [*columns, "all"]]
    return counts, sums


def test_the_next_smallest_goes_along_because_the_total_would_tell() -> None:
    counts = {"a": 3, "b": 40, "c": 25, "all": 68}
    sums = [Sum("all", ("a", "b", "c"))]
    assert withheld(counts, sums, 10) == {"a", "c"}
    assert derivable(sums, {"a"}) == {"a"}
    assert derivable(sums, {"a", "c"}) == set()


def test_two_small_ones_that_are_few_together_take_a_third_along() -> None:
    counts = {"a": 1, "b": 2, "c": 25, "all": 28}
    assert withheld(counts, [Sum("all", ("a", "b", "c"))], 10) == {"a", "b", "c"}


def test_enough_small_ones_hide_each_other_and_nobody_is_no_secret() -> None:
    counts = {"a": 6, "b": 7, "c": 25, "d": 0, "all": 38}
    assert withheld(counts, [Sum("all", ("a", "b", "c", "d"))], 10) == {"a", "b"}


def test_a_second_table_with_the_same_people_does_not_tell_either() -> None:
    # The queue q has only the service b; without the second sum, b would be withheld and q would tell it.
    counts = {"a": 3, "b": 20, "c": 90, "q": 20, "r": 93, "all": 113}
    sums = [Sum("all", ("a", "b", "c")), Sum("q", ("b",)), Sum("r", ("a", "c")), Sum("all", ("q", "r"))]
    hidden = withheld(counts, sums, 10)
    assert {"a"} < hidden
    assert derivable(sums, hidden) == set()


@settings(deadline=None)
@given(st.data(), st.integers(2, 12))
def test_nothing_withheld_follows_from_what_is_shown(data: st.DataObject, fewest: int) -> None:
    width = data.draw(st.integers(1, 4))
    numbers = data.draw(st.lists(st.lists(st.integers(0, 30), min_size=width, max_size=width), min_size=1, max_size=5))
    counts, sums = grid(numbers)
    hidden = withheld(counts, sums, fewest)
    assert {cell for cell, count in counts.items() if 0 < count < fewest} <= hidden
    assert known(counts, sums, hidden) == set()


def known(counts: dict[Cell, int], sums: list[Sum[Cell]], hidden: frozenset[Cell]) -> set[Cell]:
    """The hidden cells that have one value only, by the rank of the equations with and without each."""
    order = sorted(hidden)
    equations = [
        [Fraction((cell in one.parts) - (cell == one.total)) for cell in order]
        for one in sums
        if hidden & {one.total, *one.parts}
    ]
    whole = rank(equations)
    return {
        cell
        for at, cell in enumerate(order)
        if rank([*equations, [Fraction(other == at) for other in range(len(order))]]) == whole
    }


def rank(rows: list[list[Fraction]]) -> int:
    rows, found = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((n for n in range(found, len(rows)) if rows[n][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for n in range(found + 1, len(rows)):
            factor = rows[n][column] / rows[found][column]
            rows[n] = [one - factor * other for one, other in zip(rows[n], rows[found], strict=True)]
        found += 1
    return found
