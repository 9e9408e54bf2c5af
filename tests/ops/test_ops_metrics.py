"""`/metrics`: who gets it, whether the numbers are true, and that they reveal nothing about anybody."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from queue_system.actions import slips, tickets
from queue_system.actions.devices import touch_devices
from queue_system.actions.tickets import TicketOrder
from queue_system.actions.upkeep import done_by_hand
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration, ConfigurationError, read_configuration
from queue_system.measures import KNOWN_METHODS, Distribution
from queue_system.ops.version import program_version
from queue_system.store import schema
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, positions
from queue_system.store.queries.access import devices
from queue_system.store.queries.measures import measures
from queue_system.store.tables import ORGANISATION
from tests.kit.displays_browser import first_screen
from tests.kit.displays_hall import enrol
from tests.kit.hall import Hall, enter, furnish
from tests.kit.waiting import until
from tests.kit.web_hall import SAME_ORIGIN, furnished
from tests.ops.test_logs import CONTACT, NAME, hold

TOKEN = "a-token-of-the-monitoring"
AUTHORISED = {"authorization": f"Bearer {TOKEN}"}
ORIGIN = {"origin": "http://testserver"}
BRANCH = "doha-main"

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


@contextmanager
def node(url: str, folder: Path, clock: FrozenClock, token: str = TOKEN) -> Iterator[tuple[TestClient, Hall]]:
    """A node with a token for monitoring, and its client."""
    configuration = Configuration(database_url=SecretStr(url), data_dir=folder, metrics_token=SecretStr(token))
    app = create_app(configuration, clock)
    with TestClient(app, headers=SAME_ORIGIN, follow_redirects=False) as client:
        yield client, enter(app.state.installation.database)


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> str:
    return furnished(sqlite_template, tmp_path, clock.now())


@pytest.fixture
def at_node(url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with node(url, tmp_path, clock) as found:
        yield found


def asked(client: TestClient) -> str:
    answer = client.get("/metrics", headers=AUTHORISED)
    assert answer.status_code == 200
    return answer.text


def numbers(client: TestClient) -> Numbers:
    """(name, labels) → value, of all metrics now."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(asked(client))
        for sample in family.samples
    }


