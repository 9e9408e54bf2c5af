"""axe-core as our pages need it: it must look at Arabic too.

To spare fonts of icons, axe leaves out of its contrast check every text that is narrower than its letters one by one.
That is how Arabic is written: its letters join. Unless told otherwise axe looks at hardly a word of an Arabic page, and
finds nothing. SOURCE is axe with a ruler for which joined letters are as wide as single ones.
"""

from __future__ import annotations

from typing import Final

from tests.tree import ROOT

# axe asks the width of the first letter, of the whole and of each letter; it draws with what it hears of the first.
RULER: Final = "CanvasRenderingContext2D.prototype.measureText = text => ({width: 30 * text.length});"
SOURCE: Final = (
    RULER + "\n" + (ROOT / "tests" / "vendor" / "axe-core-4.14.1" / "axe.min.js").read_text(encoding="utf-8")
)
