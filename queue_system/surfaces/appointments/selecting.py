"""The part of a day and of a week in which staff choose what is shown, and give a choice a name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ...core.errors import DomainError, Invalid
from ...core.rights import BOOK_RIGHTS, DAY_RIGHTS
from ...store.queries.own_views import own_views
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch
from .grid import members_seen, serves_alone, services_seen
from .selection import Selection, choices_of, known_columns, read_selection, with_text


async def selection_asked(here: StaffAtBranch) -> Selection:
    """The selection of an address, with the text that was sent to look for, by those who may see names."""
    selection = read_selection(here.branch, here.request.query_params, here.services(DAY_RIGHTS))
    if here.request.method == "POST" and here.may_any(BOOK_RIGHTS):
        return with_text(selection, (await kit.form(here.request)).get("s", ""))
    return selection


async def selecting(
    here: StaffAtBranch,
    day: date,
    selection: Selection,
    sent: Mapping[str, str] | None = None,
    failure: DomainError | None = None,
) -> dict[str, object]:
    """What the part needs; `sent` and `failure` are of a view that could not be saved."""
    branch, seen = here.branch, here.services(DAY_RIGHTS)
    services = services_seen(branch, day, seen)
    columns = [(one.slug, one.names) for one in members_seen(branch, services).values()]
    columns += [(one.slug, one.names) for key, one in branch.queues.items() if serves_alone(branch, key, services)]
    views = await here.read(own_views, branch.id, here.person.id)
    known = known_columns(branch)
    words = message(failure, here.words) if failure else ""
    return {
        "selection": selection,
        "same": selection.query,
        "choices": choices_of(branch, columns, seen),
        # Of members and queues that are retired meanwhile the address of a page says nothing.
        "views": [(one, Selection(one.only & known)) for one in views],
        "may_search": here.may_any(BOOK_RIGHTS),
        "view_name": (sent or {}).get("name", ""),
        "errors": {"name": words} if isinstance(failure, Invalid) else {},
        "refusal": words if failure and not isinstance(failure, Invalid) else "",
    }
