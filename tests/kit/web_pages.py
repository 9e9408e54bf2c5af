"""Renders pages and parts with the environment of the web kit, for tests of what people see."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment

from queue_system.app import SURFACES, folders
from queue_system.i18n.words import OWN_NAMES, words_for
from queue_system.web import kit

STATIC = {"": kit.FOLDER / "static", **folders(SURFACES, "static")}


def environment() -> Environment:
    """The environment of the pages, with static addresses as the server gives them."""
    return kit.templates(folders(SURFACES, "templates"), kit.StaticFiles(STATIC))


def rendered(source: str, language: str = "ar", **values: object) -> str:
    """The HTML of a template given as text."""
    return environment().from_string(source).render(context(language) | values)


def page(name: str, language: str = "ar", **values: object) -> str:
    """The HTML of a template given by name."""
    return environment().get_template(name).render(context(language) | values)


def context(language: str) -> dict[str, object]:
    """The values that kit.render gives to every page, and those that base_staff.html needs in addition."""
    words = words_for(language)
    return {
        "lang": language,
        "dir": words.direction,
        "words": words,
        "t": words.html,
        "tn": words.html_plural,
        "plain": words.text,
        "plain_n": words.plural,
        "organisation": {"ar": "سفارة الجمهورية العربية السورية", "en": "Embassy of the Syrian Arab Republic"},
        "branch": None,
        "languages": [(code, OWN_NAMES[code]) for code in ("ar", "en")],
        "language_urls": partial("/gone?lang={}".format),
        "path": "/gone",
        "staff": SimpleNamespace(name="ليلى الأتاسي"),
        "navigation": [("/gone", words.text("common.continue")), ("/elsewhere", words.text("common.back"))],
        "demo": None,
    }


def static_file(address: str) -> Path:
    """The file behind `/static/<digest>/<path>`, or that of a surface."""
    prefix, _, path = address[1:].rpartition("static/")
    return STATIC[prefix.rstrip("/")] / path.split("/", 1)[1]
