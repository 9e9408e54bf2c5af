"""Every page of the office in a branch with 300 waiting tickets and 5,000 appointments: from the request to the whole answer.

Aim: below 50 ms each. The limit beside it is the privacy page, which any visitor opens: the same road through the
application and one reading of the settings.

The appointments are those of `benchmarks.slots`; the administrator asks, who sees everything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from starlette.routing import Route
from starlette.testclient import TestClient

from benchmarks import effect, fixtures
from benchmarks.fixtures import Place
from benchmarks.report import Figure, conclude, percentile
from queue_system.actions import sessions
from queue_system.app import create_app
from queue_system.clock import ShiftedClock
from queue_system.configuration import read_configuration
from queue_system.store.queries.access import devices
from queue_system.store.tables import Role, table
from queue_system.surfaces import office
from tests.kit.hall import Hall

WAITING: Final = 300
ROUNDS: Final = 20
AIM_MS: Final = 50.0
BESIDE: Final = "/privacy"
#: These have the whole log, however long it is, and therefore no aim.
WHOLE_LOG: Final = ("/office/audit/table", "/office/audit/paper")


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"waiting": WAITING, "rounds": ROUNDS}
    with fixtures.folder() as folder:
        figures += measured("SQLite", fixtures.sqlite_place(folder), details)
        with fixtures.durable_postgres(folder) as server:
            figures += measured("PostgreSQL", fixtures.postgres_place(folder, server), details)
    conclude("office", figures, **details)


def measured(name: str, place: Place, details: dict[str, Any]) -> list[Figure]:
    """Fill the hall, then ask for each page in turn."""
    with place.hall() as hall:
        effect.furnish(hall)
        for _ in range(WAITING):
            hall.issue()
        admin = hall.administrator("admin")
        token = hall.db.write_now(sessions.start_session, admin, "bench")
        pages = dict(addresses(hall, admin))
    configuration = read_configuration({}, database_url=place.url, data_dir=place.folder)
    with TestClient(create_app(configuration, ShiftedClock(place.step)), follow_redirects=False) as client:
        client.cookies.set("session", token)
        took: dict[str, list[float]] = {page: [] for page in pages}
        for warm in (False, *(True for _ in range(ROUNDS))):
            for page, found in took.items():
                begun = time.perf_counter()
                answer = client.get(pages[page])
                # Some addresses lead on to the page of the first branch.
                if answer.status_code not in (200, 303):
                    raise RuntimeError(f"{pages[page]}: {answer.status_code}")
                if warm:
                    found.append((time.perf_counter() - begun) * 1e3)
    beside = percentile(took.pop(BESIDE), 50)
    details[f"{name}: p99, ms"] = {page: round(percentile(found, 99), 1) for page, found in took.items()}
    return [figure(page, name, percentile(found, 50), beside) for page, found in took.items()]


def figure(page: str, name: str, p50: float, beside: float) -> Figure:
    aimed = page not in WHOLE_LOG
    aim, met = (f"< {AIM_MS:g} ms", p50 < AIM_MS) if aimed else ("", None)
    return Figure(f"{page}, {name}, p50", p50, "ms", beside, BESIDE, aim, met)


def addresses(hall: Hall, person: UUID) -> Iterator[tuple[str, str]]:
    """Every page of the office as its route and an address that names something real, except those that need a change."""
    yield BESIDE, BESIDE
    printer = hall.db.read_now(devices, hall.branch.id, "printer")[0].slug
    role = hall.db.read_now(lambda tx: tx.scalar(sa.select(table(Role).c.slug).order_by(table(Role).c.slug)))
    values = {"branch": hall.branch.slug, "device": printer, "person": person, "role": role}
    values |= {"place": hall.branch.slug, "kind": "service", "slug": fixtures.SERVICE}
    for route in office.routes:
        if (
            isinstance(route, Route)
            and "GET" in (route.methods or ())
            and route.param_convertors.keys() <= values.keys()
        ):
            yield route.path, route.path.format(**values)


if __name__ == "__main__":
    main()
