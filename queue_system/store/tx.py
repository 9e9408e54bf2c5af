"""A transaction, and a piece of work inside it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, overload
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult, Engine

from .dialect import Dialect
from .prepared import Outcome, Prepared
from .setting_changes import branches_changed, changed_settings, is_shared
from .versioned import Versioned

AnyRow: TypeAlias = sa.Row[*tuple[Any, ...]]


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction: committed when the block ends, undone when it raises.

    Every change is committed here, because nothing else begins a transaction (a test looks for others).
    """
    with engine.connect() as connection, connection.begin():
        yield connection


@dataclass(frozen=True, slots=True)
class Appended:
    """The entries that were written under one lock of a branch: their kinds, in order; `seq` is that of the last.

    `version` is that of the settings they were written under. `created` are views of the rows that they describe.
    """

    branch_id: UUID
    seq: int
    kinds: tuple[str, ...]
    version: int
    created: tuple[Any, ...] = ()

    @property
    def before(self) -> int:
        """The position of the branch before these entries."""
        return self.seq - len(self.kinds)


def positions_of(appended: Iterable[Appended]) -> dict[UUID, int]:
    """The newest position of each branch."""
    return {one.branch_id: one.seq for one in appended}


class Tx:
    """One piece of work inside a transaction: the connection, the instant, and the entries that it has appended to the log.

    `now` is read once, after the transaction began, so that everything the work writes has the same time. `appended` is
    handed on after the commit, to those who wait for the branches and to be counted. `wrote` is whether anything but
    reads was run. `settings` is the cache of settings; work that `edits` them (store/editing.py) neither reads nor fills
    it, because its values may never be committed. `edited` are the branches whose rows it may change, and `edits_shared`
    is whether it may change those of all, and what they share. `kept` are the values of settings that go into the cache
    after the commit. `due` is the cache of when something is next due (store/queries/due.py).
    `only` is the branch whose writes share this transaction (`Database.write_in`), else None. `sends` names the
    levels (`core.messages.sent_as`) of messages that can be sent. `secret` is the key of the installation, empty where the
    process does not have it.
    """

    __slots__ = (
        *(
            "_connection",
            "_dialect",
            "_locks",
            "_unsent",
            "appended",
            "due",
            "edited",
            "edits",
            "edits_shared",
            "kept",
            "now",
            "only",
            "secret",
            "sends",
            "settings",
        ),
        "wrote",
    )

    def __init__(
        self,
        connection: Connection,
        dialect: Dialect,
        now: datetime,
        settings: Versioned,
        due: Versioned,
        only: UUID | None = None,
        sends: frozenset[str] = frozenset(),
        secret: bytes = b"",
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._unsent: list[tuple[Prepared, Mapping[str, Any]]] = []
        self._locks: set[UUID] = set()
        self.now = now
        self.due = due
        self.only = only
        self.secret = secret
        self.sends = sends
        self.settings = settings
        self.appended: list[Appended] = []
        self.wrote = False
        self.edits = False
        self.edits_shared = False
        self.edited: set[UUID] = set()
        self.kept: dict[Hashable, tuple[Hashable, Any]] = {}

    def keep_after(self, key: Hashable, version: Hashable, value: Any) -> None:
        """Keep a value of settings in the cache once this is committed, as it would then be read at this version.

        It is said after all changes of settings, because each forgets what was said before it.
        """
        self.kept[key] = (version, value)

    def will_lock(self, branch: UUID) -> None:
        """Check the order of locks before a branch is locked, because another order could deadlock.

        Raises RuntimeError for another branch than that of `Database.write_in`, whose lock an earlier work of the same
        transaction may hold, and for a branch whose id comes before that of one locked already.
        """
        if branch in self._locks:
            return
        if self.only not in (None, branch):
            raise RuntimeError("work that locks more than one branch, or edits settings, is given to `Database.write`")
        if self._locks and branch < max(self._locks):
            raise RuntimeError("branches are locked in the order of their ids, the organisation first")
        self._locks.add(branch)

    @overload
    def execute(self, statement: Prepared, values: Mapping[str, Any]) -> Outcome: ...

    @overload
    def execute(self, statement: sa.Executable, values: Any = None) -> CursorResult[Any]: ...

    def execute(self, statement: sa.Executable | Prepared, values: Any = None) -> CursorResult[Any] | Outcome:
        """Run a statement of SQLAlchemy Core, with values or a list of them; a `Prepared` one with its values.

        Raises RuntimeError for a change of settings outside an edit, because caches would serve the old ones for ever.
        """
        self.flush()
        if isinstance(statement, Prepared):
            self.wrote = self.wrote or not statement.reads
            return self._dialect.run(self._connection, [(statement, values)])[0]
        changed = changed_settings(statement, values)
        if changed is not None:
            self.kept.clear()
        if changed is not None and not self.edits_shared:
            if not self.edits or is_shared(changed):
                raise RuntimeError(f"settings ({changed.name}) are changed inside `editing` or `editing_catalogue`")
            touched = branches_changed(statement, values)
            if touched is None or not touched <= self.edited:
                raise RuntimeError(
                    f"an edit of some branches changes rows of these only, and names them ({changed.name})"
                )
        self.wrote = self.wrote or not getattr(statement, "is_select", False)
        return self._connection.execute(statement, values)

    def later(self, statement: Prepared, values: Mapping[str, Any]) -> None:
        """Run a change before the next statement or at the end of the work, and ignore its outcome.

        Successive changes then cost one round trip to the database instead of one each. The error of such a change is
        raised by the statement, or the end of the work, that sends it.
        """
        self.wrote = True
        self._unsent.append((statement, values))

    def flush(self) -> None:
        """Run the changes that wait."""
        if self._unsent:
            changes, self._unsent = self._unsent, []
            self._dialect.run(self._connection, changes)

    @overload
    def row(self, statement: Prepared, values: Any = None) -> Any: ...

    @overload
    def row(self, statement: sa.Executable, values: Any = None) -> AnyRow | None: ...

    def row(self, statement: sa.Executable | Prepared, values: Any = None) -> Any:
        """The first row, or the view of it for a `Prepared` statement with one; None if there is none."""
        if isinstance(statement, Prepared):
            return next(iter(self.execute(statement, values).rows), None)
        return self.execute(statement, values).first()

    @overload
    def rows(self, statement: Prepared, values: Any = None) -> list[Any]: ...

    @overload
    def rows(self, statement: sa.Executable, values: Any = None) -> list[AnyRow]: ...

    def rows(self, statement: sa.Executable | Prepared, values: Any = None) -> list[Any]:
        """All rows, or the views of them."""
        if isinstance(statement, Prepared):
            return self.execute(statement, values).rows
        return list(self.execute(statement, values).all())

    def scalar(self, statement: sa.Executable | Prepared, values: Any = None) -> Any:
        """The first column of the first row, or None."""
        row = self.row(statement, values)
        return None if row is None else row[0]
