"""The composition root: a configuration becomes a running application. The only importer of the surfaces."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Final
from uuid import UUID

from starlette.applications import Starlette
from starlette.middleware import Middleware

import displays
import kiosk

from .actions import retention
from .actions.day import close_day
from .actions.devices import touch_devices
from .actions.digests import digest_next
from .actions.proving import release_due
from .clock import Clock, SystemClock
from .configuration import Configuration, secret_key
from .live.hub import Hub
from .live.relay import Relay
from .messages.postman import Postman
from .ops import backup, metrics
from .ops.background import attempt, forever, watch_open_files
from .ops.nightly import LOOK_EVERY_SECONDS, Figures, Nightly, Task
from .ops.overdue import OVERDUE_EVERY_SECONDS, Overdue
from .spooler.machine import this_node
from .spooler.runner import Spooler
from .store.database import Database
from .store.queries.settings import branch_ids
from .surfaces import account, api, appointments, booking, desk, first_run, office, pairing, phone, reception, sign_in
from .web import errors, files, kit
from .web.forecaster import FORECAST_EVERY_SECONDS, Forecaster
from .web.founded import Founded
from .web.installation import Installation
from .web.observed import Observed, TrustedProxies
from .web.security import Gate

TIDY_EVERY_SECONDS: Final = 15.0
SEEN_EVERY_SECONDS: Final = 60.0
DIGEST_EVERY_SECONDS: Final = 60.0

#: The surfaces by their names in addresses and templates. Each is a folder with its routes, its `templates` and its
#: `static` files, and imports no other surface. The header of staff pages lists their `staff_places` in this order.
SURFACES: Final[Mapping[str, ModuleType]] = {
    # First, because routes are tried in this order and programs use these by the thousand.
    "api": api,
    "booking": booking,
    "phone": phone,
    "first_run": first_run,
    "sign_in": sign_in,
    "account": account,
    "pairing": pairing,
    "desk": desk,
    "office": office,
    "reception": reception,
    "appointments": appointments,
    "kiosk": kiosk,
    "displays": displays,
}


def create_app(
    configuration: Configuration,
    clock: Clock | None = None,
    *,
    surfaces: Mapping[str, ModuleType] = SURFACES,
    demo: dict[str, object] | None = None,
) -> Starlette:
    """The application for this configuration; it opens the database when it starts.

    `demo` holds the values for the front page of a demonstration; None for a real installation.
    """
    clock = clock or SystemClock()
    secret = secret_key(configuration)
    static = kit.StaticFiles({"": kit.FOLDER / "static", **folders(surfaces, "static")})
    installation = Installation(
        configuration=configuration,
        secret=secret,
        clock=clock,
        database=Database(configuration.database, clock, configuration.sends, secret=secret),
        hub=Hub(),
        templates=kit.templates(folders(surfaces, "templates"), static),
        places=tuple(place for surface in surfaces.values() for place in getattr(surface, "staff_places", ())),
        demo=demo,
    )
    watched = metrics.Watched(installation.traffic, installation.database, installation.hub.positions)
    before = [address for surface in surfaces.values() for address in getattr(surface, "before_founding", ())]
    large = [address for surface in surfaces.values() for address in getattr(surface, "large_forms", ())]
    own_origins = [configuration.public_url] if configuration.public_url else []
    first, *others = surfaces.values()
    app = Starlette(
        routes=[
            *first.routes,
            *files.routes_for(static),
            *(route for surface in others for route in surface.routes),
            *metrics.routes_for(watched, configuration.metrics_token.get_secret_value()),
        ],
        middleware=[
            *_proxies(configuration),
            Middleware(Observed, traffic=installation.traffic, log_access=configuration.access_log, node=this_node()),
            Middleware(
                Gate, own_origins=own_origins, refusal=errors.refusal, https=configuration.behind_tls, large=large
            ),
            Middleware(Founded, installation=installation, opened=before),
        ],
        exception_handlers=errors.HANDLERS,
        lifespan=lambda app: running(app.state.installation),
    )
    # Off, because Starlette would redirect to the host that the request names; `web.errors` handles slashes instead.
    app.router.redirect_slashes = False
    app.state.installation = installation
    return app


def _proxies(configuration: Configuration) -> list[Middleware]:
    if not configuration.trusted_proxies:
        return []
    return [Middleware(TrustedProxies, trusted_hosts=configuration.trusted_proxies)]


def folders(surfaces: Mapping[str, ModuleType], kind: str) -> dict[str, Path]:
    """The folders of a kind (`templates`, `static`) by surface, for the surfaces that have one."""
    folders = {name: Path(str(surface.__file__)).parent / kind for name, surface in surfaces.items()}
    return {name: folder for name, folder in folders.items() if folder.is_dir()}


@contextlib.asynccontextmanager
async def running(installation: Installation) -> AsyncIterator[None]:
    """Start everything that runs beside the requests, and stop it at the end."""
    installation.database.claim_process()
    relay = Relay(installation.database, installation.hub)
    await relay.start()
    # Before the first request, so that visitors left over from an earlier session are not called now.
    await attempt("tidy", lambda: tidy_everywhere(installation))
    spooler = Spooler(installation)
    await spooler.start()
    postman = Postman(installation)
    await postman.start()
    tasks = [
        asyncio.create_task(forever("tidy", lambda: tidy_everywhere(installation), TIDY_EVERY_SECONDS)),
        asyncio.create_task(forever("open files", watch_open_files, TIDY_EVERY_SECONDS)),
        asyncio.create_task(_every_night(installation)),
        asyncio.create_task(forever("overdue", Overdue(installation.database).look, OVERDUE_EVERY_SECONDS)),
        asyncio.create_task(forever("digests", lambda: digest_everywhere(installation), DIGEST_EVERY_SECONDS)),
        asyncio.create_task(forever("waits", Forecaster(installation).look, FORECAST_EVERY_SECONDS)),
        asyncio.create_task(forever("seen", lambda: write_who_was_seen(installation), SEEN_EVERY_SECONDS)),
    ]
    try:
        yield
    finally:
        installation.hub.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await installation.errands.stop()
        await spooler.stop()
        await postman.stop()
        await asyncio.to_thread(relay.stop)
        await asyncio.to_thread(installation.database.close)


def nightly_tasks(installation: Installation) -> list[Task]:
    """The work of each night, in its order: what is deleted is not in the backup after it."""

    async def back_up(_: date) -> Figures:
        return (await backup.make_beside(installation.configuration, installation.database)).figures

    async def tidy(_: date) -> Figures:
        return await asyncio.to_thread(retention.tidy_everywhere, installation.database)

    return [Task("tidy", tidy), Task("backup", back_up)]


async def _every_night(installation: Installation) -> None:
    tasks = nightly_tasks(installation)
    nightly = Nightly(installation.database, this_node(), tasks, installation.configuration.ping_url)
    # Not at once, because a server that has just started has more urgent things to do.
    await asyncio.sleep(LOOK_EVERY_SECONDS)
    await forever("nightly", nightly.look, LOOK_EVERY_SECONDS)


async def tidy_everywhere(installation: Installation) -> None:
    """In every branch, give back the holds that were not confirmed in time and the places of whom no letter reached, and close the sessions that are over."""
    for branch_id in (await installation.database.read(branch_ids)).values():
        # One by one, because a branch that cannot be tidied must not keep the others from it.
        await attempt("tidy", partial(_tidy, installation, branch_id))


async def _tidy(installation: Installation, branch_id: UUID) -> None:
    await installation.database.write_in(branch_id, release_due, branch_id)
    await installation.database.write_in(branch_id, close_day, branch_id)


async def digest_everywhere(installation: Installation) -> None:
    """In every branch, write the digest of the next past day that has none; one at a time, beside the hall's work."""
    for branch_id in (await installation.database.read(branch_ids)).values():
        work = partial(asyncio.to_thread, digest_next, installation.database, branch_id)
        await attempt("digests", work)


async def write_who_was_seen(installation: Installation) -> None:
    """Store which kiosks and screens were seen since the last call, so that the office sees which ones are down."""
    for branch_id, devices in installation.presence.take().items():
        await installation.database.write_in(branch_id, touch_devices, branch_id, devices)
