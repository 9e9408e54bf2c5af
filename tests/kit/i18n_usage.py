"""Finds the uses of texts: keys in templates and Python, and literal words that should be keys.

In templates `t(key, …)` and `tn(key, n, …)` give Markup with `<bdi>` around values; `plain(key, …)` and `plain_n(key,
n, …)` give plain text for attributes, `<title>` and `<option>`, where no element is allowed (`|striptags` does the same
to a text from outside).

A key may be composed at run time only within a family: `"state.ticket." ~ ticket.state` in a template,
`f"errors.{error.code}"` in Python. test_i18n_families checks that the families are complete.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
PACKAGES = ("queue_system", "displays", "kiosk", "printers")
FAMILIES = (
    "figures.",
    "errors.",
    "audit.",
    "state.",
    "doctor.",
    "language.",
    "referral.told-",
    "messages.subject-",
    "messages.tell-",
    "messages.do-",
    "blocks.reason-",
    "blocks.tell-",
    "ticket.longer.",
    "passed.kind.",
    "api.about.",
    "appointments.role-",
    "appointments.why-",
    "moving.why-",
    "apart.done-",
    "apart.scope.",
    "apart.reason.",
    "apart.accepted.",
    "messages.way-",
    "messages.mark-",
    "messages.done-",
    "series.chance-",
    "series.error-",
    "series.nth-",
    "series.scope-",
    "right.",
    "rights.group-",
    "rights.preset-",
    "approvals.reason-",
    "approvals.state-",
    "whatif.counter-",
    "whatif.figure-",
    "whatif.rule-",
    "office.kind-",
    "office.new-",
    "office.group-",
    "office.which-",
    "office.why-decided-",
    "office.move-",
    "office.edit-op-",
    "office.idle.",
    "office.meanwhile.",
    "setting.",
)

MARKUP_CALLS = frozenset({"t", "tn"})
PLAIN_CALLS = frozenset({"plain", "plain_n"})
COUNTED_CALLS = frozenset({"tn", "plain_n"})
WORDS_METHODS = {"text": False, "html": False, "plural": True, "html_plural": True}
READ_ATTRIBUTES = frozenset({"title", "aria-label", "aria-description", "placeholder", "alt", "label", "summary"})
TEXT_ONLY_ELEMENTS = frozenset({"title", "option", "textarea"})

KEY = re.compile(r"[a-z]+(?:[.][a-z0-9_-]+)+")
BEGINNING = re.compile(r"[a-z]+[.][a-z0-9._-]*")
# A block whose name ends in _class or _attributes is inside a tag of the base template.
_CLASS_BLOCK = re.compile(r"\{%-?\s*block \w*_(?:class|attributes)\b.*?endblock.*?%\}", re.DOTALL)
_ATTRIBUTE = re.compile(r'(?<![^\s])([a-z][a-z-]*)="([^"]*)"')
_STANDS_FOR = "\ufffc"


@dataclass(frozen=True, slots=True)
class Use:
    """A key, or the constant beginning of a composed key, at the place where it is used."""

    key: str
    where: str
    whole: bool
    counted: bool


def templates() -> list[Path]:
    """Every template of the project."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).glob("**/templates/**/*.*") if _ours(path))


