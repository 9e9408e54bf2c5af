"""The OpenAPI document: valid, complete, in the reader's language; and generated requests for all that it allows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.testclient import TestClient

from queue_system.actions import sessions
from queue_system.clock import FrozenClock
from queue_system.i18n.words import words_for
from queue_system.store.queries.access import staff_by_login
from queue_system.surfaces import api
from queue_system.surfaces.api import pages
from queue_system.surfaces.api.document import document
from queue_system.surfaces.api.operation import Operation
from queue_system.surfaces.api.outline import outline
from queue_system.surfaces.api.reading import CODES, SENTENCES
from tests.conftest import SUNDAY_MORNING
from tests.kit.api_program import BASE, Answer, Program
from tests.kit.hall import Hall
from tests.kit.web_hall import application, furnished

if TYPE_CHECKING:
    from schemathesis.specs.openapi.schemas import OpenApiSchema


@pytest.fixture(scope="module")
def running(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Hall]]:
    folder, clock = tmp_path_factory.mktemp("api"), FrozenClock(SUNDAY_MORNING)
    with application(furnished(sqlite_template, folder, clock.now()), folder, clock) as found:
        yield found


@pytest.fixture(scope="module")
def client(running: tuple[TestClient, Hall]) -> TestClient:
    return running[0]


@pytest.fixture(scope="module")
def hall(running: tuple[TestClient, Hall]) -> Hall:
    return running[1]


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_document_is_valid_openapi(client: TestClient, language: str) -> None:
    answer = client.get(f"{BASE}/openapi.json", params={"lang": language})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-language"] == language
    assert [error.message for error in OpenAPIV31SpecValidator(answer.json()).iter_errors()] == []
    assert answer.json()["openapi"] == "3.1.0"
    assert answer.headers["content-encoding"] == "gzip"
    for operation in (operation for methods in answer.json()["paths"].values() for operation in methods.values()):
        assert "security" in operation


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_sentence_of_the_document_has_a_text(language: str) -> None:
    made = document(pages.CHAPTERS, words_for(language, strict=True))
    assert re.findall(r'"api\.[a-z0-9-]+"', json.dumps(made)) == []


def test_the_document_names_what_is_served_and_nothing_else(client: TestClient) -> None:
    described = Program(client).document.document["paths"]
    assert sum(len(methods) for methods in described.values()) == len(api.operations)
    names = [operation["operationId"] for methods in described.values() for operation in methods.values()]
    assert len(set(names)) == len(names)
    for path, methods in described.items():
        for method in methods:
            found = client.request(method, BASE + re.sub(r"\{\w+\}", "x", path))
            assert found.status_code != 405
            assert found.json().get("code") != "not-found", path


def test_every_fault_has_a_code_a_sentence_and_a_place_in_the_schema(client: TestClient) -> None:
    assert set(CODES.values()) <= set(SENTENCES)
    told = Program(client).document.document["components"]["schemas"]["WrongField"]["properties"]["code"]["enum"]
    assert set(told) == set(SENTENCES)


def test_bodies_refuse_what_they_do_not_know(client: TestClient) -> None:
    made = Program(client).document.document
    for methods in made["paths"].values():
        for operation in methods.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"]["$ref"].rpartition("/")[2]
                assert made["components"]["schemas"][name]["additionalProperties"] is False


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("en", "ltr")])
def test_the_page_shows_every_operation(client: TestClient, language: str, direction: str) -> None:
    answer = client.get(f"{BASE}/", params={"lang": language})
    assert f'<html lang="{language}" dir="{direction}"' in answer.text
    for operation in api.operations:
        assert f'id="{operation.name}"' in answer.text
        assert words_for(language).text(operation.words) in answer.text
    assert re.findall(r"api\.[a-z]+-[a-z-]+<", answer.text) == []


def test_every_operation_is_explained_and_every_body_has_an_example(client: TestClient) -> None:
    made = Program(client).document.document
    for methods in made["paths"].values():
        for operation in methods.values():
            assert operation["summary"] != operation["description"] != "", operation["operationId"]
    for chapter in outline(made, "https://queue.example.org").chapters:
        for shown in chapter.operations:
            command = shown.example
            assert command.startswith("curl "), shown.name
            assert f"https://queue.example.org{BASE}" in command
            assert "null" not in command.replace('"expected": null', ""), shown.name
            assert ("Authorization" in command) == (shown.security != "none")
            assert not re.search(r"\{\w+\}", command), shown.name


GOOD_PLACES = {"branch": "doha-main", "service": "attest-single", "counter": "c4"}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("operation", api.operations, ids=lambda operation: operation.name)
def test_whatever_the_document_allows_is_answered_as_it_says(
    client: TestClient, hall: Hall, tried: OpenApiSchema, operation: Operation, mode: str
) -> None:
    """Schemathesis generates valid and invalid requests from the document; the same in every run."""
    from schemathesis import GenerationMode
    from schemathesis.core.parameters import ParameterLocation

    found = tried[operation.path][operation.method]
    judge = Program(client).document
    declared = judge.operation(operation.method, BASE + re.sub(r"\{\w+\}", "x", operation.path))
    assert declared is not None
    token = hall.db.write_now(sessions.start_session, staff_id(hall), "api")
    places = {name: GOOD_PLACES.get(name, f"{hall.branch.key}nobody") for name in re.findall(r"\{(\w+)\}", found.path)}
    seen: list[int] = []

    @settings(
        max_examples=8,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=found.as_strategy(generation_mode=GenerationMode(mode), path_parameters=places))
    def attempt(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url=BASE, headers={"Authorization": f"Bearer {token}"})
        content = {"content": sent["data"]} if "data" in sent else {"json": sent["json"]} if "json" in sent else {}
        answer = client.request(
            sent["method"], sent["url"], params=sent.get("params"), headers=sent["headers"], **content
        )
        judge.judge(declared, Answer(answer.status_code, answer.headers, answer.json()))
        body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
        if body is not None and body.mode is GenerationMode.NEGATIVE:
            assert answer.status_code >= 400, case.as_curl_command()
        seen.append(answer.status_code)

    try:
        attempt()
    except Unsatisfiable:
        # A request without parameters cannot be wrong.
        assert mode == "negative"
        assert not operation.has_body
        return
    assert seen


def staff_id(hall: Hall) -> UUID:
    found = hall.db.read_now(staff_by_login, "layla")
    assert found is not None
    return found[0]


@pytest.fixture(scope="module")
def tried(client: TestClient) -> OpenApiSchema:
    # Imported by those who run these tests alone: it takes most of a second.
    from schemathesis import openapi

    return openapi.from_dict(client.get(f"{BASE}/openapi.json").json())
