"""Base templates and macros: nothing inline, labels tied to their controls, values escaped, states named by a word."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from queue_system.core.tickets import TicketState
from queue_system.i18n.catalogues import catalogues
from queue_system.i18n.words import words_for
from tests.kit.tree import ROOT
from tests.kit.web_pages import environment, page, rendered

PAGES = sorted(
    path for part in ("queue_system", "kiosk", "displays") for path in (ROOT / part).rglob("templates/**/*.html")
)


def test_pages_carry_no_code_and_no_style_of_their_own() -> None:
    """The policy is script-src 'self'; style-src 'self', so inline code would silently not work."""
    inline = re.compile(
        r"<style\b|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:|\bhx-on\b|\bjs:", re.IGNORECASE
    )
    found = {
        f"{path.name}: {match.group()}" for path in PAGES for match in inline.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


# Words in sentences and lists, which are no signs of a state.
WITHOUT_A_SIGN = (
    "state.away.",
    "state.channel.",
    "state.transport.",
    "state.lost.",
    "state.invitation.",
    "state.choice.",
    "state.attendance.",
    "state.choice-hint.",
    "state.line-choice.",
    "state.lost-line.",
    "state.decided.",
    "state.finding.",
    "state.in-month.",
    "state.closing-group.",
    "state.closure-of.",
    "state.coming.",
    "state.day-act.",
    "state.season-act.",
)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_state_has_a_sign_and_a_word(language: str) -> None:
    looks = vars(environment().get_template("macros/parts.html").module)["LOOKS"]
    keys = [
        key for key in catalogues()["ar"].messages if key.startswith("state.") and not key.startswith(WITHOUT_A_SIGN)
    ]
    assert {f"state.ticket.{state.value}" for state in TicketState} <= set(keys)
    for key in keys:
        _, family, state = key.split(".")
        html = rendered(f"{PARTS}{{{{ state_chip(family, state) }}}}", language, family=family, state=state)
        assert state in looks
        assert words_for(language).text(key) in html
        assert "<svg" in html


def test_signs_are_drawn_and_hidden_from_readers_unless_named() -> None:
    exported = vars(environment().get_template("macros/icons.html").module)
    for name in exported["SHAPES"]:
        drawing = ET.fromstring(rendered(f"{ICONS}{{{{ icon(name) }}}}", name=name))  # noqa: S314 - our own drawing
        assert len(drawing) > 0
        assert drawing.get("aria-hidden") == "true"
    assert set(exported["MIRRORED"]) <= set(exported["SHAPES"])
    named = ET.fromstring(rendered(f'{ICONS}{{{{ icon("offline", words) }}}}', words='<b>"a"</b>'))  # noqa: S314
    assert (named.get("role"), named.get("aria-label"), named.get("aria-hidden")) == ("img", '"a"', None)


def test_a_field_ties_its_words_to_its_input() -> None:
    html = forms("field('phone', 'هاتف', value=bad, kind='tel', ltr=true, hint='مثال', error='ناقص')", bad='"><script>')
    tag = re.search(r"<input [^>]+>", html)
    assert tag
    assert 'aria-describedby="phone-hint phone-error"' in tag.group()
    assert 'aria-invalid="true"' in tag.group()
    assert 'dir="ltr"' in tag.group()
    assert 'id="phone-hint"' in html
    assert 'id="phone-error"' in html
    assert '<label class="label" for="phone">' in html
    assert "<script>" not in html


def test_a_password_is_never_sent_back() -> None:
    assert "secret" not in forms("field('password', 'كلمة السر', value='secret', kind='password')")


@pytest.mark.parametrize(
    "control",
    [
        "field('answer', 'سؤال', error='ناقص')",
        "textarea('answer', 'سؤال', error='ناقص')",
        "select('answer', 'سؤال', [('a', 'أ')], error='ناقص')",
        "radios('answer', 'سؤال', [{'value': 'a', 'label': 'أ'}, {'value': 'b', 'label': 'ب'}], error='ناقص')",
    ],
)
def test_a_line_of_the_error_summary_leads_to_its_control(control: str) -> None:
    target = re.search(r'href="#([^"]+)"', forms("error_summary({'answer': 'ناقص'})"))
    assert target
    assert re.search(rf'<(?:input|select|textarea)[^>]* id="{target.group(1)}"', forms(control))


def test_no_errors_no_summary() -> None:
    assert forms("error_summary({})").strip() == ""


def test_radios_keep_the_answer() -> None:
    html = forms("radios('who', 'من؟', [{'value': 1, 'label': 'أ'}, {'value': 2, 'label': 'ب'}], value='2')")
    assert [("checked" in tag) for tag in re.findall(r"<input [^>]+>", html)] == [False, True]


def test_the_code_is_isolated_and_left_to_right() -> None:
    source = f"{PARTS}{{{{ code(value, hero=true) }}}}"
    assert rendered(source, value="A012") == '<bdi dir="ltr" class="code code-hero">A012</bdi>'
    assert "code-long" in rendered(source, value="7KM-4RA")
    assert "<i>" not in rendered(source, value="<i>")


def test_a_page_names_its_language_once_and_offers_the_others() -> None:
    html = page("error.html", title="عطل", advice="يُرجى المحاولة", number="")
    assert html.count("<html ") == 1
    assert '<html lang="ar" dir="rtl">' in html
    assert 'href="/gone?lang=en" lang="en" hreflang="en"' in html
    assert '<span aria-current="true" lang="ar">' in html
    title = re.search(r"<title>(.*)</title>", html)
    assert title
    assert "<" not in title.group(1)


def test_staff_see_where_they_are() -> None:
    html = rendered('{% extends "base_staff.html" %}')
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', html) == ["/gone"]
    assert "staff-nav" not in rendered('{% extends "base_staff.html" %}', staff=None)


def test_a_preloaded_font_is_the_one_that_the_sheet_asks_for() -> None:
    """The same file at another address would be fetched twice."""
    html = page("error.html", title="عطل", advice="يُرجى المحاولة", number="")
    preload = re.search(r'<link rel="preload" href="([^"]+)"', html)
    sheet = re.search(r'href="(/static/[^"]+/)base\.css"', html)
    assert preload
    assert sheet
    assert preload.group(1) == f"{sheet.group(1)}fonts/NotoSansArabic.woff2"


PARTS = '{% from "macros/parts.html" import code, state_chip with context %}'
ICONS = '{% from "macros/icons.html" import icon %}'


def forms(call: str, **values: str) -> str:
    """The HTML of one macro of macros/forms.html."""
    name = call.split("(", 1)[0]
    return rendered(f'{{% from "macros/forms.html" import {name} with context %}}{{{{ {call} }}}}', "ar", **values)
