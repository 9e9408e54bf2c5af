"""Reads the catalogues: `catalogues/<language>/<area>.po`, gettext's format, read whole when the program starts.

A msgid is a dotted key (`booking.choose-service`), the msgstr a plain text with `{name}` placeholders. A counted
text has msgid and msgid_plural equal to the key, and its forms are in the order of the file's own
`Plural-Forms` header, which is evaluated as in gettext, so that translators' tools and this program agree.
Where a language has no plural form for zero (English), the key with the suffix `.zero` holds that text.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages import catalog
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

DIRECTORY: Final = Path(__file__).parent / "catalogues"
REFERENCE: Final = "ar"
ZERO: Final = ".zero"

_LINE: Final = re.compile(r'(?:msgctxt |msgid |msgid_plural |msgstr |msgstr\[\d\] )?"(?:[^"\\]|\\.)*"')
_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class CatalogueError(Exception):
    """A catalogue file is wrong; the text names the file, the key and the mistake."""


@dataclass(frozen=True, slots=True)
class Message:
    """One text: its forms (one, or as many as the language has plurals) cut into parts.

    A part is `(literal, name)`: a piece of text, then the placeholder that follows it, or None at the end.
    """

    key: str
    file: str
    forms: tuple[str, ...]
    parts: tuple[tuple[tuple[str, str | None], ...], ...]
    counted: bool

    def placeholders(self, form: int = 0) -> frozenset[str]:
        """The names between braces in one form."""
        return frozenset(name for _, name in self.parts[form] if name is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All texts of one language; `form(n)` is the index of the plural form for the whole number n ≥ 0."""

    language: str
    messages: Mapping[str, Message]
    plurals: int
    plural_rule: str
    form: Callable[[int], int]


@cache
def catalogues() -> Mapping[str, Catalogue]:
    """The catalogues of the program, by language; read once."""
    return read_catalogues(DIRECTORY)


def read_catalogues(directory: Path) -> dict[str, Catalogue]:
    """All languages found under `directory`; raises CatalogueError for the first mistake."""
    found = {
        folder.name: _read_language(folder)
        for folder in sorted(directory.iterdir())
        if folder.is_dir() and any(folder.glob("*.po"))
    }
    if REFERENCE not in found:
        raise CatalogueError(f"{directory}: the reference language {REFERENCE} is missing")
    return found


def _read_language(folder: Path) -> Catalogue:
    messages: dict[str, Message] = {}
    rule: tuple[int, str] | None = None
    for path in sorted(folder.glob("*.po")):
        name = f"{folder.name}/{path.name}"
        catalogue = _read_file(path, name)
        own_rule = (catalogue.num_plurals, catalogue.plural_expr)
        if rule is not None and own_rule != rule:
            raise CatalogueError(f"{name}: Plural-Forms differs from the other files of {folder.name}")
        rule = own_rule
        for entry in (entry for entry in catalogue if entry.id):
            message = _message(entry, name)
            if message.key in messages:
                raise CatalogueError(f"{name}: {message.key} is already in {messages[message.key].file}")
            messages[message.key] = message
    count, expression = rule or (1, "0")
    return Catalogue(folder.name, messages, count, expression, gettext.c2py(expression))


def _read_file(path: Path, name: str) -> Catalog:
    try:
        _check_lines(path, name)
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{name}: {error}") from error
    # Babel uses the locale's own rule where the header is missing, and its order differs from gettext's for Arabic.
    header = {key.lower(): value for key, value in _header(path)}
    if "plural-forms" not in header:
        raise CatalogueError(f"{name}: the header has no Plural-Forms")
    if header.get("language") != path.parent.name:
        raise CatalogueError(f"{name}: the header says Language: {header.get('language')}")
    return catalogue


def _header(path: Path) -> list[tuple[str, str]]:
    """The header's fields as in the file, because Babel replaces some by its own."""
    fields: list[tuple[str, str]] = []
    entry = re.search(r'^msgid ""\nmsgstr ""\n((?:"[^\n]*"\n)+)', path.read_text("utf-8"), re.MULTILINE)
    if entry is not None:
        text = "".join(line[1:-1] for line in entry[1].splitlines()).replace("\\n", "\n")
        fields = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in text.split("\n"))]
    return fields


def _check_lines(path: Path, name: str) -> None:
    """Find duplicate keys and missing quotation marks, which Babel accepts silently."""
    seen: set[str] = set()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if not _LINE.fullmatch(line):
            raise CatalogueError(f"{name}:{number}: is not a line of a catalogue: {line}")
        if line.startswith('msgid "') and (key := line[7:-1]):
            if key in seen:
                raise CatalogueError(f"{name}:{number}: {key} is twice in this file")
            seen.add(key)


def _message(entry: catalog.Message, file: str) -> Message:
    counted = isinstance(entry.id, (tuple, list))
    key = str(entry.id[0]) if counted else str(entry.id)
    where = f"{file}: {key}"
    if counted and entry.id[0] != entry.id[1]:
        raise CatalogueError(f"{where}: msgid_plural must repeat the key")
    if entry.fuzzy:
        raise CatalogueError(f"{where}: is marked fuzzy; finish the text or take it out")
    # Babel adds empty forms where some are missing, and raises an error where there are too many.
    forms = tuple(entry.string) if isinstance(entry.string, (tuple, list)) else (str(entry.string),)
    if not all(form.strip() for form in forms):
        raise CatalogueError(f"{where}: has an empty text")
    return Message(key, file, forms, tuple(_cut(form, where) for form in forms), counted)


def _cut(text: str, where: str) -> tuple[tuple[str, str | None], ...]:
    pieces = _PLACEHOLDER.split(text)
    literals, names = pieces[::2], pieces[1::2]
    if any(brace in literal for literal in literals for brace in "{}"):
        raise CatalogueError(f"{where}: a brace that belongs to no placeholder")
    return tuple(zip(literals, [*names, None], strict=True))
