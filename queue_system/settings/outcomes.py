"""Outcomes of a visit that a branch has besides those that every branch has."""

from __future__ import annotations

from typing import Annotated, ClassVar

from ..core.tickets import FORGOTTEN, OUTCOMES
from .declared import Least, Names, Ref, Thing
from .faults import Fault


class VisitOutcome(Thing):
    """How a visit can end, besides done, documents missing and request refused; a button of the desk."""

    kind_of_thing: ClassVar[str] = "outcome"

    names: Annotated[Names, "its name, as the clerk reads it"]
    served: Annotated[
        bool, "whether the visitor got what they came for; without it the visit is counted as unmet in the figures"
    ] = True
    services: Annotated[
        tuple[Annotated[str, Ref("service")], ...], Least(0), "services that have it; all of them when left out"
    ] = ()

    def mistake(self) -> Fault | None:
        """Its name for programs is that of an outcome that every branch has."""
        if self.slug in (*OUTCOMES, FORGOTTEN):
            return Fault("setting-outcome-taken", "slug")
        return None
