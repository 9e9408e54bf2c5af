"""The table of access: for each method and address, the answer that each kind of client gets.

Each surface keeps its lines in a file `access.py` among its tests.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any, Final

from queue_system.app import SURFACES
from tests.kit.access_rows import PUBLIC, Row


def _lines_of(surface: str) -> ModuleType:
    return import_module(
        f"tests.{surface}.access" if surface in ("displays", "kiosk") else f"tests.surfaces.{surface}.access"
    )


_LINES: Final = {surface: _lines_of(surface) for surface in SURFACES}


def _all(name: str) -> dict[str, Any]:
    return {surface: getattr(lines, name) for surface, lines in _LINES.items() if hasattr(lines, name)}


# A file of each surface that has files.
STATIC_FILES: Final[dict[str, str]] = _all("STATIC_FILE")
# The form names the thing, and here it names none, so clients with the right get 404.
NAMES_NOTHING: Final = frozenset[str]().union(*_all("NAMES_NOTHING").values())
MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/static/{digest}/{path}"): PUBLIC,
    ("GET", "/healthz"): PUBLIC,
    **{("GET", f"/{surface}/static/{{digest}}/{{path}}"): PUBLIC for surface in STATIC_FILES},
    **{address: row for lines in _all("MATRIX").values() for address, row in lines.items()},
}
