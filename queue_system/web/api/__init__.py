"""The booking API, version 1."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route

from . import pages
from .document import BASE
from .operation import routes_of

operations = [operation for _, chapter in pages.CHAPTERS for operation in chapter]

routes: list[BaseRoute] = [
    Mount(
        BASE,
        routes=[
            Route("/", pages.show),
            Route("/openapi.json", pages.openapi),
            *routes_of(operations),
        ],
    )
]
