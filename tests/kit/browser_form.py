"""What a browser sends of the forms on a page, and how their parts are tied to one another."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class PageForm:
    """`items` in the order of the page, as HTML 4.10.21.4 constructs them; every element with its attributes by id."""

    items: list[tuple[str, str]] = field(default_factory=list)
    by_id: dict[str, dict[str, str]] = field(default_factory=dict)
    by_name: dict[str, dict[str, str]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)


def form_of(html: str) -> PageForm:
    """All controls of a page as one form."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.form


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.form = PageForm()
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            assert found["id"] not in self.form.by_id, f"twice: {found['id']}"
            self.form.by_id[found["id"]] = {"tag": tag} | found
        if tag == "label" and "for" in found:
            self.form.labels.add(found["for"])
        if "name" in found:
            self.form.by_name[found["name"]] = {"tag": tag} | found
        match tag:
            case "input" if found.get("type") not in ("checkbox", "radio") or "checked" in found:
                self.form.items.append((found["name"], found.get("value", "on")))
            case "select":
                self._select = (found["name"], [])
            case "option" if self._select is not None:
                self._select[1].append((found.get("value", ""), "selected" in found))
            case "textarea":
                self._area = (found["name"], [])

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            name, options = self._select
            chosen = [value for value, selected in options if selected] or [options[0][0]]
            self.form.items.append((name, chosen[-1]))
            self._select = None
        if tag == "textarea" and self._area is not None:
            self.form.items.append((self._area[0], "".join(self._area[1])))
            self._area = None
