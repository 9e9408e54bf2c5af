"""A letter that an appointment was called off says why, as far as the level allows."""

from __future__ import annotations

import pytest

from queue_system.actions.calling_off import call_off
from queue_system.core.support import Why
from queue_system.store.log import SYSTEM
from tests.messages.test_sending import Sending, found_in, sending, set_level

__all__ = ["sending"]
REASON = "الموظف أو المكان المخصص للموعد غير متاح في ذلك الوقت"


@pytest.mark.parametrize(("sms", "shown"), [("full", True), ("minimal", True), ("neutral", False)])
def test_the_reason_is_in_the_letter_unless_it_is_neutral(sending: Sending, sms: str, shown: bool) -> None:
    # A discreet level for neutral letters, as in the houses that have it.
    set_level(sending.hall, sms=sms, display="code_random" if sms == "neutral" else "code")
    one, there = sending.book(), sending.hall.branch.id
    sending.postman.send_due()
    sending.hall.db.write_in_now(there, call_off, there, one.id, Why.MEMBER, SYSTEM)
    sending.postman.send_due()
    confirmed, called_off = sending.server.taken
    assert found_in(confirmed, (REASON,)) == []
    assert found_in(called_off, (REASON,)) == ([REASON] if shown else [])
