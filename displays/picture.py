"""The picture that a screen shows, rendered once for all screens that show the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from queue_system.core import hours
from queue_system.core.board import Call
from queue_system.core.waits.announce import Range
from queue_system.i18n import dates
from queue_system.i18n.filters import localised
from queue_system.i18n.words import Words
from queue_system.live.socket import Frame
from queue_system.store.queries.access import DeviceView
from queue_system.store.queries.board import BoardView, board, is_discreet_queue
from queue_system.store.queries.calling_departments import department_of
from queue_system.store.queries.coming_near import near_on_screen
from queue_system.store.queries.screens import zones_with_counters
from queue_system.store.queries.settings import BranchSettings
from queue_system.web import kit
from queue_system.web.installation import ReadOnlyInstallation
from queue_system.web.rules import wall_promise
from queue_system.web.waits import Waits
from queue_system.web.whole_line import everybody

# After closing time the last visitors are still called, so the hall shows as closed this long after the last call.
LINGERS: Final = timedelta(minutes=20)
# A picture is cached no longer than this, because it also changes with time alone (closing time, the date).
KEPT_SECONDS: Final = 30
MOST_LANGUAGES: Final = 2
# The files that a screen loads; it keeps them until `assets_version` changes.
LOADED: Final = ("displays:screen.css", "displays:screen.js", "follow.js", "tokens.css")
# At most so many queues, because more would leave no room for the call, which the hall looks for.
MOST_QUEUES: Final = 8

PLACE_WORDS: Final = {
    "counter": "display.counter",
    "room": "display.room",
    "desk": "display.desk",
    "vehicle": "display.vehicle",
}


@dataclass(frozen=True, slots=True)
class CallShown:
    """A call as the hall may see it: without ids, and without names if the service is discreet.

    `zone` is the zone of the counter; empty if it is the zone of the screen. `spoken`: it may be read out. `department`
    calls; empty where the branch does not say it. `along`: the codes that are called with it.
    """

    seq: int
    at: datetime
    code: str
    again: bool
    number: int
    kind: str
    place: str
    names: Mapping[str, str]
    zone: Mapping[str, str]
    spoken: bool = True
    department: Mapping[str, str] = field(default_factory=dict)
    along: Sequence[str] = ()

    @property
    def beside(self) -> int:
        """How many of these have to be said beside the counter: who comes along, the department, the zone."""
        return sum(map(bool, (self.along, self.department, self.zone)))


@dataclass(frozen=True, slots=True)
class QueueShown:
    """The number of people waiting in a queue; a queue without `names` is shown by the letter of its numbers.

    `wait` is what somebody is told who takes a number now; None where nobody can, or nothing can be said.
    """

    prefix: str
    names: Mapping[str, str]
    people: int
    wait: Range | None = None


@dataclass(frozen=True, slots=True)
class Picture(Frame):
    """A frame for screens; `screens` are the devices that may see it, as (id, paired at)."""

    html: str
    screens: frozenset[tuple[UUID, datetime | None]]


@dataclass(frozen=True, slots=True)
class BoardKey:
    """The properties of a screen that decide its picture; screens with the same key share their pictures."""

    branch_id: UUID
    zone_id: UUID | None

    @classmethod
    def of(cls, device: DeviceView) -> BoardKey:
        return cls(device.branch_id, device.zone_id)


async def picture(installation: ReadOnlyInstallation, key: BoardKey) -> Picture:
    """The present picture of a key, from the cache if nothing has changed since."""
    position, moment = (
        installation.hub.position(key.branch_id),
        int(installation.clock.now().timestamp()) // KEPT_SECONDS,
    )
    return await installation.shared.get(("board", key), position, moment, lambda: draw(installation, key))


async def draw(installation: ReadOnlyInstallation, key: BoardKey) -> Picture:
    """Read and render the board of a key."""
    view = await installation.reader.read(board, key.branch_id, key.zone_id)
    now = installation.clock.now()
    calls = [_call_shown(call, view) for call in view.board.calls]
    html = await kit.render(
        installation,
        "displays/board.html",
        _context(view, calls, await _near(installation, view), now, installation.waits),
        language=screen_languages(view.settings)[0],
        branch=view.settings,
    )
    message = {
        "type": "board",
        "epoch": str(view.settings.organisation.epoch),
        "seq": view.seq,
        "server_time": _iso(now),
        "look": assets_version(installation),
        "calls": [_announced(call, now) for call in calls],
        "html": html,
    }
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return Picture(view.seq, text, html, view.screens)


def assets_version(installation: ReadOnlyInstallation) -> str:
    """A hash of the styles and scripts; when a new version changes it, screens reload their page."""
    static: Any = installation.templates.globals["static"]
    return " ".join(static(name).split("/")[-2] for name in LOADED)


def screen_languages(settings: BranchSettings) -> tuple[str, ...]:
    """The languages of the screen: the first two of the branch."""
    return kit.languages_of(settings)[:MOST_LANGUAGES]


async def _near(installation: ReadOnlyInstallation, view: BoardView) -> list[str]:
    """The codes of those who are asked to come near, by the line that all screens and telephones share."""
    if not view.settings.queue_rules.come_near_places:
        return []
    line = await everybody(installation, view.settings.id)
    # The line may have been read a moment before the board.
    called = {call.code for call in view.board.calls}
    return [code for code in near_on_screen(line, view.zone_id) if code not in called]


def _context(
    view: BoardView, calls: list[CallShown], near: Sequence[str], now: datetime, waits: Waits
) -> dict[str, Any]:
    settings = view.settings
    is_open = hours.is_open(now, settings.calendar)
    closed = not is_open and not any(now - call.at < LINGERS for call in calls)
    queues = [
        QueueShown(
            queue.prefix,
            {} if is_discreet_queue(settings, queue.id) else queue.names,
            people,
            waits.for_queue(settings, queue.id, now),
        )
        for slug, people in view.board.waiting
        for queue in settings.queues.values()
        if queue.slug == slug and (people or not queue.is_retired(settings.timetable.business_date(now)))
    ]
    return {
        "bilingual": [kit.words_of(language, settings) for language in screen_languages(settings)],
        "named": _named,
        "day_of": lambda at, words: dates.day(at.astimezone(settings.zone).date(), words),
        "promise_of": lambda words: wall_promise(settings, words),
        "day_time_of": lambda at, words: dates.day_time(at, settings.zone, words),
        "calls": [] if closed else calls,
        "near": [] if closed else near,
        "closed": closed,
        "opens_at": hours.next_opening(now, settings.calendar) if closed else None,
        "queues": [] if closed and not any(queue.people for queue in queues) else fitting(queues),
    }


def fitting(queues: list[QueueShown]) -> list[QueueShown]:
    """The queues that a screen has room for, in their order; if there are too many, those with the most people."""
    if len(queues) <= MOST_QUEUES:
        return queues
    kept = sorted(range(len(queues)), key=lambda at: -queues[at].people)[:MOST_QUEUES]
    return [queues[at] for at in sorted(kept)]


def _call_shown(call: Call, view: BoardView) -> CallShown:
    settings = view.settings
    counter = settings.counters[UUID(call.counter)]
    is_elsewhere = counter.zone_id != view.zone_id and len(zones_with_counters(settings)) > 1
    department = None if call.discreet else department_of(settings, counter)
    return CallShown(
        seq=call.seq,
        at=call.at,
        code=call.code,
        again=call.again,
        number=counter.number,
        kind=counter.kind,
        place=PLACE_WORDS.get(counter.kind, PLACE_WORDS["counter"]),
        names={} if call.discreet else counter.names,
        zone=settings.zones[counter.zone_id].names if is_elsewhere else {},
        spoken=call.spoken,
        department=department.names if department else {},
        along=view.along.get(call.code, ()),
    )


def _announced(call: CallShown, now: datetime) -> dict[str, Any]:
    return {
        "seq": call.seq,
        "code": call.code,
        "number": call.number,
        "kind": call.kind,
        "names": dict(call.names),
        "zone": dict(call.zone),
        "again": call.again,
        "spoken": call.spoken,
        "age_s": max(0, round((now - call.at).total_seconds())),
    }


def _named(names: Mapping[str, str], words: Words) -> str:
    return localised(names, words.language)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
