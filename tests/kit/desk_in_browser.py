"""The server of a desk and the first steps there, for browser tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, Page, expect

from queue_system.actions.sessions import start_session
from queue_system.app import create_app
from queue_system.clock import Clock
from queue_system.configuration import read_configuration
from queue_system.store.queries import line
from queue_system.store.queries.access import staff_by_login
from tests.kit.hall import PASSWORD, Hall, enter, one_call_is_enough
from tests.kit.served import served


class HallServer:
    """A server of its own on a free port; `hall` acts on its database directly, as another process would."""

    def __init__(self, url: str, folder: Path, clock: Clock) -> None:
        app = create_app(read_configuration({}, database_url=url, data_dir=folder), clock)
        self._running = ExitStack()
        self.address = self._running.enter_context(served(app))
        self.hall: Hall = enter(app.state.installation.database)
        one_call_is_enough(self.hall)

    def stop(self) -> None:
        self._running.close()


def sign_in_and_take_seat(page: Page, server: HallServer, login: str = "layla") -> None:
    """As a clerk does it in the morning, through three pages."""
    page.goto(f"{server.address}/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk")
    page.locator('form[action$="/c4/sitting"] button').click()
    page.wait_for_url("**/desk/doha-main/c4")


def take_seat(page: Page, server: HallServer, login: str = "layla") -> None:
    """The desk of somebody who has signed in already and sits there."""
    found = server.hall.db.read_now(staff_by_login, login)
    assert found is not None
    server.hall.sit(found[0], "c4")
    token = server.hall.db.write_now(start_session, found[0], "browser")
    page.context.add_cookies([{"name": "session", "value": token, "url": server.address, "httpOnly": True}])
    page.goto(f"{server.address}/desk/doha-main/c4")


def press(page: Page, key: str) -> None:
    """Press a key after the answer to the previous one has been shown, as a person does."""
    expect(page.locator("[data-busy], [data-settling]")).to_have_count(0)
    page.keyboard.press(key)


@contextmanager
def at_the_desk(browser: Browser, server: HallServer) -> Iterator[Page]:
    """Layla's desk at counter 4, in Arabic; scripts that fail or are forbidden fail the test."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="ar")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
    take_seat(page, server)
    yield page
    context.close()
    assert problems == []


def state(server: HallServer, ticket_id: UUID) -> str:
    return server.hall.db.read_now(line.ticket, server.hall.branch.id, ticket_id).state.value


def open_now(server: HallServer) -> Any:
    return server.hall.db.read_now(line.open_tickets, server.hall.branch.id)
