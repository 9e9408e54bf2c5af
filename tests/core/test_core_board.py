"""The contents of a screen, computed from facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from queue_system.core.board import LAST_CALLS, Board, Call, Called, Entry, Place, Scope, fold
from queue_system.core.facts import Fact
from queue_system.core.facts.tickets import (
    TicketCalled,
    TicketIssued,
    TicketLeft,
    TicketNoShow,
    TicketParked,
    TicketRecalled,
    TicketReturned,
    TicketServed,
    TicketSkipped,
    TicketStarted,
    TicketTransferred,
    TicketVoided,
)

MORNING = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
OPEN = Scope(counters=frozenset({"1", "2"}), queues=("passports", "family"))


class Day:
    """Writes facts as the log would, a minute apart."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, fact: Fact) -> int:
        seq = len(self.entries) + 1
        self.entries.append(Entry(seq, MORNING + timedelta(minutes=seq), fact))
        return seq

    def issue(self, code: str, queue: str = "passports", service: str = "renewal") -> None:
        self.add(
            TicketIssued(
                subject=code,
                code=code,
                queue=queue,
                service=service,
                business_date="2026-11-22",
                priority_class="walkin",
                source="kiosk",
                anchor_at=MORNING.isoformat(),
            )
        )

    def call(self, code: str, counter: str = "1") -> int:
        return self.add(
            TicketCalled(
                subject=code, code=code, counter=counter, counter_number=1, call=1, reason="first-come", values={}
            )
        )

    def recall(self, code: str, counter: str = "1") -> int:
        return self.add(TicketRecalled(subject=code, code=code, counter=counter, counter_number=1, call=2))

    def board(self, scope: Scope = OPEN, since: datetime = MORNING) -> Board:
        return fold(self.entries, scope, since, since.date())


def codes(board: Board) -> list[str]:
    return [call.code for call in board.calls]


def test_an_empty_day_shows_nobody() -> None:
    assert Day().board() == Board((), (("passports", 0), ("family", 0)))


def test_the_newest_call_comes_first_and_a_recall_moves_up() -> None:
    day = Day()
    for code in ("A001", "A002", "A003"):
        day.issue(code)
    day.call("A001")
    day.call("A002", "2")
    assert codes(day.board()) == ["A002", "A001"]
    seq = day.recall("A001")
    board = day.board()
    assert codes(board) == ["A001", "A002"]
    assert board.calls[0] == Call(seq, MORNING + timedelta(minutes=seq), "A001", "1", again=True, discreet=False)
    assert board.waiting == (("passports", 1), ("family", 0))


def test_no_more_calls_than_a_screen_holds() -> None:
    day = Day()
    for number in range(LAST_CALLS + 3):
        day.issue(f"A{number:03d}")
        day.call(f"A{number:03d}")
    assert codes(day.board()) == [f"A{number:03d}" for number in range(LAST_CALLS + 2, 2, -1)]


@pytest.mark.parametrize(
    ("fact", "stays", "waiting"),
    [
        (TicketStarted(subject="A001", code="A001", counter="1"), True, 0),
        (TicketServed(subject="A001", code="A001", counter="1", outcome="done"), True, 0),
        (TicketNoShow(subject="A001", code="A001", counter="1", calls=1), True, 0),
        (TicketParked(subject="A001", code="A001", counter="1"), False, 0),
        (TicketReturned(subject="A001", code="A001", others_first=0), False, 1),
        (TicketSkipped(subject="A001", code="A001", counter="1", calls=1, others_first=3), False, 1),
        (TicketLeft(subject="A001", code="A001"), False, 0),
        (TicketVoided(subject="A001", code="A001", reason="test"), False, 0),
    ],
)
def test_a_call_stays_until_its_visitor_stands_elsewhere(fact: Fact, stays: bool, waiting: int) -> None:
    day = Day()
    day.issue("A001")
    day.call("A001")
    day.add(fact)
    board = day.board()
    assert codes(board) == (["A001"] if stays else [])
    assert board.waiting[0] == ("passports", waiting)


def test_a_visitor_who_is_sent_on_waits_in_the_other_queue() -> None:
    day = Day()
    day.issue("A001")
    day.call("A001")
    day.add(
        TicketTransferred(
            subject="A001", code="A001", counter="1", from_queue="passports", to_queue="family", to_service="birth"
        )
    )
    assert day.board() == Board((), (("passports", 0), ("family", 1)))


def test_calls_of_the_day_before_are_gone() -> None:
    day = Day()
    day.issue("A001")
    seq = day.call("A001")
    at = day.entries[seq - 1].at
    assert codes(day.board(since=at)) == ["A001"]
    assert codes(day.board(since=at + timedelta(seconds=1))) == []


def test_calls_to_counters_of_another_zone_are_not_shown() -> None:
    day = Day()
    for code in ("A001", "A002"):
        day.issue(code)
    day.call("A001", "1")
    day.call("A002", "9")
    assert codes(day.board()) == ["A001"]


def test_a_discreet_service_is_called_without_names() -> None:
    day = Day()
    day.issue("B001", "family", "divorce")
    day.issue("B002", "family", "birth")
    day.call("B001")
    day.call("B002")
    scope = replace(OPEN, discreet_services=frozenset({"divorce"}))
    assert [(call.code, call.discreet) for call in day.board(scope).calls] == [("B002", False), ("B001", True)]


PROTECTED = replace(
    OPEN, queues=("passports",), hidden_services=frozenset({"shelter"}), hidden_series=frozenset({"protected"})
)


def test_a_protected_service_does_not_exist_for_a_screen() -> None:
    day = Day()
    day.issue("Z001", "passports", "shelter")
    day.issue("A001", "passports", "renewal")
    assert day.board(PROTECTED).waiting == (("passports", 1),)
    day.call("Z001")
    day.recall("Z001")
    assert day.board(PROTECTED) == Board((), (("passports", 1),))


def test_the_number_of_a_protected_queue_stays_hidden_wherever_its_visitor_goes() -> None:
    day = Day()
    day.issue("Z001", "protected", "shelter")
    day.add(
        TicketTransferred(
            subject="Z001",
            code="Z001",
            counter=None,
            from_queue="protected",
            to_queue="passports",
            to_service="renewal",
        )
    )
    assert day.board(PROTECTED).waiting == (("passports", 0),)
    day.call("Z001")
    assert codes(day.board(PROTECTED)) == []


def test_a_visitor_who_is_sent_on_to_a_protected_service_disappears() -> None:
    day = Day()
    day.issue("A001")
    day.call("A001")
    day.add(
        TicketTransferred(
            subject="A001", code="A001", counter="1", from_queue="passports", to_queue="passports", to_service="shelter"
        )
    )
    day.call("A001", "2")
    assert day.board(PROTECTED) == Board((), (("passports", 0),))


def test_people_are_counted_over_the_services_of_a_queue() -> None:
    waiting = {
        Place("passports", "passports", "renewal"): 2,
        Place("passports", "family", "loss"): 3,
        Place("passports", "passports", "shelter"): 5,
        Place("elsewhere", "elsewhere", "x"): 7,
    }
    assert Board.of([], waiting, PROTECTED, MORNING).waiting == (("passports", 5),)


def test_the_order_of_the_calls_handed_in_does_not_matter() -> None:
    def called(seq: int) -> Called:
        return Called(seq, MORNING, f"A{seq:03d}", "1", again=False, series="passports", service="renewal")

    forwards = Board.of([called(1), called(2), called(3)], {}, OPEN, MORNING)
    assert forwards == Board.of([called(3), called(1), called(2)], {}, OPEN, MORNING)
    assert codes(forwards) == ["A003", "A002", "A001"]


def test_who_may_wait_here_is_called_here_wherever_the_counter_is() -> None:
    day = Day()
    day.issue("A001")
    day.call("A001", "9")
    assert codes(day.board()) == []
    assert codes(day.board(replace(OPEN, services_here=frozenset({"renewal"})))) == ["A001"]


def test_who_was_left_in_line_on_a_day_that_is_over_is_not_counted() -> None:
    day = Day()
    day.issue("A001")
    assert dict(day.board().waiting)["passports"] == 1
    assert dict(day.board(since=MORNING + timedelta(days=1)).waiting)["passports"] == 0
