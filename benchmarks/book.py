"""The case worker's book: its pages, common free time, and what closing a day or missing a worker does.

Aims: the page of a day with 30 columns and ten hours, drawn by the server, below 150 ms; the first three times near a wish
and the first three at all within 60 days below 200 ms, for a service with two needs and for a chain of three. The limit
beside the pages is the privacy page, which any visitor opens; beside the others, the bare driver reading the rows that
no implementation can do without: the seats of the 60 days, or the appointments that are lost.

The house is that of `benchmarks.full_book`; the administrator asks, who sees everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from starlette.testclient import TestClient

from benchmarks import fixtures, full_book
from benchmarks.fixtures import Place
from benchmarks.report import Figure, conclude, percentile
from queue_system.actions import sessions, settings
from queue_system.actions.blocks import BlockOrder, block_members, end_blocks
from queue_system.app import create_app
from queue_system.clock import ShiftedClock
from queue_system.configuration import read_configuration
from queue_system.core.blocks import Absence, BlockReason, Planned, fingerprint
from queue_system.core.promises import Choice, Choices
from queue_system.core.support import Why
from queue_system.settings.edits import Edit
from queue_system.store.log import SYSTEM
from queue_system.store.queries.blocks import blocks_of, concerned
from queue_system.store.queries.common_times import Step, WantedTimes, common_times
from queue_system.store.queries.effect import ending_of
from queue_system.store.queries.previews import prospect
from tests.kit.hall import Hall
from tests.kit.legal_aid import member

ROUNDS: Final = 20
#: Saving and taking back is done less often, because each time changes hundreds of appointments.
SAVES: Final = 3
BESIDE: Final = "/privacy"
PAGE_MS: Final = 150.0
SEARCH_MS: Final = 200.0


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"rounds": ROUNDS, "saves": SAVES}
    with fixtures.folder() as folder:
        figures += measured("SQLite", fixtures.empty_sqlite(folder), details)
        with fixtures.durable_postgres(folder) as server:
            figures += measured("PostgreSQL", fixtures.empty_postgres(folder, server), details)
    conclude("book", figures, **details)


def measured(name: str, place: Place, details: dict[str, Any]) -> list[Figure]:
    """Fill the book; then the pages, the searches, a day closed and a worker away."""
    with place.database() as db, place.bare() as fetch:
        hall, full = full_book.full_book(db)
        details[f"{name}: appointments"] = fetch("SELECT count(*) FROM booking")[0][0]
        token = db.write_now(sessions.start_session, hall.administrator("admin"), "bench")
        figures = [
            *searches(name, hall, fetch),
            *day_closed(name, hall, full, fetch),
            *worker_away(name, hall, full, fetch),
        ]
    return [*pages(name, place, token, full, details), *figures]


def pages(name: str, place: Place, token: str, full: date, details: dict[str, Any]) -> list[Figure]:
    """The pages of the full day, from the request to the whole answer."""
    here = "/appointments/istanbul"
    wish = f"day={full}&service={full_book.TWO}"
    found = {
        "the day as a table": f"{here}?day={full}",
        "the day as a list": f"{here}?day={full}&view=list",
        "the week": f"{here}/week?day={full}",
        "the day on paper": f"{here}/paper?day={full}",
        "booking by telephone": f"{here}/new?{wish}",
    }
    configuration = read_configuration({}, database_url=place.url, data_dir=place.folder)
    with TestClient(create_app(configuration, ShiftedClock(place.step)), follow_redirects=False) as client:
        client.cookies.set("session", token)

        def ask(address: str) -> str:
            answer = client.get(address)
            if answer.status_code != 200:
                raise RuntimeError(f"{address}: {answer.status_code}")
            return answer.text

        table = ask(found["the day as a table"])
        details[f"{name}: columns of the day"] = table.count('scope="col"')
        details[f"{name}: bytes of the day"] = len(table.encode())
        beside = timed(lambda: ask(BESIDE))
        return [
            figure(f"{what}, {name}", timed(partial(ask, at)), beside, BESIDE, PAGE_MS) for what, at in found.items()
        ]


def searches(name: str, hall: Hall, fetch: fixtures.Fetch) -> list[Figure]:
    """Common free time near the middle of the two months."""
    branch, now = hall.branch, hall.db.clock.now()
    chain = [full_book.ROOM, full_book.TWO, full_book.ALONE]
    wish = WantedTimes(now, now + timedelta(days=20), gap_min=30)

    def search(services: list[str]) -> None:
        steps = [Step(branch.service(slug)) for slug in services]
        found = hall.db.read_now(common_times, branch, steps, wish)
        if (len(found.near), len(found.first)) != (3, 3):
            raise RuntimeError(f"no three times: {found}")

    bare = timed(lambda: fetch("SELECT resource_id, tick, lane FROM seat"))
    limit = "all seats by the bare driver"
    return [
        figure(f"free time for two needs, {name}", timed(lambda: search([full_book.TWO])), bare, limit, SEARCH_MS),
        figure(f"free time for a chain of three, {name}", timed(lambda: search(chain)), bare, limit, SEARCH_MS),
    ]


def day_closed(name: str, hall: Hall, full: date, fetch: fixtures.Fetch) -> list[Figure]:
    """The preview of a closure that 500 appointments lose their day to, and saving it; each is taken back again.

    As in the office, what is saved was foreseen before: while it is saved, the branch is locked and its hall waits.
    """
    closure = {"first": full.isoformat(), "last": full.isoformat(), "names": {"ar": "صيانة", "en": "Repair"}}
    edits = [Edit("branch", hall.branch.slug, {}, {"closures": [closure]})]
    back = [Edit("branch", hall.branch.slug, {"closures": [closure]}, {"closures": []})]

    def preview(wanted: list[Edit]) -> Any:
        return hall.db.read_now(settings.preview, hall.branch.id, wanted)

    def save(wanted: list[Edit], choice: Choice = Choice.LATER) -> float:
        seen = hall.db.read_now(prospect, hall.branch.id, wanted)
        choices = Choices(dict.fromkeys(Why, choice))
        how: dict[str, Any] = {"actor": SYSTEM, "person": None, "foreseen": seen, "choices": choices}
        return once(lambda: hall.db.write_now(settings.save, hall.branch.id, wanted, seen.preview.sha256, **how))

    lost = sum(len(effect.bookings) for effect in preview(edits).effects.values())
    if lost != full_book.BOOKINGS_A_DAY:
        raise RuntimeError(f"{lost} appointments would be lost")
    bare = timed(lambda: fetch("SELECT id, code, service_id, starts_at, ends_at, created_at, decision FROM booking"))
    saved, undone = zip(*((save(edits), save(back)) for _ in range(SAVES)), strict=True)
    offered, _ = zip(*((save(edits, Choice.MOVE), save(back)) for _ in range(SAVES)), strict=True)
    limit = "all appointments by the bare driver"
    what = f"closing a day with {lost} appointments"
    return [
        figure(f"{what}: the preview, {name}", timed(lambda: preview(edits)), bare, limit),
        figure(f"{what}: saving, {name}", list(saved), bare, limit),
        figure(f"{what}: saving, each offered another time, {name}", list(offered), bare, limit),
        figure(f"opening it again, {name}", list(undone), bare, limit),
    ]


def worker_away(name: str, hall: Hall, full: date, fetch: fixtures.Fetch) -> list[Figure]:
    """What is proposed for the appointments of a worker who is away for two weeks from the full day on, and saving it."""
    begins = datetime.combine(full, full_book.OPENS, hall.branch.zone)
    absence = Absence(member(hall, "worker-10"), begins, begins + timedelta(days=14))

    def propose() -> Any:
        return hall.db.read_now(concerned, hall.branch, Planned((absence,)))

    def save() -> float:
        order = BlockOrder((absence,), BlockReason.ILLNESS, fingerprint(propose()))
        begun = time.perf_counter()
        hall.db.write_in_now(hall.branch.id, block_members, hall.branch.id, order, SYSTEM)
        spent = (time.perf_counter() - begun) * 1e3
        made = frozenset(one.id for one in hall.db.read_now(blocks_of, hall.branch, [absence.member]))
        ending = hall.db.read_now(ending_of, hall.branch, made)
        hall.db.write_in_now(hall.branch.id, end_blocks, hall.branch.id, ending, SYSTEM)
        return spent

    n = len(propose())
    bare = timed(lambda: fetch("SELECT booking_id, member_id, first_tick, stop_tick FROM booking_member"))
    limit = "all rows of members by the bare driver"
    return [
        figure(f"a worker with {n} appointments is away: the proposal, {name}", timed(propose), bare, limit),
        figure(f"a worker with {n} appointments is away: saving, {name}", [save() for _ in range(SAVES)], bare, limit),
    ]


def timed(work: Callable[[], Any]) -> list[float]:
    """Milliseconds of each round, after one that nobody counts."""
    work()
    return [once(work) for _ in range(ROUNDS)]


def once(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


def figure(what: str, took: list[float], beside: list[float], limit: str, aim: float | None = None) -> Figure:
    p50 = percentile(took, 50)
    aimed = (f"< {aim:g} ms", p50 < aim) if aim else ("", None)
    return Figure(f"{what}, p50", p50, "ms", percentile(beside, 50), limit, *aimed)


if __name__ == "__main__":
    main()
