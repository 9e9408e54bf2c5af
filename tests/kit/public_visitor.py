"""A booker whose browser runs no scripts: reads pages, follows links, sends forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.core.errors import Refused
from queue_system.store.log import VISITOR
from queue_system.store.queries import bookings
from queue_system.store.queries.bookings import BookingView
from tests.kit.hall import Hall

NAME, PHONE = "أحمد خالد العلي", "٥٥١٢ ٣٤٥٦"


@dataclass
class Answer:
    """A page as the visitor sees it: its address, its text, its links and forms."""

    url: str
    status: int
    html: str
    headers: Any
    links: list[tuple[str, str]] = field(default_factory=list)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    forms: list[tuple[str, dict[str, str], list[dict[str, str]]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of the page without markup and without invisible direction marks."""
        plain = re.sub(r"<[^>]+>", "", re.sub(r"</(?:p|li|h1|h2|dt|dd|span|a)>", " ", self.html))
        return " ".join(re.sub("[\u2066-\u2069]", "", plain).split())

    def hrefs(self, pattern: str) -> list[str]:
        """Addresses of the links that match, in the order of the page."""
        return [href for href, _ in self.links if re.search(pattern, href)]


@dataclass
class Visitor:
    """One browser; `page` is what it shows now."""

    client: TestClient
    language: str = "ar"
    page: Answer = field(init=False)

    def open(self, path: str) -> Answer:
        return self._show(self.client.get(path, headers={"accept-language": self.language}))

    def follow(self, pattern: str, place: int = 0) -> Answer:
        """Press the link whose address matches."""
        found = self.page.hrefs(pattern)
        assert found, f"no link {pattern} on {self.page.url}: {[href for href, _ in self.page.links]}"
        return self.open(urljoin(self.page.url, found[place]))

    def send(self, action: str = "", **values: str) -> Answer:
        """Fill in and send the form whose address ends with `action`, or with "" the one to the page itself."""
        for target, hidden, _ in self.page.forms:
            if target.endswith(action) and bool(target) is bool(action):
                return self.post(urljoin(self.page.url, target or self.page.url), hidden | values)
        raise AssertionError(f"no form to {action!r} on {self.page.url}: {self.page.forms}")

    def post(self, url: str, values: dict[str, str]) -> Answer:
        return self._show(self.client.post(url, data=values, headers={"accept-language": self.language}))

    def choose_time(self, service: str = "passport-lost", day: int = 1, time: int = 0) -> Answer:
        """From the service's page to the form for name and contact."""
        self.open(f"/book/doha-main/{service}")
        self.follow(f"/{service}/days")
        self.follow(rf"/{service}/\d{{4}}-\d\d-\d\d$", day)
        return self.follow(r"/\d{8}T\d{4}Z$", time)

    def hold(self, service: str = "passport-lost", day: int = 1, time: int = 0, contact: str = PHONE) -> Answer:
        """To the page where the answers are checked."""
        self.choose_time(service, day, time)
        return self.send(name=NAME, contact=contact)

    def book(self, service: str = "passport-lost", day: int = 1, time: int = 0, contact: str = PHONE) -> Answer:
        """To the page of a confirmed appointment."""
        self.hold(service, day, time, contact)
        answer = self.send("/confirmation")
        assert answer.status == 200, answer.text
        return answer

    def _show(self, response: Any) -> Answer:
        while response.status_code in (301, 302, 303, 307):
            response = self.client.get(response.headers["location"], headers={"accept-language": self.language})
        self.page = Answer(str(response.url), response.status_code, response.text, response.headers)
        _Reader(self.page).feed(response.text)
        return self.page


def token_of(page: Answer) -> str:
    """The secret part of a booking's address."""
    found = re.search(r"/b/([\w-]+)", page.url)
    assert found, page.url
    return found[1]


def stored(hall: Hall, page: Answer) -> BookingView:
    """The booking of a page, as the database has it."""
    return hall.db.read_now(bookings.booking_by_token, hall.branch.id, token_of(page))


def fill_up(hall: Hall, service: str, start: datetime) -> int:
    """Hold every place that the public can take at a time; returns how many there were."""
    for number in range(100):
        order = actions.HoldOrder(
            hall.branch.id, hall.service(service), start, "سلمى", f"other{number}@example.org", "ar", VISITOR
        )
        try:
            hall.db.write_in_now(hall.branch.id, actions.hold_slot, order)
        except Refused as refusal:
            if refusal.code == "slot-taken":
                return number
            raise
    raise AssertionError("a time that never fills up")


class _Reader(HTMLParser):
    def __init__(self, page: Answer) -> None:
        super().__init__()
        self._page = page
        self._in_form = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._page.links.append((attributes.get("href", ""), attributes.get("class", "")))
        elif tag == "form":
            self._page.forms.append((attributes.get("action", ""), {}, []))
            self._in_form = True
        elif tag == "button" and self._in_form:
            self._page.forms[-1][2].append(attributes)
        elif tag == "input" and attributes.get("name"):
            self._page.fields[attributes["name"]] = attributes
            if self._in_form:
                self._page.forms[-1][1][attributes["name"]] = attributes.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False
