"""Backups: the whole installation in one file, made while the hall runs, and restored into any of our databases.

A backup is a zip file with a text for each table (`store/archive.py`) and a manifest. It is written under another name
and renamed when it is whole, so that a backup with a name of ours is always complete. Decision 0025.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from ..actions.restoring import Stored, restore
from ..configuration import KEY_FILE, Configuration, ConfigurationError, make_folder, secret_key
from ..core.errors import Missing, Refused, Unavailable
from ..store import archive, log, schema
from ..store.archive import Part
from ..store.database import Database, Tx
from .version import program_version

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
NAME: Final = "queue-{at:%Y-%m-%dT%H-%M-%SZ}.backup"
PATTERN: Final = "queue-*.backup"
UNFINISHED: Final = ".part"
FRESH: Final = timedelta(hours=24)
BREATH_SECONDS: Final = 0.01
BUFFER: Final = 1 << 20


class Position(BaseModel):
    """The newest entry of a branch's log: its number and its link."""

    model_config = ConfigDict(frozen=True)

    seq: int
    chain: str


class Manifest(BaseModel):
    """What a backup is and holds.

    `counts` and `sha256` are by table, the latter of its text. `key` tells one secret key from another without telling
    the key, which is not part of a backup, as `without` says.
    """

    model_config = ConfigDict(frozen=True)

    format: int
    program: str
    made_at: datetime
    database: str
    revision: str
    fingerprint: int
    organisation: str
    installation: UUID
    key: str
    counts: Mapping[str, int]
    sha256: Mapping[str, str]
    positions: Mapping[str, Position]
    without: tuple[str, ...] = ("the secret key: secret.key, or QUEUE_SECRET_KEY", "the settings in the environment")

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Backup:
    """A complete backup in a file."""

    path: Path
    manifest: Manifest

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return self.path.stat().st_size

    @property
    def figures(self) -> dict[str, str | int]:
        """What is noted of it in the database."""
        return {"file": self.path.name, "rows": self.manifest.rows, "bytes": self.size}


def folder_of(configuration: Configuration) -> Path:
    """Where backups of this installation go by themselves."""
    return configuration.backup_dir or configuration.data_dir / "backups"


# ---------------------------------------------------------------- making


def make(
    configuration: Configuration,
    database: Database,
    folder: Path | None = None,
    keep: int | None = None,
    breathe: Callable[[], None] = lambda: None,
) -> Backup:
    """Write a backup of everything into `folder`, and remove all but the newest `keep` of this installation there.

    It is one consistent snapshot, whatever is written meanwhile. `breathe` is called every few hundred rows, so that a
    server can let requests go first. Raises Unavailable("not-initialised") for an empty database, what
    `schema.current` raises, Refused("backup-running"), and ConfigurationError if the folder cannot be written.
    """
    folder = folder or folder_of(configuration)
    revision = schema.current(database)
    if revision is None:
        raise Unavailable("not-initialised")
    if not schema.is_known(revision):
        raise Unavailable("schema-newer", revision=revision)
    parts = archive.parts_of(database)
    about: dict[str, Any] = {
        "program": program_version(),
        "database": database.server_version(),
        "key": key_mark(configuration),
    }
    about |= {"format": FORMAT, "revision": revision, "fingerprint": schema.fingerprint_of(revision)}
    with _turn(folder):
        path = _new_path(folder, database.clock.now())
        try:
            with _whole_file(path) as file:
                manifest = database.read_now(_write, file, parts, about, breathe)
        except OSError as error:
            raise ConfigurationError(f"QUEUE_BACKUP_DIR: cannot write {path}: {error.strerror}") from None
        made = Backup(path, manifest)
        _remove_old(folder, made, configuration.backup_keep if keep is None else keep)
    return made


async def make_beside(configuration: Configuration, database: Database) -> Backup:
    """As `make`, in a thread of a server: requests go first, and a server that stops does not wait for the rest."""
    stopping = threading.Event()

    def breathe() -> None:
        if stopping.wait(BREATH_SECONDS):
            raise Refused("backup-stopped")

    try:
        return await asyncio.to_thread(make, configuration, database, breathe=breathe)
    finally:
        stopping.set()


