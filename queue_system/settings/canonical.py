"""The settings of a place as one text, always the same for equal settings, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .branch import Branch
from .catalogue import Catalogue
from .objects import Objects, objects_of, values_of
from .organisation import Profile
from .references import used_entries


def canonical(branch: Branch, catalogue: Catalogue) -> str:
    """A branch and the entries of the catalogue that it uses, as JSON."""
    common = {key: values_of(key[0], entry) for key, entry in used_entries(branch, catalogue).items()}
    return _text(branch=_listed(objects_of(branch)), catalogue=_listed(common))


def fingerprint(branch: Branch, catalogue: Catalogue) -> str:
    """The SHA-256 of `canonical`, in hex."""
    return _sha256(canonical(branch, catalogue))


def common_fingerprint(organisation: Profile) -> str:
    """The SHA-256 of the settings of an organisation without its branches, in hex."""
    return _sha256(_text(organisation=_listed(objects_of(organisation))))


def _listed(objects: Objects) -> list[Any]:
    # A list keeps the order of things, which is a setting too.
    return [[kind, slug, values] for (kind, slug), values in objects.items()]


def _text(**parts: Any) -> str:
    return json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
