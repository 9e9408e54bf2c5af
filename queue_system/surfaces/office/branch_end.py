"""The last day of a branch: everything in it that can be retired ends with that day, through the flow of all edits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.setting_rights import may_retire
from ...core.errors import Denied, Missing
from ...core.rights import OBJECT_RIGHTS
from ...i18n import dates
from ...settings.branch import Branch
from ...settings.edits import last_day, retirement
from ...settings.faults import Fault, Faulty
from ...settings.typed import day
from ...store.queries.previews import today_of
from ...web import kit
from ...web.setting_words import fault_sentence
from .branches import PAGE, all_of_them
from .editing import answer, asks_for_form
from .frame import InOffice, enter, office_page

END: Final = f"{PAGE}/{{branch}}/end"
#: The field with the last day; "" for a branch that goes on.
UNTIL: Final = "until"


@dataclass(frozen=True, slots=True)
class _Asked:
    """The branch of an address, with the last day that it has; `today` on its clock."""

    here: InOffice
    id: UUID
    branch: Branch
    today: date

    @property
    def ends(self) -> date | None:
        return last_day(self.branch)

    async def page(self, typed: str, errors: dict[str, str], status: int = 200) -> Response:
        words, ends = self.here.words, self.ends
        context: dict[str, Any] = {
            "branch": self.branch,
            "ends": dates.day(ends, words) if ends else "",
            "typed": typed,
            "today": self.today.isoformat(),
            "errors": errors,
        }
        return await office_page(self.here, "office/branch-end.html", context, status=status)

    def read(self, typed: str) -> date | None:
        """The last day that was typed, None if the branch is to go on; raises Faulty."""
        if not typed and self.ends is not None:
            return None
        if not typed:
            raise Faulty((Fault("setting-missing"),))
        found = day(typed)
        if found < self.today:
            raise Faulty((Fault("setting-end-past"),))
        return found


async def show(request: Request) -> Response:
    """The form."""
    asked = await _asked(request)
    return await asked.page(asked.ends.isoformat() if asked.ends else "", {})


async def end(request: Request) -> Response:
    """Show what ends with the branch and what that takes away, then save it."""
    asked = await _asked(request)
    items = await kit.form_items(request)
    typed = dict(items).get(UNTIL, "").strip()
    if asks_for_form(items):
        return await asked.page(typed, {})
    try:
        last = asked.read(typed)
    except Faulty as error:
        said = {UNTIL: fault_sentence(error.faults[0], {}, asked.here.words)}
        return await asked.page(typed, said, 422)
    home = f"{PAGE}/{asked.branch.slug}"
    title = asked.here.words.text("branches.end")
    return await answer(
        request,
        asked.id,
        retirement(asked.branch, last),
        title=title,
        back=home,
        heading_href=f"{home}/end",
    )


async def _asked(request: Request) -> _Asked:
    here = await enter(request, OBJECT_RIGHTS)
    found = await here.read(all_of_them)
    slug = here.named(request.path_params["branch"]).slug
    branch = found.profile.branches.get(slug)
    if branch is None:
        raise Missing("branch")
    if not may_retire(here.person, found.ids[slug]):
        raise Denied("not-allowed")
    return _Asked(here, found.ids[slug], branch, today_of(branch, here.now))


routes: list[BaseRoute] = [Route(END, show), Route(END, end, methods=["POST"])]
