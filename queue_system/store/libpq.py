"""Prepared statements on PostgreSQL, sent to its library (libpq) without a cursor of the driver.

For each statement the driver's cursor needs some 30 µs of Python, a third of which is left without it. The connection, its transaction, the
conversions and the errors stay those of the driver. Several statements travel together, with the BEGIN before them: one round
trip to the server (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html).
"""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import psycopg
import sqlalchemy as sa
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from sqlalchemy.engine import Connection, Engine

from .prepared import Compiled, Outcome, Statement, as_core

_LINE: Final = "queue_system.line"


def run(connection: Connection, statements: Sequence[Statement], outcomes: list[Outcome]) -> None:
    """Run statements with their values in this order, in the connection's transaction.

    `outcomes` grows with each that succeeds. After the first that fails no other is run; raises what SQLAlchemy would raise
    for it.
    """
    line = _line_of(connection)
    if line is None:
        line = connection.info[_LINE] = _Line(cast(Any, connection.connection.driver_connection))
    compiled_ones = ((statement.compiled(connection, values), values) for statement, values in statements)
    given_ones = [(one, one.given(values)) for one, values in compiled_ones]
    done = len(outcomes)
    try:
        for (compiled, _), answer in zip(given_ones, line.answers(given_ones), strict=True):
            outcomes.append(line.outcome(compiled, answer))
    except psycopg.Error as error:
        compiled, given = given_ones[len(outcomes) - done]
        raise as_core(connection, error, compiled.text, given) from error


def doubt(connection: Connection) -> None:
    """Look before the next statement what is still prepared; called when work is rolled back, or the schema is changed.

    Then the driver may discard all prepared statements of the connection, its own and ours (psycopg, `DEALLOCATE ALL`).
    """
    if not connection.invalidated and (line := _line_of(connection)) is not None:
        line.is_in_doubt = True


def watch(*engines: Engine) -> None:
    """Call `doubt` for each connection of these engines whose work is rolled back."""
    for engine in engines:
        for undone in ("rollback", "rollback_savepoint"):
            sa.event.listen(engine, undone, lambda connection, *_: doubt(connection))


def _line_of(connection: Connection) -> _Line | None:
    # It belongs to the driver's connection; where that is lost, the next one has one of its own.
    found: _Line | None = connection.info.get(_LINE)
    return found


class _Line:
    """One connection of the driver, and what is prepared on it."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver
        self._libpq = driver.pgconn
        self._adapt = Transformer(driver)
        self._names: dict[Compiled, bytes] = {}
        self._count = 0
        self.is_in_doubt = False
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(self._libpq.socket, select.POLLIN)
        self._writable.register(self._libpq.socket, select.POLLIN | select.POLLOUT)

    def answers(self, statements: Sequence[tuple[Compiled, Any]]) -> Iterator[pq.abc.PGresult]:
        """The answers to statements, up to the first that failed, for which psycopg.Error is raised."""
        if self.is_in_doubt:
            self._look_what_is_prepared()
        # All of them first, because what cannot be converted must not leave half of them sent.
        ready = [(self._name(compiled), self._dumped(compiled, given)) for compiled, given in statements]
        begins = not self._driver.autocommit and self._libpq.transaction_status == pq.TransactionStatus.IDLE
        if len(ready) == 1 and not begins:
            yield _checked(self._libpq.exec_prepared(*ready[0]))
            return
        self._libpq.enter_pipeline_mode()
        if begins:
            self._libpq.send_query_params(self._begin(), None)
        for name, values in ready:
            self._libpq.send_query_prepared(name, values)
        self._libpq.pipeline_sync()
        self._send_off()
        found = self._receive()
        self._libpq.exit_pipeline_mode()
        if begins:
            _checked(found.pop(0))
        yield from map(_checked, found)

    def outcome(self, compiled: Compiled, answer: pq.abc.PGresult) -> Outcome:
        count = answer.command_tuples
        if answer.status != pq.ExecStatus.TUPLES_OK:
            return Outcome([], -1 if count is None else count)
        self._adapt.set_pgresult(answer)
        rows = self._adapt.load_rows(0, answer.ntuples, tuple)
        return Outcome([compiled.read(row) for row in rows], -1 if count is None else count)

    def _name(self, compiled: Compiled) -> bytes:
        """The name under which a statement is prepared on this connection."""
        name = self._names.get(compiled)
        if name is None:
            self._count += 1
            name = b"queue_system_%d" % self._count
            # The types of the values follow from the casts in the text.
            numbered = compiled.text % {one: f"${n}" for n, one in enumerate(compiled.names, 1)}
            _checked(self._libpq.prepare(name, numbered.encode()))
            self._names[compiled] = name
        return name

    def _look_what_is_prepared(self) -> None:
        answer = _checked(self._libpq.exec_(b"SELECT name FROM pg_prepared_statements"))
        known = {answer.get_value(row, 0) for row in range(answer.ntuples)}
        self._names = {compiled: name for compiled, name in self._names.items() if name in known}
        self.is_in_doubt = False

    def _dumped(self, compiled: Compiled, given: Any) -> Sequence[Any]:
        values = [given[name] for name in compiled.names]
        return self._adapt.dump_sequence(values, [PyFormat.TEXT] * len(values))

    def _begin(self) -> bytes:
        """The words with which the driver begins a transaction."""
        words = ["BEGIN"]
        if self._driver.isolation_level is not None:
            words.append(f"ISOLATION LEVEL {self._driver.isolation_level.name.replace('_', ' ')}")
        if self._driver.read_only is not None:
            words.append("READ ONLY" if self._driver.read_only else "READ WRITE")
        return " ".join(words).encode()

    def _send_off(self) -> None:
        """Let all that was sent leave; what comes back meanwhile is taken in, so that neither side waits for the other."""
        while self._libpq.flush():
            if any(event & ~select.POLLOUT for _, event in self._writable.poll()):
                self._libpq.consume_input()

    def _receive(self) -> list[pq.abc.PGresult]:
        """The answers up to the mark that ends the pipeline."""
        found: list[pq.abc.PGresult] = []
        while True:
            while self._libpq.is_busy():
                self._readable.poll()
                self._libpq.consume_input()
            answer = self._libpq.get_result()
            if answer is None:
                # Between two answers; but there is no more to come from a server that has gone.
                if self._libpq.status == pq.ConnStatus.BAD:
                    raise psycopg.OperationalError(self._libpq.get_error_message())
            elif answer.status == pq.ExecStatus.PIPELINE_SYNC:
                return found
            else:
                found.append(answer)


def _checked(answer: pq.abc.PGresult) -> pq.abc.PGresult:
    """The answer; raises psycopg.Error for a refusal."""
    if answer.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        return answer
    if answer.error_field(pq.DiagnosticField.SQLSTATE) is None:
        # Not the server's refusal: the connection is lost.
        raise psycopg.OperationalError(answer.get_error_message())
    raise error_from_result(answer)
