"""The Unicode Bidirectional Algorithm (UAX #9, revision 46), from characters to runs in visual order.

Written from the text of the annex and proven against Unicode's ``BidiCharacterTest``. Isolates
(U+2066…U+2069) and paired brackets are included; mirrored shapes are left to the shaper, which picks
them for right-to-left runs by itself. One call handles one paragraph.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from printers.bidi_properties import CANONICAL, CLOSING, CLOSING_OF, bidi_class

MAX_DEPTH: Final = 125
MAX_OPEN_BRACKETS: Final = 63

INITIATORS: Final = frozenset({"LRI", "RLI", "FSI"})
ISOLATE_CONTROLS: Final = INITIATORS | {"PDI"}
REMOVED: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "BN"})
NEUTRALS: Final = frozenset({"B", "S", "WS", "ON"}) | ISOLATE_CONTROLS
PLAIN_LEFT_TO_RIGHT: Final = frozenset({"L", "EN", "ES", "ET", "CS", "NSM", "BN", "B", "S", "WS", "ON"})


@dataclass(frozen=True)
class Run:
    """A stretch ``text[start:end]`` of one embedding level; odd levels read right to left."""

    start: int
    end: int
    level: int

    @property
    def right_to_left(self) -> bool:
        return self.level % 2 == 1


@dataclass(frozen=True)
class Paragraph:
    """Resolved levels of one paragraph (rules P2 to I2).

    ``levels`` has one entry per character. Characters that rule X9 removes carry the level of the
    character before them, so that they never split a run.
    """

    text: str
    base: int
    classes: tuple[str, ...]
    levels: tuple[int, ...]

    def line_levels(self, start: int, end: int) -> list[int]:
        """Levels of the line ``text[start:end]`` after rule L1 (trailing space falls to the base)."""
        levels = list(self.levels[start:end])
        trailing = True
        for index in range(end - start - 1, -1, -1):
            kind = self.classes[start + index]
            if kind in ("B", "S"):
                trailing = True
            elif kind != "WS" and kind not in ISOLATE_CONTROLS and kind not in REMOVED:
                trailing = False
            if trailing:
                levels[index] = self.base
        return levels

    def line(self, start: int, end: int) -> list[Run]:
        """Runs of the line ``text[start:end]`` from the left edge to the right edge (rule L2)."""
        runs: list[Run] = []
        for offset, level in enumerate(self.line_levels(start, end)):
            if runs and runs[-1].level == level:
                runs[-1] = Run(runs[-1].start, start + offset + 1, level)
            else:
                runs.append(Run(start + offset, start + offset + 1, level))
        return _reordered(runs)


def resolve(text: str, base: int | None = None) -> Paragraph:
    """Resolve one paragraph; ``base`` 0 is left-to-right, 1 right-to-left, None by first strong letter."""
    classes = [bidi_class(character) for character in text]
    if not base and PLAIN_LEFT_TO_RIGHT.issuperset(classes):
        return Paragraph(text, 0, tuple(classes), (0,) * len(text))
    matches = _matching_isolates(classes)
    if base is None:
        base = _first_strong(classes, matches, 0, len(classes), default=0)
    levels, types = _explicit(classes, matches, base)
    kept = [index for index, kind in enumerate(classes) if kind not in REMOVED]
    for sequence, sos, eos in _isolating_runs(classes, levels, matches, kept, base):
        _resolve_sequence(text, classes, levels, types, sequence, sos, eos)
    previous = base
    for index, kind in enumerate(classes):
        if kind in REMOVED:
            levels[index] = previous
        previous = levels[index]
    return Paragraph(text, base, tuple(classes), tuple(levels))


def _matching_isolates(classes: list[str]) -> dict[int, int]:
    """Map each isolate initiator to its PDI and back (BD9); unmatched ones are absent."""
    matches: dict[int, int] = {}
    open_initiators: list[int] = []
    for index, kind in enumerate(classes):
        if kind in INITIATORS:
            open_initiators.append(index)
        elif kind == "PDI" and open_initiators:
            start = open_initiators.pop()
            matches[start] = index
            matches[index] = start
    return matches


def _first_strong(classes: list[str], matches: dict[int, int], start: int, end: int, default: int) -> int:
    """Level given by the first strong character outside isolates (P2, P3)."""
    index = start
    while index < end:
        kind = classes[index]
        if kind == "L":
            return 0
        if kind in ("R", "AL"):
            return 1
        if kind in INITIATORS:
            index = matches.get(index, end)
        index += 1
    return default


def _explicit(classes: list[str], matches: dict[int, int], base: int) -> tuple[list[int], list[str]]:
    """Explicit levels and overridden types (X1 to X8)."""
    levels = [base] * len(classes)
    types = list(classes)
    open_now = _Open([(base, None, False)])
    for index, kind in enumerate(classes):
        level, override, _ = open_now.stack[-1]
        if kind in INITIATORS:
            odd = kind == "RLI"
            if kind == "FSI":
                end = matches.get(index, len(classes))
                odd = _first_strong(classes, matches, index + 1, end, default=0) == 1
            open_now.isolate(_next_level(level, odd=odd))
        elif kind == "PDI":
            level, override = open_now.close_isolate()
        elif kind == "PDF":
            open_now.close_embedding()
        elif kind in ("LRE", "RLE", "LRO", "RLO"):
            open_now.embed(_next_level(level, odd=kind[0] == "R"), {"LRO": "L", "RLO": "R"}.get(kind))
        elif kind == "B":
            level, override = base, None
        levels[index] = level
        if override and kind not in REMOVED:
            types[index] = override
    return levels, types


@dataclass
class _Open:
    """The directional status stack: level, override, whether it is an isolate; and what overflowed it."""

    stack: list[tuple[int, str | None, bool]]
    isolate_overflow: int = field(default=0)
    embedding_overflow: int = field(default=0)
    valid_isolates: int = field(default=0)

    def embed(self, level: int, override: str | None) -> None:
        if self._fits(level):
            self.stack.append((level, override, False))
        elif not self.isolate_overflow:
            self.embedding_overflow += 1

    def isolate(self, level: int) -> None:
        if self._fits(level):
            self.valid_isolates += 1
            self.stack.append((level, None, True))
        else:
            self.isolate_overflow += 1

    def close_isolate(self) -> tuple[int, str | None]:
        """Level and override around the isolate."""
        if self.isolate_overflow:
            self.isolate_overflow -= 1
        elif self.valid_isolates:
            self.embedding_overflow = 0
            while not self.stack.pop()[2]:
                pass
            self.valid_isolates -= 1
        return self.stack[-1][:2]

    def close_embedding(self) -> None:
        if self.isolate_overflow:
            return
        if self.embedding_overflow:
            self.embedding_overflow -= 1
        elif len(self.stack) > 1 and not self.stack[-1][2]:
            self.stack.pop()

    def _fits(self, level: int) -> bool:
        return level <= MAX_DEPTH and not self.isolate_overflow and not self.embedding_overflow


def _next_level(level: int, *, odd: bool) -> int:
    return level + 1 + (level % 2 == (1 if odd else 0))


def _isolating_runs(
    classes: list[str],
    levels: list[int],
    matches: dict[int, int],
    kept: list[int],
    base: int,
) -> list[tuple[list[int], str, str]]:
    """Isolating run sequences with the directions at their two ends (X9, X10)."""
    runs: list[list[int]] = []
    for index in kept:
        if runs and levels[runs[-1][-1]] == levels[index]:
            runs[-1].append(index)
        else:
            runs.append([index])
    run_at = {run[0]: run for run in runs}
    neighbours = {index: position for position, index in enumerate(kept)}
    sequences = []
    for run in runs:
        if classes[run[0]] == "PDI" and run[0] in matches:
            continue
        sequence = list(run)
        while classes[sequence[-1]] in INITIATORS and sequence[-1] in matches:
            sequence += run_at[matches[sequence[-1]]]
        level = levels[sequence[0]]
        first, last = neighbours[sequence[0]], neighbours[sequence[-1]]
        before = levels[kept[first - 1]] if first else base
        after = levels[kept[last + 1]] if last + 1 < len(kept) else base
        if classes[sequence[-1]] in INITIATORS:
            after = base
        sequences.append((sequence, _direction(max(level, before)), _direction(max(level, after))))
    return sequences


def _resolve_sequence(
    text: str,
    classes: list[str],
    levels: list[int],
    types: list[str],
    sequence: list[int],
    sos: str,
    eos: str,
) -> None:
    """Resolve one isolating run sequence and write its levels (W1 to I2)."""
    own = [types[index] for index in sequence]
    level = levels[sequence[0]]
    _resolve_weak(own, sos)
    _resolve_brackets(text, classes, own, sequence, sos, _direction(level))
    _resolve_neutrals(own, sos, eos, _direction(level))
    for index, kind in zip(sequence, own, strict=True):
        if level % 2 == 0:
            levels[index] = level + {"L": 0, "R": 1}.get(kind, 2)
        else:
            levels[index] = level + (kind != "R")


def _resolve_weak(own: list[str], sos: str) -> None:
    """W1 to W7, in place."""
    _settle_marks_and_arabic(own, sos)
    _join_separators(own)
    _settle_terminators(own)
    strong = sos
    for index, kind in enumerate(own):
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":  # W7
            own[index] = "L"


def _settle_marks_and_arabic(own: list[str], sos: str) -> None:
    previous = strong = sos
    for index, kind in enumerate(own):
        if kind == "NSM":  # W1
            kind = "ON" if previous in ISOLATE_CONTROLS else previous
        previous = kind
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":  # W2
            kind = "AN"
        own[index] = "R" if kind == "AL" else kind  # W3


def _join_separators(own: list[str]) -> None:
    for index in range(1, len(own) - 1):  # W4
        kind, before, after = own[index], own[index - 1], own[index + 1]
        if before == after and ((kind in ("ES", "CS") and before == "EN") or (kind == "CS" and before == "AN")):
            own[index] = before


def _settle_terminators(own: list[str]) -> None:
    index = 0
    while index < len(own):
        end = index
        while end < len(own) and own[end] == "ET":
            end += 1
        if end > index:  # W5
            beside_number = own[index - 1 : index] == ["EN"] or own[end : end + 1] == ["EN"]
            own[index:end] = ["EN" if beside_number else "ON"] * (end - index)
        elif own[index] in ("ES", "CS"):  # W6
            own[index] = "ON"
        index = max(end, index + 1)


def _resolve_brackets(
    text: str, classes: list[str], own: list[str], sequence: list[int], sos: str, embedding: str
) -> None:
    """Give paired brackets one direction (N0)."""
    for opening, closing in _bracket_pairs(text, own, sequence):
        inside = {_strong(kind) for kind in own[opening + 1 : closing]}
        if embedding in inside:
            direction = embedding
        elif {"L", "R"} & inside:
            context = sos
            for kind in reversed(own[:opening]):
                if _strong(kind):
                    context = _strong(kind)
                    break
            direction = context
        else:
            continue
        for bracket in (opening, closing):
            own[bracket] = direction
            follower = bracket + 1
            while follower < len(own) and classes[sequence[follower]] == "NSM":
                own[follower] = direction
                follower += 1


def _bracket_pairs(text: str, own: list[str], sequence: list[int]) -> list[tuple[int, int]]:
    """Positions of paired brackets, in the order of the opening ones (BD16)."""
    pairs: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for position, index in enumerate(sequence):
        if own[position] != "ON":
            continue
        character = CANONICAL.get(text[index], text[index])
        if character in CLOSING_OF:
            if len(waiting) == MAX_OPEN_BRACKETS:
                return []
            waiting.append((CLOSING_OF[character], position))
        elif character in CLOSING:
            for depth in range(len(waiting) - 1, -1, -1):
                if waiting[depth][0] == character:
                    pairs.append((waiting[depth][1], position))
                    del waiting[depth:]
                    break
    return sorted(pairs)


def _resolve_neutrals(own: list[str], sos: str, eos: str, embedding: str) -> None:
    index = 0
    while index < len(own):
        if own[index] not in NEUTRALS:
            index += 1
            continue
        end = index
        while end < len(own) and own[end] in NEUTRALS:
            end += 1
        before = _strong(own[index - 1]) if index else sos
        after = _strong(own[end]) if end < len(own) else eos
        own[index:end] = [before if before == after else embedding] * (end - index)
        index = end


def _strong(kind: str) -> str:
    """Direction a resolved type counts as next to neutrals: numbers count as right-to-left."""
    return "R" if kind in ("EN", "AN", "R") else "L" if kind == "L" else ""


def _direction(level: int) -> str:
    return "R" if level % 2 else "L"


def _reordered(runs: list[Run]) -> list[Run]:
    odd = [run.level for run in runs if run.level % 2]
    if not odd:
        return runs
    ordered = list(runs)
    for level in range(max(run.level for run in runs), min(odd) - 1, -1):
        index = 0
        while index < len(ordered):
            end = index
            while end < len(ordered) and ordered[end].level >= level:
                end += 1
            if end > index:
                ordered[index:end] = reversed(ordered[index:end])
            index = max(end, index + 1)
    return ordered
