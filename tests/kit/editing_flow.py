"""Forms of settings as a browser without scripts sends them, through the preview to the save."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import Any, TypeAlias

from starlette.testclient import TestClient

Items: TypeAlias = list[tuple[str, str]]

_FORM = re.compile(r"<form[^>]*>.*?</form>", re.DOTALL)
_INPUT = re.compile(r"<input\b([^>]*)>")
_SELECT = re.compile(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', re.DOTALL)
_ERROR = re.compile(r"field-error.*?</p>", re.DOTALL)


def inputs(page: str) -> Items:
    """What a browser would send of the form of a page, or of the preview."""
    forms = _FORM.findall(page)
    form = next(one for one in forms if 'name="sha256"' in one or one.startswith('<form class="form'))
    found = [
        (name, _attribute("value", rest))
        for rest in _INPUT.findall(form)
        if (name := _attribute("name", rest)) and (" checked" in rest or not re.search('type="(checkbox|radio)"', rest))
    ]
    for name, options in _SELECT.findall(form):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found.append((unescape(name), unescape(chosen[1]) if chosen else ""))
    return found


def with_values(items: Iterable[tuple[str, str]], **values: str) -> Items:
    """The same with other values of some fields."""
    return [(name, values.pop(name, value)) for name, value in items] + list(values.items())


def send(client: TestClient, address: str, items: Iterable[tuple[str, str]]) -> Any:
    """Send a form."""
    data: dict[str, list[str]] = {}
    for name, value in items:
        data.setdefault(name, []).append(value)
    return client.post(address, data=data)


def through(client: TestClient, address: str, items: Iterable[tuple[str, str]], **decided: str) -> Any:
    """Look at the preview, decide, and save; the answer to that."""
    page = send(client, address, items)
    assert page.status_code == 200, _ERROR.findall(page.text)
    kept = [item for item in inputs(page.text) if item[0] not in ("step", *decided)]
    return send(client, address, [*kept, *decided.items(), ("step", "save")])


def _attribute(name: str, tag: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""
