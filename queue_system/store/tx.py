"""A transaction, and a piece of work inside it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, overload
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult, Engine

from ..core.errors import DomainError
from .dialect import Dialect
from .prepared import Outcome, Prepared, Statement
from .setting_changes import branches_changed, changed_settings, is_shared
from .versioned import Versioned

AnyRow: TypeAlias = sa.Row[*tuple[Any, ...]]
# A change that waits, and what is raised where it changes nothing because of what is there.
Change: TypeAlias = tuple[Prepared, Mapping[str, Any], Exception | None]


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


class EarlierWorkFailed(RuntimeError):
    """A change that an earlier work of the same transaction has left waiting was not possible."""


def of_earlier_work(changes: Iterable[Change]) -> list[Change]:
    """The same changes; where one is not possible, EarlierWorkFailed is raised, because its refusal is for another caller."""
    return [(statement, values, refusal and EarlierWorkFailed(str(refusal))) for statement, values, refusal in changes]


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
            "_foreseen",
            "_known",
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
            "owes",
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
        self._unsent: list[Change] = []
        # Reads that will be asked for; and the outcomes of those that were sent, until something is written or locked.
        self._foreseen: list[Statement] = []
        self._known: list[tuple[Statement, Outcome]] = []
        self._locks: set[UUID] = set()
        self.now = now
        self.due = due
        self.only = only
        self.secret = secret
        self.sends = sends
        self.settings = settings
        self.appended: list[Appended] = []
        self.owes = False
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
        # What was read before may have changed while somebody else had the lock.
        self._known.clear()
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
        if isinstance(statement, Prepared):
            return self._run(statement, values)
        self.flush()
        if not getattr(statement, "is_select", False):
            self._known.clear()
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

    def later(self, statement: Prepared, values: Mapping[str, Any], refusal: DomainError | None = None) -> None:
        """Run a change before the next statement or at the end of the work, and ignore its outcome.

        Successive changes then cost one round trip to the database instead of one each. The error of such a change is
        raised by the statement, or the end of the work, that sends it; `refusal` where it changes no row, or inserts one
        whose key is taken.
        """
        self.wrote = True
        self._known.clear()
        self._unsent.append((statement, values, refusal))

    def foresee(self, *reads: Statement) -> None:
        """Say which prepared statements will be read soon, so that a server answers all of them in one round trip.

        They are sent behind the next prepared statement, which may be the one that locks the branch; `row` and `rows`
        with the same values then find the outcome here, unless something was written or locked since. So it changes no
        result, and what was foreseen wrongly costs only its time.
        """
        if self.has_round_trips:
            self._foreseen += reads

    @property
    def has_round_trips(self) -> bool:
        """Whether a server answers, so that it is worth some work to foresee what will be read."""
        return not self._dialect.is_embedded

    def hand_on(self) -> list[Change]:
        """The changes that wait, for the next work of the same transaction; they wait here no more."""
        changes, self._unsent = self._unsent, []
        return changes

    def adopt(self, changes: Iterable[Change]) -> None:
        """Let changes of an earlier work (`hand_on`) wait here; they do not count as this one's.

        Until they are sent, `owes` is true.
        """
        self._unsent += changes
        self.owes = bool(self._unsent)

    def flush(self) -> None:
        """Run the changes that wait."""
        if self._unsent:
            changes, self._unsent = self._unsent, []
            self._sent(changes, [])

    def _run(self, statement: Prepared, values: Mapping[str, Any]) -> Outcome:
        if not statement.reads:
            self.wrote = True
            self._known.clear()
        elif self._known:
            for n, (read, outcome) in enumerate(self._known):
                if read[0] is statement and read[1] == values:
                    del self._known[n]
                    return outcome
        if not self._unsent and not self._foreseen:
            alone: list[Outcome] = []
            self._dialect.run(self._connection, [(statement, values)], alone)
            return alone[0]
        changes, self._unsent = self._unsent, []
        also, self._foreseen = [one for one in self._foreseen if one != (statement, values)], []
        outcome, *known = self._sent(changes, [(statement, values), *also])
        self._known += zip(also, known, strict=True)
        return outcome

    def _sent(self, changes: Sequence[Change], reads: Sequence[Statement]) -> list[Outcome]:
        """Run changes and then other statements together; returns the outcomes of the latter."""
        outcomes: list[Outcome] = []
        try:
            self._dialect.run(self._connection, [*(one[:2] for one in changes), *reads], outcomes)
        except sa.exc.IntegrityError as error:
            refusal = changes[len(outcomes)][2] if len(outcomes) < len(changes) else None
            if refusal is None or not self._dialect.is_taken(error):
                raise
            raise refusal from error
        for (_, _, refusal), outcome in zip(changes, outcomes, strict=False):
            if refusal is not None and outcome.rowcount != 1:
                raise refusal
        self.owes = False
        return outcomes[len(changes) :]

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
