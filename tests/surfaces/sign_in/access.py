"""Who may use which address of the sign-in pages; tests/web/test_web_access_matrix.py tries each line."""

from __future__ import annotations

from typing import Final

from tests.kit.access_rows import ANY_STAFF, PUBLIC, SIGN_IN, UNKNOWN, Row, row

STATIC_FILE: Final = "sign-in.css"

NAMES_NOTHING: Final = {
    "/account/sign-in/methods/{method}/removal",
    "/account/sign-in/passkeys/challenge",
    "/account/sign-in/passkeys",
    "/account/sign-in/provider",
}
# Without a sign-in under way, people are led to its beginning.
NO_STEP: Final = row(SIGN_IN)

MATRIX: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/sign-in"): PUBLIC,
    ("POST", "/sign-in"): PUBLIC,
    ("GET", "/sign-in/code"): NO_STEP,
    ("POST", "/sign-in/code"): NO_STEP,
    ("GET", "/sign-in/set-up"): NO_STEP,
    ("POST", "/sign-in/set-up"): NO_STEP,
    ("POST", "/sign-out"): PUBLIC,
    ("GET", "/staff"): ANY_STAFF,
    ("GET", "/account/confirmation"): ANY_STAFF,
    ("POST", "/account/confirmation"): ANY_STAFF,
    ("GET", "/account/sign-in"): ANY_STAFF,
    ("GET", "/account/sign-in/app"): ANY_STAFF,
    ("POST", "/account/sign-in/app"): ANY_STAFF,
    ("POST", "/account/sign-in/new-app"): ANY_STAFF,
    ("GET", "/account/sign-in/recovery-codes"): ANY_STAFF,
    ("POST", "/account/sign-in/recovery-codes"): ANY_STAFF,
    ("POST", "/account/sign-in/kept"): ANY_STAFF,
    # Passkeys do not work at the address of the tests, which has no TLS.
    ("POST", "/account/sign-in/passkeys/challenge"): ANY_STAFF,
    ("POST", "/account/sign-in/passkeys"): ANY_STAFF,
    ("POST", "/sign-in/passkey/challenge"): row(UNKNOWN),
    ("POST", "/sign-in/passkey"): row(UNKNOWN),
    # The organisation of the tests has no provider.
    ("GET", "/sign-in/provider"): row(UNKNOWN),
    ("GET", "/sign-in/provider/answer"): NO_STEP,
    ("GET", "/account/sign-in/provider"): ANY_STAFF,
    ("POST", "/account/sign-in/methods/{method}/removal"): ANY_STAFF,
}
