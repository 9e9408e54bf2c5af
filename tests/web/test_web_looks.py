"""Base templates in a real browser under the real policy: axe, fonts, keyboard, narrow windows, both directions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page

from queue_system.i18n.words import words_for
from queue_system.settings.branch import Branch
from queue_system.settings.faults import Fault
from queue_system.web.setting_forms import Drawn, SettingForm
from queue_system.web.setting_words import things_of
from tests.kit import axe
from tests.kit.furnished import profile_of
from tests.kit.looks import look, watched
from tests.kit.web_pages import rendered, static_file

pytestmark = pytest.mark.browser

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'"

# One of every part that surfaces combine, with texts of the catalogues.
PUBLIC = """{% extends "base_public.html" %}
{% from "macros/forms.html" import field, textarea, select, radios, checklist, error_summary, button with context %}
{% from "macros/parts.html" import code, back_link, state_chip, summary_list, panel, notice, choice, people_ahead with context %}
{% set word = t("common.continue") %}
{% block title %}{{ word }}{% endblock %}
{% block before_main %}{{ back_link("/") }}{% endblock %}
{% block content %}
{{ error_summary({"name": word, "phone": word}) }}
{% call panel(word) %}<p>{{ word }}</p>{% endcall %}
<div class="ticket-card"><div>{{ code("7KM-4RA", hero=true) }}{{ state_chip("ticket", "waiting") }}</div><div>{{ people_ahead(4) }}</div></div>
<div class="ticket-card is-called"><div>{{ code("A012", hero=true) }}{{ state_chip("ticket", "called") }}</div></div>
<ul class="choices">{{ choice("/", word, word) }}</ul>
{{ summary_list([{"name": word, "value": word, "change": "/"}, {"name": t("common.back"), "value": "14:30"|bdi, "change": "/"}]) }}
{% for kind in ["", "warning", "stop", "good"] %}{% call notice(kind, word) %}{{ word }}{% endcall %}{% endfor %}
<form class="form" method="post">
{{ field("name", word, hint=word, error=word, autocomplete="name") }}
{{ field("phone", word, value="+974 5512 3456", kind="tel", ltr=true, error=word, autocomplete="tel") }}
{{ field("note", word, optional=true) }}{{ textarea("more", word) }}{{ select("which", word, [("a", word)]) }}
{{ radios("who", word, [{"value": "a", "label": word, "hint": word}, {"value": "b", "label": word, "aside": word}], value="a") }}
<div class="buttons">{{ button(word) }}{{ button(word, "secondary", href="/", sign="calendar") }}{{ button(word, "danger") }}{{ button(word, "quiet") }}</div>
</form>
{{ checklist([word, word], keep="looks") }}
{% endblock %}
"""

STAFF = """{% extends "base_staff.html" %}
{% from "macros/parts.html" import state_chip with context %}
{% set word = t("common.continue") %}
{% block title %}{{ word }}{% endblock %}
{% block content %}<h1>{{ word }}</h1>
{% for state in ["ready", "paper_low", "no_paper", "cover_open", "offline", "silent", "garbled", "denied", "unknown"] %}{{ state_chip("printer", state) }}{% endfor %}
<button class="button"><kbd>N</kbd>{{ word }}</button>
{% endblock %}
"""

# A form of settings with every shape of field, and a mistake.
SETTINGS = """{% extends "base_staff.html" %}
{% from "macros/setting_fields.html" import setting_form with context %}
{% block title %}{{ t("common.continue") }}{% endblock %}
{% block content %}<h1>{{ t("common.continue") }}</h1>
<form class="form" method="post" novalidate>{{ setting_form(drawn) }}</form>
{% endblock %}
"""
SHAPES = (
    "names",
    "timezone",
    "languages",
    "digits",
    "queue_rules",
    "notes",
    "access",
    "targets",
    "hours",
    "priorities",
)


@pytest.mark.parametrize("page", ["public", "staff", "settings"])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_nothing_is_wrong_in_either_scheme(browser: Browser, site: str, language: str, page: str) -> None:
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    complaints = watched(tab)
    tab.goto(f"{site}/{language}-{page}.html")
    look(tab, page, language, complaints)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("document.querySelector('main').append(document.createElement('button'))", "button-name"),
        ("document.documentElement.lang = 'en'", "lang"),
        ("document.querySelector('main').append(document.createElement('h1'))", "has 2 headings"),
        ("document.querySelector('h1').style.color = 'var(--fault)'", "color-contrast"),
        ("document.querySelector('main').style.inlineSize = '2000px'", "wider than its window"),
        ("document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))", "inline script"),
        ("console.error('from a script of ours')", "from a script of ours"),
        ("document.body.append(Object.assign(new Image(), {src: '/no-such.png', alt: ''}))", "no-such.png"),
    ],
    ids=["barrier", "language", "heading", "dark scheme", "width", "policy", "script", "missing file"],
)
def test_the_look_sees_what_is_wrong(browser: Browser, site: str, fault: str, told: str) -> None:
    """The control of all tests that look at pages: each kind of fault, put into a sound page, is seen."""
    tab = browser.new_page(viewport={"width": 320, "height": 640})
    complaints = watched(tab)
    tab.goto(f"{site}/ar-staff.html")
    # In the dark scheme alone the colour is that of the paper; in the light one it is dark, as it should be.
    tab.evaluate(
        "sheet => { sheet.replaceSync('@media (prefers-color-scheme: dark) { :root { --fault: #222 } }');"
        "document.adoptedStyleSheets = [sheet] }",
        tab.evaluate_handle("new CSSStyleSheet()"),
    )
    tab.evaluate(fault)
    tab.wait_for_load_state("networkidle")
    with pytest.raises(AssertionError, match=told):
        look(tab, "the page", "ar", complaints)


def test_axe_would_find_barriers_in_arabic_too(browser: Browser) -> None:
    tab = browser.new_page()
    tab.set_content(
        '<!doctype html><html lang="ar" dir="rtl"><title>موعد</title><main><h1>موعد</h1>'
        '<p style="color: #bbb">أولًا</p><p style="color: #bbb">ثانيًا</p><button></button></main></html>'
    )
    found = axe.barriers(tab)
    assert sorted(one.split(":")[0] for one in found) == ["button-name", "color-contrast", "color-contrast"]
    assert any("ثانيًا" in one for one in found)
    tab.close()


@pytest.mark.parametrize("page", ["public", "staff"])
def test_the_policy_stops_nothing_and_htmx_adds_no_style(browser: Browser, site: str, page: str) -> None:
    tab = browser.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(f"{site}/ar-{page}.html", wait_until="networkidle")
    assert tab.evaluate("typeof htmx") == ("object" if page == "staff" else "undefined")
    assert tab.evaluate("document.adoptedStyleSheets.length") == 0
    tab.close()
    assert said == []


def test_an_arabic_page_is_set_in_our_letters_and_fetches_two_fonts(browser: Browser, site: str) -> None:
    tab = browser.new_page()
    fetched: list[str] = []
    tab.on("response", lambda response: fetched.append(response.url) if response.url.endswith(".woff2") else None)
    tab.goto(f"{site}/ar-public.html", wait_until="networkidle")
    tab.wait_for_function("document.fonts.status === 'loaded'")
    assert tab.evaluate("document.fonts.check('16px Hall', 'متابعة A012')")
    tab.close()
    assert sorted(url.rsplit("/", 1)[1] for url in fetched) == ["NotoSans-Latin.woff2", "NotoSansArabic.woff2"]


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_narrow_window_needs_no_sideways_scrolling(browser: Browser, site: str, language: str) -> None:
    """WCAG 2.2, 1.4.10: 320 CSS pixels."""
    tab = browser.new_page(viewport={"width": 320, "height": 640})
    tab.goto(f"{site}/{language}-public.html")
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    tab.close()


def test_the_keyboard_meets_the_skip_link_first_and_it_works(browser: Browser, site: str) -> None:
    tab = browser.new_page()
    tab.goto(f"{site}/ar-staff.html")
    tab.keyboard.press("Tab")
    assert focused(tab, "className") == "skip"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    tab.keyboard.press("Enter")
    assert focused(tab, "id") == "main"
    tab.close()


def test_mistakes_are_in_view_and_lead_to_their_field(browser: Browser, site: str) -> None:
    tab = browser.new_page()
    tab.goto(f"{site}/ar-public.html")
    assert focused(tab, "className") == "error-summary"
    tab.click(".error-summary a[href='#phone']")
    assert focused(tab, "id") == "phone"
    tab.close()


def test_signs_that_point_along_the_line_turn_round_in_arabic(browser: Browser, site: str) -> None:
    turned = {}
    for language in ("ar", "en"):
        tab = browser.new_page()
        tab.goto(f"{site}/{language}-public.html")
        turned[language] = tab.evaluate("getComputedStyle(document.querySelector('.back .icon')).transform")
        tab.close()
    assert turned == {"ar": "matrix(-1, 0, 0, 1, 0, 0)", "en": "none"}


def test_a_second_press_sends_nothing(browser: Browser, site: str) -> None:
    tab = browser.new_page()
    tab.goto(f"{site}/ar-public.html")
    sent = tab.evaluate(
        """() => {
            let sent = 0;
            addEventListener("submit", (event) => { if (!event.defaultPrevented) sent += 1; event.preventDefault(); });
            const form = document.querySelector("form.form");
            form.requestSubmit(); form.requestSubmit();
            return sent;
        }"""
    )
    tab.close()
    assert sent == 1


def test_ticks_stay_on_the_phone(browser: Browser, site: str) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(f"{site}/ar-public.html")
    tab.locator(".checklist input").nth(1).check()
    tab.reload()
    ticks = tab.eval_on_selector_all(".checklist input", "boxes => boxes.map((box) => box.checked)")
    context.close()
    assert ticks == [False, True]


def test_contrast_mode_changes_the_whole_page(browser: Browser, site: str) -> None:
    tab = browser.new_page()
    tab.goto(f"{site}/ar-public.html")
    tab.evaluate("document.body.classList.add('contrast')")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(0, 0, 0)"
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(255, 255, 255)"
    tab.close()


def focused(tab: Page, name: str) -> object:
    return tab.evaluate("name => document.activeElement[name]", name)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of rendered pages and our static files, with the policy of the real one."""
    folder = tmp_path_factory.mktemp("site")
    for language in ("ar", "en"):
        for name, source in (("public", PUBLIC), ("staff", STAFF)):
            (folder / f"{language}-{name}.html").write_text(rendered(source, language), encoding="utf-8")
        page = rendered(SETTINGS, language, drawn=settings(language))
        (folder / f"{language}-settings.html").write_text(page, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def settings(language: str) -> Drawn:
    """A form with fields of a branch as they are set, and the fault of one of them."""
    embassy = profile_of("embassy")
    branch = embassy.branches["doha-main"]
    words = words_for(language)
    form = SettingForm(Branch, things_of(branch, embassy.catalogue, words), words, branch.languages, SHAPES)
    return form.draw(
        form.fill(branch.model_dump(mode="json")), [Fault("setting-missing", "queue_rules.late_grace_min")]
    )


class _Files(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        return str(static_file(path)) if path.startswith("/static/") else super().translate_path(path)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass
