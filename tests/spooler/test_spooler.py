"""From the ticket to the slip: a real database, a real TCP connection, a printer with all its usual faults."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from printers.virtual_condition import Roll
from queue_system.actions import printers
from queue_system.actions.slips import SLIP_LIFETIME
from queue_system.core.errors import Refused
from queue_system.settings.printers import Printer
from queue_system.spooler.machine import Machine, machine_of
from tests.kit.printers_cable import plugged
from tests.kit.printing_hall import ADDRESS, PrintingHall, later, qr_on, running_hall
from tests.kit.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def here(db_url: str, tmp_path: Path) -> Iterator[PrintingHall]:
    with running_hall(db_url, tmp_path) as hall:
        until(lambda: hall.printer_state() == "ready")
        yield hall


@pytest.fixture
def soon_silent(db_url: str, tmp_path: Path) -> Iterator[PrintingHall]:
    """A hall that waits a tenth as long as others for the answer of a printer."""
    with running_hall(db_url, tmp_path, status_timeout=0.2) as hall:
        until(lambda: hall.printer_state() == "ready")
        yield hall


def test_a_ticket_comes_out_on_paper_and_its_code_opens_its_page(here: PrintingHall) -> None:
    issued = here.take()
    paper = here.printer.wait_for_papers(1)[0]
    assert qr_on(paper) == f"{ADDRESS}/t/{issued.ticket.token}"
    assert not paper.torn
    until(lambda: here.slip_states(issued) == ["printed"])
    assert here.kinds("slip.") == ["slip.queued", "slip.printed"]
    assert here.printer.faults == {}


def test_slips_come_in_the_order_of_their_tickets(here: PrintingHall) -> None:
    issued = [here.take() for _ in range(4)]
    papers = here.printer.wait_for_papers(4)
    assert [qr_on(paper)[-22:] for paper in papers] == [one.ticket.token[-22:] for one in issued]


def test_the_same_request_ten_times_at_once_is_one_ticket_and_one_slip(here: PrintingHall) -> None:
    with ThreadPoolExecutor(10) as pool:
        issued = list(pool.map(lambda _: here.take("touch-7"), range(10)))
    assert len({one.ticket.id for one in issued}) == 1
    last = here.take("touch-8")
    here.printer.wait_for_papers(2)
    until(lambda: here.slip_states(last) == ["printed"])
    assert here.slip_states(issued[0]) == ["printed"]
    assert here.printer.printed == 2


def test_a_printer_switched_off_prints_when_it_is_back_in_time(here: PrintingHall) -> None:
    here.printer.change(power=False)
    until(lambda: here.printer_state() == "offline")
    issued = here.take()
    assert here.slip_states(issued) == ["queued"]
    here.printer.change(power=True)
    assert qr_on(here.printer.wait_for_papers(1)[0]).endswith(issued.ticket.token)
    until(lambda: here.slip_states(issued) == ["printed"] and here.printer_state() == "ready")
    assert here.kinds("printer.")[-2:] == ["printer.changed", "printer.changed"]


def test_a_slip_that_nobody_waits_for_any_more_is_given_up_and_never_printed(here: PrintingHall) -> None:
    here.printer.change(power=False)
    until(lambda: here.printer_state() == "offline")
    stale = here.take()
    later(here, SLIP_LIFETIME.total_seconds() + 1)
    # The slip is given up while the printer is still away, because the office must not wait for the printer.
    until(lambda: here.slip_states(stale) == ["void"])
    here.printer.change(power=True)
    fresh = here.take()
    papers = here.printer.wait_for_papers(1)
    until(lambda: here.slip_states(fresh) == ["printed"])
    assert [qr_on(paper)[-22:] for paper in papers] == [fresh.ticket.token[-22:]]
    assert here.printer.printed == 1


def test_paper_out_is_seen_and_the_slip_comes_with_the_new_roll(here: PrintingHall) -> None:
    here.printer.change(roll=Roll.OUT)
    until(lambda: here.printer_state() == "no_paper")
    issued = here.take()
    assert here.slip_states(issued) == ["queued"]
    here.printer.change(roll=Roll.FULL)
    here.printer.wait_for_papers(1)
    until(lambda: here.slip_states(issued) == ["printed"] and here.printer_state() == "ready")
    assert here.printer.printed == 1


def test_paper_that_ends_within_a_slip_leaves_it_unknown_and_only_a_marked_copy_follows(here: PrintingHall) -> None:
    here.printer.change(rows_left=300)
    issued = here.take()
    until(lambda: here.slip_states(issued) == ["unknown"])
    here.printer.change(roll=Roll.FULL, rows_left=None)
    until(lambda: here.printer_state() == "ready")
    before = here.printer.printed
    here.copy(issued)
    papers = here.printer.wait_for_papers(before + 1)
    until(lambda: here.slip_states(issued) == ["unknown", "printed"])
    assert qr_on(papers[-1]).endswith(issued.ticket.token)


def test_a_line_that_breaks_within_a_slip_leaves_it_unknown(here: PrintingHall) -> None:
    here.printer.change(drop_after=4_000)
    issued = here.take()
    until(lambda: here.slip_states(issued) == ["unknown"])
    following = here.take()
    until(lambda: here.slip_states(following) == ["printed"])
    # After half a slip there is never a second one without the mark of a copy.
    assert here.slip_states(issued) == ["unknown"]
    assert qr_on(here.printer.papers()[-1]).endswith(following.ticket.token)


def test_a_copy_is_marked_and_longer_than_the_original(here: PrintingHall) -> None:
    issued = here.take()
    original = here.printer.wait_for_papers(1)[0]
    until(lambda: here.slip_states(issued) == ["printed"])
    here.copy(issued)
    copy = here.printer.wait_for_papers(2)[1]
    until(lambda: here.slip_states(issued) == ["printed", "printed"])
    assert qr_on(copy) == qr_on(original)
    assert copy.dots != original.dots


def test_a_copy_waits_until_it_is_known_what_became_of_the_slip(here: PrintingHall) -> None:
    here.printer.change(power=False)
    until(lambda: here.printer_state() == "offline")
    issued = here.take()
    with pytest.raises(Refused, match="slip-pending"):
        here.copy(issued)


def test_a_printer_that_hangs_is_silent_and_prints_when_it_answers_again(soon_silent: PrintingHall) -> None:
    here = soon_silent
    here.printer.change(hang=True)
    until(lambda: here.printer_state() == "silent")
    issued = here.take()
    here.printer.change(hang=False)
    here.printer.wait_for_papers(1)
    until(lambda: here.slip_states(issued) == ["printed"])
    assert here.printer.printed == 1


def test_a_new_address_is_served_without_a_restart(db_url: str, tmp_path: Path) -> None:
    with running_hall(db_url, tmp_path, connected=False) as here:
        issued = here.take()
        assert here.slip_states(issued) == ["queued"]
        here.address()
        assert qr_on(here.printer.wait_for_papers(1)[0]).endswith(issued.ticket.token)


def test_a_slip_that_cannot_be_drawn_fails_and_does_not_stop_the_next_ones(
    here: PrintingHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fate() -> str:
        """The final state of a slip that is requested now."""
        issued = here.take()
        until(lambda: here.slip_states(issued)[0] in ("printed", "failed"))
        return here.slip_states(issued)[0]

    with monkeypatch.context() as broken:
        broken.setattr("queue_system.spooler.machine.encode", lambda *_, **__: 1 / 0)
        assert fate() == "failed"
    failure = here.entries("slip.failed")[-1].data
    assert (failure["error"], failure["final"], failure["maybe"]) == ("internal", True, False)
    assert fate() == "printed"


def test_a_printer_that_never_answers_prints_once_it_is_told_so(soon_silent: PrintingHall) -> None:
    here = soon_silent
    here.printer.change(mute=True)
    until(lambda: here.printer_state() == "silent")
    issued = here.take()
    assert here.slip_states(issued) == ["queued"]
    here.adjust(mute=True)
    here.printer.wait_for_papers(1)
    until(lambda: here.slip_states(issued) == ["printed"] and here.printer_state() == "unknown")
    assert here.entries("slip.printed")[-1].data["proof"] == "none"


def test_a_printer_that_does_not_confirm_is_waited_for_once_and_it_is_kept_for_the_next_start(
    db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def refuse(*asked: object) -> None:
        tried.append(asked)

    with running_hall(db_url, tmp_path) as here:
        here.printer.change(completion=False)
        first = here.take()
        until(lambda: here.slip_states(first) == ["printed"] and here.kinds("printer.learnt") == ["printer.learnt"])
        second = here.take()
        until(lambda: here.slip_states(second) == ["printed"])
        # It is stored once, because every check under the branch's lock would delay all others.
        monkeypatch.setattr(printers, "record_no_completion", refuse)
        third = here.take()
        until(lambda: here.slip_states(third) == ["printed"])
        fourth = here.take()
        until(lambda: here.slip_states(fourth) == ["printed"])
        assert tried == []
        assert {entry.data["proof"] for entry in here.entries("slip.printed")} == {"status"}
        device = here.device()
        kept = machine_of(device)
        assert kept is not None
        assert kept.printer().completion is False
        # At another address there may be another printer.
        here.address("127.0.0.2")
        moved = machine_of(here.device())
        assert moved is not None
        assert moved.printer().completion is None


def test_slips_come_out_on_a_cable_of_the_machine_that_serves_and_a_pulled_plug_is_seen(
    db_url: str, tmp_path: Path
) -> None:
    with running_hall(db_url, tmp_path, connected=False) as here, plugged(here.printer, tmp_path) as cable:
        here.adjust(transport="serial", path=str(cable.path), baud=115200)
        issued = here.take()
        assert qr_on(here.printer.wait_for_papers(1)[0]).endswith(issued.ticket.token)
        until(lambda: here.slip_states(issued) == ["printed"])
        cable.unplug()
        until(lambda: here.printer_state() == "offline")
        waiting = here.take()
        assert here.slip_states(waiting) == ["queued"]
        cable.plug()
        until(lambda: here.slip_states(waiting) == ["printed"])


def test_a_printer_on_the_cable_of_another_machine_is_left_to_it(db_url: str, tmp_path: Path) -> None:
    with running_hall(db_url, tmp_path) as here:
        until(lambda: here.printer_state() == "ready")
        here.adjust(transport="usb_lp", path="/dev/usb/lp0", node="another.machine")
        until(lambda: not here.has_worker())
        issued = here.take()
        assert here.slip_states(issued) == ["queued"]
        assert here.printer_state() == "ready"


def test_a_slow_line_has_a_lease_as_long_as_its_slips_take() -> None:
    usb = Printer(transport="usb_lp", language="escpos", dots=576, path="/dev/usb/lp0")
    serial = usb.adjusted({"transport": "serial", "path": "/dev/ttyS0", "baud": 9600})
    assert Machine(UUID(int=1), UUID(int=2), serial).on_the_way > timedelta(seconds=100)
    assert Machine(UUID(int=1), UUID(int=2), usb).on_the_way == timedelta()


def test_the_clock_of_the_paper_is_the_application_s(here: PrintingHall) -> None:
    here.take()
    fell = here.printer.wait_for_papers(1)[0].received_at
    assert fell is not None
    assert abs(fell - here.clock.now()) < timedelta(minutes=1)
