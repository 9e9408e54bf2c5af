"""axe-core for our pages, changed so that it checks Arabic text too.

To skip icon fonts, axe's contrast check ignores every text that is narrower than the sum of its letters. Arabic letters
join, so axe would ignore almost all Arabic text and find nothing. SOURCE replaces the function that measures text, so
that joined letters are as wide as single ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from playwright.sync_api import BrowserContext, Page

from tests.kit.tree import ROOT

# axe measures the first letter, the whole text and each letter, and uses the first width to draw.
RULER: Final = "CanvasRenderingContext2D.prototype.measureText = text => ({width: 30 * text.length});"
SOURCE: Final = (
    RULER + "\n" + (ROOT / "tests" / "vendor" / "axe-core-4.14.1" / "axe.min.js").read_text(encoding="utf-8")
)
WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
RULES: Final = (*WCAG, "best-practice")
# axe describes passing elements too; one for each rule is enough.
LOOK: Final = """async rules => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
  return [found.passes.length, found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html}`))];
}"""


def prepare(context: BrowserContext) -> None:
    """Let the pages of a context come with axe, for a walk through many of them: each look is a sixth cheaper."""
    context.add_init_script(SOURCE)


def barriers(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """Everything that axe finds on the page now, as `rule: element`; `rules` are names of rules or of groups."""
    # Through the debugger, which the page's Content Security Policy does not restrict.
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE)
    passed, found = page.evaluate(LOOK, list(rules))
    assert passed, "axe has looked at nothing"
    return list(found)
