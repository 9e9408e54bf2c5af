"""Silent emergency calls: made at a desk, seen by the staff of the branch at once, answered and ended from any of their pages."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ...actions import alarms
from ...core.rights import ALARM_RIGHTS
from ...live.open_pages import OpenPages
from ...live.socket import Frame
from ...store.database import Tx
from ...store.queries.alarms import AlarmView, open_alarms
from ...store.queries.settings import BranchSettings, branch_settings
from ...web import access, kit
from ...web.alarms import STRIP, Shown, alarm_values, shown
from ...web.here import StaffAtBranch, onlooker_at_branch, staff_at_branch
from .sockets import accepted, follow

#: The second press of the two that a call takes says this.
SURE: Final = "sure"
#: So long a page offers it. The press itself has no end, because help must not fail for a slow hand.
SURE_WITHIN: Final = timedelta(seconds=30)


async def live(websocket: WebSocket) -> None:
    """Follow the calls of one branch until the session ends."""
    here = await accepted(websocket, partial(onlooker_at_branch, rights=ALARM_RIGHTS))
    if here is not None:
        # A page of a colleague is opened or closed without a fact, so whoever called is told as time passes.
        with here.installation.memory(OpenPages).kept(here.branch.id, here.person.id):
            await follow(here, websocket, _Follower(here).frame)


async def answer(request: Request) -> Response:
    """A colleague comes."""
    here = await staff_at_branch(request, ALARM_RIGHTS)
    counter = here.branch.counter(request.path_params["counter"])
    await here.do(alarms.answer_alarm, counter.id, here.person.id, here.actor)
    return await _strip(here)


async def end(request: Request) -> Response:
    """It is over."""
    here = await staff_at_branch(request, ALARM_RIGHTS)
    counter = here.branch.counter(request.path_params["counter"])
    await here.do(alarms.end_alarm, counter.id, here.actor)
    return await _strip(here)


async def _strip(here: StaffAtBranch) -> Response:
    if kit.is_htmx(here.request):
        return await here.part(STRIP, await alarm_values(here, here.branch))
    return kit.see_other(_page_before(here))


def _page_before(here: StaffAtBranch) -> str:
    """The page of the branch on which the button was pressed: a desk, or the page of the hall with that first word.

    Made of single words of the address, because the press may come from the answer to a form, which cannot be opened.
    """
    words = [word for word in urlsplit(here.request.headers.get("referer", "")).path.split("/") if word]
    slug = here.branch.slug
    if len(words) > 2 and words[0] in ("desk", "counters") and words[1] == slug:
        return f"/desk/{slug}/{quote(words[2])}"
    if len(words) > 1 and words[1] == slug:
        return f"/{quote(words[0])}/{slug}"
    return f"/{quote(words[0])}?branch={slug}" if words else "/staff"


class _Follower:
    """One page that follows, with the strip that it shows."""

    def __init__(self, opened: StaffAtBranch) -> None:
        self._opened = opened
        self._shown: list[Shown] = []
        self._frame: Frame | None = None

    async def frame(self) -> Frame | None:
        """The strip for the person who is signed in now; None if nobody is, or not for this branch any more."""
        opened = self._opened
        person = await access.onlooker(opened.connection)
        if person is None or not person.may_any(ALARM_RIGHTS, opened.branch.id):
            return None
        settings, alarms_now = await _of_everybody(opened)
        found = shown(alarms_now, settings, person, opened.installation.memory(OpenPages), opened.now)
        # Most changes of the hall concern no call.
        if self._frame is None or found != self._shown:
            html = await opened.render(STRIP, {"alarms": found})
            # No position, so that an unchanged strip is not sent again.
            self._shown, self._frame = found, Frame(0, json.dumps({"type": "alarms", "html": html}))
        return self._frame


async def _of_everybody(opened: StaffAtBranch) -> tuple[BranchSettings, list[AlarmView]]:
    """The settings of the branch now, and its calls, read once for all its pages."""
    installation, branch_id = opened.installation, opened.branch.id
    key, position = ("alarms", branch_id), installation.hub.position(branch_id)
    return await installation.shared.get(key, position, 0, partial(opened.read, _of_branch, branch_id))


def _of_branch(tx: Tx, branch_id: UUID) -> tuple[BranchSettings, list[AlarmView]]:
    return branch_settings(tx, branch_id), open_alarms(tx, branch_id)


routes: list[BaseRoute] = [
    WebSocketRoute("/alarms/{branch}/live", live),
    Route("/alarms/{branch}/{counter}/answers", answer, methods=["POST"]),
    Route("/alarms/{branch}/{counter}/ends", end, methods=["POST"]),
]
