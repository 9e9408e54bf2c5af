"""The name of a service in an address."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.errors import Missing
from ..store.queries.settings import BranchSettings, ServiceView, derived


def address_key(service: ServiceView) -> str:
    """The name of a service in an address; its id if the service must not be named in public."""
    return str(service.id) if service.confidentiality.hides_service else service.slug


def service_at(branch: BranchSettings, key: str) -> ServiceView:
    """The service that an address names; raises Missing("service")."""
    service = _by_address(branch).get(key)
    if service is None:
        raise Missing("service")
    return service


@derived
def _by_address(branch: BranchSettings) -> Mapping[str, ServiceView]:
    return {address_key(service): service for service in branch.services.values()}
