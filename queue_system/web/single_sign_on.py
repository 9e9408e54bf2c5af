"""Single sign-on by OpenID Connect Core 1.0: authorization code with PKCE (RFC 7636), state, nonce and issuer (RFC 9207).

The library for tokens comes with the extra `sign-in` and is imported when it is used.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import structlog

from ..core.errors import SignedOut
from ..settings.sign_in import SingleSignOn
from .here import Here

TIMEOUT_SECONDS: Final = 10.0
LARGEST_ANSWER: Final = 256 * 1024
# The provider's addresses and keys are kept so long; an unknown key is looked for at once, but not more often than this.
KEPT_FOR: Final = timedelta(hours=1)
ASKED_AGAIN_AFTER: Final = timedelta(minutes=1)
CLOCKS_DIFFER_SECONDS: Final = 60
# Signatures with a public key only: with a shared secret, whoever has the secret could write a token.
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "Ed25519", "EdDSA"]
ANSWER_PATH: Final = "/sign-in/provider/answer"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the provider knows them; `subject` never changes, names and groups may."""

    subject: str
    name: str
    login: str
    groups: tuple[str, ...]


@dataclass(slots=True)
class Known:
    """What a provider said of itself at `at`."""

    metadata: dict[str, Any]
    keys: dict[str, Any]
    at: datetime


class Providers:
    """What this node knows of providers, by issuer."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}


async def single_sign_on(here: Here) -> SingleSignOn | None:
    """The provider of this installation; None if there is none, or if the extra `sign-in` is not installed."""
    settings = (await here.installation.organisation()).single_sign_on
    return settings if settings and importlib.util.find_spec("joserfc") else None


async def begin(here: Here, settings: SingleSignOn) -> tuple[str, dict[str, str]]:
    """The provider's address to go to, and what must be kept until the answer. Raises SignedOut("provider-away")."""
    provider = await _provider(here, settings)
    kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept["verifier"].encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": _own_address(here),
        "scope": " ".join(dict.fromkeys(["openid", *settings.scope.split()])),
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    address = provider.metadata["authorization_endpoint"]
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}", kept


async def identity(here: Here, settings: SingleSignOn, kept: Mapping[str, str], answer: Mapping[str, str]) -> Identity:
    """The person whom the provider's answer proves.

    Raises SignedOut with "provider-refused" (by the person or the provider), "provider-answer-wrong" or "provider-away".
    """
    if not hmac.compare_digest(answer.get("state", "").encode(), kept["state"].encode()):
        raise _wrong("state")
    if answer.get("iss", settings.issuer) != settings.issuer:
        raise _wrong("iss")
    if "code" not in answer:
        raise SignedOut("provider-refused")
    provider = await _provider(here, settings)
    tokens = await _tokens(here, settings, provider, kept["verifier"], answer["code"])
    claims = await _claims(here, settings, str(tokens.get("id_token", "")), kept["nonce"])
    if settings.groups_claim not in claims and "userinfo_endpoint" in provider.metadata:
        claims |= await _more_claims(provider, str(tokens.get("access_token", "")), claims["sub"])
    groups = claims.get(settings.groups_claim, [])
    return Identity(
        subject=claims["sub"],
        name=_text(claims.get("name")),
        login=_text(claims.get("preferred_username")),
        groups=tuple(str(group) for group in (groups if isinstance(groups, list) else [groups])),
    )


def _text(claim: object) -> str:
    """A claim that is only shown; "" if it is missing or cannot be stored."""
    text = str(claim or "")
    return text if _is_unicode(text) else ""


