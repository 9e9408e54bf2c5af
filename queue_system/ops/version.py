"""The version of this program."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The version that is installed; "source" where the program runs from its source tree."""
    try:
        return version("queue-system")
    except PackageNotFoundError:
        return "source"
