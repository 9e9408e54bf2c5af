"""Tables of figures, and targets."""

from __future__ import annotations

from queue_system.core.digests import Tally
from queue_system.core.figure_parts import Target, capacity, counters_table, places_table, targets, utilisation
from queue_system.core.figures import Grouped, Shown, shown, times, visits_table
from queue_system.core.tables import FEW


def visits(issued: int, served: int, missed: int = 0, left: int = 0, wait: int = 10) -> Tally:
    return Tally({"issued": issued, "served": served, "missed": missed, "left": left}, {}, {"wait": {wait: issued}})


def of_queues(**queues: Tally) -> Grouped:
    whole = Tally()
    for tally in queues.values():
        whole = whole.plus(tally)
    return Grouped(whole, {"queue": queues})


def with_parts(**more: dict[str, Tally]) -> Shown:
    return shown(Grouped(Tally(), {}, more), 5)


def test_times_are_nearest_ranks_and_a_mean_of_whole_minutes() -> None:
    found = times({1: 1, 2: 1, 10: 8})
    assert found is not None
    assert (found.people, found.p50, found.p75, found.p90, found.mean) == (10, 10, 10, 10, 8.3)
    assert times({}) is None


def test_a_table_has_the_rows_in_the_order_of_their_labels_and_never_of_their_figures() -> None:
    found = shown(of_queues(b=visits(30, 30, wait=9), a=visits(20, 15, 5)), 5)
    table = visits_table(found, "queue", "wait", {"a": "A", "b": "B", "c": "C"}, {"b": "/b"})
    assert [row.cells for row in table.rows] == [
        ("A", 20, 15, 5, 0, 10, 10, 10, 10.0),
        ("B", 30, 30, 0, 0, 9, 9, 9, 9.0),
    ]
    assert [row.address for row in table.rows] == ["", "/b"]
    assert table.total is not None
    assert table.total.cells[1:5] == (50, 45, 5, 0)


def test_the_times_of_a_withheld_row_are_withheld_too() -> None:
    found = shown(of_queues(a=visits(3, 3), b=visits(30, 30), c=visits(40, 40)), 5)
    table = visits_table(found, "queue", "wait", {"a": "A", "b": "B", "c": "C"}, {})
    assert table.rows[0].cells[1:] == (FEW,) * 2 + (0, 0) + (FEW,) * 4
    # The smaller of the others goes along, or the total would tell how many came to A.
    assert table.rows[1].cells[1] is FEW
    assert table.rows[2].cells[1] == 40


def test_a_queue_and_its_only_service_do_not_tell_each_other() -> None:
    services = {"x": visits(3, 3), "y": visits(20, 20), "z": visits(50, 50)}
    grouped = Grouped(
        visits(73, 73),
        {"queue": {"a": visits(53, 53), "b": visits(20, 20)}, "service": services},
        queue_of={"x": "a", "y": "b", "z": "a"},
    )
    found = shown(grouped, 5)
    assert found.count("service", "x", "issued") is FEW
    # x and z are withheld together within their queue, so y and b may be shown.
    assert found.count("service", "z", "issued") is FEW
    assert found.count("service", "y", "issued") == found.count("queue", "b", "issued") == 20


def test_each_target_is_measured_and_met_or_missed() -> None:
    grouped = Grouped(
        Tally({"due": 50, "arrived": 44, "absent": 6}),
        {},
        {
            "class": {
                "walkin": Tally({}, {}, {"wait": {30: 9, 50: 11}}),
                "appointment": Tally({}, {}, {"wait": {5: 4}}),
            },
            "told": {"": Tally({"told": 100, "held": 90})},
            "places": {"q": Tally({"beyond": 1})},
        },
    )
    found = targets(shown(grouped, 5), {"walkin": 45, "appointment": 15}, (0.87, 0.93), 0.1, 0)
    assert found == [
        Target("wait", "walkin", None, 45, 50),
        Target("wait", "appointment", None, 15, FEW),
        Target("coverage", "", 0.87, 0.93, 0.9),
        Target("no-show", "", None, 0.1, 0.12),
        Target("double", "", None, 0, 1),
    ]
    assert [one.met for one in found] == [False, None, True, False, False]


def test_counters_are_used_for_a_share_of_their_time() -> None:
    found = with_parts(
        counter={"one": Tally({"open_min": 100, "serve_min": 80, "served": 9}), "two": Tally({"open_min": 300})}
    )
    assert utilisation(found) == 0.2
    table = counters_table(found, {"two": "2", "one": "1"})
    assert [row.cells for row in table.rows] == [("2", 300, 0, 0.0, 0), ("1", 100, 80, 0.8, 9)]
    assert utilisation(with_parts()) is None


def test_places_of_few_appointments_are_withheld_with_their_shares() -> None:
    def queue(booked: int, attended: int) -> Tally:
        minutes = {"booked_min": 10 * booked, "attended_min": 10 * attended}
        return Tally({"planned_min": 600, "booked": booked, "attended": attended, **minutes})

    found = with_parts(places={"a": queue(2, 2), "b": queue(20, 15), "c": queue(30, 30)})
    rows = places_table(found, {"a": "A", "b": "B", "c": "C"}).rows
    assert rows[0].cells == ("A", 600, FEW, FEW, FEW, FEW, 0, 0)
    assert rows[1].cells[2] is FEW
    assert rows[2].cells[:6] == ("C", 600, 30, 30, 0.5, 0.5)
    assert capacity(found)[0] == 52 / 180
