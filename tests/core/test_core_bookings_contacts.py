"""Names, telephone numbers and e-mail addresses as people type them."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.contacts import (
    Contact,
    ContactKind,
    possible_contacts,
    read_contact,
    read_name,
    shown,
)
from queue_system.core.errors import Doubtful, Invalid


def refused(typed: str, country_code: str | None = "974") -> tuple[str, str | None]:
    with pytest.raises(Invalid) as refusal:
        read_contact(typed, country_code)
    assert len(typed.strip()) < 2 or typed not in str(refusal.value), "errors are logged, contacts must not be"
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
        ("030 901820", "49", "+4930901820"),
        ("+49 (0)30 901820", "49", "+4930901820"),
        ("0049 (0) 30 901820", "49", "+4930901820"),
        ("+49 030 901820", "49", "+4930901820"),
        ("+49 [0] 30 901820", "974", "+4930901820"),
        ("+974 (0) 5512 3456", "974", "+97455123456"),
        ("+39 06 1234 5678", "974", "+390612345678"),
    ],
)
def test_the_zero_that_is_dialled_at_home_goes(typed: str, country: str, number: str) -> None:
    assert read_contact(typed, country).value == number


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("974 5551 2345", "974", "+97455512345"),
        ("90 532 123 45 67", "90", "+905321234567"),
        ("4930 901820", "49", "+4930901820"),
        ("974 974", "974", None),
    ],
)
def test_the_own_country_code_is_known_without_its_plus(typed: str, country: str, number: str | None) -> None:
    if number is None:
        assert refused(typed, country) == ("phone-wrong", "contact")
    else:
        assert read_contact(typed, country).value == number


@pytest.mark.parametrize(
    ("typed", "country", "understood"),
    [
        # The calling code of another country without its plus: only that fits, or both do.
        ("963 944 123 456", "974", ("+963944123456",)),
        ("963 944 123 456", "49", ("+49963944123456", "+963944123456")),
        ("974 4412 3456", "49", ("+4997444123456", "+97444123456")),
        # The number is in no plan; it may be new or mistyped.
        ("1234 5678", "974", ("+97412345678",)),
        ("+974 1234 5678", "90", ("+97412345678",)),
        ("salma@gmial.com", "974", ("salma@gmial.com", "salma@gmail.com")),
    ],
)
def test_what_can_be_meant_otherwise_is_asked_back(typed: str, country: str, understood: tuple[str, ...]) -> None:
    with pytest.raises(Doubtful) as question:
        read_contact(typed, country)
    assert (question.value.code, question.value.field) == ("contact-doubtful", "contact")
    assert question.value.understood == understood
    assert not any(meant in str(question.value) for meant in understood), "errors are logged, contacts must not be"
    for meant in understood:
        assert read_contact(meant, country, sure=True).value == meant
        assert meant in possible_contacts(typed, [country])


def test_a_contact_is_found_again_however_it_is_written_now() -> None:
    stored = read_contact("5551 2345", "974").value
    for typed in ("974 5551 2345", "+974 (0) 5551 2345", "٥٥٥١٢٣٤٥", "00974-5551-2345"):
        assert stored in possible_contacts(typed, ["49", "974"])
    assert stored not in possible_contacts("5551 2346", ["49", "974"])
    with pytest.raises(Invalid, match="phone-wrong"):
        possible_contacts("12", ["49", "974"])


def test_a_telephone_number_is_shown_in_the_groups_of_its_country() -> None:
    assert shown("+97455512345").split("\u00a0") == ["+974", "5551", "2345"]
    assert shown("+905321234567").split("\u00a0") == ["+90", "532", "123", "45", "67"]
    assert shown("+salma@example.org") == "+salma@example.org"


def test_a_wrong_number_is_answered_with_an_example_of_the_own_country() -> None:
    for country, start in (("974", "+974\u00a0"), ("49", "+49\u00a0"), ("90", "+90\u00a0"), (None, "+963\u00a0")):
        with pytest.raises(Invalid) as refusal:
            read_contact("12", country)
        assert str(refusal.value.values["example"]).startswith(start)


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
        "999",
        "112",
        "+974 999",
        "5512 3456 ext. 4",
        "0900 123 45 67 89 00 11 22 33",
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
        ("a@xn--mgbh0fb.example", "a@مثال.example"),
        ("info@xn--bcher-kva.example", "info@bücher.example"),
        ("Info@BÜCHER.example", "info@bücher.example"),
        ("SØREN@example.org", "søren@example.org"),
        ("jose\u0301@example.org", "josé@example.org"),
        ("سلمى@مثال.example", "سلمى@مثال.example"),
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
        "layla@office.local",
        "layla@[127.0.0.1]",
        '"la yla"@example.org',
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
    assert contact.value.isprintable()
    assert shown(contact.value).replace("\u00a0", "").replace("-", "") == contact.value.replace("-", "")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  ليلى   الأحمد ", "ليلى الأحمد"),
        ("عبد الرحمن\nالخطيب", "عبد الرحمن الخطيب"),
        ("\u202eليلى\u202c\u200f أحمد\u0000", "ليلى أحمد"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("ســلــمى", "سلمى"),
        ("أبو‑زيد", "أبو‑زيد"),
        ("أبو-زيد", "أبو-زيد"),
        ("الأحمد، سلمى", "الأحمد، سلمى"),
        ("د. سلمى الأتاسي", "د. سلمى الأتاسي"),
        ("أ.د. خالد", "أ.د. خالد"),
        ("Jean-Luc O’Neil", "Jean-Luc O’Neil"),
        ("O'Neill", "O'Neill"),
        ("d'Arc", "d'Arc"),
        ("Müller-Lüdenscheid", "Müller-Lüdenscheid"),
        ("Dr. h.c. Anna von der Heide", "Dr. h.c. Anna von der Heide"),
        ("İpek Ağaoğlu", "İpek Ağaoğlu"),
        ("Haddad, Maria", "Haddad, Maria"),
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
        ("ا" * 101, "name-long"),
        ("55123456", "name-signs"),
        ("Salma 2", "name-signs"),
        ("ــ", "name-missing"),
        # Letters that take up space but are invisible.
        ("\u3164" * 4, "name-missing"),
        ("\u115f\u1160\uffa0", "name-missing"),
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


def test_a_text_without_end_is_refused_before_it_is_put_in_order() -> None:
    letter = "a" + "\u0301\u0323" * 15_500
    began = time.process_time()
    with pytest.raises(Invalid, match="name-long"):
        read_name(letter)
    with pytest.raises(Invalid, match="phone-wrong"):
        read_contact(letter, "974")
    with pytest.raises(Invalid, match="email-wrong"):
        possible_contacts(letter + "@example.org", ["974", None])
    assert time.process_time() - began < 0.5


def test_the_longest_name_is_taken() -> None:
    assert len(read_name("ا" * 100)) == 100


@given(st.text(max_size=120))
def test_a_name_has_no_invisible_signs_or_is_refused(typed: str) -> None:
    try:
        name = read_name(typed)
    except Invalid:
        return
    assert read_name(name) == name
    assert 2 <= len(name) <= 100
    assert not [sign for sign in name if unicodedata.category(sign) in {"Cc", "Cf"} and sign not in "\u200c\u200d"]
