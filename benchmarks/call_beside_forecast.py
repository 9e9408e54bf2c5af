"""A call with 50 screens while the waits of 200 people are forecast every three seconds, and without forecasts.

From sending the call to the moment at which the last of the screens has the new board, as in `call_to_screens`. The hall
has 200 people in line. The limit is the same call on a server that
makes no forecasts, in turns with the other. Aim: at most AIM_FACTOR times as long and AIM_MS.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from benchmarks import fixtures
from benchmarks.call_beside_office import paced
from benchmarks.call_to_screens import WARM_UP, Clerk, Keys, furnished, one_call, our_wall
from benchmarks.fixtures import Place
from benchmarks.report import Figure, conclude, percentile

SCREENS: Final = 50
TURNS: Final = 2
ROUNDS: Final = 60
IN_LINE: Final = 200
AIM_FACTOR: Final = 1.2
AIM_MS: Final = 3.0


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"rounds": TURNS * ROUNDS, "screens": SCREENS, "in line": IN_LINE}
    with fixtures.folder() as folder:
        figures += measured("SQLite", fixtures.sqlite_place(folder))
        with fixtures.durable_postgres(folder) as server:
            figures += measured("PostgreSQL", fixtures.postgres_place(folder, server))
    conclude("call_beside_forecast", figures, **details)


def measured(name: str, place: Place) -> list[Figure]:
    """Fill the hall, then call: with forecasts and without, in turns."""
    keys = furnished(place)
    with place.hall() as hall:
        for _ in range(IN_LINE):
            hall.issue(fixtures.SERVICE)
    # Every call takes the first of the line, so each turn begins where the last one ended.
    spent: dict[bool, list[float]] = {False: [], True: []}
    first = 1
    for _ in range(TURNS):
        for forecasts in spent:
            with fixtures.our_server(place, forecasts=forecasts) as server:
                spent[forecasts] += asyncio.run(calls(server.port, keys, first))
            first += WARM_UP + ROUNDS
    return [
        figure(name, percent, percentile(spent[True], percent), percentile(spent[False], percent))
        for percent in (50, 99)
    ]


def figure(name: str, percent: int, beside: float, alone: float) -> Figure:
    most = AIM_FACTOR * alone + AIM_MS
    aim = f"≤ {AIM_FACTOR:g} × limit + {AIM_MS:g} ms = {most:.1f} ms"
    return Figure(
        f"a call beside forecasts, {name}, p{percent}", beside, "ms", alone, "a call without them", aim, beside <= most
    )


async def calls(port: int, keys: Keys, first: int) -> list[float]:
    """Milliseconds of ROUNDS calls, from the `first` number of the series on."""
    clerk, wall = Clerk(port, keys), await our_wall(port, keys, SCREENS)
    await clerk.look()
    codes = (f"F{number:03}" for number in range(first, 1_000))
    for _ in range(WARM_UP):
        await one_call(wall, clerk, next(codes))
    spent = [await paced(wall, clerk, next(codes)) for _ in range(ROUNDS)]
    wall.close()
    clerk.close()
    return spent


if __name__ == "__main__":
    main()
