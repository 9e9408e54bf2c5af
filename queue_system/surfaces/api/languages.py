"""The language of a visitor."""

from __future__ import annotations

from ...core.errors import Invalid
from ...store.queries.settings import BranchSettings


def language_at(branch: BranchSettings, wish: str | None) -> str:
    """The wanted language, or the branch's own; raises Invalid("language-unknown") if the branch does not offer it."""
    if wish is None:
        return branch.default_language
    if wish not in branch.languages:
        raise Invalid("language-unknown", "language")
    return wish
