"""The whole application with a furnished hall, and people who use it with a browser without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.testclient import TestClient

from queue_system.app import create_app
from queue_system.clock import Clock, FrozenClock
from queue_system.configuration import read_configuration
from queue_system.store.database import Database
from queue_system.store.queries.access import staff_by_login
from queue_system.web.installation import Installation
from tests.kit.furnished import know, recall
from tests.kit.hall import PASSWORD, Hall, enter, furnish
from tests.kit.whole_answers import whole_answers

SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


CLERKS = ("layla", "omar")
_furnished: dict[Path, Path] = {}


def furnished(template: Path, folder: Path, at: datetime) -> str:
    """The address of a copy, in `folder`, of a database with the embassy, clerks and an administrator."""
    if template not in _furnished:
        path = template.with_name("furnished.db")
        path.write_bytes(template.read_bytes())
        database = Database(f"sqlite:///{path}", FrozenClock(at))
        hall = furnish(database)
        for login in CLERKS:
            hall.person(login)
        hall.administrator()
        # This receptionist may not call visitors.
        hall.person("rana", ((hall.branch.id, "receptionist"),))
        know(database)
        _furnished[template] = path
    copy = folder / "hall.db"
    copy.write_bytes(_furnished[template].read_bytes())
    return f"sqlite:///{copy}"


@contextmanager
def application(
    url: str, folder: Path, clock: Clock, public_url: str = "", **more: Any
) -> Iterator[tuple[TestClient, Hall]]:
    """The running application on an installed database, a client, and shorthands for actions in its hall."""
    configuration = read_configuration({}, database_url=url, data_dir=folder, public_url=public_url, **more)
    app = create_app(configuration, clock)
    installation: Installation = app.state.installation
    recall(installation.database)
    base = public_url or "http://testserver"
    with whole_answers(TestClient(app, base_url=base, headers=SAME_ORIGIN, follow_redirects=False)) as client:
        yield client, enter(installation.database)


@contextmanager
def opened(
    url: str, folder: Path, clock: Clock, profile: str, branch: str, prepare: Callable[[Hall], object]
) -> Iterator[tuple[TestClient, Hall]]:
    """The application of another organisation, and the hall of `branch`, to which `prepare` has added its people."""
    database = Database(url, clock)
    prepare(furnish(database, profile, branch))
    database.close()
    with application(url, folder, clock) as (client, found):
        yield client, enter(found.db, branch)


def another(client: TestClient, address: str = "testclient") -> TestClient:
    """A second browser for the same application, at another address if one is given; nobody is signed in there."""
    # Without its own `with`, because the application runs already in the loop of the first client.
    more: dict[str, Any] = {"headers": SAME_ORIGIN, "follow_redirects": False, "client": (address, 50000)}
    other = whole_answers(TestClient(client.app, base_url=str(client.base_url), **more))
    other.portal = client.portal
    return other


def clerk(client: TestClient, hall: Hall, login: str, counter: str = "c4", language: str = "ar") -> Clerk:
    """Sign somebody in who will sit at this counter."""
    sign_in(client, login, language)
    found = hall.db.read_now(staff_by_login, login)
    assert found is not None
    return Clerk(client, found[0], hall, counter)


def sign_in(client: TestClient, login: str, language: str = "ar") -> None:
    """Sign in with the form, as a clerk does."""
    client.cookies.set("language", language)
    answer = client.post("/sign-in", data={"login": login, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


@dataclass
class Form:
    """A form of a page as a browser would send it: address, hidden and selected values, the text of its button."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    button: str = ""


@dataclass
class Page:
    """What a person without scripts can do on a page."""

    html: str

    @property
    def text(self) -> str:
        """The text of the page, without markup."""
        return " ".join(re.sub(r"<[^>]+>", " ", self.html).split())

    @property
    def forms(self) -> list[Form]:
        reader = _Forms()
        reader.feed(self.html)
        return reader.forms

    def form(self, action: str, **values: str) -> Form:
        """The form that goes to `…/<action>`, with exactly these hidden values besides those of the page."""
        for form in self.forms:
            if form.action.endswith(f"/{action}") and values == {
                name: value for name, value in form.values.items() if name not in ("expected", "instead", "seen")
            }:
                return form
        raise AssertionError(f"no form to {action} with {values}: {[form.action for form in self.forms]}")


@dataclass
class Clerk:
    """A signed-in person who presses buttons at a counter."""

    client: TestClient
    id: UUID
    hall: Hall
    counter: str = "c4"

    @property
    def address(self) -> str:
        return f"/desk/{self.hall.branch.slug}/{self.counter}"

    def look(self) -> Page:
        answer = self.client.get(self.address)
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    def sit(self) -> None:
        answer = self.client.post(f"/counters/{self.hall.branch.slug}/{self.counter}/sitting")
        assert answer.status_code == 303, answer.text

    def press(self, action: str, page: Page | None = None, htmx: bool = False, **values: str) -> Any:
        """Send a form of `page`, or of the desk as it is now; returns the answer."""
        form = (page or self.look()).form(action, **{name: value for name, value in values.items() if name == "ticket"})
        headers = {"hx-request": "true"} if htmx else {}
        return self.client.post(form.action, data=form.values | values, headers=headers)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes.get("action", "")))
        elif tag == "input" and self.forms and attributes.get("name"):
            self.forms[-1].values[attributes["name"]] = attributes.get("value", "")
