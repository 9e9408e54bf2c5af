"""Surfaces are independent: removing one's folder breaks only the composition root and the surface's own tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import meta
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from queue_system.app import SURFACES, create_app, folders
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration
from queue_system.web import kit
from tests.kit import tree
from tests.kit.hall import PASSWORD
from tests.kit.web_hall import furnished


def test_every_folder_is_wired_in() -> None:
    assert set(SURFACES) == set(tree.SURFACES)


@pytest.mark.slow
@pytest.mark.parametrize("name", SURFACES)
def test_the_application_works_without_it(name: str, sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> None:
    """Sign-in, header and error pages link only to pages that exist."""
    others = {other: surface for other, surface in SURFACES.items() if other != name}
    url = furnished(sqlite_template, tmp_path, clock.now())
    app = create_app(Configuration.model_validate({"database_url": url, "data_dir": tmp_path}), clock, surfaces=others)
    with TestClient(app, base_url="http://testserver", follow_redirects=True) as client:
        if name == "sign_in":
            assert client.get("/sign-in").status_code == 404
            return
        first = client.post("/sign-in", data={"login": "admin", "password": PASSWORD})
        places = {place.address for surface in others.values() for place in getattr(surface, "staff_places", ())}
        assert places
        for page, status in ((first, 200), (client.get(f"{min(places)}/no-such"), 404)):
            assert page.status_code == status
            (header,) = re.findall(r'<nav class="staff-nav".*?</nav>', page.text, re.DOTALL)
            led_to = re.findall(r'href="(/[^"]*)"', header)
            assert set(led_to) == places
            assert {address: client.get(address).status_code for address in led_to} == dict.fromkeys(led_to, 200)
            assert client.get("/staff").status_code == 200


def test_the_ground_names_no_page_of_a_surface() -> None:
    """Each surface exports the pages of the header; `web` itself names only pages that are open to everybody."""
    addresses = {place.address for surface in SURFACES.values() for place in getattr(surface, "staff_places", ())}
    assert "/office" in addresses
    wrong = [
        (path.name, address)
        for path in (kit.FOLDER).rglob("*.*")
        if path.suffix in (".py", ".html")
        for address in sorted(addresses)
        if re.search(rf"""["']{address}(?![\w.-])""", path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


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
