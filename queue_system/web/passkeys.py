"""Passkeys (Web Authentication, level 3): what a browser is asked, and the check of its answers.

The library is imported when it is used, because its import takes a second. It comes with the extra `sign-in`.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import HTTPConnection

from ..store.queries.credentials import MethodView
from .installation import installation_of


@dataclass(frozen=True, slots=True)
class Party:
    """The relying party: `host` is the name that passkeys are bound to, `origin` that of our pages."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey whose registration was checked; texts in base64url."""

    handle: str
    public_key: str
    signatures: int


def party_of(connection: HTTPConnection) -> Party | None:
    """Under which name passkeys work here; None if they do not.

    Browsers have them only on https pages with a name, and on localhost. The name is that of the public address, never
    one that a request brings along.
    """
    if importlib.util.find_spec("webauthn") is None:
        return None
    public = installation_of(connection).configuration.public_url
    address = urlsplit(public or str(connection.base_url))
    host = address.hostname or ""
    if host != "localhost" and (not public or address.scheme != "https" or _is_number(host)):
        return None
    return Party(host, f"{address.scheme}://{address.netloc}")


def registration_options(
    party: Party, organisation: str, staff_id: UUID, login: str, name: str, known: Sequence[MethodView]
) -> tuple[dict[str, Any], str]:
    """What the browser is asked to make a passkey, and the challenge, in base64url, that its answer must have."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=party.host,
        rp_name=organisation,
        user_id=staff_id.bytes,
        user_name=login,
        user_display_name=name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[_descriptor(method.handle) for method in known],
    )
    return json.loads(options_to_json(options)), bytes_to_base64url(options.challenge)


def check_registration(party: Party, challenge: str, answer: dict[str, Any]) -> NewPasskey | None:
    """The passkey in a browser's answer; None if the answer is wrong."""
    from webauthn import verify_registration_response
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    key = bytes_to_base64url(made.credential_public_key)
    return NewPasskey(bytes_to_base64url(made.credential_id), key, made.sign_count)


def sign_in_options(party: Party) -> tuple[dict[str, Any], str]:
    """What the browser is asked to sign in with any passkey of this place, and the challenge in base64url."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(rp_id=party.host, user_verification=UserVerificationRequirement.REQUIRED)
    return json.loads(options_to_json(options)), bytes_to_base64url(options.challenge)


def check_sign_in(party: Party, challenge: str, answer: dict[str, Any], method: MethodView) -> int | None:
    """The number of signatures so far that a passkey tells; None if the answer is wrong.

    A number that does not grow is wrong too, because then the passkey was copied; passkeys that do not count tell 0.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        checked = verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(method.data["public_key"]),
            credential_current_sign_count=method.counter,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return checked.new_sign_count


def _descriptor(handle: str) -> Any:
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(handle))


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
