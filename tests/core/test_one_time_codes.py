"""Codes of authenticator apps, against the vectors of RFC 6238, and recovery codes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from queue_system.core.one_time_codes import (
    app_address,
    app_secret,
    code_at,
    matching_step,
    recovery_codes,
    recovery_handle,
    recovery_key,
    step_of,
    written_secret,
)

SEED = b"12345678901234567890"
# RFC 6238, appendix B: seconds since 1970, and the codes of eight digits for SHA-1, SHA-256 and SHA-512.
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
NOW = datetime(2026, 11, 22, 7, 0, 10, tzinfo=UTC)
KEY = b"a key of an installation"


@pytest.mark.parametrize(("seconds", "sha1", "sha256", "sha512"), VECTORS)
def test_codes_are_those_of_the_standard(seconds: int, sha1: str, sha256: str, sha512: str) -> None:
    step = step_of(datetime.fromtimestamp(seconds, UTC))
    for name, length, code in ((hashlib.sha1, 20, sha1), (hashlib.sha256, 32, sha256), (hashlib.sha512, 64, sha512)):
        assert code_at((SEED * 4)[:length], step, 8, name) == code
    assert code_at(SEED, step) == sha1[-6:]


@pytest.mark.parametrize(("late", "found"), [(-2, None), (-1, -1), (0, 0), (1, 1), (2, None)])
def test_one_step_before_and_after_is_accepted(late: int, found: int | None) -> None:
    code = code_at(SEED, step_of(NOW) + late)
    step = matching_step(SEED, code, NOW)
    assert step == (None if found is None else step_of(NOW) + found)


def test_digits_may_be_arabic_and_in_groups() -> None:
    code = code_at(SEED, step_of(NOW))
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert matching_step(SEED, f" {arabic[:3]} {arabic[3:]}", NOW) == step_of(NOW)


@pytest.mark.parametrize("typed", ["", "رمز", "123", "²²²²²²", "0" * 40])
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert matching_step(SEED, typed, NOW + timedelta(days=1)) is None


def test_the_secret_depends_on_the_installation_and_on_the_salt() -> None:
    secrets = {app_secret(KEY, "a"), app_secret(KEY, "b"), app_secret(b"another key", "a")}
    assert {len(secret) for secret in secrets} == {20}
    assert len(secrets) == 3


def test_the_address_names_organisation_and_person_in_any_script() -> None:
    address = app_address(SEED, "سفارة: الدوحة", "ليلى")
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/ليلى"
    assert parse_qs(parts.query) == {
        "secret": [written_secret(SEED)],
        "issuer": ["سفارة: الدوحة"],
        "digits": ["6"],
        "period": ["30"],
    }


def test_recovery_codes_are_read_as_people_write_them() -> None:
    codes = recovery_codes(KEY, "salt")
    assert len(set(codes)) == 10
    assert codes != recovery_codes(KEY, "other") != recovery_codes(b"another key", "salt")
    for code in codes:
        assert recovery_key(f" {code[:5].lower()}-{code[5:].lower()} ") == code
        assert recovery_key(code.replace("0", "o").replace("1", "l")) == code


def test_a_recovery_code_opens_the_account_of_its_person_only() -> None:
    (code, *_) = recovery_codes(KEY, "salt")
    assert len({recovery_handle(KEY, who, code) for who in ("a", "b")}) == 2
    assert code not in recovery_handle(KEY, "a", code)