def _is_unicode(text: str) -> bool:
    """Whether the text has no half of a pair of UTF-16, which JSON can hold and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _tokens(here: Here, settings: SingleSignOn, provider: Known, verifier: str, code: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _own_address(here),
        "client_id": settings.client_id,
        "code_verifier": verifier,
    }
    secret = here.installation.configuration.oidc_client_secret.get_secret_value()
    ways = provider.metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not isinstance(ways, list):
        raise _wrong("token_endpoint_auth_methods_supported")
    if secret and "client_secret_basic" in ways:
        # The client's name is in the header then, and some providers refuse it in both places.
        del form["client_id"]
        auth = (settings.client_id, secret)
        return await _fetched("POST", provider.metadata["token_endpoint"], data=form, auth=auth)
    if secret:
        form["client_secret"] = secret
    return await _fetched("POST", provider.metadata["token_endpoint"], data=form)


async def _claims(here: Here, settings: SingleSignOn, token: str, nonce: str) -> dict[str, Any]:
    """The claims of a token (Core 1.0, 3.1.3.7); a key that is not known yet is fetched once."""
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError
    from joserfc.jwk import KeySet

    def read(provider: Known) -> Any:
        return jwt.decode(token, KeySet.import_key_set(provider.keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]

    try:
        try:
            decoded = read(await _provider(here, settings))
        except InvalidKeyIdError:
            decoded = read(await _provider(here, settings, anew=True))
        jwt.JWTClaimsRegistry(
            now=int(here.now.timestamp()),
            leeway=CLOCKS_DIFFER_SECONDS,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(decoded.claims)
    except (JoseError, ValueError, TypeError, LookupError) as problem:
        raise _wrong(type(problem).__name__) from None
    claims: dict[str, Any] = decoded.claims
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != settings.client_id:
        raise _wrong("azp")
    if not isinstance(claims["sub"], str) or not claims["sub"] or not _is_unicode(claims["sub"]):
        raise _wrong("sub")
    return claims


async def _more_claims(provider: Known, token: str, subject: str) -> dict[str, Any]:
    address = provider.metadata["userinfo_endpoint"]
    if not isinstance(address, str):
        raise _wrong("userinfo_endpoint")
    more = await _fetched("GET", address, headers={"Authorization": f"Bearer {token}"})
    # Core 1.0, 5.3.2: an answer about another person must not be used.
    if more.get("sub") != subject:
        raise _wrong("userinfo")
    return more


async def _provider(here: Here, settings: SingleSignOn, *, anew: bool = False) -> Known:
    """What the provider says of itself (Discovery 1.0), kept for a while."""
    kept = here.installation.memory(Providers).known
    known = kept.get(settings.issuer)
    if known and here.now - known.at < (ASKED_AGAIN_AFTER if anew else KEPT_FOR):
        return known
    metadata = await _fetched("GET", f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration")
    if metadata.get("issuer") != settings.issuer:
        raise _wrong("issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(metadata.get(name), str):
            raise _wrong(name)
    keys = await _fetched("GET", metadata["jwks_uri"])
    kept[settings.issuer] = known = Known(metadata, keys, here.now)
    return known


async def _fetched(method: str, address: str, **request: Any) -> dict[str, Any]:
    """The JSON object at an address of the provider. Raises SignedOut("provider-away", "provider-answer-wrong")."""
    # Imported here, because most installations have no provider and the library takes long to load.
    import httpx2

    if not _is_safe(address):
        raise _wrong("address without TLS")
    try:
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            answer = await client.request(method, address, **request)
    except httpx2.HTTPError as problem:
        log.warning("single-sign-on.away", problem=type(problem).__name__)
        raise SignedOut("provider-away") from None
    if answer.status_code >= 500:
        log.warning("single-sign-on.away", problem=answer.status_code)
        raise SignedOut("provider-away")
    if answer.status_code != 200 or len(answer.content) > LARGEST_ANSWER:
        raise _wrong(f"status {answer.status_code}")
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        raise _wrong("no JSON") from None
    if not isinstance(found, dict):
        raise _wrong("no object")
    return found


def _wrong(what: str) -> SignedOut:
    """The answer is not what the standard asks for; the log says what, so that an administrator can mend it."""
    log.warning("single-sign-on.wrong", what=what)
    return SignedOut("provider-answer-wrong")


def _own_address(here: Here) -> str:
    public = here.installation.configuration.public_url or str(here.connection.base_url).rstrip("/")
    return f"{public}{ANSWER_PATH}"


def _is_safe(address: str) -> bool:
    """Whether nobody between us and the address can read along: https, or this machine itself."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return True
    try:
        return parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
