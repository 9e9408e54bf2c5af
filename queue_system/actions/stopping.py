"""Staff let a queue give no more numbers for the rest of a business day, and take that back."""

from __future__ import annotations

from uuid import UUID

from ..core.errors import Denied
from ..core.rights import STOP_RIGHTS
from ..settings.edits import Edit
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.access import StaffView
from ..store.queries.previews import Prospect, prospect
from ..store.queries.settings import branch_settings
from .settings import save


def stop_numbers(
    tx: Tx, branch_id: UUID, queue_id: UUID, actor: Actor, person: StaffView, foreseen: Prospect | None = None
) -> None:
    """Nobody takes a number of the queue any more today; those who wait are called. Idempotent.

    It is a setting of the branch, so that every node, kiosk and page knows it and its history tells it. `foreseen` is what
    `foreseen_stop` gave. Raises Denied("not-allowed") without the right for the departments of the queue, and what
    `settings.save` raises.
    """
    _save(tx, branch_id, queue_id, actor, person, foreseen, stopped=True)


def resume_numbers(
    tx: Tx, branch_id: UUID, queue_id: UUID, actor: Actor, person: StaffView, foreseen: Prospect | None = None
) -> None:
    """The queue gives numbers again. As `stop_numbers`."""
    _save(tx, branch_id, queue_id, actor, person, foreseen, stopped=False)


def foreseen_stop(tx: Tx, branch_id: UUID, queue_id: UUID, *, stopped: bool) -> Prospect:
    """What it would do that a queue gives no more numbers, or again; worked out before, so that the hall does not wait."""
    return prospect(tx, branch_id, _edits(tx, branch_id, queue_id, stopped=stopped))


def _save(
    tx: Tx,
    branch_id: UUID,
    queue_id: UUID,
    actor: Actor,
    person: StaffView,
    foreseen: Prospect | None,
    *,
    stopped: bool,
) -> None:
    settings = branch_settings(tx, branch_id)
    _require(
        person,
        branch_id,
        {
            settings.departments[one.department_id].slug
            for one in settings.services.values()
            if one.queue_id == queue_id
        },
    )
    edits = _edits(tx, branch_id, queue_id, stopped=stopped)
    told = (foreseen or prospect(tx, branch_id, edits)).preview
    # The right was checked above, by the department of the queue; the whole branch has no department.
    save(tx, branch_id, edits, told.sha256, actor=actor, person=None, foreseen=foreseen)


def _edits(tx: Tx, branch_id: UUID, queue_id: UUID, *, stopped: bool) -> list[Edit]:
    settings = branch_settings(tx, branch_id)
    today = settings.timetable.business_date(tx.now)
    known = settings.numbers_stopped
    slug = settings.queues[queue_id].slug
    # Those of past days say nothing any more.
    wanted = {one: day for one, day in known.items() if day >= today and one != slug}
    if stopped:
        wanted[slug] = today
    was, now = ({one: day.isoformat() for one, day in found.items()} or None for found in (known, wanted))
    return [Edit("branch", settings.slug, {"numbers_stopped": was}, {"numbers_stopped": now})]


def _require(person: StaffView, branch_id: UUID, concerned: set[str]) -> None:
    allowed = person.departments(STOP_RIGHTS, branch_id)
    if allowed is not None and not (concerned and concerned <= allowed):
        raise Denied("not-allowed")
