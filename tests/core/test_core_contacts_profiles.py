"""Telephone numbers as people of every branch write them: every spelling of a number gives that number."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from queue_system.core.contacts import possible_contacts, read_contact
from queue_system.core.errors import Doubtful, Invalid
from queue_system.i18n.numerals import to_digits
from queue_system.profiles import profile_names
from tests.kit.furnished import profile_of

# Of the branches of all sample organisations.
COUNTRIES = ("49", "90", "974")
# Countries in which visitors of the sample organisations have their telephones.
ELSEWHERE = ("SY", "QA", "DE", "TR", "LB", "JO", "SA", "SE", "NL", "GB", "US", "FR")
EMERGENCY = ("112", "110", "999", "911", "155", "919")
KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)


def test_the_countries_are_those_of_every_branch() -> None:
    branches = [branch for name in profile_names() for branch in profile_of(name).branches.values()]
    assert {branch.country_code for branch in branches} == set(COUNTRIES)


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_number_of_the_country_is_understood_in_every_way_of_writing_it(country: str, kind: int) -> None:
    number = _example(phonenumbers.region_code_for_country_code(int(country)), kind)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    at_home = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    for typed in (
        at_home,
        at_home.replace(" ", "-"),
        _in_arabic(at_home),
        _international(number),
        e164,
        f"00{e164[1:]}",
        f"00 {country} (0) {e164[1 + len(country) :]}",
        f"+{country} (0){e164[1 + len(country) :]}",
        e164[1:],
    ):
        assert read_contact(typed, country).value == e164, typed


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("region", ELSEWHERE)
def test_a_number_of_another_country_is_never_taken_for_another_one(country: str, region: str) -> None:
    number = _example(region, PhoneNumberType.MOBILE)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    for typed in (e164, f"00{e164[1:]}", _international(number), _in_arabic(_international(number))):
        assert read_contact(typed, country).value == e164, typed
    assert e164 in _meant(e164[1:], country)
    assert e164 in possible_contacts(e164[1:], [country])


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("typed", EMERGENCY)
def test_short_numbers_are_nobodys(country: str, typed: str) -> None:
    with pytest.raises(Invalid, match="phone-wrong"):
        read_contact(typed, country)


def _meant(typed: str, country: str) -> tuple[str, ...]:
    """The number that is accepted, or those that the person is asked to choose from."""
    try:
        return (read_contact(typed, country).value,)
    except Doubtful as question:
        return question.understood


def _example(region: str, kind: int) -> PhoneNumber:
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    return number


def _international(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def _in_arabic(text: str) -> str:
    return "".join(to_digits(int(sign), "arab") if sign.isdigit() else sign for sign in text)
