"""Which package may import which, checked in the source, rule by rule."""

from __future__ import annotations

import ast
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from tests.kit.tree import PACKAGES, ROOT, SURFACES, package_files, parse

# Part of the program → parts whose modules it may import; every part may import itself. The longest matching name
# decides. Each folder of `queue_system.surfaces` is a part of its own.
PARTS = {
    "queue_system.core": "core",
    "queue_system.clock": "clock",
    "queue_system.configuration": "configuration",
    "queue_system.gateways": "gateways",
    "queue_system.settings": "settings",
    "queue_system.measures": "measures",
    "queue_system.logs": "logs",
    "queue_system.store": "store",
    "queue_system.actions": "actions",
    "queue_system.profiles": "profiles",
    "queue_system.i18n": "i18n",
    "queue_system.live": "live",
    "queue_system.web": "web",
    "queue_system.surfaces": "surfaces",
    **{f"queue_system.surfaces.{name}": name for name in SURFACES if name not in ("displays", "kiosk")},
    "displays": "displays",
    "kiosk": "kiosk",
    "printers": "printers",
    "queue_system.ops": "ops",
    "queue_system.spooler": "spooler",
    "queue_system.messages": "messages",
    "queue_system.app": "app",
    "queue_system.demo": "demo",
    "queue_system": "commands",
}
# The parts that every surface may import.
FLOOR = {"core", "store", "actions", "i18n", "live", "web"}
MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "clock": set(),
    "gateways": set(),
    "configuration": {"gateways"},
    "measures": set(),
    "settings": {"core"},
    "logs": {"configuration"},
    "store": {"core", "clock", "measures", "settings"},
    "actions": {"core", "store", "settings"},
    "profiles": {"core", "settings", "i18n"},
    "i18n": {"core"},
    "live": {"core", "store"},
    "web": {"configuration", "settings", "logs", "clock", "measures", "core", "store", "actions", "i18n", "live"},
    "surfaces": set(),
    **{name: set(FLOOR) for name in SURFACES},
    # It lists settings that nothing acts on, has a form with the settings of a printer, files of branches, and shows letters.
    "office": FLOOR | {"ops", "settings", "profiles", "messages"},
    # It makes an organisation from a sample.
    "first_run": FLOOR | {"profiles"},
    # Screens have nothing to write with: they get a reader.
    "displays": (FLOOR | {"settings"}) - {"actions"},
    "printers": set(),
    "ops": {"clock", "configuration", "gateways", "logs", "measures", "core", "store", "actions", "i18n"},
    "spooler": {"core", "settings", "store", "actions", "i18n", "web", "ops", "printers"},
    "messages": {"configuration", "gateways", "settings", "core", "store", "actions", "i18n", "web", "ops"},
    # Only the composition root knows the surfaces.
    "app": {
        *("clock", "configuration", "store", "actions", "live", "web", "ops", "spooler", "messages"),
        *SURFACES,
    },
    "demo": {
        *("clock", "configuration", "core", "settings", "store", "actions", "profiles", "web", "ops", "printers"),
        "app",
    },
    "commands": {
        *(
            "clock",
            "configuration",
            "logs",
            "core",
            "store",
            "actions",
            "profiles",
            "settings",
            "i18n",
            "web",
            "ops",
            "app",
            "demo",
        ),
    },
}
# Libraries that a part must not import.
FORBIDDEN_LIBRARIES = {
    "core": {"sqlalchemy", "sqlmodel", "starlette", "uvicorn", "jinja2", "pydantic", "structlog", "psycopg"},
    "settings": {"sqlalchemy", "sqlmodel", "starlette", "uvicorn", "jinja2", "psycopg"},
    "store": {"starlette", "uvicorn", "jinja2"},
    "actions": {"starlette", "uvicorn", "jinja2", "escpos"},
    "profiles": {"starlette", "uvicorn", "jinja2"},
    "i18n": {"sqlalchemy", "sqlmodel", "starlette", "uvicorn"},
    "live": {"sqlalchemy", "sqlmodel", "psycopg"},
    "web": {"psycopg", "escpos"},
    **{name: {"sqlalchemy", "sqlmodel", "psycopg", "escpos"} for name in SURFACES},
}
# Modules that a pure core does not need.
IMPURE = {"os", "io", "pathlib", "sqlite3", "socket", "asyncio", "threading", "subprocess", "time", "logging"}
# Libraries that only compute: numbering plans, the grammar of addresses, and ciphers. They read and send nothing.
CORE_LIBRARIES = {"phonenumbers", "email_validator", "cryptography"}
PRINTERS_LIBRARIES = {"PIL", "escpos", "uharfbuzz", "segno", "websockets", "fontTools"}


class Import(NamedTuple):
    """`module` (dotted) imports `target` (dotted) in `line`."""

    module: str
    target: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}, line {self.line}: imports {self.target}"


# ---------------------------------------------------------------- who may import whom


def test_every_import_goes_down_the_layers() -> None:
    wrong = [
        f"{found} ({part_of(found.module)} may not import {part_of(found.target)})"
        for found in imports()
        if is_ours(found.target) and not allowed(found)
    ]
    assert wrong == []


def test_no_module_needs_itself() -> None:
    """Circles within a part count too, and so do imports inside functions and for annotations only."""
    assert circle({(found.module, found.target) for found in imports() if is_ours(found.target)}) == []