def modules() -> list[Path]:
    """Every Python module of the project."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).glob("**/*.py") if _ours(path))


@cache
def uses() -> tuple[Use, ...]:
    """Every use of a text in the program."""
    found = [use for path in templates() for use in template_uses(path.read_text("utf-8"), name_of(path))]
    found += [use for path in modules() for use in python_uses(path.read_text("utf-8"), name_of(path))]
    return tuple(found)


@cache
def mentioned() -> frozenset[str]:
    """Every constant in templates and Python that looks like a key, because keys may be passed on before use."""
    found: set[str] = set()
    for path in templates():
        tree = Environment(autoescape=True).parse(path.read_text("utf-8"))
        found |= {node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)}
    for path in modules():
        tree_of_module = ast.parse(path.read_text("utf-8"))
        found |= {
            node.value
            for node in ast.walk(tree_of_module)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return frozenset(text for text in found if KEY.fullmatch(text))


def template_uses(source: str, name: str) -> Iterator[Use]:
    """The keys that a template asks for."""
    tree = Environment(autoescape=True).parse(source, name)
    for call in tree.find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name not in MARKUP_CALLS | PLAIN_CALLS or not call.args:
            continue
        for key, whole in _template_keys(call.args[0]):
            yield Use(key, f"{name}:{call.lineno}", whole, call.node.name in COUNTED_CALLS)


def python_uses(source: str, name: str) -> Iterator[Use]:
    """The keys that a module asks `Words` for."""
    for node in ast.walk(ast.parse(source, name)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        if node.func.attr not in WORDS_METHODS:
            continue
        counted = WORDS_METHODS[node.func.attr]
        where = f"{name}:{node.lineno}"
        match node.args[0]:
            case ast.Constant(value=str(key)) if KEY.fullmatch(key):
                yield Use(key, where, whole=True, counted=counted)
            case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]) if BEGINNING.fullmatch(start):
                yield Use(start, where, whole=False, counted=counted)


def literal_words(source: str, name: str) -> list[str]:
    """Literal letters in a template that a reader would see, each with its line."""
    found = _constant_output(source, name)
    reader = _Reader(name)
    reader.feed(_without_expressions(source))
    reader.close()
    return found + reader.found


def markup_in_text(source: str, name: str) -> list[str]:
    """Calls of `t` or `tn` with values inside an attribute, a title or an option, where `<bdi>` would be shown."""
    shown = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    call = r"\{\{[^}]*\b(?:tn\(|t\([^)}]*,)[^}]*\}\}"
    places = [rf'=\s*"[^"<>]*{call}', rf"=\s*'[^'<>]*{call}"]
    places += [rf"<{element}\b[^>]*>[^<]*{call}" for element in sorted(TEXT_ONLY_ELEMENTS)]
    return [
        f"{name}:{shown.count(chr(10), 0, match.end()) + 1}: {match[0].strip()[-80:]}"
        for place in places
        for match in re.finditer(place, shown)
        if "striptags" not in match[0]
    ]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _ours(path: Path) -> bool:
    return path.is_file() and "vendor" not in path.parts and "__pycache__" not in path.parts


def _template_keys(node: nodes.Node) -> Iterator[tuple[str, bool]]:
    match node:
        case nodes.Const(value=str(key)):
            yield key, True
        case nodes.CondExpr(expr1=yes, expr2=no):
            yield from _template_keys(yes)
            if no is not None:
                yield from _template_keys(no)
        case nodes.Concat(nodes=[nodes.Const(value=str(start)), *_]) | nodes.Add(left=nodes.Const(value=str(start))):
            yield start, False
        case _:
            # A key in a variable: `mentioned` finds its constant.
            return


def _constant_output(source: str, name: str) -> list[str]:
    found: list[str] = []
    for output in Environment(autoescape=True).parse(source, name).find_all(nodes.Output):
        for part in output.nodes:
            shown: list[nodes.Node] = [part]
            if isinstance(part, nodes.CondExpr):
                shown = [part.expr1, *([part.expr2] if part.expr2 is not None else [])]
            elif isinstance(part, nodes.Or):
                shown = [part.left, part.right]
            found += [
                f"{name}:{node.lineno}: {node.value!r} is written out"
                for node in shown
                if isinstance(node, nodes.Const) and isinstance(node.value, str) and " " in node.value.strip()
            ]
    return found


def _without_expressions(source: str) -> str:
    """The template with each `{{ … }}` as one character, without blocks and comments, with the same lines."""
    pieces: list[str] = []
    source = _CLASS_BLOCK.sub(lambda match: "\n" * match[0].count("\n"), source)
    for _, kind, value in Environment(autoescape=True).lex(source):
        if kind == "data":
            pieces.append(value)
        else:
            pieces.append((_STANDS_FOR if kind == "variable_begin" else "") + "\n" * value.count("\n"))
    return "".join(pieces)


def _has_letters(text: str) -> bool:
    return any(unicodedata.category(character).startswith("L") for character in text)


class _Reader(HTMLParser):
    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name = name
        self.found: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in {"script", "style"}
        self._attributes(tag, dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if self._unread:
            return
        # A macro may contain attributes of the element in which it is called.
        self._attributes("", dict(_ATTRIBUTE.findall(data)))
        if _has_letters(text := _ATTRIBUTE.sub("", data)):
            self._add(f"text {' '.join(text.split())[:60]!r}")

    def _attributes(self, tag: str, attributes: dict[str, str | None]) -> None:
        read = READ_ATTRIBUTES | ({"value"} if attributes.get("type") in {"submit", "button", "reset"} else set())
        if tag == "meta" and attributes.get("name") == "description":
            read |= {"content"}
        for attribute, value in attributes.items():
            if attribute in read and value and _has_letters(value):
                self._add(f'{attribute}="{value}"')

    def _add(self, what: str) -> None:
        self.found.append(f"{self.name}:{self.getpos()[0]}: {what}")
