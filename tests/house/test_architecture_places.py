"""Things that are allowed in one place only, or nowhere, checked in the source."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.kit.tree import PACKAGES, ROOT, files, nodes, package_files, parse, python_files
from tests.kit.writes import ways_to_write

LONGEST_MODULE = 400
# Tables of cases may be longer than code, because one reads them from top to bottom.
LONGEST_TEST = 480

# The module that closes past sessions, and those of actions that change no ticket.
DAY = "queue_system/actions/day.py"
WITHOUT_TICKETS = tuple(
    f"queue_system/actions/{name}.py"
    for name in """
        alarms apart approvals booking_invitations bookings credentials declared_classes devices digests earlier four_eyes
        freed_places given_up guarded_meetings
        helped_bookings
        home_visits installation invitation_letters proving
        invitations look_ups member_accounts outbox own_views participants phone_calls printers provider
        report_readers
        roles series series_changes safe_contact said sessions settings sign_in slips staff staff_notes staff_roles
        together typos upkeep
    """.split()
)

# What changes rows besides actions: entries of the log, versions of settings, an empty database, the demonstration.
CHANGE_ROWS = {
    "queue_system/store/log.py",
    "queue_system/store/pruning.py",
    "queue_system/store/editing.py",
    "queue_system/store/moving.py",
    # It writes out what a right allowed before it was divided.
    "queue_system/store/migrations/versions/0002_the_office.py",
    "queue_system/demo/run.py",
}

# ---------------------------------------------------------------- what stands in one place


def test_transactions_are_begun_and_committed_in_one_place() -> None:
    assert offences(commits, except_for=("queue_system/store/tx.py",)) == []
    # `libpq` begins what `tx` commits, as the driver would with its first statement.
    words = ("queue_system/store/dialect.py", "queue_system/store/libpq.py", "queue_system/store/triggers.py")
    assert offences(commits_in_words, except_for=words) == []


def test_rows_are_not_changed_in_words() -> None:
    """`Tx` finds the changes of a statement of SQLAlchemy Core, but cannot read SQL."""
    assert offences(changes_rows_in_words) == []


def test_rows_are_changed_by_actions_and_in_few_other_places() -> None:
    found = offences(changes_rows, except_for=("queue_system/actions/",))
    assert {place.partition(", line ")[0] for place in found} == CHANGE_ROWS


def test_only_the_clock_knows_the_time() -> None:
    assert offences(reads_the_clock, except_for=("queue_system/clock.py",)) == []


def test_screens_have_no_way_to_write() -> None:
    assert offences(writes_to_the_database, packages=("displays",)) == []


def test_pages_find_everything_in_the_context_of_their_request() -> None:
    """`web.here` makes the context, with all checks in their order; another way could forget one."""
    assert offences(looks_around_the_context, except_for=("queue_system/web/",)) == []


def test_who_only_looks_leaves_out_what_past_sessions_left_open() -> None:
    """`line.open_tickets` is for actions, which have closed past sessions before; reads use `line.in_hall`."""
    allowed = ("queue_system/actions/", "queue_system/store/queries/line.py")
    assert offences(asks_for_all_open_tickets, except_for=allowed) == []


def test_whatever_is_done_in_the_hall_closes_what_is_over_first() -> None:
    """Every action runs in `in_session`, which closes past sessions first, except in the modules that change no ticket."""
    assert offences(locks_alone, packages=("queue_system/actions/",), except_for=(DAY, *WITHOUT_TICKETS)) == []
    assert offences(changes_tickets, packages=WITHOUT_TICKETS) == []
    # A module that uses no lock of its own any more does not belong in the list.
    assert [name for name in (DAY, *WITHOUT_TICKETS) if not offences(locks_alone, packages=(name,))] == []


def test_only_the_configuration_reads_the_environment() -> None:
    assert offences(reads_the_environment, except_for=("queue_system/configuration.py",)) == []


def test_only_the_dialect_tells_sqlite_from_postgresql() -> None:
    allowed = (
        "queue_system/store/dialect.py",
        "queue_system/store/libpq.py",
        "queue_system/store/triggers.py",
        "queue_system/configuration.py",
        # Old migrations differ by database; they decide nothing any more.
        "queue_system/store/migrations/versions/",
    )
    assert offences(names_a_dialect, except_for=allowed) == []


def test_modules_import_their_annotations_lazily() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if parse(path).body
        and "from __future__ import annotations" not in path.read_text(encoding="utf-8")
        # An `__init__.py` may consist of its docstring alone.
        and not (path.name == "__init__.py" and len(parse(path).body) == 1)
    ]
    assert wrong == []


def test_no_module_hides_one_of_the_standard_library() -> None:
    # The layout fixes this name; two folders deep it cannot hide the standard module.
    fixed = "queue_system/live/socket.py"
    names = {path.relative_to(ROOT).as_posix(): path.stem for path in package_files()}
    wrong = [
        name
        for name, stem in names.items()
        if stem in sys.stdlib_module_names and not stem.startswith("__") and name != fixed
    ]
    assert wrong == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "managers", "manager", "misc"}
    assert [str(path.relative_to(ROOT)) for path in python_files() if path.stem in drawers] == []


def test_what_is_imported_keeps_its_name() -> None:
    """A second name would hide that two places use the same thing."""
    assert offences(renames_an_import) == []


def test_modules_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in python_files()
        if "migrations" not in path.parts
        and (count := len(path.read_text(encoding="utf-8").splitlines()))
        > (LONGEST_TEST if "tests" in path.parts else LONGEST_MODULE)
    }
    assert long == {}


def test_nothing_names_a_registry_or_a_machine() -> None:
    # Put together here, so that this file does not contain the names either.
    hosts = ["py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js", "npm" + "js.com", "deb.deb" + "ian.org"]
    places = [
        r"(?<![\w.])/wo" + r"rk/",
        r"(?<![\w.])/fa" + r"rm\b",
        r"(?<![\w.])/tm" + r"p/\w",
        r"(?<![\w.])/ro" + r"ot/",
    ]
    pattern = re.compile("|".join([*map(re.escape, hosts), *places, r"/home/\w"]))
    wrong = []
    for path in files("*"):
        if {"vendor", "fonts"} & set(path.parts) and path.suffix not in {".py", ".md"}:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        wrong += [
            f"{path.relative_to(ROOT)}, line {number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    assert wrong == []


# ---------------------------------------------------------------- looking at one module


def commits(tree: ast.AST) -> Iterator[ast.AST]:
    """Calls of commit, and of functions that begin a transaction which is committed at its end."""
    for node in nodes(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "begin"):
            yield node


def commits_in_words(tree: ast.AST) -> Iterator[ast.AST]:
    """The same as SQL, and connections that commit after each statement."""
    words = re.compile(r"\s*(BEGIN|COMMIT|START TRANSACTION|AUTOCOMMIT)\b")
    prose = {id(node) for node in docstrings(tree)}
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in prose and words.match(node.value):
                yield node
        elif isinstance(node, ast.keyword | ast.Attribute) and "autocommit" in (
            getattr(node, "arg", None),
            getattr(node, "attr", None),
        ):
            yield node


def changes_rows_in_words(tree: ast.AST) -> Iterator[ast.AST]:
    words = re.compile(
        r"\s*(INSERT INTO|REPLACE INTO|MERGE INTO|UPDATE [\w.]+ SET|DELETE FROM|WITH \w+ AS)\b", re.IGNORECASE
    )
    prose = {id(node) for node in docstrings(tree)}
    for node in nodes(tree):
        said = node.value if isinstance(node, ast.Constant) and id(node) not in prose else None
        if isinstance(said, str) and words.match(said):
            yield node


def renames_an_import(tree: ast.AST) -> Iterator[ast.AST]:
    """`import … as …`, except for the abbreviations in the libraries' own manuals."""
    for node in nodes(tree):
        if (
            isinstance(node, ast.alias)
            and node.asname
            and (node.name, node.asname)
            not in (
                ("sqlalchemy", "sa"),
                ("uharfbuzz", "hb"),
            )
        ):
            yield node


