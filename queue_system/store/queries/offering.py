"""What a service tells of itself: how it can be had, and what may be read where."""

from __future__ import annotations

from dataclasses import dataclass

from ...core import offering
from ...core.bookings import Mode
from ...core.offering import Way
from .settings import BranchSettings, Names, ServiceView


@dataclass(frozen=True, slots=True)
class Reach:
    """How a branch is reached; what its profile does not give is None. `point` is latitude,longitude (WGS 84)."""

    address: Names | None
    point: str | None
    phone: str | None
    email: str | None
    hotline: str | None
    hotline_names: Names | None

    @property
    def known(self) -> bool:
        return any((self.address, self.point, self.phone, self.email, self.hotline))


def reach(branch: BranchSettings) -> Reach:
    """The address, telephone and e-mail of a branch."""
    place, hotline = branch.coordinates, branch.hotline
    return Reach(
        address=branch.address,
        point=f"{place.latitude},{place.longitude}" if place else None,
        phone=branch.phone,
        email=branch.email,
        hotline=hotline.number if hotline else None,
        hotline_names=hotline.names if hotline else None,
    )


def ways(service: ServiceView) -> tuple[Way, ...]:
    """How a service can be had today, the usual way first; empty: not here yet."""
    return offering.ways(
        Mode(service.mode),
        gives_numbers=service.walk_in,
        reception=service.by_reception,
        platform=service.apply_at is not None,
    )


def is_named(service: ServiceView) -> bool:
    """Whether what others see of a visit (screen, slip, links, calendar) names the service.

    Where it does not, its documents are kept from these places too, for they would tell.
    """
    return service.public_names is None and not service.confidentiality.hides_service


def needs_a_way_out(branch: BranchSettings) -> bool:
    """Whether somebody who reads about this branch may have to leave its pages at once: it has protected services."""
    return any(service.confidentiality.hides_service for service in branch.services.values())
