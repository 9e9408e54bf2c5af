"""The office: the state of every branch, its devices, its log."""

from __future__ import annotations

from starlette.routing import BaseRoute

from . import (
    approvals,
    audit,
    audit_papers,
    branch_end,
    branches,
    calendars,
    closing,
    closures,
    counters,
    data,
    devices,
    fairness,
    figures,
    figures_across,
    first_steps,
    given_back,
    health,
    hours,
    hours_editing,
    hours_from,
    idle,
    import_branch,
    inviting,
    letters,
    messages,
    new_branch,
    people,
    person,
    printer,
    printers,
    roles,
    seasons,
    setting_history,
    setting_order,
    setting_pages,
    today,
    undecided,
    waits,
)
from .frame import OFFICE

__all__ = ["large_forms", "routes", "staff_places"]

staff_places = (OFFICE,)
# A form of opening hours can have hundreds of lines, and the file of a branch is as long.
large_forms = (OFFICE.address,)

routes: list[BaseRoute] = [
    *today.routes,
    *figures.routes,
    *figures_across.routes,
    *waits.routes,
    *fairness.routes,
    *idle.routes,
    *counters.routes,
    *devices.routes,
    *first_steps.routes,
    *printers.routes,
    *printer.routes,
    *undecided.routes,
    *given_back.routes,
    *messages.routes,
    *letters.routes,
    *hours.routes,
    *hours_editing.routes,
    *hours_from.routes,
    *closing.routes,
    *closures.routes,
    *seasons.routes,
    *calendars.routes,
    *health.routes,
    *audit.routes,
    *audit_papers.routes,
    *people.routes,
    *person.routes,
    *inviting.routes,
    *roles.routes,
    *approvals.routes,
    *data.routes,
    *setting_pages.routes,
    *setting_order.routes,
    *setting_history.routes,
    *branches.routes,
    *branch_end.routes,
    *new_branch.routes,
    *import_branch.routes,
]