def looks_around_the_context(tree: ast.AST) -> Iterator[ast.AST]:
    """Code that gets the installation or the person of a request by itself."""
    for node in nodes(tree):
        if isinstance(node, ast.alias | ast.Attribute):
            said = node.name if isinstance(node, ast.alias) else ast.unparse(node)
            if said.endswith(("installation_of", ".app.state", "access.staff")):
                yield node


def asks_for_all_open_tickets(tree: ast.AST) -> Iterator[ast.AST]:
    for node in nodes(tree):
        if isinstance(node, ast.Attribute | ast.Name) and "open_tickets" in (
            getattr(node, "attr", ""),
            getattr(node, "id", ""),
        ):
            yield node


def locks_alone(tree: ast.AST) -> Iterator[ast.AST]:
    """`locked`, called or imported, under whatever name."""
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom):
            found = any(alias.name == "locked" for alias in node.names)
        else:
            found = isinstance(node, ast.Attribute) and node.attr == "locked"
        if found:
            yield node


def changes_rows(tree: ast.AST) -> Iterator[ast.AST]:
    """`sa.insert`, `sa.update` and `sa.delete`, and the same of a table."""
    for node in nodes(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            is_table = owner == "sa" or owner.isupper() or re.fullmatch(r"(tables\.)?table\(.*\)", owner)
            if node.func.attr in ("insert", "update", "delete") and is_table:
                yield node
        elif isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy":
            yield from (alias for alias in node.names if alias.name in ("insert", "update", "delete"))


def changes_tickets(tree: ast.AST) -> Iterator[ast.AST]:
    """Changes of the table of tickets, and calls of the step that moves a ticket."""
    for node in nodes(tree):
        if isinstance(node, ast.Call):
            said = ast.unparse(node)
            if re.match(
                r"(sa\.)?(insert|update|delete)\((tables\.)?(TICKET\b|table\((tables\.)?Ticket\))", said
            ) or re.match(r"(TICKET|table\((tables\.)?Ticket\))\.(insert|update|delete)\(", said):
                yield node
        elif isinstance(node, ast.ImportFrom) and (node.module or "").endswith("steps"):
            yield node


def reads_the_clock(tree: ast.AST) -> Iterator[ast.AST]:
    """Uses of `datetime.now`, `datetime.today`, `date.today`, `utcnow` and `time.time`, called or passed on."""
    names = {"time", "time_ns", "localtime", "gmtime"}
    for node in nodes(tree):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).split(".")[-1]
            if (
                (node.attr in ("now", "today") and owner in ("datetime", "date"))
                or node.attr in ("utcnow", "utcfromtimestamp")
                or (node.attr in names and owner == "time")
            ):
                yield node
        elif (
            isinstance(node, ast.ImportFrom) and node.module == "time" and names & {alias.name for alias in node.names}
        ):
            yield node


