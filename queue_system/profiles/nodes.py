"""YAML without implicit types: a scalar is its text, each value knows its place, and unknown keys are errors.

YAML 1.1 would read `no` as false and `08:30` as 510. Here the schema decides what a text means. Anchors, aliases, tags
and several documents in one file are refused, because people read a profile from top to bottom.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self, TypeVar

import yaml
from yaml.composer import Composer
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from ..i18n import isolates
from ..i18n.sentences import error_sentence
from ..i18n.words import words_for
from ..settings.faults import Fault

T = TypeVar("T")
D = TypeVar("D")
Read = Callable[["Value"], T]


#: More than a person mends before trying again.
MOST_ERRORS: Final = 20


class ProfileError(Exception):
    """An error in a profile: where (`line` and `column` from 1, or 0 for the whole file) and why.

    Its text has a line for each of `more`, the errors in other things of the same mapping or list; of very many it says how
    many are left.
    """

    def __init__(self, file: str, line: int, column: int, reason: str, more: Sequence[ProfileError] = ()) -> None:
        place = f"{file}:{line}:{column}" if line else file
        lines = [f"{place}: {reason}", *(str(one) for one in more[: MOST_ERRORS - 1])]
        if (left := 1 + len(more) - MOST_ERRORS) > 0:
            lines.append(f"and {left} more")
        super().__init__("\n".join(lines))
        self.file = file
        self.line = line
        self.column = column
        self.reason = reason
        self.more = tuple(more)

    @classmethod
    def together(cls, errors: Sequence[ProfileError]) -> ProfileError:
        """One error that names all of them; `errors` are not empty."""
        every = [one for error in errors for one in (error, *error.more)]
        alone = [cls(one.file, one.line, one.column, one.reason) for one in every]
        first = alone[0]
        return cls(first.file, first.line, first.column, first.reason, alone[1:])


def load(text: str, file: str) -> Value:
    """The root of a YAML document; raises ProfileError if the text is not YAML as profiles use it."""
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        if mark is None:
            raise ProfileError(file, 0, 0, reason) from None
        raise ProfileError(file, mark.line + 1, mark.column + 1, reason) from None
    except ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ProfileError(file, line, column, f"the character U+{ord(text[error.position]):04X} is not text") from None
    except RecursionError:
        raise ProfileError(file, 0, 0, "nested too deeply") from None
    if root is None:
        raise ProfileError(file, 0, 0, "the file is empty")
    return Value(root, file, (root.start_mark.line + 1, root.start_mark.column + 1))


def did_you_mean(word: str, options: Iterable[str], hint: str = '— did you mean "{}"?') -> str:
    """The option most similar to `word`, as a hint to append with a space before it; "" if none is similar."""
    close = difflib.get_close_matches(word, sorted(options), n=1)
    return f" {hint.format(close[0])}" if close else ""


@dataclass(frozen=True, slots=True)
class Value:
    """A node with its place (line, column of it or of its key), its subject (`service "birth"`) and its key."""

    node: Node
    file: str
    at: tuple[int, int]
    subject: str = ""
    key: str = ""

    def about(self, subject: str) -> Value:
        """The same value with another subject; errors inside it name only this one, because the line gives the rest."""
        return replace(self, subject=subject, key="")

    def error(self, reason: str) -> ProfileError:
        """An error at this value, written "subject: key: reason"."""
        return self._error(": ".join(part for part in (self.subject, self.key, reason) if part))

    def faulty(self, fault: Fault) -> ProfileError:
        """A fault of the settings at this value or in a field of it, in English."""
        sentence = isolates.strip(error_sentence(fault.code, fault.values, words_for("en")))
        within = replace(self, key=".".join(filter(None, (self.key, fault.field))))
        return within.error(sentence)

    def unknown(self, kind: str, word: str, options: Iterable[str], *, meant: str = "") -> ProfileError:
        """An error which says that no `kind` is called `word`, and suggests `meant`, or else a similar one."""
        options = list(options)
        hint = did_you_mean(meant or word, options)
        if not hint:
            hint = f" (known: {', '.join(sorted(options)) or 'none'})"
        reason = f'unknown {kind} "{word}"{hint}'
        is_key = not isinstance(self.node, ScalarNode) or self.node.value != word
        return self._error(": ".join(part for part in (self.subject, reason) if part), self.at if is_key else None)

    def scalar(self) -> str:
        """The text of a scalar."""
        if not isinstance(self.node, ScalarNode):
            raise self.error(f"must be one value, not {_shape(self.node)}")
        return str(self.node.value)

    def items(self) -> list[Value]:
        """The values of a list."""
        if not isinstance(self.node, SequenceNode):
            raise self.error(f"must be a list, not {_shape(self.node)}")
        return [replace(self, node=node, at=_place(node)) for node in self.node.value]

    def entries(self) -> dict[str, Value]:
        """The values of a mapping by key, each placed at its key; a repeated key is an error."""
        if not isinstance(self.node, MappingNode):
            raise self.error(f"must be a mapping (key: value), not {_shape(self.node)}")
        found: dict[str, Value] = {}
        for key_node, node in self.node.value:
            value = Value(node, self.file, _place(key_node), self.subject, "")
            if not isinstance(key_node, ScalarNode):
                raise value.error("a key must be a word")
            key = str(key_node.value)
            value = replace(value, key=f"{self.key}.{key}" if self.key else key)
            if key in found:
                raise self._error(f'{self._prefix()}"{key}" is here twice (first in line {found[key].at[0]})', value.at)
            found[key] = value
        return found

    def section(self) -> Section:
        """This mapping, to be read key by key; keys that nobody reads are errors."""
        return Section(self)

    def _prefix(self) -> str:
        return "".join(f"{part}: " for part in (self.subject, self.key) if part)

    def _error(self, reason: str, at: tuple[int, int] | None = None) -> ProfileError:
        line, column = at or self.at
        if at is None and isinstance(self.node, ScalarNode):
            line, column = _place(self.node)
        return ProfileError(self.file, line, column, reason)


class Section:
    """A mapping that is being read, as a context manager: leaving it raises if a key has not been asked for."""

    def __init__(self, value: Value) -> None:
        self.value = value
        self._entries = value.entries()
        self._asked: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        for key, value in self._entries.items():
            if key not in self._asked:
                reason = f'unknown key "{key}"{did_you_mean(key, self._asked)}'
                raise ProfileError(value.file, *value.at, self.value._prefix() + reason)

    def required(self, key: str, read: Read[T]) -> T:
        """The value of a needed key."""
        self._asked.add(key)
        if key not in self._entries:
            meant = did_you_mean(key, self._entries.keys() - self._asked, '(or is "{}" meant for it?)')
            raise ProfileError(self.value.file, *self.value.at, f'{self.value._prefix()}"{key}" is missing{meant}')
        return read(self._entries[key])

    def optional(self, key: str, read: Read[T], default: D) -> T | D:
        """The value of a key, or `default`."""
        self._asked.add(key)
        return read(self._entries[key]) if key in self._entries else default

    def given(self, key: str) -> Value | None:
        """The unread value of a key, for errors that need its place, or None."""
        return self._entries.get(key)


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """Composes nodes without implicit types, and refuses YAML features that a reader could overlook."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not used here", problem_mark=event.start_mark)
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(problem=f'the tag "{event.tag}" is not used here', problem_mark=event.start_mark)
        node: Node | None = super().compose_node(parent, index)
        return node


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _shape(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, SequenceNode) else "one value"
