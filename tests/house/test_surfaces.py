"""Surfaces are independent: removing one's folder breaks only the composition root and the surface's own tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import meta
from starlette.routing import BaseRoute

from queue_system.app import SURFACES, create_app, folders
from queue_system.configuration import Configuration
from queue_system.web import kit
from tests.kit import tree


def test_every_folder_is_wired_in() -> None:
    assert set(SURFACES) == set(tree.SURFACES)


@pytest.mark.parametrize("name", SURFACES)
def test_the_application_works_without_it(name: str, tmp_path: Path) -> None:
    others = {other: surface for other, surface in SURFACES.items() if other != name}
    app = create_app(Configuration(data_dir=tmp_path), surfaces=others)
    assert [route for route in SURFACES[name].routes if route in app.routes] == []
    assert all(route in app.routes for surface in others.values() for route in surface.routes)
    app.state.installation.database.close()


@pytest.mark.parametrize("name", [*SURFACES, ""])
def test_its_pages_are_made_of_its_own_templates_and_the_ground(name: str) -> None:
    templates = kit.templates(folders(SURFACES, "templates"), kit.StaticFiles({}))
    mine = [found for found in templates.list_templates() if _surface_of(found) == name]
    others = set(SURFACES) - {name}
    wrong = []
    for found in mine:
        source, _, _ = templates.loader.get_source(templates, found) if templates.loader else ("", None, None)
        referred = meta.find_referenced_templates(templates.parse(source))
        wrong += [(found, other) for other in referred if _surface_of(other or "") in others]
        wrong += [(found, file) for file in re.findall(r"""static\(["'](\w+):""", source) if file in others]
    assert wrong == []


@pytest.mark.parametrize("name", SURFACES)
def test_its_program_names_no_page_of_another(name: str) -> None:
    others = set(SURFACES) - {name}
    wrong = [
        (str(path), named)
        for path in tree.SURFACES[name].rglob("*.py")
        for named in re.findall(r"""["']([\w/.-]+\.html)["']""", path.read_text(encoding="utf-8"))
        if _surface_of(named) in others
    ]
    assert wrong == []


def test_no_address_is_answered_by_two_surfaces() -> None:
    answered: dict[tuple[str, str], str] = {}
    for name, surface in SURFACES.items():
        for route in surface.routes:
            for method in sorted(getattr(route, "methods", None) or {"*"}):
                key = (method, _path_of(route))
                assert answered.setdefault(key, name) == name, key


def _surface_of(template: str) -> str:
    first, _, rest = template.partition("/")
    return first if rest and first in SURFACES else ""


def _path_of(route: BaseRoute) -> str:
    return re.sub(r"{(\w+)(:\w+)?}", "{}", str(getattr(route, "path", "")))