def number(found: Numbers, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


# ---------------------------------------------------------------- to whom


def test_strangers_are_refused_and_without_a_token_in_the_configuration_there_is_no_such_page(
    url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    with node(url, tmp_path, clock) as (client, _):
        for wrong in (
            {},
            {"authorization": "Bearer "},
            {"authorization": f"Bearer {TOKEN}x"},
            {"authorization": TOKEN},
        ):
            answer = client.get("/metrics", headers=wrong)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert "queue_" not in answer.text
        assert client.get("/metrics", headers=[(b"authorization", "Bearer سر".encode())]).status_code == 401
        assert client.post("/metrics", headers=AUTHORISED).status_code == 405
        answer = client.get("/metrics", headers=AUTHORISED)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    with node(url, tmp_path, clock, token="") as (client, _):
        assert client.get("/metrics", headers=AUTHORISED).status_code == 404
        assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_the_token_is_read_from_the_environment_or_a_file_and_must_be_long(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n", encoding="utf-8")
    assert read_configuration({"QUEUE_METRICS_TOKEN": TOKEN}).metrics_token.get_secret_value() == TOKEN
    assert read_configuration({"QUEUE_METRICS_TOKEN_FILE": str(path)}).metrics_token.get_secret_value() == TOKEN
    with pytest.raises(ConfigurationError, match="QUEUE_METRICS_TOKEN: at least 16"):
        read_configuration({"QUEUE_METRICS_TOKEN": "short"})


def test_it_is_told_in_the_form_that_is_asked_for(at_node: tuple[TestClient, Hall]) -> None:
    client, _ = at_node
    plain = client.get("/metrics", headers=AUTHORISED)
    assert plain.headers["content-type"].startswith("text/plain")
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    newer = client.get("/metrics", headers=AUTHORISED | accept)
    assert newer.headers["content-type"].startswith("application/openmetrics-text")
    assert newer.text.endswith("# EOF\n")


# ---------------------------------------------------------------- whether it is true


def test_numbers_follow_a_ticket_that_is_taken_and_called(at_node: tuple[TestClient, Hall]) -> None:
    client, hall = at_node
    before = numbers(client)
    assert number(before, "queue_people_waiting", branch=BRANCH) == 0
    hall.issue()
    hall.issue()
    taken = numbers(client)
    assert number(taken, "queue_people_waiting", branch=BRANCH) == 2
    assert number(taken, "queue_facts_total", branch=BRANCH, kind="ticket.issued") == 2
    assert number(taken, "queue_facts_total", branch=BRANCH, kind="ticket.called") == 0
    hall.call_next(hall.sit(hall.person("salem")))
    called = numbers(client)
    assert number(called, "queue_people_waiting", branch=BRANCH) == 1
    assert number(called, "queue_facts_total", branch=BRANCH, kind="ticket.called") == 1
    assert number(called, "queue_people_waiting", branch="mobile-consulate") == 0
    assert number(called, "queue_writer_commit_seconds_count") > number(taken, "queue_writer_commit_seconds_count")
    assert number(called, "queue_writer_batch_size_count") >= number(called, "queue_writer_commit_seconds_count")
    assert number(called, "queue_database_up") == 1
    assert number(called, "process_open_fds") > 0


def test_requests_are_counted_by_route_method_and_status(at_node: tuple[TestClient, Hall]) -> None:
    client, _ = at_node
    for _ in range(3):
        client.get("/b/AAAABBBB")
    client.get("/nowhere/at/all")
    client.request("BREW", "/")
    found = numbers(client)
    assert number(found, "queue_http_requests_total", method="GET", route="/b/{token}", status="404") == 3
    assert number(found, "queue_http_requests_total", method="GET", route="-", status="404") == 1
    assert number(found, "queue_http_request_seconds_count", method="GET", route="/b/{token}") == 3
    last = number(found, "queue_http_request_seconds_bucket", method="GET", route="/b/{token}", le="+Inf")
    assert last == 3
    assert number(found, "queue_http_requests_total", method="other", route="/", status="405") == 1


def test_a_socket_is_counted_while_it_is_open_and_its_last_frame_grows_old(at_node: tuple[TestClient, Hall]) -> None:
    client, hall = at_node
    route = "/t/{token}/live"
    with client.websocket_connect(f"/t/{hall.issue().ticket.token}/live", headers=ORIGIN) as session:
        session.receive_text()
        found = numbers(client)
        assert number(found, "queue_sockets", route=route) == 1
        first = number(found, "queue_frame_age_seconds", route=route)
        assert first > 0
        assert number(numbers(client), "queue_frame_age_seconds", route=route) > first
    until(lambda: number(numbers(client), "queue_sockets", route=route) == 0)
    found = numbers(client)
    assert ("queue_frame_age_seconds", frozenset({("route", route)})) not in found


def test_a_refused_socket_is_not_counted_for_long(at_node: tuple[TestClient, Hall]) -> None:
    client, _ = at_node
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/t/nobody/live", headers=ORIGIN) as live:
        live.receive_text()
    until(lambda: number(numbers(client), "queue_sockets", route="/t/{token}/live") == 0)


def test_slips_grow_old_until_they_are_printed(at_node: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = at_node
    hall.db.write_in_now(hall.branch.id, tickets.issue_ticket, with_slip(hall))
    clock.move(timedelta(seconds=40))
    found = numbers(client)
    assert number(found, "queue_slips_waiting", branch=BRANCH) == 1
    assert number(found, "queue_spool_age_seconds", branch=BRANCH) == 40


def test_devices_are_told_as_the_office_sees_them(at_node: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = at_node

    def screens(state: str) -> float:
        return number(numbers(client), "queue_devices", branch=BRANCH, kind="display", state=state)

    planned = screens("unpaired")
    enrol(hall, "d1")
    hall.db.write_in_now(hall.branch.id, touch_devices, hall.branch.id, [first_screen(hall)])
    assert (screens("unpaired"), screens("paired"), screens("silent")) == (planned - 1, 1, 0)
    printer = hall.db.read_now(devices, hall.branch.id, "printer")[0]
    hall.db.write_in_now(hall.branch.id, slips.record_printer_status, hall.branch.id, printer.id, "no_paper")
    assert number(numbers(client), "queue_devices", branch=BRANCH, kind="printer", state="no_paper") == 1
    clock.move(timedelta(minutes=4))
    assert (screens("paired"), screens("silent")) == (0, 1)


def test_news_that_a_node_has_not_heard_of_grows_old(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    hall.issue()
    heard = db.read_now(positions)
    assert db.read_now(measures, heard).unheard_since is None
    clock.move(timedelta(seconds=5))
    since = clock.now()
    hall.issue()
    clock.move(timedelta(seconds=5))
    hall.issue()
    assert db.read_now(measures, heard).unheard_since == since


def test_measures_of_a_branch_are_the_same_on_both_databases(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    hall.db.write_in_now(hall.branch.id, tickets.issue_ticket, with_slip(hall))
    began = clock.now()
    clock.move(timedelta(seconds=9))
    hall.issue()
    found = db.read_now(measures, {}).branches[BRANCH]
    assert (found.people_waiting, found.slips_waiting, found.oldest_slip) == (2, 1, began)


def test_without_a_database_a_node_still_tells_of_itself(at_node: tuple[TestClient, Hall], said: io.StringIO) -> None:
    client, hall = at_node
    client.get("/")
    with hall.db.migrating() as connection:
        connection.exec_driver_sql("ALTER TABLE ticket RENAME TO lost")
    found = numbers(client)
    assert number(found, "queue_database_up") == 0
    assert number(found, "queue_http_requests_total", method="GET", route="/", status="200") == 1
    assert not [name for name, _ in found if name == "queue_people_waiting"]


def test_the_writers_tell_how_many_wait_and_how_many_shared_a_transaction(db: Database) -> None:
    hall = furnish(db)
    began, go_on = threading.Event(), threading.Event()

    def slow(_: Any) -> None:
        began.set()
        assert go_on.wait(60)

    before = sum(sum(writer.batches.counts) for writer in db.writers)
    threads = [threading.Thread(target=db.write_in_now, args=(hall.branch.id, slow))]
    threads[0].start()
    assert began.wait(60)
    for _ in range(3):
        threads.append(threading.Thread(target=db.write_in_now, args=(hall.branch.id, positions)))
        threads[-1].start()
    until(lambda: sum(writer.waiting for writer in db.writers) == 3)
    go_on.set()
    for thread in threads:
        thread.join()
    sizes = [writer.batches for writer in db.writers]
    # One alone, and then the three that had waited together.
    assert sum(sum(size.counts) for size in sizes) == before + 2
    assert sum(size.counts[2] for size in sizes) == 1
    assert sum(writer.waiting for writer in db.writers) == 0


def test_a_fact_that_was_undone_is_not_counted(db: Database) -> None:
    hall = furnish(db)

    def counted() -> int:
        return sum(
            count for writer in db.writers for (_, kind), count in writer.facts.items() if kind == "ticket.issued"
        )

    before = counted()

    def fails(tx: Tx) -> None:
        tickets.issue_ticket(tx, with_slip(hall))
        tx.flush()
        raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        db.write_in_now(hall.branch.id, fails)
    assert counted() == before
    hall.issue()
    assert counted() == before + 1


# ---------------------------------------------------------------- what it does not tell


def test_it_tells_on_nobody(at_node: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = at_node
    secret = hold(hall, clock.now() + timedelta(days=1))
    ticket = hall.issue().ticket
    client.get(f"/b/{secret}?name={NAME}")
    client.get(f"/t/{ticket.token}")
    client.get(f"/{secret}")
    client.request(f"X-{ticket.code}", "/")
    text = asked(client)
    for personal in (secret, ticket.token, ticket.code, NAME, CONTACT, "layla", "testclient"):
        assert personal not in text, personal


def test_however_many_addresses_are_made_up_the_labels_stay_few(at_node: tuple[TestClient, Hall]) -> None:
    client, _ = at_node
    client.get("/b/one")
    client.get("/one")
    client.request("M-1", "/")
    asked(client)
    before = len(numbers(client))
    for count in range(50):
        client.get(f"/b/{count}")
        client.get(f"/{count}/{count}")
        client.request(f"M-{count}", "/")
    assert len(numbers(client)) == before
    methods = {dict(labels).get("method") for _, labels in numbers(client)} - {None}
    assert methods <= KNOWN_METHODS | {"other"}


def test_two_nodes_in_one_process_share_nothing(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with node(url, tmp_path, clock) as (client, _):
        client.get("/b/AAAABBBB")
    with node(url, tmp_path, clock) as (client, _):
        assert number(numbers(client), "queue_http_requests_total", method="GET", route="/b/{token}", status="404") == 0


def test_every_number_is_in_the_handbook(at_node: tuple[TestClient, Hall]) -> None:
    client, hall = at_node
    with client.websocket_connect(f"/t/{hall.issue().ticket.token}/live", headers=ORIGIN) as session:
        session.receive_text()
        told = set(re.findall(r"^# TYPE (queue_\w+)", asked(client), re.MULTILINE))
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert told == set(re.findall(r"^\| `(queue_\w+)`", text, re.MULTILINE))
    used = set(re.findall(r"queue_\w+", "".join(re.findall(r"expr: (.*)", text))))
    assert {re.sub(r"_bucket$", "", name) for name in used} <= told


def test_a_value_on_a_bound_belongs_below_it() -> None:
    spread = Distribution((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 9.0):
        spread.note(value)
    assert (spread.counts, spread.total) == ([2, 2, 1], 14.0)


def with_slip(hall: Hall) -> TicketOrder:
    """An order for a number with a slip, on a printer that is switched off."""
    printer = hall.db.read_now(devices, hall.branch.id, "printer")[0]
    return TicketOrder(hall.branch.id, hall.service("attest-single"), "ar", "kiosk", SYSTEM, printer_id=printer.id)


def test_the_age_of_the_backup_and_the_program_are_told(at_node: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = at_node
    assert not any(name == "queue_backup_age_seconds" for name, _ in numbers(client))
    hall.db.write_in_now(ORGANISATION, done_by_hand, "backup", {})
    clock.set(clock.now() + timedelta(hours=2))
    found = numbers(client)
    assert 7199 < number(found, "queue_backup_age_seconds") <= 7200
    assert 7199 < number(found, "queue_nightly_age_seconds", task="backup") <= 7200
    assert number(found, "queue_build_info", version=program_version(), schema=schema.newest()) == 1
