"""One branch as a file, complete by itself: a header, the entries of the catalogue that it uses, and the branch.

    # Exported 2026-11-29T09:00:00+00:00
    format: 1
    settings_sha256: …
    addresses: "no"
    catalogue: {policies: …, documents: …}
    branches: {doha-main: …}

Sections are written as in a profile. Decision 0028.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from ..settings.branch import Branch
from ..settings.canonical import fingerprint
from ..settings.catalogue import Catalogue
from ..settings.portable import Portable, portable
from ..settings.typed import LONGEST_NUMBER
from .branches import CommonSettings, read_branch
from .catalogue import read_catalogue
from .nodes import ProfileError, Section, Value, load
from .values import flag, keyed, slug, text
from .write import as_text, written_branch, written_entries

#: Raised when an older program could not read the file, or would understand it in another way.
FORMAT: Final = 1


def write_branch_file(
    branch: Branch, catalogue: Catalogue, *, addresses: bool = False, exported_at: datetime | None = None
) -> str:
    """The text of a file that `read_branch_file` reads as this branch; equal but for `exported_at` for equal settings.

    `settings_sha256` is the fingerprint that the log has of the settings. Without `addresses`, printers do not say where
    they are connected.
    """
    leaving = portable(branch, catalogue, addresses=addresses)
    own = written_branch(leaving.branch, None, catalogue)
    head = {
        "format": str(FORMAT),
        "settings_sha256": fingerprint(branch, catalogue),
        "addresses": "yes" if addresses else "no",
        **({"inherits_from": branch.inherits_from} if branch.inherits_from else {}),
    }
    body = {**head, "catalogue": written_entries(leaving.catalogue), "branches": {branch.slug: own}}
    line = f"# Exported {exported_at.isoformat(timespec='seconds')}\n" if exported_at is not None else ""
    return line + as_text(body)


def read_branch_file(content: bytes, file: str) -> Portable:
    """The branch in the bytes of a file called `file`; raises ProfileError."""
    try:
        told = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProfileError(file, content[: error.start].count(b"\n") + 1, 1, "is not UTF-8 text") from None
    root = load(told, file)
    with root.section() as section:
        section.required("format", _format)
        section.optional("settings_sha256", text, "")
        addresses = section.optional("addresses", flag, False)
        origin = section.optional("inherits_from", lambda value: slug(text(value), value), None)
        catalogue = section.required("catalogue", _catalogue)
        branch = _branch(section, catalogue)
    return Portable(branch.changed(inherits_from=origin) if origin else branch, catalogue, addresses)


def read_branch_path(path: Path) -> Portable:
    """The branch in a file; raises ProfileError."""
    try:
        return read_branch_file(path.read_bytes(), path.name)
    except OSError as error:
        raise ProfileError(str(path), 0, 0, error.strerror or "cannot be read") from None


def _format(value: Value) -> None:
    found = value.scalar()
    if found == str(FORMAT):
        return
    if found.isdecimal() and (len(found) > LONGEST_NUMBER or int(found) > FORMAT):
        raise value.error(f"{found} is newer than this program, which reads {FORMAT}; update it, or export again there")
    raise value.error(f'"{found}" is not a format of branch files; this program reads {FORMAT}')


def _catalogue(value: Value) -> Catalogue:
    with value.section() as section:
        return read_catalogue(section, Catalogue())


def _branch(section: Section, catalogue: Catalogue) -> Branch:
    common = CommonSettings(catalogue, None)
    found = section.required("branches", keyed("branch", lambda of, value: read_branch(of, value, common, {}).branch))
    if len(found) != 1:
        raise section.value.error("branches: a branch file has one branch")
    return next(iter(found.values()))
