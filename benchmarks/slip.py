"""From the data of a ticket to the bytes of its slip: milliseconds, and bytes beside one plain raster of the same slip.

Aims: below 25 ms; at 576 dots at most 0.65 of the bytes of the plain raster, and at most half of them on a printer that
obeys `GS L`. The limit beside it is the same picture, passed unchanged to python-escpos in one `GS v 0`: its bytes, and
the time from the picture to the bytes.

The slips are those of a ticket of the embassy in every language that it offers, and two worst cases: texts of the
greatest length that a profile may have, and a slip of 384 dots, where cropping saves least.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from escpos.printer import Dummy
from PIL import Image

from benchmarks import fixtures
from benchmarks.report import Figure, conclude, percentile
from printers.escpos_bytes import encode
from printers.slip import Slip, render
from queue_system.spooler.slips import slip_of
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.place import place
from tests.kit.hall import Hall
from tests.kit.printers_slips import ARABIC_LONG

ADDRESS: Final = "https://queue.example"
ROUNDS: Final = 40
AIM_MS: Final = 25.0
AIM_BYTES: Final = 0.65
AIM_BYTES_MOVED: Final = 0.5


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"rounds": ROUNDS}
    with fixtures.folder() as folder:
        place = fixtures.sqlite_place(folder)
        with place.hall() as hall:
            cases = [
                (f"{language}, {dots} dots", composer(hall, language), dots)
                for language in hall.branch.languages
                for dots in (576, 384)
            ]
            cases.append(("longest texts, 576 dots", lambda: ARABIC_LONG, 576))
            begun = time.perf_counter()
            encode(render(cases[0][1](), 576))
            details["first slip of the process, ms"] = round((time.perf_counter() - begun) * 1e3)
            for name, compose, dots in cases:
                figures += measured(name, compose, dots, details)
    conclude("slip", figures, **details)


def composer(hall: Hall, language: str) -> Callable[[], Slip]:
    """Makes the texts of a slip from a ticket, as it was read."""
    stands = hall.db.read_now(place, hall.branch, hall.issue().ticket.token)
    stands = replace(stands, ticket=replace(stands.ticket, language=language), ahead=12)
    house = hall.db.read_now(organisation)
    return lambda: slip_of(stands, hall.branch, house, ADDRESS)


def measured(name: str, compose: Callable[[], Slip], dots: int, details: dict[str, Any]) -> list[Figure]:
    """In turns: ours from the data on, and the plain raster from the picture on."""
    picture = render(compose(), dots)
    plain_bytes = len(plain(picture))
    ours, bare, busy = [], [], []
    for _ in range(ROUNDS):
        begun, begun_busy = time.perf_counter(), time.process_time()
        encode(render(compose(), dots))
        busy.append((time.process_time() - begun_busy) * 1e3)
        middle = time.perf_counter()
        plain(picture)
        ours.append((middle - begun) * 1e3)
        bare.append((time.perf_counter() - middle) * 1e3)
    p50 = percentile(ours, 50)
    details[f"{name}: p99, ms"] = round(percentile(ours, 99), 2)
    details[f"{name}: processor time, p50, ms"] = round(percentile(busy, 50), 2)
    details[f"{name}: lines"] = picture.height
    return [
        Figure(
            f"slip, {name}, p50",
            p50,
            "ms",
            percentile(bare, 50),
            "python-escpos with the ready picture",
            f"< {AIM_MS:g} ms",
            p50 < AIM_MS,
        ),
        weight(f"slip, {name}", len(encode(picture)), plain_bytes, AIM_BYTES, dots),
        weight(f"slip, {name}, GS L", len(encode(picture, left_margin=True)), plain_bytes, AIM_BYTES_MOVED, dots),
    ]


def weight(name: str, ours: int, plain_bytes: int, aim: float, dots: int) -> Figure:
    """Bytes beside those of the plain raster; there is an aim only at 576 dots."""
    aimed = dots == 576
    return Figure(
        name,
        ours,
        "bytes",
        plain_bytes,
        "one plain raster",
        f"ratio ≤ {aim:g}" if aimed else "",
        ours <= aim * plain_bytes if aimed else None,
    )


def plain(picture: Image.Image) -> bytes:
    """The whole picture as one raster, then the cut."""
    printer = Dummy()
    # python-escpos prints for each picture that it does not know the paper's width.
    with contextlib.redirect_stdout(io.StringIO()):
        printer.image(picture, fragment_height=picture.height)
    printer.cut()
    return bytes(printer.output)


if __name__ == "__main__":
    main()
