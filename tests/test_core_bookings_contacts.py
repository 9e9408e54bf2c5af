"""Names, telephone numbers and e-mail addresses as people type them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.contacts import Contact, ContactKind, read_contact, read_name
from queue_system.core.errors import Invalid


def refused(typed: str, country_code: str | None = "974") -> tuple[str, str | None]:
    with pytest.raises(Invalid) as refusal:
        read_contact(typed, country_code)
    assert typed.strip() == "" or typed not in str(refusal.value), "errors are logged, contacts must not be"
    return refusal.value.code, refusal.value.field


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+974 5512 3456", "+97455123456"),
        ("0097455123456", "+97455123456"),
        ("5512-3456", "+97455123456"),
        ("٥٥١٢ ٣٤٥٦", "+97455123456"),
        ("۰۰۹۷۴۵۵۱۲۳۴۵۶", "+97455123456"),
        ("\u202a+974\u00a055\u200f123456\u202c", "+97455123456"),
        ("＋９７４５５１２３４５６", "+97455123456"),
        ("+49 (30) 1234-567", "+49301234567"),
    ],
)
def test_telephone_numbers_come_into_one_form(typed: str, number: str) -> None:
    assert read_contact(typed, "974") == Contact(ContactKind.PHONE, number)


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("0933 123 456", "963", "+963933123456"),
        ("0532 123 45 67", "90", "+905321234567"),
        ("030/1234567", "49", "+49301234567"),
    ],
)
def test_the_zero_that_is_dialled_at_home_goes(typed: str, country: str, number: str) -> None:
    assert read_contact(typed, country).value == number


def test_without_a_country_only_international_numbers_are_taken() -> None:
    assert read_contact("+97455123456").value == "+97455123456"
    assert refused("55123456", None) == ("phone-wrong", "contact")


@pytest.mark.parametrize(
    "typed",
    [
        "123",
        "+",
        "+0123456789",
        "+1234567890123456",
        "hello",
        "5512345a",
        "+974+55123456",
        "5512 3456 #4",
        "<b>5512</b>",
    ],
)
def test_what_is_no_telephone_number_is_refused(typed: str) -> None:
    assert refused(typed) == ("phone-wrong", "contact")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Layla.Ahmad@Example.ORG", "layla.ahmad@example.org"),
        (" layla+embassy@mail.example.org\u200f ", "layla+embassy@mail.example.org"),
        ("o'neil@example.co", "o'neil@example.co"),
        ("a@xn--mgbh0fb.example", "a@xn--mgbh0fb.example"),
    ],
)
def test_addresses_come_into_one_form(typed: str, address: str) -> None:
    assert read_contact(typed) == Contact(ContactKind.EMAIL, address)


@pytest.mark.parametrize(
    "typed",
    [
        "@example.org",
        "layla@",
        "layla@example",
        "la yla@example.org",
        "layla@@example.org",
        "a@b@example.org",
        "layla.@example.org",
        "lay..la@example.org",
        "layla@-example.org",
        "layla@example..org",
        "layla@127.0.0.1",
        "layla@example.org, other@example.org",
        "layla@example.org\nBcc: other@example.org",
        "ليلى@example.org",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 64}.org",
        f"a@{'.'.join(['b' * 60] * 5)}.org",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    assert refused(typed) == ("email-wrong", "contact")


@pytest.mark.parametrize("typed", ["", "  ", "\u200f\u202a", "\n\t"])
def test_no_contact_is_said_to_be_missing(typed: str) -> None:
    assert refused(typed) == ("contact-missing", "contact")


@given(st.text(max_size=40))
def test_a_contact_is_its_own_form_or_refused(typed: str) -> None:
    try:
        contact = read_contact(typed, "974")
    except Invalid:
        return
    assert read_contact(contact.value) == contact
    assert contact.value.isascii()
    assert contact.value.isprintable()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  ليلى   الأحمد ", "ليلى الأحمد"),
        ("عبد الرحمن\nالخطيب", "عبد الرحمن الخطيب"),
        ("\u202eليلى\u202c\u200f أحمد\u0000", "ليلى أحمد"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("Jean-Luc O’Neil", "Jean-Luc O’Neil"),
        ("Şükrü Öztürk", "Şükrü Öztürk"),
        ("Jürgen Groß", "Jürgen Groß"),
        ("می\u200cنا", "می\u200cنا"),
        ("李明", "李明"),
        ("M. Haddad", "M. Haddad"),
    ],
)
def test_names_of_any_script_are_cleaned_not_changed(typed: str, name: str) -> None:
    assert read_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "name-missing"),
        (" \u200f\n", "name-missing"),
        ("ل", "name-short"),
        ("..", "name-short"),
        ("\u200c\u200d", "name-short"),
        ("ا" * 81, "name-long"),
        ("55123456", "name-signs"),
        ("ليلى <b>", "name-signs"),
        ("layla@example.org", "name-signs"),
        ("٥٥١٢", "name-signs"),
        ("😀😀", "name-signs"),
    ],
)
def test_what_is_no_name_is_refused(typed: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_name(typed)
    assert (refusal.value.code, refusal.value.field) == (code, "name")


def test_the_longest_name_is_taken() -> None:
    assert len(read_name("ا" * 80)) == 80


@given(st.text(max_size=100))
def test_a_name_has_no_invisible_signs_or_is_refused(typed: str) -> None:
    try:
        name = read_name(typed)
    except Invalid:
        return
    assert read_name(name) == name
    assert 2 <= len(name) <= 80
    assert not [sign for sign in name if unicodedata.category(sign) in {"Cc", "Cf"} and sign not in "\u200c\u200d"]
