"""A QR symbol (ISO/IEC 18004) as an inline drawing, so that it needs no request and is saved with the page."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def qr_svg(text: str, label: str) -> Markup:
    """`text` as an inline `<svg>` of one path, as wide as its box, in the colour of the text around it.

    The quiet zone of four modules is part of the picture, because readers need it. Error correction is at
    least M (15 %). `label` is read out instead of the picture.
    """
    symbol = segno.make(text, error="m", micro=False)
    drawing = io.BytesIO()
    symbol.save(
        drawing,
        kind="svg",
        border=4,
        xmldecl=False,
        svgns=False,
        omitsize=True,
        nl=False,
        svgclass=None,
        lineclass=None,
    )
    # The colour is an attribute, because the page's policy forbids inline styles.
    body = drawing.getvalue().decode("ascii").replace('stroke="#000"', 'stroke="currentColor"')
    opening = Markup('<svg role="img" aria-label="{}" focusable="false" shape-rendering="crispEdges" ').format(label)
    return opening + Markup(body.removeprefix("<svg "))  # noqa: S704 - drawn from numbers, without a letter of `text`
