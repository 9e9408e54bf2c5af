"""Health: what `doctor` finds of the machine, each finding with the way to mend it, and the backup."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.upkeep import done_by_hand
from ...core.errors import Denied
from ...core.rights import BACKUP_RIGHTS, DEVICE_RIGHTS, HEALTH_RIGHTS, PRINTER_RIGHTS, Rights
from ...i18n import dates, filters
from ...ops.backup import make_beside
from ...ops.doctor import look_at_channels, look_at_mail, look_at_schema, look_at_the_way_in
from ...ops.drill import try_out_apart
from ...ops.findings import Finding
from ...ops.machine import look_at_equipment, look_at_machine
from ...store.queries.access import devices
from ...store.queries.settings import BranchSettings
from ...store.queries.upkeep import Attempt, last_done
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.access import in_service
from ...web.errors import message
from ...web.installation import Installation, in_thread
from .frame import InOffice, enter, office_page

PAGE: Final = "/office/health"
SAID: Final = {
    "backup-done": "office.health-backup-done",
    "drill-done": "office.health-drill-done",
    "backup-running": "office.health-backup-running",
    "drill-running": "office.health-drill-running",
}
#: Findings that only a technician can act on, in words for everybody; what `doctor` says goes below them.
PLAIN: Final[Mapping[str, str]] = {
    "certificate-ends": "office.health-certificate",
    "certificate-refused": "office.health-certificate",
    "certificate-unseen": "office.health-certificate-unseen",
    "channel-unreachable": "office.health-channel-mail",
    "channel-encryption": "office.health-channel-mail",
    "channel-sign-in": "office.health-channel-mail",
    "channel-sender": "office.health-channel-mail",
    "channel-gateway-sign-in": "office.health-channel-texts",
    "channel-gateway-credit": "office.health-channel-texts",
    "clock-skew": "office.health-clock",
    "log-ahead": "office.health-clock",
    "database-answers": "office.health-database",
    "disk-low": "office.health-disk",
    "empty-database": "office.health-schema",
    "every-proxy": "office.health-proxy",
    "failed-backup": "office.health-failed-backup",
    "failed-ping": "office.health-failed-ping",
    "failed-tidy": "office.health-failed-tidy",
    "no-proxies": "office.health-proxy",
    "no-public-url": "office.health-address",
    "no-mail": "office.health-no-mail",
    "mail": "office.health-mail",
    "no-neutral-sender": "office.health-no-neutral-sender",
    "no-tls": "office.health-unprotected",
    "schema-later": "office.health-later",
    "schema-newest": "office.health-newest",
    "schema-old": "office.health-schema",
}
ORDER: Final = {"bad": 0, "note": 1, "good": 2}


@dataclass(frozen=True, slots=True)
class Repair:
    """The button that mends a finding: a link, or a form that posts; `rights` are those of which one is needed."""

    words: str
    rights: Rights
    link: str = ""
    post: str = ""


BACKUP: Final = Repair("office.health-backup-now", BACKUP_RIGHTS, post=f"{PAGE}/backup")
DRILL: Final = Repair("office.health-drill-now", BACKUP_RIGHTS, post=f"{PAGE}/drill")
PRINTERS: Final = Repair("office.health-printers", PRINTER_RIGHTS, link="/office/printers")
DEVICES: Final = Repair("office.health-devices", DEVICE_RIGHTS, link="/office/devices")
#: The repair of a finding, by its code. The sentences of the others say what to do where this page cannot.
REPAIRS: Final[Mapping[str, Repair]] = {
    "backup-none": BACKUP,
    "backup-old": BACKUP,
    "failed-backup": BACKUP,
    "drill-none": DRILL,
    "drill-old": DRILL,
    "printer-state": PRINTERS,
    "device-silent": DEVICES,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding in the words of the page, with its repair if the person may do it; `detail` is for a technician."""

    level: str
    code: str
    sentence: str
    detail: str
    repair: Repair | None


async def show(request: Request) -> Response:
    """What was found, the worst first."""
    return await _page(await enter(request, HEALTH_RIGHTS))


async def back_up(request: Request) -> Response:
    """Make a backup now."""
    here = await _who_may_back_up(request)

    async def work() -> None:
        installation = here.installation
        made = await make_beside(installation.configuration, installation.database)
        await here.installation.database.write_in(ORGANISATION, done_by_hand, "backup", made.figures, here.actor)

    return await _begin(here, "backup", work)


