"""Screens of every shape and age: whole codes and counters on every panel, and no stale board in an old browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from displays.reach import STEPS
from queue_system.actions import calling
from queue_system.clock import FrozenClock
from queue_system.store.database import Tx
from queue_system.store.tables import Counter, table
from tests.kit.displays_browser import Server, busy_hall, connected, first_screen, wait_for
from tests.kit.displays_hall import call, enrol, seat
from tests.kit.hall import change_settings, set_rules
from tests.kit.web_hall import furnished

pytestmark = pytest.mark.browser

SIZES = [
    (1920, 1080),
    (1920, 1200),
    (1280, 800),
    (1366, 768),
    (1024, 768),
    (1080, 1920),
    (768, 1024),
    (3840, 2160),
    (1280, 1024),
]
LONG = {
    "ar": "شباك استلام الجوازات والوثائق المصدّقة وبطاقات التسجيل القنصلي",
    "en": "Collection of passports, legalised documents and consular registration cards",
}
# Syntax that a browser does not know if it is older than 2009, or than 2018.
NOT_UNDERSTOOD = "let a = ?. ;"

MEASURE = """() => {
  const box = e => e.getBoundingClientRect();
  const within = (e, frame) => { const a = box(e), b = box(frame);
    return a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1; };
  const apart = (e, other) => { const a = box(e), b = box(other);
    return a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1; };
  const wrong = [];
  const must = (is, what) => { if (!is) wrong.push(what); };
  const one = s => document.querySelector(s);
  const all = s => [...document.querySelectorAll(s)];
  must(document.documentElement.scrollHeight <= innerHeight + 1 && document.body.scrollWidth <= innerWidth + 1, 'page');
  must(within(one('.screen-top .clock'), document.body), 'clock');
  const stage = one('.newest:not([hidden])');
  if (stage) {
    must(within(stage, one('.stage')), 'stage');
    for (const e of stage.querySelectorAll('.code, .counter, .counter b, .place p, .zone, .word'))
      if (e.offsetParent) must(within(e, stage), e.className || e.tagName + ' ' + e.textContent);
    must(apart(stage.querySelector('.code'), stage.querySelector('.go')), 'code over counter');
    const rows = [...stage.querySelector('.go').children].filter(e => e.offsetParent);
    rows.slice(1).forEach((e, n) => must(apart(e, rows[n]), 'lines of the call over each other'));
  }
  const calls = one('.calls');
  if (calls) {
    must(box(one('.stage')).bottom <= box(calls).top + 1, 'stage over calls');
    for (const line of all('.calls > li:not([hidden])')) {
      if (box(line).top >= box(calls).bottom - 1) continue;
      const code = line.querySelector('.code'), number = line.querySelector('b');
      must(within(line, calls), 'half a line');
      must(within(code, line) && within(number, line), 'a line: ' + line.textContent);
      must(apart(code, number), 'number over code');
      for (const e of line.querySelectorAll('.place-of, .zone'))
        if (e.offsetParent) must(within(e, line), 'words of a line: ' + e.textContent);
    }
  }
  for (const e of all('.near, .near .label, .near li')) must(within(e, one('.board')), 'near ' + e.textContent);
  for (const e of all('.rest p')) must(within(e, document.body), 'rest');
  const queues = one('.queues');
  if (queues) {
    must(box(one('.board')).bottom <= box(queues).top + 1, 'board over queues');
    must(box(queues).bottom <= innerHeight + 1, 'queues');
    for (const e of all('.queues li > *, .queues .name p')) must(within(e, queues), 'queue ' + e.textContent);
    for (const e of all('.queues li')) must(apart(e.querySelector('.name'), e.querySelector('b')), 'count over name');
  }
  return wrong;
}"""

# What a forecast adds to the strip of the queues.
TELL_WAITS = """() => {
  for (const name of document.querySelectorAll('.queues .name'))
    if (!name.querySelector('.wait'))
      name.insertAdjacentHTML('beforeend', '<div class="wait"><svg class="icon"></svg><bdi dir="ltr">100–125</bdi></div>');
}"""
# Everything that can be said beside a counter, as `board.html` says it.
TELL_ALL = """() => {
  const both = (ar, en) => `<span class="both"><span lang="ar">${ar}</span><span lang="en">${en}</span></span>`;
  document.querySelector('.board').classList.add('has-many');
  for (const line of document.querySelectorAll('.calls .where')) {
    for (const old of line.querySelectorAll('.zone')) old.remove();
    line.insertAdjacentHTML('beforeend', '<span class="zone along"><bdi dir="ltr">+ A012 · A013</bdi></span>' +
      `<span class="zone">${both('القسم القنصلي', 'Consular section')}</span>`);
  }
  for (const call of document.querySelectorAll('.newest')) {
    call.classList.add('is-fresh', 'is-beside', 'is-many');
    for (const old of call.querySelectorAll('.zone')) old.remove();
    call.querySelector('.way').insertAdjacentHTML('beforeend',
      `<p class="zone along">${both('ومعه', 'with')} <bdi dir="ltr">A012 · A013</bdi></p>` +
      `<p class="zone">${both('القسم القنصلي', 'Consular section')}</p><p class="zone">${both('الطابق الأول', 'First floor')}</p>`);
  }
}"""


@pytest.fixture
def server(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Server]:
    found = Server(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock)
    yield found
    found.close()


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    found = browser.new_context(viewport={"width": 1920, "height": 1080})
    _, token = enrol(server.hall, "d1")
    found.add_cookies([{"name": "device-display", "value": token, "url": server.address}])
    yield found
    found.close()


def opened(context: BrowserContext, server: Server) -> Page:
    page = context.new_page()
    page.goto(f"{server.address}/display")
    return page


def measured(page: Page, what: str) -> dict[str, list[str]]:
    """Everything that is wrong with the page, at every size and for every reading distance."""
    found: dict[str, list[str]] = {}
    for size in SIZES:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for step in STEPS:
            page.evaluate("step => { document.body.className = `screen is-still reach-${step}` }", step)
            if wrong := page.evaluate(MEASURE):
                found[f"{what} {size[0]}×{size[1]} reach-{step}"] = wrong
    return found


def name_counters(server: Server, names: dict[str, str]) -> None:
    """Give every counter the same long name."""

    def change(tx: Tx) -> None:
        tx.execute(sa.update(table(Counter)).values(names=names))

    change_settings(server.hall.db, change)


@pytest.mark.slow
def test_code_and_counter_are_whole_on_every_panel(context: BrowserContext, server: Server, clock: FrozenClock) -> None:
    page = opened(context, server)
    connected(page)
    wrong = measured(page, "nobody called")
    name_counters(server, LONG)
    # Room 8 is in a zone without a screen, so its call names the zone.
    server.hall.issue("hajj-payment")
    zaina = server.hall.sit(server.hall.person("zaina"), "r8")
    called = server.hall.call_next(zaina)
    assert called is not None
    wait_for(page, "calls.length === 1")
    wrong |= measured(page, "one call of another zone")
    for _ in range(12):
        server.hall.issue("attest-single")
    busy_hall(server.hall)
    wait_for(page, "calls.length === 7")
    # The widest letter that a queue can have, with the four digits of a busy day.
    page.evaluate("document.querySelectorAll('.code').forEach(e => { e.textContent = 'W888' })")
    wrong |= measured(page, "seven calls")
    page.evaluate("document.querySelectorAll('.newest').forEach(e => e.classList.add('is-fresh'))")
    wrong |= measured(page, "a fresh call")
    clock.move(timedelta(seconds=15))
    server.hall.db.write_in_now(server.hall.branch.id, calling.recall, replace(zaina, expected=called.id))
    wait_for(page, "calls[0].again")
    wrong |= measured(page, "called again")
    seat(server.hall, "layla", "c4")
    set_rules(server.hall, come_near_places=8)
    server.hall.issue("attest-single")
    wait_for(page, "document.querySelectorAll('.near li').length === 8")
    page.evaluate("document.querySelectorAll('.newest').forEach(e => e.classList.add('is-fresh'))")
    wrong |= measured(page, "some are asked to come near")
    page.evaluate(TELL_WAITS)
    wrong |= measured(page, "some are asked to come near, and waits are told")
    page.evaluate(TELL_ALL)
    wrong |= measured(page, "a family is called by a department of another zone")
    page.evaluate("document.querySelector('.near').remove()")
    page.evaluate("document.querySelector('.board').classList.remove('has-near')")
    wrong |= measured(page, "the same, and nobody is asked to come near")
    assert wrong == {}


def test_a_long_name_is_shortened_with_a_sign(context: BrowserContext, server: Server) -> None:
    name_counters(server, {"ar": " ".join([LONG["ar"]] * 3), "en": " ".join([LONG["en"]] * 3)})
    call(server.hall)
    page = opened(context, server)
    connected(page)
    assert measured(page, "a name of four lines") == {}
    clamped = page.evaluate(
        "getComputedStyle(document.querySelector('.newest:not([hidden]) .place p')).webkitLineClamp"
    )
    assert clamped == "2"


# ---------------------------------------------------------------- old browsers


def refuse(context: BrowserContext, *scripts: str) -> None:
    """Make the browser unable to run these scripts."""

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="text/javascript", body=NOT_UNDERSTOOD)

    for script in scripts:
        context.route(f"**/{script}*", answer)


@pytest.mark.parametrize("script", ["screen.js", "follow.js"])
def test_a_television_that_does_not_understand_a_script_shows_every_call_all_the_same(
    context: BrowserContext, server: Server, script: str
) -> None:
    refuse(context, script)
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.address}/display")
    code = call(server.hall)
    page.clock.run_for(11_000)
    expect(page.locator(".newest:not([hidden]) .code")).to_have_text(code)
    expect(page).to_have_url(f"{server.address}/display?plain")
    expect(page.locator(".never")).to_be_hidden()
    again = call(server.hall, login="omar", counter="c3", service="birth")
    page.clock.run_for(11_000)
    expect(page.locator(".newest:not([hidden]) .code")).to_have_text(again)


def test_a_screen_that_is_served_plainly_is_heard_of_and_covers_itself_without_the_server(
    context: BrowserContext, server: Server
) -> None:
    refuse(context, "screen.js")
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.address}/display?plain")
    noted: Any = server.app.state.installation.presence.take()
    assert noted == {server.hall.branch.id: {first_screen(server.hall)}}
    server.stop()
    page.clock.run_for(11_000)
    expect(page.locator(".never")).to_be_visible()


def test_a_browser_that_runs_no_script_at_all_is_covered_before_anybody_is_misled(
    context: BrowserContext, server: Server
) -> None:
    refuse(context, "screen.js", "plain.js")
    page = opened(context, server)
    expect(page.locator(".never")).to_be_hidden()
    page.evaluate("document.getAnimations().forEach(one => one.finish())")
    expect(page.locator(".never")).to_be_visible()
    expect(page.locator(".never")).to_contain_text("يُرجى الإصغاء إلى نداء الموظف")


def test_a_screen_that_understands_its_script_is_never_covered_by_it(context: BrowserContext, server: Server) -> None:
    page = opened(context, server)
    connected(page)
    assert page.evaluate("document.getAnimations().length") == 0
    expect(page.locator(".never")).to_be_hidden()


def test_an_old_telephone_sees_its_call(context: BrowserContext, server: Server) -> None:
    refuse(context, "ticket.js")
    mine = server.hall.issue("attest-single").ticket
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.address}/t/{mine.token}?lang=ar")
    server.hall.call_next(seat(server.hall))
    page.clock.run_for(21_000)
    expect(page.locator("#ticket")).to_have_attribute("data-state", "called")
