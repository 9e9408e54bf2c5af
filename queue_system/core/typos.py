"""What a typing error is: a change so small that the person stays the same.

Nobody can tell from two texts whether they mean one person, so the limits are narrow, and every correction is in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .contacts import is_reference
from .errors import Refused, Stale
from .names import name_key

#: How often one appointment can be corrected: small steps, one after another, would lead from anybody to anybody.
MOST_CORRECTIONS: Final = 3
# A name may differ in so many letters at most, whatever its length.
_MOST_LETTERS: Final = 3
_LETTERS_A_CHANGE: Final = 5
_LETTERS_A_CHANGE_OF_A_WORD: Final = 3
_SIGNS_OF_DOMAIN: Final = 2


def merged(shown: Mapping[str, str], stored: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """The fields as somebody means them who typed over what a page had `shown`, while others may have stored something else.

    What was left as it was shown stays as it is `stored` now. A field that is not in `shown` was not compared. Raises
    Stale("typo-changed") where the same field was typed and stored in two ways.
    """
    meant = {}
    for field, text in typed.items():
        was, now = shown.get(field, stored[field]), stored[field]
        if was not in (text, now) and text != now:
            raise Stale("typo-changed")
        meant[field] = now if text == was else text
    return meant


def check_name(old: str, new: str) -> None:
    """Raise Refused("typo-name") unless `new` is `old` with a typing error corrected; both as they are stored.

    Letters that are written for one another, spaces and vowel signs do not count (`core.names`). Of a name, one letter in
    five may differ, three at most, and in each word one in three; of a case number, one sign or two neighbours.
    """
    if old == new:
        return
    before, after = name_key(old), name_key(new)
    if not before or not after or is_reference(old) != is_reference(new):
        raise Refused("typo-name")
    if is_reference(old):
        if distance(before, after) > 1:
            raise Refused("typo-name")
        return
    if distance(before, after) > max(1, min(_MOST_LETTERS, len(before) // _LETTERS_A_CHANGE)):
        raise Refused("typo-name")
    words, others = old.split(), new.split()
    if len(words) == len(others):
        for word, other in zip(words, others, strict=True):
            was = name_key(word)
            if distance(was, name_key(other)) > max(1, len(was) // _LETTERS_A_CHANGE_OF_A_WORD):
                raise Refused("typo-name")


def check_issued(old: str, new: str) -> None:
    """Raise Refused("typo-issued") unless `new` is the number `old` with one sign or two neighbours corrected.

    One that was not known yet may be any.
    """
    if old and (not new or distance(old, new) > 1):
        raise Refused("typo-issued")


def check_contact(old: str, new: str) -> None:
    """Raise Refused("typo-contact") unless `new` is `old` with a typing error corrected; both as they are stored.

    Of a telephone number one digit may differ, or two neighbours; of an e-mail address one sign before the @ and two after it.
    A number does not become an address, and neither appears or disappears.
    """
    if old == new:
        return
    (whose, _, domain), (whose_now, _, domain_now) = old.rpartition("@"), new.rpartition("@")
    if not old or not new or bool(whose) != bool(whose_now):
        raise Refused("typo-contact")
    if distance(whose, whose_now) > 1 or distance(domain, domain_now) > (_SIGNS_OF_DOMAIN if whose else 1):
        raise Refused("typo-contact")


def distance(one: str, other: str) -> int:
    """How many signs must be changed, added, left out or exchanged with their neighbour (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for at, sign in enumerate(one, 1):
        row = [at]
        for to, wanted in enumerate(other, 1):
            steps = min(last[to] + 1, row[to - 1] + 1, last[to - 1] + (sign != wanted))
            if at > 1 and to > 1 and sign == other[to - 2] and one[at - 2] == wanted:
                steps = min(steps, before[to - 2] + 1)
            row.append(steps)
        before, last = last, row
    return last[-1]
