"""Changes of settings: under lock, and with the next version, so that every node reads them anew.

Settings have a version in each branch's row, and the whole installation has one in the row of `ORGANISATION`. Whoever
reads settings keeps them under the version (store/versioned.py); whoever changes them does it inside `editing` or
`editing_catalogue` (a test looks for changes outside).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

import sqlalchemy as sa

from .log import Locked, locked
from .tables import ORGANISATION, Branch, table
from .tx import Tx

BRANCH = table(Branch)


@contextmanager
def editing(tx: Tx, branches: Collection[UUID]) -> Iterator[dict[UUID, Locked]]:
    """Change settings of these branches: all are locked, the organisation first, and their versions move on.

    Gives the locked branches by id. From here on `tx` reads settings from the tables alone: it sees its own changes,
    and nobody else does before the commit. Screens follow the log: the action appends a fact to each branch that it
    changed. Raises Missing("branch").
    """
    tx.edits = True
    with ExitStack() as stack:
        # The organisation's lock is taken before the others are asked for: one edit at a time, and no deadlock.
        found = {ORGANISATION: stack.enter_context(locked(tx, ORGANISATION))}
        for branch_id in sorted(set(branches) - {ORGANISATION}):
            found[branch_id] = stack.enter_context(locked(tx, branch_id))
        tx.execute(
            sa.update(BRANCH).where(BRANCH.c.id.in_(list(found))).values(config_version=BRANCH.c.config_version + 1)
        )
        for branch in found.values():
            branch.config_version += 1
        yield found


@contextmanager
def editing_catalogue(tx: Tx) -> Iterator[dict[UUID, Locked]]:
    """Change what the organisation has once and every branch lives on: policies, priorities, documents, levels,
    seasons, words, its own name.

    As `editing` with every branch.
    """
    with locked(tx, ORGANISATION):
        # Branches are founded under the same lock: none can come in between.
        every = [row.id for row in tx.rows(sa.select(BRANCH.c.id))]
    with editing(tx, every) as found:
        yield found
