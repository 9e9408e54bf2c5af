"""Changes of settings are made under lock and with the next version, so that every node reads them again.

Each branch's row holds the version of its settings; the row of `ORGANISATION` holds that of the whole installation.
Reads cache settings under their version (store/versioned.py). Changes are made inside `editing` or `editing_catalogue`,
and `Tx` refuses them elsewhere; `founding` is for a new installation, whose settings nobody has cached.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Refused
from .log import Locked, locked
from .tables import ORGANISATION, Branch, Organisation, table
from .tx import Tx

BRANCH = table(Branch)


@contextmanager
def editing(tx: Tx, branches: Collection[UUID]) -> Iterator[dict[UUID, Locked]]:
    """Lock these branches, the organisation first, and raise the version of their settings, so that they may be changed.

    Yields the locked branches by id. From here on `tx` reads settings past the cache, so that it sees its own changes;
    other transactions see them after the commit. Screens follow the log, so the action appends a fact to each branch
    that it changed.

    Give this work to `Database.write` (`Here.write_anywhere`), and lock no branch before. Raises Missing("branch");
    RuntimeError inside `write_in`: an earlier work of the same transaction may hold the branch's lock, which another edit
    waits for while it holds the organisation's.
    """
    tx.edits = True
    with ExitStack() as stack:
        # Every edit takes the organisation's lock first, so edits run one at a time and cannot deadlock.
        found = {ORGANISATION: stack.enter_context(locked(tx, ORGANISATION))}
        for branch_id in sorted(set(branches) - {ORGANISATION}):
            found[branch_id] = stack.enter_context(locked(tx, branch_id))
        tx.edited |= found.keys()
        tx.execute(
            sa.update(BRANCH).where(BRANCH.c.id.in_(list(found))).values(config_version=BRANCH.c.config_version + 1)
        )
        for branch in found.values():
            branch.config_version += 1
        # The organisation's other rows are read by every branch, so they need an edit of the catalogue.
        tx.edited.discard(ORGANISATION)
        yield found


@contextmanager
def editing_catalogue(tx: Tx) -> Iterator[dict[UUID, Locked]]:
    """Change what all branches share: policies, priorities, documents, levels, seasons, words, the organisation's name.

    Like `editing` with every branch.
    """
    with locked(tx, ORGANISATION):
        # A new branch is added under the same lock, so this list stays complete.
        every = [row.id for row in tx.rows(sa.select(BRANCH.c.id))]
    with editing(tx, every) as found:
        tx.edits_shared = True
        yield found


@contextmanager
def adding(tx: Tx, branch_id: UUID) -> Iterator[Locked]:
    """Add a branch with this new id; yields the organisation, locked, whose lock keeps the list of branches as it is.

    Like `editing`. Lock the new branch after its row is there.
    """
    with editing(tx, ()) as found:
        tx.edited.add(branch_id)
        yield found[ORGANISATION]


def founding(tx: Tx) -> None:
    """Let this transaction store all settings in an empty database; raises Refused("already-installed")."""
    if tx.row(sa.select(sa.literal(1)).select_from(table(Organisation))) is not None:
        raise Refused("already-installed")
    tx.edits = tx.edits_shared = True
