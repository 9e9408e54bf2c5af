"""Works for a process of its own, which imports this module, so it imports little."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from queue_system.core import errors
from queue_system.core.apart import keyed
from queue_system.store.tables import Session, table
from queue_system.store.tx import Tx


def no_preparation() -> None:
    """The introduction of tests that read no log."""


def nothing(tx: Tx) -> None:
    """Work without a result."""


def instant(tx: Tx) -> str:
    return tx.now.isoformat()


def number(tx: Tx) -> int:
    """The process in which this runs."""
    return os.getpid()


def known(tx: Tx, reference: str) -> str:
    """How somebody who is kept apart is known, with the key of the installation."""
    return keyed(tx.secret, UUID(int=0), reference)


def unsendable(tx: Tx) -> Any:
    return lambda: tx.now


def given(tx: Tx, work: Any) -> Any:
    return work()


def failing(tx: Tx) -> None:
    raise errors.Doubtful("contact-doubtful", "contact", ("+97455512345",))


def broken(tx: Tx) -> None:
    raise KeyError("a fault of ours")


def writing(tx: Tx) -> None:
    tx.execute(sa.delete(table(Session)))
