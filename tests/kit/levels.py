"""Levels of confidentiality with rules that the samples do not have."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from queue_system.store.database import Tx
from queue_system.store.tables import Confidentiality, Service, table
from tests.kit.hall import Hall, change_settings, enter


def give_rules(hall: Hall, service: str, *rules: str, display: str = "code", **said: Any) -> Hall:
    """A service of the branch with a level of its own that has these rules; returns the hall with it."""
    data = {"sms": "full", "staff_note": "allowed", "rules": list(rules)} | said
    row = {"slug": f"of-{service}", "position": 9, "names": {"ar": "درجة", "en": "level"}, "display": display}

    def change(tx: Tx) -> None:
        levels, services = table(Confidentiality), table(Service)
        tx.execute(sa.insert(levels), row | {"data": data})
        here = (services.c.branch_id == hall.branch.id) & (services.c.slug == service)
        tx.execute(sa.update(services).where(here).values(confidentiality=row["slug"]))

    change_settings(hall.db, change)
    return enter(hall.db, hall.branch.slug)
