"""A service that is set in another way than the profile sets it, as the office does it."""

from __future__ import annotations

from typing import Any

from queue_system.actions import settings
from queue_system.settings.edits import Edit
from queue_system.store.log import SYSTEM
from queue_system.store.queries.settings import branch_settings
from tests.kit.hall import Hall


def set_service(hall: Hall, slug: str, **values: Any) -> Hall:
    """The hall with the service so."""
    return save(hall, [Edit("service", slug, _now(hall, slug, values), values)])


def set_place(hall: Hall, before: dict[str, Any] | None = None, **values: Any) -> Hall:
    """The hall with its branch so; `before` are the values of what was set already."""
    return save(hall, [Edit("branch", hall.branch.slug, before or {}, values)])


def save(hall: Hall, edits: list[Edit]) -> Hall:
    """The hall with these edits."""
    told = hall.db.read_now(settings.preview, hall.branch.id, edits)
    hall.db.write_now(settings.save, hall.branch.id, edits, told.sha256, actor=SYSTEM, person=None)
    return Hall(hall.db, hall.db.read_now(branch_settings, hall.branch.id))


def _now(hall: Hall, slug: str, values: dict[str, Any]) -> dict[str, Any]:
    service = hall.branch.service(slug)
    found = {name: getattr(service, name) for name in values if name in service.model_fields_set}
    return {name: getattr(value, "slug", value) for name, value in found.items()}
