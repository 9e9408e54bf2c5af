"""Talks to the virtual printer over plain sockets, and reads its papers dot by dot."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image

from printers.virtual import Paper, VirtualPrinter

# As long as a busy machine may need for anything; an answer that never comes still fails.
PATIENCE_SECONDS = 60.0
CUT = b"\x1dVB\x00"
"""GS V 66 0: feed to the knife, cut."""


def raster(rows: list[str], mode: int = 0) -> bytes:
    """GS v 0 for rows written as `#` and `.`, eight dots in a byte."""
    width = len(rows[0]) // 8
    data = b"".join(int(row.replace("#", "1").replace(".", "0"), 2).to_bytes(width, "big") for row in rows)
    size = width.to_bytes(2, "little") + len(rows).to_bytes(2, "little")
    return b"\x1dv0" + bytes([mode]) + size + data


@contextmanager
def connected(printer: VirtualPrinter) -> Iterator[socket.socket]:
    with socket.create_connection((printer.host, printer.port), timeout=PATIENCE_SECONDS) as line:
        yield line


def exactly(line: socket.socket, count: int) -> bytes:
    """The next `count` bytes from the printer."""
    data = b""
    while len(data) < count:
        piece = line.recv(count - len(data))
        assert piece, f"the printer hung up after {data.hex(' ')}"
        data += piece
    return data


def ask(printer: VirtualPrinter, data: bytes, count: int) -> bytes:
    """Send bytes over a new connection; the answer of exactly `count` bytes."""
    with connected(printer) as line:
        line.sendall(data)
        answer = exactly(line, count)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""
        return answer


def tell(printer: VirtualPrinter, data: bytes) -> None:
    """Send bytes over a new connection, and wait until the printer has received them all."""
    with connected(printer) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""


def dots(paper: Paper) -> list[str]:
    """The rows of a paper as `#` and `.`, without the dots to the right of the last ink of any row."""
    with Image.open(BytesIO(paper.dots)) as picture:
        assert picture.mode == "1"
        inked = picture.point(lambda dot: 255 - dot)
        box = inked.getbbox()
        width = box[2] if box else 0
        return ["".join("#" if inked.getpixel((x, y)) else "." for x in range(width)) for y in range(picture.height)]


def ink(paper: Paper) -> list[str]:
    """As `dots`, without the blank rows above and below."""
    rows = dots(paper)
    inked = [index for index, row in enumerate(rows) if "#" in row]
    return rows[inked[0] : inked[-1] + 1] if inked else []


def ink_box(paper: Paper) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of all ink."""
    with Image.open(BytesIO(paper.dots)) as picture:
        box = picture.point(lambda dot: 255 - dot).getbbox()
    assert box is not None
    return box
