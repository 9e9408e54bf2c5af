"""Every text that is used exists, every text that exists is used, and no template has literal words."""

from __future__ import annotations

import pytest

from queue_system.i18n.catalogues import REFERENCE, ZERO, catalogues
from tests.kit.i18n_usage import (
    FAMILIES,
    literal_words,
    markup_in_text,
    mentioned,
    name_of,
    python_uses,
    template_uses,
    templates,
    uses,
)

TEMPLATE = """
<title>{{ plain("desk.title", name=x) }}</title>
{# t("not.this") #}
<p title="{{ t('common.close') }}" data-n="3">{{ tn("common.minutes", n) if n else t("common.no") }}</p>
{{ t("state.ticket." ~ ticket.state) }}{{ icon("x", label="common.save") }}
{% set key = "common.back" %}{{ t(key) }}
"""


def test_every_text_asked_for_exists() -> None:
    messages = catalogues()[REFERENCE].messages
    missing = [f"{use.where}: {use.key}" for use in uses() if use.whole and use.key not in messages]
    assert not missing, "asked for, but in no ar/*.po:\n" + "\n".join(missing)


def test_counted_texts_are_asked_for_with_a_number_and_others_without() -> None:
    messages = catalogues()[REFERENCE].messages
    wrong = [
        f"{use.where}: {use.key} is {'a counted' if messages[use.key].counted else 'not a counted'} text"
        for use in uses()
        if use.whole and use.key in messages and messages[use.key].counted is not use.counted
    ]
    assert not wrong, "\n".join(wrong)


def test_keys_put_together_belong_to_a_family_that_has_texts() -> None:
    messages = catalogues()[REFERENCE].messages
    wrong = [
        f"{use.where}: {use.key}…"
        for use in uses()
        if not use.whole and not (use.key.startswith(FAMILIES) and any(key.startswith(use.key) for key in messages))
    ]
    assert not wrong, "only " + " ".join(FAMILIES) + " may be put together:\n" + "\n".join(wrong)


def test_every_text_is_used() -> None:
    asked = {use.key for use in uses() if use.whole} | mentioned()
    unused = [
        f"{message.file}: {message.key}"
        for message in catalogues()[REFERENCE].messages.values()
        if message.key.removesuffix(ZERO) not in asked and not message.key.startswith(FAMILIES)
    ]
    assert not unused, "in the catalogues, but nobody asks for it:\n" + "\n".join(unused)


def test_no_template_has_words_of_its_own() -> None:
    found = [word for path in templates() for word in literal_words(path.read_text("utf-8"), name_of(path))]
    assert not found, "words belong in the catalogues:\n" + "\n".join(found)


def test_no_element_is_put_where_only_text_may_stand() -> None:
    found = [place for path in templates() for place in markup_in_text(path.read_text("utf-8"), name_of(path))]
    assert not found, "plain() and plain_n() are for attributes, titles and options:\n" + "\n".join(found)


def test_the_finder_reads_templates() -> None:
    found = {(use.key, use.whole, use.counted) for use in template_uses(TEMPLATE, "x.html")}
    assert found == {
        ("desk.title", True, False),
        ("common.close", True, False),
        ("common.minutes", True, True),
        ("common.no", True, False),
        ("state.ticket.", False, False),
    }


def test_the_finder_reads_python() -> None:
    source = 'w.text("a.b")\nself.words.html_plural("c.d-e", 3)\nw.text(f"errors.{code}")\ndraw.text((0, 0), "z")\n'
    found = {(use.key, use.where, use.whole, use.counted) for use in python_uses(source, "m.py")}
    assert found == {
        ("a.b", "m.py:1", True, False),
        ("c.d-e", "m.py:2", True, True),
        ("errors.", "m.py:3", False, False),
    }


@pytest.mark.parametrize(
    "source",
    [
        "<p>كلمة</p>",
        "<p>{{ x }} min</p>",
        '<img alt="logo">',
        '<input placeholder="{{ x }} name">',
        '<button type="submit" value="Send">',
        '<option label="A">',
        "<svg><title>Clock</title></svg>",
        '<a aria-label="Back" href="/x">{{ t("common.back") }}</a>',
        "{% if x %}<b>or</b>{% endif %}",
        '{{ "Not here" if x else y }}',
        "<p>&eacute;</p>",
        '{% macro named(x) %}{% if x %} aria-label="Name"{% endif %}{% endmacro %}',
    ],
)
def test_words_in_a_template_are_found(source: str) -> None:
    assert literal_words(source, "x.html")


@pytest.mark.parametrize(
    "source",
    [
        '<p class="code" lang="ar">{{ t("common.back") }} – 12:30 · {{ x }}</p>',
        "<script>let x = 1</script><style>p {}</style>",
        "{# a remark #}<!-- a remark --><br>",
        '<input type="text" name="phone" value="text" autocomplete="tel">',
        "{% set state = 'waiting' %}<a title=\"{{ t('common.back') }}\">→</a>",
        '{% macro described(name) %}{% if name %} aria-describedby="{{ name }}-hint"{% endif %}{% endmacro %}',
        "{% block body_class %}public{% endblock %}",
        '<!doctype html><meta name="viewport" content="width=device-width">',
    ],
)
def test_what_is_no_word_is_let_through(source: str) -> None:
    assert literal_words(source, "x.html") == []


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ('<a title="{{ t("ticket.near", code=code) }}">', True),
        ("<a aria-label='{{ tn(\"common.minutes\", n) }}'>", True),
        ('<title>{{ organisation|loc }} {{ t("desk.title", name=x) }}</title>', True),
        ('<option value="1">{{ t("desk.counter", number=n) }}</option>', True),
        ('<a title="{{ plain("ticket.near", code=code) }}">{{ t("ticket.near", code=code) }}</a>', False),
        ('<a title="{{ t("common.back") }}">', False),
        ('<title>{{ t("common.page-title", page=page)|striptags }}</title>', False),
    ],
)
def test_markup_where_only_text_may_stand_is_found(source: str, wrong: bool) -> None:
    assert bool(markup_in_text(source, "x.html")) is wrong
