"""The image and the compose file, checked by their structure, because no container engine runs here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import yaml

from queue_system.configuration import SECRETS, Configuration
from tests.kit.tree import PACKAGES, ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


# ---------------------------------------------------------------- docker-compose.yml


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]
    assert service["pids_limit"] > 0


def test_application_and_database_are_watched() -> None:
    for name in ("app", "postgres"):
        check = SERVICES[name]["healthcheck"]
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert SERVICES["app"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert SERVICES["app"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["command"] == ["migrate"]


def test_database_is_postgresql_18_behind_an_inner_network() -> None:
    postgres = SERVICES["postgres"]
    assert postgres["image"] == "postgres:18"
    assert postgres["volumes"] == ["postgres:/var/lib/postgresql"]
    assert postgres["user"] == "999:999"
    assert postgres["networks"] == ["data"]
    assert "ports" not in postgres
    assert COMPOSE["networks"]["data"]["internal"] is True


def test_port_is_open_on_this_machine_only() -> None:
    assert SERVICES["app"]["ports"] == ["127.0.0.1:8000:8000"]


def test_every_name_that_is_used_is_declared() -> None:
    for service in SERVICES.values():
        assert set(service["secrets"]) <= set(COMPOSE["secrets"])
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert {volume.split(":")[0] for volume in service["volumes"]} <= set(COMPOSE["volumes"])
        assert set(service.get("depends_on", {})) <= set(SERVICES)


def test_secrets_come_as_files_and_settings_exist() -> None:
    for name in ("app", "migrate"):
        environment = SERVICES[name]["environment"]
        assert {f"QUEUE_{secret.upper()}_FILE" for secret in SECRETS} <= set(environment)
        for variable, value in environment.items():
            field = variable.removeprefix("QUEUE_").removesuffix("_FILE").lower()
            assert field in Configuration.model_fields, variable
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/postgres_password"
    assert "POSTGRES_PASSWORD" not in SERVICES["postgres"]["environment"]


def test_secret_files_are_neither_committed_nor_sent_to_the_builder() -> None:
    paths = [secret["file"].removeprefix("./") for secret in COMPOSE["secrets"].values()]
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *paths], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ignored.stdout.split() == paths
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[1] == "*"


# ---------------------------------------------------------------- Dockerfile


def test_image_ends_as_an_ordinary_user_and_watches_itself() -> None:
    last = stages()[-1]
    assert [words for name, words in last if name == "USER"] == ["10001:10001"]
    for needed in ("HEALTHCHECK", "ENTRYPOINT", "CMD", "EXPOSE", "STOPSIGNAL", "VOLUME"):
        assert [name for name, _ in last].count(needed) == 1, needed
    assert dict(last)["ENTRYPOINT"] == '["queue-system"]'
    assert dict(last)["CMD"] == '["serve"]'
    after_user = [name for name, _ in last][[name for name, _ in last].index("USER") :]
    assert "RUN" not in after_user


def test_image_is_made_in_two_stages_of_the_slim_base() -> None:
    bases = [words for stage in stages() for name, words in stage if name == "FROM"]
    assert bases == ["python:3.13-slim AS build", "python:3.13-slim"]
    # The last stage copies only what the first one has built.
    copies = [words for name, words in stages()[-1] if name == "COPY"]
    assert copies == ["--from=build /opt/queue /opt/queue"]


def test_image_installs_by_hash_only() -> None:
    installs = [
        step.strip()
        for stage in stages()
        for name, words in stage
        if name == "RUN"
        for step in words.split("&&")
        if "pip install" in step
    ]
    assert len(installs) == 3
    assert [step for step in installs if "--require-hashes" not in step and "--no-deps --no-index" not in step] == []


def test_image_takes_every_package_and_file_it_names() -> None:
    named = [
        source
        for name, words in stages()[0]
        if name == "COPY"
        for source in words.split()[:-1]
        if not source.startswith("--")
    ]
    assert set(PACKAGES) | {"pyproject.toml", "requirements/sign-in.txt", "requirements/build.txt"} <= set(named)
    assert [source for source in named if not (ROOT / source).exists()] == []
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert {source.split("/")[0] for source in named} <= sent


def test_image_sets_only_settings_that_exist() -> None:
    (words,) = [words for name, words in stages()[-1] if name == "ENV"]
    settings = re.findall(r"QUEUE_(\w+)=", words)
    assert sorted(settings) == ["BACKUP_DIR", "DATA_DIR", "HOST", "PORT"]
    assert {name.lower() for name in settings} <= set(Configuration.model_fields)


def test_image_python_is_one_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "Programming Language :: Python :: 3.13" in project["project"]["classifiers"]


class _Health(BaseHTTPRequestHandler):
    answer = 200

    def do_GET(self) -> None:
        self.send_response(self.answer if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.mark.parametrize(("answer", "healthy"), [(200, True), (503, False), (None, False)])
@pytest.mark.parametrize("where", ["Dockerfile", "docker-compose.yml"])
def test_health_check_tells_a_good_server_from_a_bad_one(where: str, answer: int | None, healthy: bool) -> None:
    handler = type("Handler", (_Health,), {"answer": answer or 200})
    server = HTTPServer(("127.0.0.1", 0), handler)
    port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        if answer is None:
            server.shutdown()
            server.server_close()
        if where == "Dockerfile":
            line = yaml.safe_load(dict(stages()[-1])["HEALTHCHECK"].split(" CMD ")[1])
            code = line[2]
        else:
            code = SERVICES["app"]["healthcheck"]["test"][3].replace(":8000/", f":{port}/")
        result = subprocess.run(
            [sys.executable, "-c", code],
            # A proxy configured for the container must not be used for the container's own address.
            env={**os.environ, "QUEUE_PORT": str(port), "http_proxy": "http://127.0.0.1:9"},
            capture_output=True,
            check=False,
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert (result.returncode == 0) is healthy


def stages() -> list[list[tuple[str, str]]]:
    """The Dockerfile as stages of (instruction, words), continued lines joined; raises for anything it cannot parse."""
    known = "FROM RUN COPY ENV WORKDIR USER LABEL VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD".split()
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    found: list[list[tuple[str, str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, words = line.split(maxsplit=1)
        assert name in known, f"Dockerfile: {line}"
        if name == "FROM":
            found.append([])
        found[-1].append((name, " ".join(words.split())))
    return found


# ---------------------------------------------------------------- continuous integration


def test_ci_gets_nothing_it_does_not_need() -> None:
    workflow: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps][-1] == ".ci/run"
    assert [step for step in steps if "uses" in step] == []
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=False).returncode == 0