def reads_the_environment(tree: ast.AST) -> Iterator[ast.AST]:
    names = {"environ", "environb", "getenv", "putenv"}
    for node in nodes(tree):
        if isinstance(node, ast.Attribute):
            found = node.attr in names and ast.unparse(node.value) == "os"
        elif isinstance(node, ast.ImportFrom):
            found = node.module == "os" and bool(names & {alias.name for alias in node.names})
        else:
            continue
        if found:
            yield node


def writes_to_the_database(tree: ast.AST) -> Iterator[ast.AST]:
    """Every method that writes, and what leads to the database without a type: the state of an application."""
    ways = ways_to_write() | {"database", "state"}
    for node in nodes(tree):
        if isinstance(node, ast.Attribute) and node.attr in ways:
            yield node


def names_a_dialect(tree: ast.AST) -> Iterator[ast.AST]:
    """A dialect's word in a name or in a text that the program uses; docstrings may have it."""
    words = re.compile(r"sqlite|postgres|psycopg|\bpragma\b", re.IGNORECASE)
    prose = {id(node) for node in docstrings(tree)}
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = "" if id(node) in prose else node.value
        elif isinstance(node, ast.Name):
            said = node.id
        elif isinstance(node, ast.Attribute):
            said = node.attr
        elif isinstance(node, ast.alias):
            said = node.name
        elif isinstance(node, ast.ImportFrom):
            said = node.module or ""
        elif isinstance(node, ast.keyword | ast.arg):
            said = node.arg or ""
        else:
            continue
        if words.search(said):
            yield node


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Texts that are statements of their own: docstrings of modules, classes, functions and attributes."""
    for node in nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (commits, "connection.commit()"),
        (reads_the_clock, "import datetime as d\nd.datetime.now(UTC)"),
        (reads_the_clock, "date.today()"),
        (reads_the_clock, "field(default_factory=datetime.utcnow)"),
        (reads_the_clock, "time.time()"),
        (reads_the_clock, "from time import time"),
        (reads_the_environment, "os.environ['QUEUE_PORT']"),
        (reads_the_environment, "from os import environ"),
        (names_a_dialect, "engine.dialect.name == 'sqlite'"),
        (names_a_dialect, "from sqlalchemy.dialects.postgresql import JSONB"),
        (names_a_dialect, "Index('i', postgresql_where=x)"),
        (commits, "with engine.begin() as connection: pass"),
        (commits, "with engine.connect() as connection, connection.begin(): pass"),
        (commits, "in_the_end(connection.commit)"),
        (commits_in_words, "tx.execute(sa.text('COMMIT'))"),
        (commits_in_words, "psycopg.connect(url, autocommit=True)"),
        (commits_in_words, "connection.autocommit = True"),
        (commits_in_words, "sa.create_engine(url, isolation_level='AUTOCOMMIT')"),
        (locks_alone, "with log.locked(tx, branch): pass"),
        (locks_alone, "from ..store.log import SYSTEM, locked as lock"),
        (changes_tickets, "tx.execute(sa.update(TICKET).values(state='served'))"),
        (changes_tickets, "tx.execute(table(Ticket).delete())"),
        (changes_tickets, "from .steps import move"),
        (changes_rows, "tx.execute(sa.insert(STAFF), rows)"),
        (changes_rows, "TICKET.update()"),
        (changes_rows, "tables.table(tables.Zone).delete()"),
        (changes_rows, "from sqlalchemy import update as change"),
        (changes_rows_in_words, "tx.execute(sa.text('UPDATE branch SET position = 1'))"),
        (changes_rows_in_words, "tx.execute(sa.text(f'delete from {name}'))"),
        (writes_to_the_database, "await database.write(work)"),
        (writes_to_the_database, "await reader.write_in(branch, work)"),
        (renames_an_import, "from ..store.queries import bookings as stored"),
        (renames_an_import, "import json as sa"),
        (looks_around_the_context, "from ...web.installation import installation_of"),
        (looks_around_the_context, "from ...web import installation\ninstallation.installation_of(request)"),
        (looks_around_the_context, "database = request.app.state.installation.database"),
        (looks_around_the_context, "person = await access.staff(request)"),
        (writes_to_the_database, "write = installation.database"),
        (writes_to_the_database, "await here.do(action)"),
        (writes_to_the_database, "connection.app.state.installation"),
    ],
)
def test_offences_are_found(rule: Callable[[ast.AST], Iterator[ast.AST]], source: str) -> None:
    assert list(rule(ast.parse(source)))


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (reads_the_clock, "clock.now()\ntx.now\ntime.monotonic()"),
        (names_a_dialect, '"""On SQLite this is a file."""\ndef f():\n    """PostgreSQL too."""'),
        (reads_the_environment, "jinja.environ\nos.path"),
        (commits, "with connection.begin_nested(): pass"),
        (renames_an_import, "import sqlalchemy as sa\nfrom x import y"),
        (looks_around_the_context, "here = await staff_here(request)\nhere.installation.database"),
        (commits_in_words, 'def f():\n    """COMMIT comes later."""\n    begins = "BEGINNING"'),
    ],
)
def test_what_is_no_offence_passes(rule: Callable[[ast.AST], Iterator[ast.AST]], source: str) -> None:
    assert list(rule(ast.parse(source))) == []


def offences(
    rule: Callable[[ast.AST], Iterator[ast.AST]],
    *,
    packages: tuple[str, ...] = PACKAGES,
    except_for: tuple[str, ...] = (),
) -> list[str]:
    """Places where `rule` finds something, as "file, line: source"."""
    found = []
    for path in package_files():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(packages) and not name.startswith(except_for or ("\0",)):
            found += [
                f"{name}, line {getattr(node, 'lineno', 0)}: {ast.unparse(node)[:100]}" for node in rule(parse(path))
            ]
    return found
