"""Absences that are recorded: one, or what was planned together, for several members or days; ended or changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.blocks import end_blocks
from ...core import hours
from ...core.blocks import LONGEST_NOTE
from ...core.errors import Invalid, Missing
from ...core.rights import ABSENCE_RIGHTS
from ...core.series import Scope
from ...store.queries.blocks import BlockView, blocks_of
from ...store.queries.effect import ending_of
from ...store.queries.members import MemberView
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from .away_form import FIELDS, Asked, Form, read_times, read_why, why_words, with_absences
from .away_list import Place, settle
from .day import address
from .members_away import members_for, stretch_of

SCOPES: Final = {
    Scope.THIS: "blocks.scope-this",
    Scope.FOLLOWING: "blocks.scope-following",
    Scope.ALL: "blocks.scope-all",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What was planned together and is not over, by time, as far as this person plans it; `members` in their order."""

    blocks: tuple[BlockView, ...]
    members: tuple[MemberView, ...]
    stretch: str

    @property
    def first(self) -> BlockView:
        """The next of its blocks."""
        return self.blocks[0]

    @property
    def dates(self) -> tuple[BlockView, ...]:
        """A block for each time at which somebody is away."""
        return tuple({one.starts_at: one for one in reversed(self.blocks)}.values())[::-1]

    def meant(self, which: BlockView, scope: Scope, whom: UUID | None) -> tuple[BlockView, ...]:
        """The blocks that a change at one of them is for: those of one member, or of all."""
        mine = (one for one in self.blocks if whom in (None, one.member_id))
        if scope is Scope.ALL:
            return tuple(mine)
        later = scope is Scope.FOLLOWING
        return tuple(
            one for one in mine if one.starts_at == which.starts_at or (later and one.starts_at > which.starts_at)
        )


def plans_of(here: StaffAtBranch, blocks: Iterable[BlockView]) -> list[Plan]:
    """The blocks of members by plan, by time."""
    members = members_for(here, ABSENCE_RIGHTS)
    found: dict[UUID, list[BlockView]] = {}
    for one in blocks:
        if one.member_id in members:
            found.setdefault(one.plan_id, []).append(one)
    return [
        Plan(
            tuple(of),
            tuple(one for key, one in members.items() if any(block.member_id == key for block in of)),
            stretch_of(here, of[0].starts_at, of[0].ends_at),
        )
        for of in found.values()
    ]


async def show(request: Request) -> Response:
    """`/appointments/{branch}/away/{block}`: one absence, what was planned with it, and the questions to end or change it."""
    here, plan, block = await _enter(request)
    return await _page(here, plan, block, Form.of([]), {})


async def change(request: Request) -> Response:
    """Other times or another reason: the list of what is concerned, or with `step=do` its settling."""
    here, plan, block = await _enter(request)
    form = Form.of(await kit.form_items(request, most=2000))
    if form.get("step") == "change":
        return await _page(here, plan, block, form, {})
    wanted = plan.meant(block, _scope(form), _whom(plan, form))
    asked = _asked(here, plan, block, wanted, form)
    if asked.errors:
        return await _page(here, plan, block, form, asked.errors)
    whole = plan.first.plan_id if len(wanted) == len(plan.blocks) else None
    place = Place(_here(here, block), frozenset(one.id for one in wanted), whole)
    try:
        return await settle(here, place, asked, form)
    except Invalid as mistake:
        return await _page(here, plan, block, form, {mistake.field or "from": message(mistake, here.words)})


async def end(request: Request) -> Response:
    """End absences now; appointments on which nothing was decided stand again."""
    here, plan, block = await _enter(request)
    form = Form.of(await kit.form_items(request))
    wanted = plan.meant(block, _scope(form), _whom(plan, form))
    ending = await here.read(ending_of, here.branch, frozenset(one.id for one in wanted))
    await here.do(end_blocks, ending, here.actor)
    return kit.see_other(f"{address(here.branch)}/away?ended=1")


