"""The language of a visitor."""

from __future__ import annotations

from ...core.errors import Invalid
from ...store.queries.settings import BranchSettings


def language_at(branch: BranchSettings, wish: str | None) -> str:
    """The language asked for, or the branch's own; raises Invalid("language-unknown") for one it does not offer."""
    if wish is None:
        return branch.default_language
    if wish not in branch.languages:
        raise Invalid("language-unknown", "language")
    return wish
