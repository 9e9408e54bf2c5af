"""Public information on services and branches: ways to get a service, and where its name may appear."""

from __future__ import annotations

from dataclasses import dataclass

from ...core import offering
from ...core.bookings import Mode
from ...core.offering import Way
from .settings import BranchSettings, Names, ServiceView


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """The address and contacts of a branch; None where its profile has none. `point`: latitude,longitude (WGS 84)."""

    address: Names | None
    point: str | None
    phone: str | None
    email: str | None
    hotline: str | None
    hotline_names: Names | None

    @property
    def known(self) -> bool:
        return any((self.address, self.point, self.phone, self.email, self.hotline))


def contact_details(branch: BranchSettings) -> ContactDetails:
    """The address, telephone and e-mail of a branch."""
    place, hotline = branch.coordinates, branch.hotline
    return ContactDetails(
        address=branch.address,
        point=f"{place.latitude},{place.longitude}" if place else None,
        phone=branch.phone,
        email=branch.email,
        hotline=hotline.number if hotline else None,
        hotline_names=hotline.names if hotline else None,
    )


def ways(service: ServiceView) -> tuple[Way, ...]:
    """The ways to get a service today, the usual way first; empty where none is built yet."""
    return offering.ways(
        Mode(service.mode),
        gives_numbers=service.walk_in,
        reception=service.by_reception,
        platform=service.apply_at is not None,
        call=service.phone_intake,
    )


def is_named(service: ServiceView) -> bool:
    """Whether places that others can see (screen, slip, links, calendar) name the service.

    Where they do not, they do not list its documents either, because these would reveal the service.
    """
    return service.public_names is None and not service.confidentiality.hides_service


def needs_a_way_out(branch: BranchSettings) -> bool:
    """Whether pages of this branch need a button to leave at once, because a level of its services says so."""
    return any(service.confidentiality.has_quick_exit for service in branch.services.values())


def has_hidden_services(branch: BranchSettings) -> bool:
    """Whether the name of this branch tells what somebody came for, because it has services that must not be named."""
    return any(service.confidentiality.hides_service for service in branch.services.values())