def test_circles_are_found() -> None:
    assert circle({("a", "b"), ("b", "c"), ("a", "c"), ("c", "c")}) == []
    assert set(circle({("a", "b"), ("b", "a"), ("b", "c")})) == {"a", "b"}
    assert set(circle({("a", "b"), ("b", "c"), ("c", "d"), ("d", "b")})) == {"b", "c", "d"}


def test_every_permission_to_import_is_used() -> None:
    """A permission that nobody uses would allow a wrong import later, unnoticed."""
    used = {(part_of(found.module), part_of(found.target)) for found in imports()}
    unused = [
        (part, other)
        for part, others in MAY_IMPORT.items()
        for other in sorted(others)
        # All surfaces share one list of allowed parts.
        if (part, other) not in used and not (part in SURFACES and other in FLOOR)
    ]
    assert unused == []


def test_nobody_imports_the_command_line() -> None:
    assert [str(found) for found in imports() if part_of(found.target) == "commands" != part_of(found.module)] == []


def test_a_surface_is_known_to_the_composition_root_alone() -> None:
    wrong = [
        str(found)
        for found in imports()
        if part_of(found.target) in SURFACES and part_of(found.module) not in {part_of(found.target), "app"}
    ]
    assert wrong == []


def test_libraries_stay_on_their_floor() -> None:
    wrong = [
        str(found)
        for found in imports()
        if found.target.split(".")[0] in FORBIDDEN_LIBRARIES.get(part_of(found.module), set())
    ]
    assert wrong == []


def test_the_core_is_pure() -> None:
    wrong = [
        str(found)
        for found in imports()
        if part_of(found.module) == "core"
        and not is_ours(found.target)
        and (
            found.target.split(".")[0] in IMPURE
            or found.target.split(".")[0] not in sys.stdlib_module_names | CORE_LIBRARIES
        )
    ]
    assert wrong == []


def test_printers_import_nothing_of_the_application() -> None:
    wrong = [
        str(found)
        for found in imports()
        if part_of(found.module) == "printers"
        and part_of(found.target) != "printers"
        and found.target.split(".")[0] not in sys.stdlib_module_names | PRINTERS_LIBRARIES
    ]
    assert wrong == []


def test_a_rule_that_nothing_obeys_yet_is_still_a_rule() -> None:
    # The rules above also pass on an empty tree; these examples show that they can fail.
    forbidden = [
        Import("queue_system.core.slots", "queue_system.store.tables", 1),
        Import("queue_system.store.log", "queue_system.actions.calling", 1),
        Import("queue_system.web.kit", "queue_system.surfaces.desk.pages", 1),
        Import("queue_system.surfaces.desk.pages", "queue_system.app", 1),
        Import("displays.pages", "queue_system.actions.calling", 1),
        Import("displays.pages", "queue_system.surfaces.desk.pages", 1),
        Import("displays.pages", "kiosk.pages", 1),
        Import("queue_system.surfaces.desk.pages", "queue_system.surfaces.reception.view", 1),
        Import("queue_system.app", "queue_system.demo.paper", 1),
        Import("queue_system.ops.serving", "queue_system.web.kit", 1),
        Import("printers.worker", "queue_system.clock", 1),
        Import("queue_system.actions.tickets", "queue_system.configuration", 1),
    ]
    permitted = [
        Import("queue_system.surfaces.desk.pages", "queue_system.web.kit", 1),
        Import("queue_system.surfaces.desk.pages", "queue_system.actions.calling", 1),
        Import("displays.pages", "queue_system.live.socket", 1),
        Import("kiosk.pages", "queue_system.actions.tickets", 1),
        Import("queue_system.spooler.runner", "printers.worker", 1),
        Import("queue_system.commands", "queue_system.app", 1),
    ]
    assert [str(example) for example in forbidden if allowed(example)] == []
    assert [str(example) for example in permitted if not allowed(example)] == []


# ---------------------------------------------------------------- reading the imports


def allowed(found: Import) -> bool:
    mine, other = part_of(found.module), part_of(found.target)
    return mine == other or other in MAY_IMPORT[mine]


def circle(arrows: set[tuple[str, str]]) -> list[str]:
    """Modules on a circle of imports, beginning and ending with the same; empty if there is none."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for module, other in arrows:
        if module != other:
            order.add(module, other)
    try:
        order.prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def part_of(module: str) -> str:
    """The part of the program that a dotted name belongs to; "" for a library."""
    names = [name for name in PARTS if module == name or module.startswith(f"{name}.")]
    return PARTS[max(names, key=len)] if names else ""


def is_ours(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in PACKAGES


@cache
def imports() -> list[Import]:
    """Every import in our four packages, anywhere in a module."""
    modules = {module_name(path): path for path in package_files()}
    found = []
    for module, path in sorted(modules.items()):
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Import):
                found += [Import(module, alias.name, node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = absolute(module, path.name == "__init__.py", node)
                for alias in node.names:
                    whole = f"{base}.{alias.name}"
                    found.append(Import(module, whole if whole in modules else base, node.lineno))
    return found


def absolute(module: str, is_package: bool, node: ast.ImportFrom) -> str:
    """The dotted name at which a (relative) from-import starts."""
    if not node.level:
        return node.module or ""
    above = module.split(".")
    above = above[: len(above) - node.level + (1 if is_package else 0)]
    return ".".join([*above, *(node.module or "").split(".")]).rstrip(".")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
