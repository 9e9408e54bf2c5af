"""The demonstration: one command, an open hall at any hour, a day that is kept."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect

from queue_system.clock import FrozenClock, SystemClock
from queue_system.core import hours
from queue_system.core.calendars import Calendar
from queue_system.core.errors import Unavailable
from queue_system.demo import past
from queue_system.demo.run import run_demo, step_ahead
from queue_system.profiles import profile_names
from queue_system.store import schema
from queue_system.store.database import Database
from queue_system.store.log import verify
from tests.kit import demo_process, postgres
from tests.kit.demo_process import PASSWORD, Begin, Demo, by_python
from tests.kit.hall import furnish
from tests.kit.web_hall import SAME_ORIGIN

DOHA = ZoneInfo("Asia/Qatar")


@contextmanager
def running(folder: Path, *arguments: str, begin: Begin | None = None, **environment: str) -> Iterator[Demo]:
    demo = demo_process.start(folder, *arguments, begin=begin, **environment)
    try:
        yield demo
    finally:
        demo.stop(signal.SIGKILL)


def take_a_number(demo: Demo) -> dict[str, str]:
    """A number without a device, for the first service that gives one: code and token."""
    branch = demo.get("/api/v1/branches").json()["branches"][0]["branch"]
    services = demo.get(f"/api/v1/branches/{branch}/services").json()["services"]
    refused = []
    for service in services:
        order = {"service": service["service"], "request_id": uuid.uuid4().hex}
        answer = demo.post(f"/api/v1/branches/{branch}/tickets", json=order)
        if answer.status_code == 201:
            ticket: dict[str, str] = answer.json()
            return ticket
        refused.append(answer.text)
    raise AssertionError(f"no service gives a number: {refused}")


def appointments_of_today(demo: Demo) -> list[str]:
    """The links to appointments in the book that reception opens, whose table has a column for a made-up person."""
    with httpx2.Client(base_url=demo.address, headers=SAME_ORIGIN, timeout=30, follow_redirects=True) as reception:
        reception.post("/sign-in", data={"login": "huda", "password": PASSWORD})
        page = reception.get("/appointments").text
    assert "هالة مثال</th>" in page
    return re.findall(r'href="(/appointments/[\w-]+/[\w-]+)" data-appointment', page)


def follow_until_the_hall_lives(demo: Demo) -> None:
    """Follow the screen until it has shown a second call while somebody waits."""
    let_in = demo.get("/demo/display", follow_redirects=False)
    token = let_in.headers["set-cookie"].split(";")[0].split("=", 1)[1]
    branch = demo.get("/api/v1/branches").json()["branches"][0]["branch"]
    deadline = time.monotonic() + 150
    with connect(
        demo.address.replace("http", "ws") + "/display/live",
        additional_headers={"Authorization": f"Bearer {token}"},
        proxy=None,
    ) as screen:
        heard: set[int] = set()
        while True:
            board = json.loads(screen.recv(deadline - time.monotonic()))
            heard |= {call["seq"] for call in board.get("calls", ())}
            if len(heard) >= 2:
                queues = demo.get(f"/api/v1/branches/{branch}/queues").json()["queues"]
                if sum(queue["waiting"] for queue in queues) >= 1:
                    return


def assert_complete(demo: Demo) -> None:
    """Everything that the demonstration prints can be opened, and everybody that it names can sign in."""
    front = demo.get("/", headers={"accept-language": "ar"})
    assert front.status_code == 200
    assert 'dir="rtl"' in front.text
    assert demo.sign_ins["admin"] == "administrator"
    assert len(demo.sign_ins) >= 5
    # A newcomer must see what a clerk, a receptionist and a head of section see, and not everything.
    assert [login for login, role in demo.sign_ins.items() if role == "administrator"] == ["admin"]
    assert {"layla", "huda"} < set(demo.sign_ins)
    for path in ("/kiosk", "/display"):
        if f"/demo{path}" in demo.banner:
            let_in = demo.get(f"/demo{path}", follow_redirects=False)
            assert (let_in.status_code, let_in.headers["location"]) == (303, path)
            cookie = {"cookie": let_in.headers["set-cookie"].split(";")[0]}
            assert demo.get(path, headers=cookie, follow_redirects=True).status_code == 200
    assert demo.get("/paper").status_code == 200
    # In the other branches are people, too, and the front page names them.
    elsewhere = sorted(set(re.findall(r"\b(?:layla|huda|karim)-[\w-]+", front.text)))
    branches = demo.get("/api/v1/branches").json()["branches"]
    assert {one.partition("-")[2] for one in elsewhere} == {one["branch"] for one in branches[1:]}
    for login in (*demo.sign_ins, *elsewhere[:4]):
        session = demo.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
        assert session.status_code == 201, (login, session.text)


def assert_stops(demo: Demo) -> None:
    """Stopping as Ctrl-C does takes no longer than the start took, and succeeds."""
    code, seconds = demo.stop()
    assert (code, seconds < max(6, demo.started_in)) == (0, True), (seconds, demo.log())
    assert "Traceback" not in demo.log()


# ---------------------------------------------------------------- as people start it


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("profile", [name for name in profile_names() if name != "embassy"])
@pytest.mark.timeout(300)
def test_every_other_sample_starts_and_stops(tmp_path: Path, profile: str) -> None:
    with running(tmp_path, "--profile", profile, "--busy", "--speed", "400") as demo:
        assert_complete(demo)
        assert take_a_number(demo)["code"]
        follow_until_the_hall_lives(demo)
        assert_stops(demo)


def assert_past_days_are_in_the_log_of_these_days(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "queue.db")) as database:
        statement = "SELECT count(*) FROM entry WHERE kind = 'ticket.called' AND at < datetime('now', '-12 hours')"
        assert database.execute(statement).fetchone()[0] >= past.VISITS


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_second_run_finds_the_day_as_it_was(tmp_path: Path) -> None:
    screen = httpx2.Client(timeout=30)
    with running(tmp_path, begin=by_python) as demo:
        assert_complete(demo)
        ticket = take_a_number(demo)
        screen.get(f"{demo.address}/demo/display")
        morning = appointments_of_today(demo)
        assert len(morning) >= 10
        assert_stops(demo)
    assert_past_days_are_in_the_log_of_these_days(tmp_path)
    with running(tmp_path) as demo:
        again = demo.get(f"/api/v1/tickets/{ticket['token']}")
        assert (again.status_code, again.json()["code"]) == (200, ticket["code"])
        assert take_a_number(demo)["code"] != ticket["code"]
        assert appointments_of_today(demo) == morning
        # A page that stayed open still belongs to a paired screen.
        assert screen.get(f"{demo.address}/display").status_code == 200
    screen.close()


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_it_runs_on_postgresql_too(tmp_path: Path, postgres_server: str) -> None:
    name = f"demo_{uuid.uuid4().hex[:12]}"
    url = postgres.create_database(postgres_server, name)
    try:
        with running(tmp_path, QUEUE_DATABASE_URL=url) as demo:
            ticket = take_a_number(demo)
            assert not (tmp_path / "queue.db").exists()
            assert_stops(demo)
        with running(tmp_path, QUEUE_DATABASE_URL=url) as demo:
            assert demo.get(f"/api/v1/tickets/{ticket['token']}").json()["code"] == ticket["code"]
            assert demo.stop(signal.SIGTERM)[0] == 0
        database = Database(url, SystemClock())
        assert all(verdict.broken_at is None for verdict in database.read_now(verify))
        database.close()
    finally:
        postgres.drop_database(postgres_server, name)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_real_clock_is_kept_when_asked_for_and_a_second_demonstration_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("QUEUE_PORT", "0")
    with running(tmp_path, "--real-clock") as demo:
        told = re.search(r"its clock says \w+ (\S+ \S+) \((\S+)\)$", demo.banner, re.MULTILINE)
        assert told is not None, demo.banner
        shown = datetime.fromisoformat(told[1]).replace(tzinfo=ZoneInfo(told[2]))
        assert abs(SystemClock().now() - shown) < timedelta(minutes=3)
        with pytest.raises(Unavailable, match="second-process"):
            run_demo("embassy", busy=False, speed=1, real_clock=False)
        assert demo.get("/healthz").status_code == 200
        assert demo.stop()[0] == 0
    with pytest.raises(SystemExit, match="holds the organisation embassy-sy-doha, not "):
        run_demo("forum", busy=False, speed=1, real_clock=False)


def test_a_sample_that_there_is_not_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUEUE_DATA_DIR", str(tmp_path / "none"))
    assert run_demo("embasy", busy=False, speed=1, real_clock=False) == 1
    assert 'there is no profile of this name — did you mean "embassy"?' in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


# ---------------------------------------------------------------- its clock


@pytest.fixture(scope="module")
def embassy(tmp_path_factory: pytest.TempPathFactory) -> Calendar:
    """The opening hours of the embassy: Sunday to Thursday 8:30 to 14:30, last number at 13:30; Ramadan from 9."""
    database = Database(
        f"sqlite:///{tmp_path_factory.mktemp('embassy') / 'queue.db'}", FrozenClock(datetime(2026, 11, 22, tzinfo=UTC))
    )
    schema.migrate(database)
    calendar = furnish(database).branch.calendar
    database.close()
    return calendar


@pytest.mark.parametrize(
    ("now", "kept", "then"),
    [
        pytest.param("2026-11-22 10:00", None, "2026-11-22 10:00", id="open"),
        pytest.param("2026-11-20 12:00", None, "2026-11-22 09:15", id="friday"),
        pytest.param("2026-11-22 23:00", None, "2026-11-23 09:15", id="night"),
        pytest.param("2026-11-23 02:00", None, "2026-11-23 09:15", id="after midnight"),
        pytest.param("2026-11-22 08:00", None, "2026-11-22 09:15", id="before opening"),
        pytest.param("2026-11-22 13:00", None, "2026-11-23 09:15", id="near closing, first run"),
        pytest.param("2026-11-22 13:00", 0.0, "2026-11-22 13:00", id="near closing, second run"),
        pytest.param("2026-11-22 14:00", 0.0, "2026-11-23 09:15", id="numbers are over, second run"),
        pytest.param("2026-11-20 12:30", 45.25, "2026-11-22 09:45", id="friday again, half an hour later"),
        pytest.param("2026-11-20 18:00", 45.25, "2026-11-23 09:15", id="the day of the first run is over"),
        pytest.param("2026-11-23 10:00", 45.25, "2026-11-25 07:15 open", id="open in life, closed ahead"),
    ],
)
def test_the_hall_is_open_whenever_the_demonstration_starts(
    embassy: Calendar, now: str, kept: float | None, then: str
) -> None:
    here = datetime.fromisoformat(now).replace(tzinfo=DOHA).astimezone(UTC)
    step = step_ahead(here, embassy, None if kept is None else timedelta(hours=kept))
    if then.endswith("open"):
        # Its day is 2026-11-25 07:15, before opening, so its clock goes on to the opening.
        then = "2026-11-25 09:15"
    assert (here + step).astimezone(DOHA).strftime("%Y-%m-%d %H:%M") == then


def test_in_ramadan_the_day_begins_later(embassy: Calendar) -> None:
    season = next(season for season in embassy.seasons if season.slug == "ramadan" and season.first.year >= 2027)
    sunday = season.first + timedelta(days=(6 - season.first.weekday()) % 7)
    night = datetime.combine(sunday, datetime.min.time(), DOHA).astimezone(UTC)
    then = (night + step_ahead(night, embassy, None)).astimezone(DOHA)
    assert (then.date(), then.strftime("%H:%M")) == (sunday, "09:45")


@settings(max_examples=60, deadline=None)
@given(
    minutes=st.integers(0, 60 * 24 * 365),
    kept=st.none() | st.integers(0, 60 * 24 * 10),
)
def test_the_clock_never_goes_back_and_the_hall_is_always_open(
    embassy: Calendar, minutes: int, kept: int | None
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    before = None if kept is None else timedelta(minutes=kept)
    step = step_ahead(now, embassy, before)
    assert step >= (before or timedelta())
    assert hours.takes_tickets(now + step, embassy)
    assert step_ahead(now, embassy, step) == step
