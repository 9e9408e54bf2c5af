"""A member is away, or several are: for how long, what becomes of each appointment, and the absences that are recorded.

Nothing is stored until the list of appointments was seen. The form sends their fingerprint, and where others are
concerned by then, the page shows the new list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.block_dates import MOST_WEEKS
from ...core.blocks import LONGEST_NOTE, Remedy
from ...core.errors import Invalid
from ...core.rights import ABSENCE_RIGHTS, DECISION_RIGHTS
from ...store.queries.blocks import blocks_of
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from ...web.setting_words import weekday
from .away_form import FIELDS, SEVERAL, Form, read_asked, week_of, why_words
from .away_list import Place, settle
from .day import address
from .members_away import members_for
from .plans import plans_of

#: Fields of the form of an absence of three months; each appointment is one.
MOST_FIELDS: Final = 2000


async def show(request: Request) -> Response:
    """`/appointments/{branch}/away`: the questions, and the absences that are recorded."""
    here = await staff_at_branch(request, ABSENCE_RIGHTS)
    return await _form(here, Form.of([]), {})


async def propose(request: Request) -> Response:
    """The list of what is concerned, or with `step=do` its settling."""
    here = await staff_at_branch(request, ABSENCE_RIGHTS)
    form = Form.of(await kit.form_items(request, most=MOST_FIELDS))
    if form.get("step") == "change":
        return await _form(here, form, {})
    asked = read_asked(here, form)
    if asked.errors:
        return await _form(here, form, asked.errors)
    try:
        return await settle(here, Place(f"{address(here.branch)}/away"), asked, form)
    except Invalid as mistake:
        return await _form(here, form, {mistake.field or "from": message(mistake, here.words)})


async def _form(here: StaffAtBranch, form: Form, errors: Mapping[str, str]) -> Response:
    members, branch = members_for(here, ABSENCE_RIGHTS), here.branch
    params = here.request.query_params
    blocks = await here.read(blocks_of, branch, list(members))
    today = branch.timetable.business_date(here.now)
    values = {
        "base": address(branch),
        "members": list(members.values()),
        "reasons": why_words(here),
        "longest_note": LONGEST_NOTE,
        "weeks": [
            ("", here.words.text("blocks.every-once")),
            *((n, here.words.plural("blocks.every-weeks", n)) for n in range(1, MOST_WEEKS + 1)),
        ],
        "weekdays": [(one, weekday(one, here.words)) for one in week_of(branch)],
        "typed": dict.fromkeys(FIELDS, "")
        | {"from": today, "until": today, "member": params.get("member", "")}
        | {name: form.get(name) for name in FIELDS if name in form.one},
        "several": {name: form.several[name] for name in SEVERAL},
        "errors": errors,
        "plans": plans_of(here, blocks),
        "done": {way.value: _number(params.get(way.value)) for way in Remedy} if "done" in params else None,
        "to_call": _number(params.get("call")),
        "may_decide": here.may_any(DECISION_RIGHTS),
        "ended": params.get("ended") == "1",
    }
    return await here.page("appointments/away.html", values, status=422 if errors else 200)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 5 else 0


routes: list[BaseRoute] = [
    Route("/appointments/{branch}/away", show),
    Route("/appointments/{branch}/away", propose, methods=["POST"]),
]
