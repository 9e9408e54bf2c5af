"""Amounts of money in words."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import get_currency_name

from . import isolates
from .numerals import to_digits
from .words import Words


def money(amount: str, currency: str, words: Words) -> str:
    """An exact amount ("12.50") in a currency (ISO 4217), named in the language: «200 ريال قطري»."""
    name = get_currency_name(currency, count=Decimal(amount), locale=words.language)
    return f"{isolates.ltr(to_digits(amount, words.digits))} {name}"
