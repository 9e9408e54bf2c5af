"""The name of a service in an address."""

from __future__ import annotations

from ..core.errors import Missing
from ..store.queries.settings import BranchSettings, ServiceView


def address_key(service: ServiceView) -> str:
    """The name of a service in an address; its id if the service must not be named in public."""
    return str(service.id) if service.confidentiality.hides_service else service.slug


def service_at(branch: BranchSettings, key: str) -> ServiceView:
    """The service that an address names; raises Missing("service")."""
    for service in branch.services.values():
        if address_key(service) == key:
            return service
    raise Missing("service")
