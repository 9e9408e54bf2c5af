"""Why somebody was called before me: on the own telephone, at reception, and for the clerk with figures."""

from __future__ import annotations

import re
from datetime import timedelta

from starlette.testclient import TestClient

from queue_system.actions import calling
from queue_system.clock import FrozenClock
from queue_system.i18n import isolates
from queue_system.store.queries.access import staff_by_login
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall
from tests.kit.people import let_choose
from tests.kit.public_visitor import Visitor
from tests.kit.web_hall import Clerk, Page, clerk, sign_in


def morning(hall: Hall, clock: FrozenClock) -> tuple[TicketView, TicketView, TicketView]:
    """Mine, an older visitor who came a minute later and was called first, and one who was called out of turn."""
    mine = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    older, unwell = hall.issue(priority="elderly").ticket, hall.issue().ticket
    clock.move(timedelta(minutes=9))
    found = hall.db.read_now(staff_by_login, "layla")
    assert found is not None
    let_choose(hall, "layla")
    here = hall.sit(found[0])
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, here, unwell.id, None, "unwell")
    hall.call_next(hall.at(here.staff_id, expected=unwell.id))
    return mine, older, unwell


def test_the_visitor_reads_numbers_and_kinds_and_nothing_of_people(
    visitor: Visitor, hall: Hall, clock: FrozenClock
) -> None:
    mine, older, unwell = morning(hall, clock)
    assert f"/t/{mine.token}/why" in visitor.open(f"/t/{mine.token}").html
    page = visitor.open(f"/t/{mine.token}/why")
    assert "نودي قبلك رقمان أُعطيا بعد رقمك" in page.text
    assert "له أولوية تنصّ عليها القاعدة المعلنة" in page.text
    assert "نودي خارج الترتيب لسبب مسجَّل" in page.text
    assert older.code in page.text
    assert unwell.code in page.text
    assert "45 دقيقة" in page.text
    assert "رُوعي ذلك حتى الآن: أبعد فارق دقيقة واحدة" in page.text
    # Neither the class nor the evidence of somebody who stands in the same room, nor who called them.
    for told in ("كبار السن", "تعب", "صحية", "layla"):
        assert told not in page.text
    assert f"/rules/{hall.branch.slug}" in page.html


def test_where_nobody_was_called_first_this_is_said(visitor: Visitor, hall: Hall) -> None:
    page = visitor.open(f"/t/{hall.issue().ticket.token}/why")
    assert "لم يُنادَ قبلك أي رقم أُعطي بعد رقمك" in page.text


def test_reception_reads_the_same(here: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = here
    mine, older, _ = morning(hall, clock)
    sign_in(client, "rana")
    page = Page(client.get(f"/reception/{hall.branch.slug}/tickets/{mine.id}").text)
    assert "لماذا نودي غيره قبله؟" in page.text
    assert older.code in page.text


def test_the_clerk_reads_the_figures_and_whom_the_call_passed(
    here: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    mine, _, _ = morning(here[1], clock)
    layla: Clerk = clerk(*here, "layla")
    text = isolates.strip(layla.look().text)
    weight = f"{here[1].branch.priorities['elderly'].weight:g}"
    assert re.search(rf"الوزن {weight}\s*، ومدة الانتظار 9 دقائق", text)
    assert "سُبق ولا يزال ينتظر" in text
    assert mine.code in text
