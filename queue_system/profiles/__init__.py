"""Organisations described in files that people can read and edit (docs/profiles.md)."""

from __future__ import annotations

from ..settings.organisation import Profile
from .nodes import ProfileError
from .reader import empty_profile, profile_names, read_profile

__all__ = ["Profile", "ProfileError", "empty_profile", "profile_names", "read_profile"]
