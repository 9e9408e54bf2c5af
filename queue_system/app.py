"""The composition root: settings become a running application. The only importer of displays, kiosk and printers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware

import displays
import kiosk

from . import paper
from .actions.booking import expire_holds
from .actions.day import close_day
from .actions.office import touch_devices
from .background import attempt, forever, watch_open_files
from .clock import Clock, SystemClock
from .live.hub import Hub
from .live.relay import Relay
from .machine import this_node
from .printing import Printing
from .settings import Settings, secret_key
from .store.database import Database
from .store.queries.settings import branch_ids
from .web import api, desk, errors, files, kit, office, pairing, public, public_rules, reception, sign_in, ticket
from .web.house import House
from .web.observed import Observed, TrustedProxies
from .web.security import Gate

TIDY_EVERY_SECONDS: Final = 15.0
SEEN_EVERY_SECONDS: Final = 60.0

FOLDERS: Final = {
    "": Path(__file__).parent / "static",
    "kiosk": Path(kiosk.__file__).parent / "static",
    "displays": Path(displays.__file__).parent / "static",
}
TEMPLATES: Final = {
    "kiosk": Path(kiosk.__file__).parent / "templates",
    "displays": Path(displays.__file__).parent / "templates",
}


def create_app(settings: Settings, clock: Clock | None = None, demo: dict[str, object] | None = None) -> Starlette:
    """The application for these settings; the database is opened when it starts.

    `demo` is what the front page of a demonstration tells newcomers, None for a real installation.
    """
    clock = clock or SystemClock()
    static = kit.StaticFiles(FOLDERS)
    house = House(
        settings=settings,
        secret=secret_key(settings),
        clock=clock,
        database=Database(settings.database, clock),
        hub=Hub(),
        templates=kit.templates(TEMPLATES, static),
        demo=demo,
    )
    own_origins = [settings.public_url] if settings.public_url else []
    app = Starlette(
        routes=[
            # Routes are tried one after the other: the first is the one that programs use by the thousand.
            *api.routes,
            *files.routes_for(static, FOLDERS),
            *public.routes,
            *public_rules.routes,
            *ticket.routes,
            *sign_in.routes,
            *pairing.routes,
            *desk.routes,
            *reception.routes,
            *office.routes,
            *kiosk.routes,
            *displays.routes,
            *([] if demo is None else paper.routes),
        ],
        middleware=[
            *_proxies(settings),
            Middleware(Observed, log_access=settings.access_log, node=this_node()),
            Middleware(Gate, own_origins=own_origins, refusal=errors.refusal, https=settings.behind_tls),
        ],
        exception_handlers=errors.HANDLERS,
        lifespan=lambda app: running(app.state.house),
    )
    # The library would send whoever writes a slash too many to the house that the request names: see `web.errors`.
    app.router.redirect_slashes = False
    app.state.house = house
    return app


def _proxies(settings: Settings) -> list[Middleware]:
    if not settings.trusted_proxies:
        return []
    return [Middleware(TrustedProxies, trusted_hosts=settings.trusted_proxies)]


@contextlib.asynccontextmanager
async def running(house: House) -> AsyncIterator[None]:
    """Everything that lives beside the requests, started and stopped in order."""
    house.database.claim_process()
    relay = Relay(house.database, house.hub)
    await relay.start()
    # Before anybody is served: whoever was left over when the program stopped is not called now.
    await attempt("tidy", lambda: tidy_everywhere(house))
    printing = Printing(house)
    await printing.start()
    tasks = [
        asyncio.create_task(forever("tidy", lambda: tidy_everywhere(house), TIDY_EVERY_SECONDS)),
        asyncio.create_task(forever("open files", watch_open_files, TIDY_EVERY_SECONDS)),
        asyncio.create_task(forever("seen", lambda: write_who_was_seen(house), SEEN_EVERY_SECONDS)),
    ]
    try:
        yield
    finally:
        house.hub.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await printing.stop()
        await asyncio.to_thread(relay.stop)
        await asyncio.to_thread(house.database.close)


async def tidy_everywhere(house: House) -> None:
    """In every branch: give back the held times that nobody confirmed, and close the sessions that are over."""
    for branch_id in (await house.database.read(branch_ids)).values():
        await house.database.write_in(branch_id, expire_holds, branch_id)
        await house.database.write_in(branch_id, close_day, branch_id)


async def write_who_was_seen(house: House) -> None:
    """Kiosks and screens that have shown themselves since the last time, so that the office sees which are dark."""
    for branch_id, devices in house.presence.take().items():
        await house.database.write_in(branch_id, touch_devices, branch_id, devices)
