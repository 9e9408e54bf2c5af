"""The office in a real browser: an embassy that is served, and somebody who has signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page
from pydantic import SecretStr

from queue_system.app import create_app
from queue_system.clock import ShiftedClock, SystemClock
from queue_system.configuration import Configuration
from tests.conftest import SUNDAY_MORNING
from tests.kit.hall import PASSWORD, Hall, enter
from tests.kit.served import served
from tests.kit.web_hall import furnished


@contextmanager
def office(sqlite_template: Path, folder: Path) -> Iterator[tuple[str, Hall]]:
    """The address of the sample embassy on a Sunday morning, and its hall."""
    url = furnished(sqlite_template, folder, SUNDAY_MORNING)
    clock = ShiftedClock(SUNDAY_MORNING - SystemClock().now())
    app = create_app(Configuration(database_url=SecretStr(url), data_dir=folder), clock)
    with served(app) as address:
        yield address, enter(app.state.installation.database)


def signed_in(
    browser: Browser, address: str, path: str, language: str = "ar", *, login: str = "admin", scripts: bool = True
) -> Page:
    """A tab of its own, signed in by keyboard and led to `path`, or to where that leads."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale=language, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{address}/sign-in?next={path}&lang={language}")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    # Not the address of the sign-in, which names the path behind a question mark.
    page.wait_for_url(re.compile(rf"^[^?]*{re.escape(path)}"))
    return page
