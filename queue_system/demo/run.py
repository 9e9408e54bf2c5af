"""A demonstration: a sample organisation with staff, a paired kiosk and screen, and a virtual printer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from printers.virtual import VirtualPrinter

from .. import demo
from ..actions import devices, printers, staff
from ..actions.installation import install
from ..app import SURFACES, create_app
from ..clock import Clock, ShiftedClock, SystemClock
from ..configuration import Configuration, make_folder, read_configuration, secret_key
from ..core import hours
from ..core.calendars import Calendar
from ..core.errors import Unavailable
from ..core.rights import DESK_RIGHTS, NAME_RIGHTS, SUPERVISION_RIGHTS, Rights, granted
from ..core.tokens import sha256
from ..ops.findings import told
from ..ops.serving import listen, serve
from ..profiles import Profile, ProfileError, read_profile
from ..store import schema
from ..store.database import Database, Tx
from ..store.editing import editing
from ..store.queries import access
from ..store.queries.organisation import organisation
from ..store.queries.settings import BranchSettings, Names, branch_ids, branch_settings
from ..store.tables import ORGANISATION, Branch, Role, Staff, table
from ..web import kit
from ..web.access import device_cookie
from ..web.passwords import hash_password
from . import book, past
from .casts import CASTS
from .people import with_people

PASSWORD: Final = "demo-demo"  # noqa: S105 - printed on the start page of a demonstration; not for real halls
PRINTER_PORT: Final = 9100
# How long after opening the day begins, so that the first visitors are there already.
INTO_THE_DAY: Final = timedelta(minutes=45)
LEAST_TIME_LEFT: Final = timedelta(minutes=45)
# Some days ago, because the first visits and appointments are made before today (`past.serve`, `book.fill`).
INSTALLED_BEFORE: Final = timedelta(days=past.DAYS_BACK + 1)
ADMINISTRATION: Final = "admin"
CLERKS: Final = (
    ("layla", "ليلى"),
    ("omar", "عمر"),
    ("nour", "نور"),
    ("sami", "سامي"),
    ("rana", "رنا"),
    ("ziad", "زياد"),
)


RECEPTIONIST: Final = ("huda", "هدى")
HEAD: Final = ("karim", "كريم")
# Who is there in every other branch, too, under the login with the name of the branch behind it.
ELSEWHERE: Final = (CLERKS[0], RECEPTIONIST, HEAD)


@dataclass(frozen=True)
class SignIn:
    """A person who can sign in: the login, the role, the branch, and whether they call visitors."""

    login: str
    name: str
    branch_id: UUID
    role: str
    role_names: dict[str, str]
    calls: bool = False


@dataclass(frozen=True)
class Furnished:
    """The prepared demonstration: the branch shown first, the people who can sign in, device tokens by kind.

    `elsewhere` are the other branches with the logins of those who work there.
    """

    branch: BranchSettings
    sign_ins: list[SignIn]
    elsewhere: list[tuple[Names, list[str]]]
    tokens: dict[str, str]
    printer_id: UUID | None


def run_demo(profile: str, *, busy: bool, speed: float | None, real_clock: bool) -> int:
    """Prepare and serve the demonstration until Ctrl-C; returns the exit code."""
    configuration = _settings(profile)
    try:
        wanted = read_profile(profile)
    except ProfileError as error:
        print(f"queue-system: {error}", file=sys.stderr)  # noqa: T201
        return 1
    make_folder(configuration.data_dir)
    listener, configuration = listen(configuration)
    with contextlib.closing(listener):
        clock, furnished = _prepare(configuration, wanted, real_clock=real_clock)
        printer = _virtual_printer(clock)
        _connect(configuration, clock, furnished, printer)
        details: dict[str, Any] = {
            "password": PASSWORD,
            "sign_ins": [(person.login, person.role_names) for person in furnished.sign_ins],
            "elsewhere": furnished.elsewhere,
            "devices": sorted(furnished.tokens),
            "printer": printer,
        }
        app = create_app(configuration, clock, surfaces={**SURFACES, "demo": demo}, demo=details)
        _add_device_links(app, furnished.tokens)
        stop = threading.Event()

        def ready() -> None:
            _banner(configuration, clock, profile, furnished, printer, busy=busy)
            if busy:
                _start_busy(configuration.address, furnished, speed, stop)

        try:
            return serve(app, configuration, listener, ready)
        finally:
            stop.set()
            printer.stop()


def _settings(profile: str) -> Configuration:
    """The configuration: a folder for each sample, and only warnings in the log, unless the environment says otherwise."""
    configuration = read_configuration()
    usual = {"data_dir": configuration.data_dir / "demo" / profile.replace("/", "_"), "log_level": "warning"}
    chosen = {name: value for name, value in usual.items() if name not in configuration.model_fields_set}
    # A demonstration writes to nobody, because the people in it are invented and their addresses may be real.
    return configuration.model_copy(update={**chosen, "smtp_url": SecretStr("")})


def _prepare(configuration: Configuration, wanted: Profile, *, real_clock: bool) -> tuple[Clock, Furnished]:
    notes_path = configuration.data_dir / "demo.json"
    notes = json.loads(notes_path.read_text()) if notes_path.exists() else {}
    database = Database(configuration.database, SystemClock(), secret=secret_key(configuration))
    try:
        # Claimed before anything is written, because a second demonstration must not touch the data of the first.
        database.claim_process()
        schema.migrate(database)
        is_new = database.read_now(_is_empty)
        if is_new:
            database.clock = ShiftedClock(-INSTALLED_BEFORE)
            database.write_now(install, with_people(wanted, CASTS.get(wanted.slug, {})))
            notes = {}
        elif (slug := database.read_now(organisation).slug) != wanted.slug:
            raise SystemExit(
                f"queue-system: this database holds the organisation {slug}, not {wanted.slug}. "
                "Choose another QUEUE_DATA_DIR or QUEUE_DATABASE_URL."
            )
        branch = database.read_now(_foreground)
        clock: Clock = SystemClock()
        if not real_clock:
            kept = timedelta(seconds=notes["step_seconds"]) if "step_seconds" in notes else None
            clock = ShiftedClock(step_ahead(clock.now(), branch.calendar, kept))
            notes["step_seconds"] = clock.step.total_seconds()
        if not is_new:
            database.clock = clock
        # New people came on the first day, because a log never goes back: visits of past days would follow them to today.
        sign_ins, elsewhere = _people(database, branch)
        # From here on everything is written with the time of the demonstration's clock.
        database.clock = clock
        if is_new:
            past.serve(database, branch, database.read_now(_clerks, sign_ins))
        kept_tokens = notes.get("tokens", {})
        found = {kind: _device_token(database, branch, kind, kept_tokens.get(kind)) for kind in ("kiosk", "display")}
        notes["tokens"] = tokens = {kind: token for kind, token in found.items() if token}
        database.write_now(_allow_remote_tickets, branch.id)

        def save(booked_until: Mapping[str, str]) -> None:
            notes["booked_until"] = booked_until
            notes_path.touch(mode=0o600)
            notes_path.write_text(json.dumps(notes))

        casts = CASTS.get(wanted.slug, {})
        save(book.booked_until(notes, casts))
        book.fill(database, casts, notes["booked_until"], save)
        printers = database.read_now(access.devices, branch.id, "printer")
        return clock, Furnished(branch, sign_ins, elsewhere, tokens, printers[0].id if printers else None)
    except Unavailable as error:
        if error.code != "database-unavailable":
            raise
        raise SystemExit(f"queue-system: {told(error, database)}") from None
    finally:
        database.close()


def _is_empty(tx: Tx) -> bool:
    return tx.row(sa.select(table(Branch).c.id)) is None


def _foreground(tx: Tx) -> BranchSettings:
    return branch_settings(tx, next(iter(branch_ids(tx).values())))


def _branches(tx: Tx) -> list[BranchSettings]:
    return [branch_settings(tx, one) for one in branch_ids(tx).values()]


def step_ahead(now: datetime, calendar: Calendar, kept: timedelta | None) -> timedelta:
    """How far the demonstration's clock goes ahead of `now` (UTC), so that the hall gives numbers.

    `kept` is the step of the last run, None for the first run. The step never shrinks, and it stays the same while the
    hall is open on that clock, so that a second run finds its day again. A first run gets some time before closing.
    """
    there = now + (kept or timedelta())
    if hours.takes_tickets(there, calendar) and (
        kept is not None or hours.takes_tickets(there + LEAST_TIME_LEFT, calendar)
    ):
        return there - now
    opening = hours.next_opening(there, calendar)
    if opening is None:
        return there - now
    start = opening + INTO_THE_DAY
    return (start if hours.takes_tickets(start, calendar) else opening) - now


def _people(database: Database, branch: BranchSettings) -> tuple[list[SignIn], list[tuple[Names, list[str]]]]:
    """An administrator, clerks for half of the counters, a receptionist and a head of section; made once.

    And for each other branch one of each, because nobody learns what a branch is for from the administrator's pages.
    """
    people = database.read_now(_cast, branch)
    there = [one for one in people if (one.login, one.name) in ELSEWHERE]
    others = [one for one in database.read_now(_branches) if one.id != branch.id]
    away = [
        (dict(other.names), [replace(one, login=f"{one.login}-{other.slug}", branch_id=other.id) for one in there])
        for other in others
    ]
    known = {login for (login,) in database.read_now(lambda tx: tx.rows(sa.select(table(Staff).c.login)))}
    password = hash_password(PASSWORD)
    for person in (*people, *(one for _, found in away for one in found)):
        if person.login not in known:
            new = staff.NewStaff(person.login, person.name, password, "ar", ((person.branch_id, person.role),))
            database.write_now(staff.create_staff, new)
    return people, [(names, [one.login for one in found]) for names, found in away]


def _cast(tx: Tx, branch: BranchSettings) -> list[SignIn]:
    """Choose the people and their roles from the profile, so that a newcomer sees what each role sees."""
    roles = table(Role)
    found = {row.slug: row for row in tx.rows(sa.select(roles).order_by(roles.c.position))}
    administrator = found["administrator"]

    def first(rights: Rights, without: frozenset[str] = frozenset()) -> Any:
        fitting = (row for row in found.values() if rights & granted(row.can) and not without & granted(row.can))
        return next(fitting, None)

    clerk = first(DESK_RIGHTS) or administrator
    receptionist = first(NAME_RIGHTS, DESK_RIGHTS) or first(NAME_RIGHTS)
    head = first(SUPERVISION_RIGHTS)
    people = [SignIn(ADMINISTRATION, "الإدارة", ORGANISATION, administrator.slug, administrator.names)]
    count = max(2, (len(branch.counters) + 1) // 2)
    people += [SignIn(*one, branch.id, clerk.slug, clerk.names, calls=True) for one in CLERKS[:count]]
    people += [
        SignIn(*one, branch.id, role.slug, role.names)
        for one, role in ((RECEPTIONIST, receptionist), (HEAD, head))
        if role
    ]
    return people


def _clerks(tx: Tx, sign_ins: list[SignIn]) -> list[UUID]:
    """The people who call visitors, in their order."""
    people = {row.login: row.id for row in tx.rows(sa.select(table(Staff).c.login, table(Staff).c.id))}
    return [people[one.login] for one in sign_ins if one.calls]


def _device_token(database: Database, branch: BranchSettings, kind: str, kept: str | None) -> str | None:
    """The token of the first device of a kind; if possible that of the last run, so that open pages stay paired."""
    planned = database.read_now(access.devices, branch.id, kind)
    if not planned:
        return None
    if kept and database.read_now(access.device_by_token, sha256(kept)):
        return kept
    return database.write_now(devices.enrol_device, branch.id, planned[0].id)


def _allow_remote_tickets(tx: Tx, branch_id: UUID) -> None:
    """Let programs take numbers, because the made-up visitors come through the API."""
    branches = table(Branch)
    data = dict(tx.scalar(sa.select(branches.c.data).where(branches.c.id == branch_id)))
    if not branch_settings(tx, branch_id).remote_tickets:
        with editing(tx, [branch_id]):
            tx.execute(
                sa.update(branches).where(branches.c.id == branch_id).values(data=data | {"remote_tickets": True})
            )


def _virtual_printer(clock: Clock) -> VirtualPrinter:
    printer = VirtualPrinter(clock=clock.now)
    try:
        return printer.start("127.0.0.1", PRINTER_PORT)
    except OSError:
        return printer.start("127.0.0.1", 0)


def _connect(configuration: Configuration, clock: Clock, furnished: Furnished, printer: VirtualPrinter) -> None:
    if furnished.printer_id is None:
        return
    database = Database(configuration.database, clock)
    try:
        found = {"transport": "tcp9100", "host": printer.host, "port": printer.port}
        database.write_now(printers.set_printer, furnished.branch.id, furnished.printer_id, found)
    finally:
        database.close()


def _add_device_links(app: Starlette, tokens: dict[str, str]) -> None:
    """Add `/demo/kiosk` and `/demo/display`, which make the browser a paired device without a pairing code."""

    async def become(request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in tokens:
            raise HTTPException(404)
        response = kit.see_other(f"/{kind}")
        response.set_cookie(device_cookie(request, kind), tokens[kind], httponly=True, samesite="strict", path="/")
        return response

    app.router.routes.append(Route("/demo/{kind}", become))


def _start_busy(address: str, furnished: Furnished, speed: float | None, stop: threading.Event) -> None:
    from .busy import run_busy

    # The other sign-ins stay free for people who try the demonstration.
    sign_ins = [(person.login, PASSWORD) for person in furnished.sign_ins if person.calls]

    async def day() -> None:
        stopping = asyncio.Event()
        visitors = asyncio.create_task(run_busy(address, sign_ins, speed, stopping))
        await asyncio.to_thread(stop.wait)
        stopping.set()
        await visitors

    threading.Thread(target=lambda: asyncio.run(day()), name="busy", daemon=True).start()


def _banner(
    configuration: Configuration,
    clock: Clock,
    profile: str,
    furnished: Furnished,
    printer: VirtualPrinter,
    *,
    busy: bool,
) -> None:
    here = configuration.address
    local = clock.now().astimezone(furnished.branch.calendar.zone)
    lines = [
        "",
        f"  {furnished.branch.names['ar']}  ·  {furnished.branch.names['en']}",
        f"  profile {profile}; its clock says {local:%A %Y-%m-%d %H:%M} ({furnished.branch.calendar.zone.key})"
        + (_shift(clock)),
        "",
        f"  Book an appointment   {here}/",
        *([f"  Kiosk                 {here}/demo/kiosk"] if "kiosk" in furnished.tokens else []),
        *([f"  Screen of the hall    {here}/demo/display"] if "display" in furnished.tokens else []),
        f"  The paper             {here}/paper   (virtual printer at {printer.host}:{printer.port})",
        f"  Desk and office       {here}/sign-in",
        f"  API                   {here}/api/v1/",
        "",
        f"  Sign in with the password {PASSWORD} as",
        *(f"    {person.login:<8} {person.role}" for person in furnished.sign_ins),
        *([f"  and in the other branches as {logins}."] if (logins := _logins_elsewhere(furnished)) else []),
        "",
        *(["  Made-up visitors are arriving; the clerks are at work, the others are free for you."] if busy else []),
        f"  The day is kept in {configuration.data_dir.absolute()}.",
        "  Ctrl-C stops.",
        "",
    ]
    print("\n".join(lines), flush=True)  # noqa: T201 - this is what the command is for


def _logins_elsewhere(furnished: Furnished) -> str:
    """The logins of one other branch as an example; "" without one."""
    return ", ".join(furnished.elsewhere[0][1]) + " (the branch behind the name)" if furnished.elsewhere else ""


def _shift(clock: Clock) -> str:
    if isinstance(clock, ShiftedClock) and clock.step:
        return ", moved ahead so that the hall is open (--real-clock keeps the time)"
    return ""
