"""The outcomes of a visit that a branch has besides those that every branch has."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from ...settings.outcomes import VisitOutcome
from .settings import BranchSettings, derived


@derived
def outcomes_of(settings: BranchSettings, service_id: UUID) -> Mapping[str, VisitOutcome]:
    """The outcomes of its own that a branch has for a service, by slug, in their order."""
    slug = settings.services[service_id].slug
    own = (settings.outcomes or {}).items()
    return {key: outcome for key, outcome in own if not outcome.services or slug in outcome.services}


@derived
def unmet_outcomes(settings: BranchSettings) -> frozenset[str]:
    """Outcomes of its own after which the visitor has not got what they came for."""
    return frozenset(key for key, outcome in (settings.outcomes or {}).items() if not outcome.served)