async def drill(request: Request) -> Response:
    """Try the newest backup out."""
    here = await _who_may_back_up(request)
    return await _begin(here, "drill", lambda: try_out_apart(here.installation.configuration))


# ---------------------------------------------------------------- inside


async def _who_may_back_up(request: Request) -> InOffice:
    here = await enter(request, BACKUP_RIGHTS)
    # A backup holds every branch.
    if not here.person.may_any(BACKUP_RIGHTS, ORGANISATION):
        raise Denied("not-allowed")
    return here


async def _begin(here: InOffice, name: str, work: Callable[[], Awaitable[None]]) -> Response:
    """Begin a task, or wait for the one that runs, and say how it stands."""
    errands = here.installation.errands
    if not await errands.run(name, work):
        return _said(f"{name}-running")
    if failure := errands.failures.get(name):
        return await _page(here, status=failure.status)
    return _said(f"{name}-done")


async def _page(here: InOffice, status: int = 200) -> Response:
    errands = here.installation.errands
    found = await in_thread(lambda: list(_findings(here.installation)))
    shown = [_shown(here, one) for one in found]
    for branch in in_service(here.branches, here.now):
        shown += await _equipment(here, branch)
    shown.sort(key=lambda one: ORDER[one.level])
    last = await here.read(last_done)
    said = here.request.query_params.get("said", "")
    values: dict[str, Any] = {
        "troubles": [one for one in shown if one.level != "good"],
        "healthy": [one for one in shown if one.level == "good"],
        "backup": _figures(here, last["backup"]) if "backup" in last else None,
        "may_back_up": here.person.may_any(BACKUP_RIGHTS, ORGANISATION),
        "running": sorted(errands.underway),
        "said": SAID.get(said, "") if status == 200 and said.partition("-")[0] not in errands.failures else "",
        "refusals": [message(error, here.words) for error in errands.failures.values()],
    }
    return await office_page(here, "office/health.html", values, status=status)


def _findings(installation: Installation) -> Iterator[Finding]:
    """What can be found in a moment; the chain of the log and the settings have pages of their own."""
    yield Finding("good", "doctor.database-answers", {"version": installation.database.server_version()})
    yield look_at_schema(installation.database)
    yield from look_at_machine(installation.configuration, installation.database)
    yield from look_at_the_way_in(installation.configuration)
    yield from look_at_mail(installation.configuration)
    if installation.configuration.sends:
        yield from installation.database.read_now(look_at_channels)


def _figures(here: InOffice, made: Attempt) -> dict[str, str]:
    zone = here.branches[0].zone if here.branches else ZoneInfo("UTC")
    return {
        "made": dates.day_time(made.ended_at, zone, here.words) if made.ended_at else "",
        "file": str(made.figures.get("file", "")),
        "rows": here.words.number(int(made.figures.get("rows", 0))),
    }


async def _equipment(here: InOffice, branch: BranchSettings) -> list[Shown]:
    """What is wrong with printers, kiosks and screens, by the names that people know them by."""
    known = {device.slug: device.names for device in await here.read(devices, branch.id)}
    found = []
    for finding in await here.read(look_at_equipment, branch.id):
        values = dict(finding.values)
        slug = str(values["device"])
        values["device"] = filters.localised(known.get(slug), here.language) or slug
        if "state" in values:
            values["state"] = here.words.text(f"state.printer.{values['state']}")
        found.append(_shown(here, replace(finding, values=values)))
    return found


def _shown(here: InOffice, finding: Finding) -> Shown:
    repair = REPAIRS.get(finding.code)
    allowed = repair is not None and (
        here.person.may_any(repair.rights, ORGANISATION) if repair.post else here.person.may_somewhere(repair.rights)
    )
    said, plain = finding.sentence(here.words), PLAIN.get(finding.code)
    return Shown(
        finding.level,
        finding.code,
        here.words.text(plain) if plain else said,
        said if plain else "",
        repair if allowed else None,
    )


def _said(what: str) -> Response:
    return kit.see_other(f"{PAGE}?{urlencode({'said': what})}")


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/backup", back_up, methods=["POST"]),
    Route(f"{PAGE}/drill", drill, methods=["POST"]),
]