async def _enter(request: Request) -> tuple[StaffAtBranch, Plan, BlockView]:
    """The absence that the address names, with what was planned with it; raises Missing("block")."""
    here = await staff_at_branch(request, ABSENCE_RIGHTS)
    blocks = await here.read(blocks_of, here.branch)
    for plan in plans_of(here, blocks):
        for one in plan.blocks:
            if str(one.id) == request.path_params["block"]:
                return here, plan, one
    raise Missing("block")


def _asked(here: StaffAtBranch, plan: Plan, block: BlockView, wanted: tuple[BlockView, ...], form: Form) -> Asked:
    """The blocks that are meant at their new times: each as many days later as the one that was changed."""
    errors: dict[str, str] = {}
    members = {one.id: one for one in plan.members if any(each.member_id == one.id for each in wanted)}
    times = read_times(here, form, errors)
    reason, note = read_why(here, form, list(members.values()), errors)
    asked = Asked(tuple(members.values()), reason, note, errors=errors)
    if errors or times is None:
        return asked
    later = times.first - _day(here, block)
    on: dict[date, list[MemberView]] = {}
    for one in wanted:
        on.setdefault(_day(here, one) + later, []).append(members[one.member_id])
    since = min(one.starts_at for one in wanted)
    found = with_absences(
        here, asked, lambda: list(on), lambda day: [times.of(here, one, day) for one in on[day]], form, since
    )
    return replace(found, days=())


def _day(here: StaffAtBranch, block: BlockView) -> date:
    return block.starts_at.astimezone(here.branch.zone).date()


def _scope(form: Form) -> Scope:
    return next((one for one in Scope if one == form.get("scope")), Scope.THIS)


def _whom(plan: Plan, form: Form) -> UUID | None:
    """The one member that is meant; None for all."""
    return next((one.id for one in plan.members if one.slug == form.get("whom")), None)


async def _page(here: StaffAtBranch, plan: Plan, block: BlockView, form: Form, errors: Mapping[str, str]) -> Response:
    at_once = [one for one in plan.blocks if one.starts_at == block.starts_at]
    values = {
        "base": address(here.branch),
        "path": _here(here, block),
        "plan": plan,
        "block": block,
        "members": [one for one in plan.members if any(each.member_id == one.id for each in at_once)],
        "stretch": stretch_of(here, block.starts_at, block.ends_at),
        "stretches": [(one, stretch_of(here, one.starts_at, one.ends_at)) for one in plan.dates],
        "scopes": [(one.value, here.words.text(key)) for one, key in SCOPES.items()],
        "reasons": why_words(here),
        "longest_note": LONGEST_NOTE,
        "typed": _typed(here, block) | {name: form.get(name) for name in FIELDS if name in form.one},
        "errors": errors,
    }
    return await here.page("appointments/away_plan.html", values, status=422 if errors else 200)


def _typed(here: StaffAtBranch, block: BlockView) -> dict[str, str]:
    """An absence as the form would say it: its days, and where these are not whole, its times."""
    branch, zone = here.branch, here.branch.zone
    first = _day(here, block)
    last = branch.timetable.business_date(block.ends_at - block.ends_at.resolution)
    whole = (
        hours.day_bounds(first, zone, branch.day_starts)[0],
        hours.day_bounds(last, zone, branch.day_starts)[1],
    ) == (block.starts_at, block.ends_at)
    begin, finish = block.starts_at.astimezone(zone), block.ends_at.astimezone(zone)
    return {
        "from": first.isoformat(),
        "from_time": "" if whole else f"{begin:%H:%M}",
        "until": (last if whole else finish.date()).isoformat(),
        "until_time": "" if whole else f"{finish:%H:%M}",
        "reason": block.reason,
        "note": block.note,
        "scope": Scope.THIS.value,
        "whom": "",
    }


def _here(here: StaffAtBranch, block: BlockView) -> str:
    return f"{address(here.branch)}/away/{block.id}"


routes: list[BaseRoute] = [
    Route("/appointments/{branch}/away/{block}", show),
    Route("/appointments/{branch}/away/{block}", change, methods=["POST"]),
    Route("/appointments/{branch}/away/{block}/end", end, methods=["POST"]),
]