def _write(tx: Tx, file: Any, parts: list[Part], about: Mapping[str, Any], breathe: Callable[[], None]) -> Manifest:
    counts, sha256 = {}, {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in parts:
            digest, counts[part.name] = hashlib.sha256(), 0
            with packed.open(_member(part.name), "w", force_zip64=True) as text:
                for piece, rows in archive.written(tx, part, breathe):
                    text.write(piece)
                    digest.update(piece)
                    counts[part.name] += rows
            sha256[part.name] = digest.hexdigest()
        identity, slug = log.installation(tx)
        manifest = Manifest(
            made_at=tx.now,
            organisation=slug,
            installation=identity,
            counts=counts,
            sha256=sha256,
            positions={name: Position(seq=seq, chain=chain) for name, seq, chain in log.heads(tx)},
            **about,
        )
        packed.writestr(MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def _new_path(folder: Path, at: datetime) -> Path:
    """A name that no backup has yet: the one that is just being restored may be of the same second."""
    path, number = folder / NAME.format(at=at), 1
    while path.exists():
        number += 1
        path = path.with_name(f"{Path(NAME.format(at=at)).stem}-{number}{path.suffix}")
    return path


@contextlib.contextmanager
def _whole_file(path: Path) -> Iterator[Any]:
    """A file for our user only, which gets its name when it is whole and on the disk."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _sync(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder; what a killed one left behind is removed. Raises Refused("backup-running")."""
    make_folder(folder, "QUEUE_BACKUP_DIR")
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused("backup-running") from None
        for left in folder.glob(f".{PATTERN}.*{UNFINISHED}"):
            left.unlink(missing_ok=True)
        yield
    finally:
        os.close(handle)


def _remove_old(folder: Path, made: Backup, keep: int) -> None:
    # The one just made is not the newest by its date if the clock was put back.
    others = [
        one
        for one in backups(folder)
        if one.path != made.path and one.manifest.installation == made.manifest.installation
    ]
    for old in others[max(0, keep - 1) :]:
        old.path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---------------------------------------------------------------- finding


def backups(folder: Path) -> list[Backup]:
    """The backups in a folder, newest first; files that are none are left out."""
    found = []
    for path in folder.glob(PATTERN):
        with contextlib.suppress(Refused, OSError):
            found.append(read(path))
    return sorted(found, key=lambda one: one.manifest.made_at, reverse=True)


def newest(configuration: Configuration) -> Backup:
    """The newest backup in the folder of this installation. Raises Missing("backup")."""
    for one in backups(folder_of(configuration)):
        return one
    raise Missing("backup")


def is_fresh(configuration: Configuration, database: Database) -> bool:
    """Whether the folder holds a backup of this database that is younger than FRESH."""
    now = database.clock.now()
    identity, _ = database.read_now(log.installation)
    return any(
        one.manifest.installation == identity and now - one.manifest.made_at < FRESH
        for one in backups(folder_of(configuration))
    )


def read(path: Path) -> Backup:
    """A backup with its manifest; its texts are not looked at. Raises Refused("backup-damaged", "backup-format")."""
    with _opened(path) as packed:
        try:
            text = packed.read(MANIFEST)
            if json.loads(text)["format"] != FORMAT:
                raise Refused("backup-format")
            return Backup(path, Manifest.model_validate_json(text))
        except (KeyError, TypeError, ValueError, ValidationError):
            raise Refused("backup-damaged", part=MANIFEST) from None


def check(backup: Backup) -> None:
    """Read every text once. Raises Refused("backup-damaged") for the first that is not as the manifest says."""
    with _opened(backup.path) as packed:
        for name, expected in backup.manifest.sha256.items():
            digest = hashlib.sha256()
            try:
                with packed.open(_member(name)) as text:
                    while piece := text.read(BUFFER):
                        digest.update(piece)
            except KeyError:
                raise Refused("backup-damaged", part=name) from None
            if digest.hexdigest() != expected:
                raise Refused("backup-damaged", part=name)


# ---------------------------------------------------------------- restoring


def restore_from(backup: Backup, database: Database, *, replace: bool = False) -> Mapping[str, int]:
    """Fill `database` from a backup; returns its rows by table. All or nothing.

    Raises what `check` and `actions.restoring.restore` raise.
    """
    check(backup)
    manifest = backup.manifest
    stored = Stored(manifest.revision, manifest.fingerprint, manifest.made_at.isoformat(), manifest.counts)
    with _opened(backup.path) as packed:
        try:
            return restore(database, stored, _texts(packed, manifest), replace=replace)
        except (ValueError, LookupError) as error:
            raise Refused("backup-damaged", part=type(error).__name__) from error


def _texts(packed: zipfile.ZipFile, manifest: Manifest) -> Iterator[tuple[str, Iterator[bytes]]]:
    for name in manifest.counts:
        with packed.open(_member(name)) as text:
            yield name, text


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The packed file. Raises Missing("backup"), Refused("backup-damaged")."""
    try:
        with zipfile.ZipFile(path) as packed:
            yield packed
    except FileNotFoundError:
        raise Missing("backup") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        raise Refused("backup-damaged", part=path.name) from None


def _member(table: str) -> str:
    return f"rows/{table}.jsonl"


# ---------------------------------------------------------------- the secret key


def key_mark(configuration: Configuration) -> str:
    """Tells this installation's secret key from others without telling it; "" if it has none yet."""
    if not configuration.secret_key.get_secret_value() and not (configuration.data_dir / KEY_FILE).exists():
        return ""
    return hmac.digest(secret_key(configuration), b"queue-system: which key", "sha256").hex()[:16]
