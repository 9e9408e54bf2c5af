"""axe-core as our pages need it: it must look at Arabic too.

To spare fonts of icons, axe leaves out of its contrast check every text that is narrower than its letters one by one.
That is how Arabic is written: its letters join. Unless told otherwise axe looks at hardly a word of an Arabic page, and
finds nothing. SOURCE is axe with a ruler for which joined letters are as wide as single ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from playwright.sync_api import Page

from tests.kit.tree import ROOT

# axe asks the width of the first letter, of the whole and of each letter; it draws with what it hears of the first.
RULER: Final = "CanvasRenderingContext2D.prototype.measureText = text => ({width: 30 * text.length});"
SOURCE: Final = (
    RULER + "\n" + (ROOT / "tests" / "vendor" / "axe-core-4.14.1" / "axe.min.js").read_text(encoding="utf-8")
)
WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
RULES: Final = (*WCAG, "best-practice")
# axe describes the elements that pass, too; of those one for each rule is enough.
LOOK: Final = """async rules => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
  return [found.passes.length, found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html}`))];
}"""


def barriers(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """What axe finds on the page as it stands, each as `rule: element`; `rules` are rules or groups of them."""
    # By the browser's debugger, which the page's policy does not bind.
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE)
    passed, found = page.evaluate(LOOK, list(rules))
    assert passed, "axe has looked at nothing"
    return list(found)
