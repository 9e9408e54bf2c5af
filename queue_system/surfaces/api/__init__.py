"""The booking API, version 1."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route, Router

from . import pages, tickets
from .document import BASE
from .operation import routes_of

operations = [operation for _, chapter in pages.CHAPTERS for operation in chapter]
# Routes are tried in order, so the most frequent ones come first.
by_use = sorted(operations, key=lambda operation: operation not in tickets.operations)

routes: list[BaseRoute] = [
    Mount(
        BASE,
        app=Router(
            [
                *routes_of(by_use),
                Route("/", pages.show),
                Route("/openapi.json", pages.openapi),
            ],
            # Off, as for the whole application, because `web.errors` handles a superfluous slash.
            redirect_slashes=False,
        ),
    )
]
