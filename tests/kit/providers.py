"""Providers of single sign-on: a real one in a process of its own, and one that forges its answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from joserfc import jws, jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.kit.ports import kept_port
from tests.kit.served import served

START_SECONDS = 60.0


@contextmanager
def real_provider(*people: dict[str, Any]) -> Iterator[str]:
    """The address of `oidc-provider-mock`, which knows these people by their claims."""
    with kept_port() as port:
        known = [part for person in people for part in ("--user-claims", json.dumps(person))]
        # It warns of its own library, which the program does not use.
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *known]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/.well-known/openid-configuration", process)
            yield address
        finally:
            process.terminate()
            process.wait(START_SECONDS)


@contextmanager
def certified_provider(folder: str, back: str) -> Iterator[str]:
    """The address of node's `oidc-provider`, which is in `folder`/node_modules and knows everybody; `back` is ours."""
    with kept_port() as port:
        command = ["node", str(Path(__file__).with_name("oidc_provider.mjs")), folder, str(port), back]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/.well-known/openid-configuration", process)
            yield address
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def agree_on_pages(address: str, login: str, back: str) -> str:
    """The person goes through the pages of the certified provider; the address that the browser is sent back to."""
    issuer = urlsplit(address)._replace(path="", query="").geturl()
    with httpx2.Client(trust_env=False, base_url=issuer) as browser:
        answer = browser.get(address)
        while not answer.headers.get("location", "").startswith(back):
            if answer.has_redirect_location:
                answer = browser.get(answer.headers["location"])
                continue
            form = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form, answer.text
            assert prompt, answer.text
            answer = browser.post(form[1], data={"prompt": prompt[1], "login": login, "password": "x"})
        return answer.headers["location"]


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Until the process answers there."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the provider has ended"
        try:
            httpx2.get(address, trust_env=False)
        except httpx2.TransportError:
            # The process is starting; each refused connection is a moment's wait.
            process_waits(process)
        else:
            return
    raise AssertionError("the provider does not answer")


def process_waits(process: subprocess.Popen[bytes]) -> None:
    """A tenth of a second, or until the process ends."""
    try:
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return


def agree(address: str, subject: str) -> str:
    """The person signs in at the real provider and agrees; the address that the browser is sent back to."""
    answer = httpx2.post(address, data={"sub": subject}, trust_env=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


@dataclass
class Forger:
    """A provider whose answers can be changed: `claims`, `jwks` and `sign` are what an attacker changes."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    jwks: dict[str, Any] | None = None
    sign: Callable[[Forger, dict[str, Any]], str] | None = None
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"}))
    issuer: str = ""
    nonce: str = ""
    used: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    now: Callable[[], float] = time.time

    def agree(self, address: str, code: str = "code") -> str:
        """The address that the browser is sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.nonce = query["nonce"]
        return f"{query['redirect_uri']}?code={code}&state={query['state']}"

    def token(self) -> str:
        """The token for the last person who agreed."""
        now = int(self.now())
        claims = {
            "iss": self.address,
            "aud": "queue",
            "sub": "42",
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 300,
            "groups": ["clerks"],
            "name": "ليلى",
            "preferred_username": "leila",
        } | self.claims
        if self.sign:
            return self.sign(self, claims)
        # Not with `jwt`, which writes no half of a pair of UTF-16.
        return jws.serialize_compact({"alg": "RS256", "kid": "1"}, json.dumps(claims), self.key)

    async def metadata(self, _request: Request) -> JSONResponse:
        found = {name: f"{self.address}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        return JSONResponse(found | {"issuer": self.issuer or self.address})

    async def keys(self, _request: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]} if self.jwks is None else self.jwks)

    async def tokens(self, request: Request) -> JSONResponse:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.asked.append(form)
        if form["code"] in self.used:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.used.add(form["code"])
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": self.token()})


def unsigned(_forger: Forger, claims: dict[str, Any]) -> str:
    """A token with the algorithm "none"."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(_base64(part) for part in parts), ""])


def altered(forger: Forger, claims: dict[str, Any]) -> str:
    """A token whose claims were changed after it was signed."""
    head, _, signature = jwt.encode({"alg": "RS256", "kid": "1"}, claims, forger.key).split(".")
    return f"{head}.{_base64(json.dumps(claims | {'sub': '1'}).encode())}.{signature}"


def signed_with_the_public_key(forger: Forger, claims: dict[str, Any]) -> str:
    """A token signed with HMAC, whose secret is the public key that everybody knows."""
    # By hand, because the library refuses to use such a secret.
    body = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "1"}, claims))
    signature = hmac.new(forger.key.as_pem(private=False), body.encode(), hashlib.sha256).digest()
    return f"{body}.{_base64(signature)}"


def signed_by_another(_forger: Forger, claims: dict[str, Any]) -> str:
    """A token of a key that the provider does not have."""
    return jwt.encode({"alg": "RS256", "kid": "2"}, claims, RSAKey.generate_key(2048, {"kid": "2"}))


@contextmanager
def forging_provider() -> Iterator[Forger]:
    """A provider in a thread of the test's own process."""
    forger = Forger()
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", forger.metadata),
            Route("/jwks_uri", forger.keys),
            Route("/token_endpoint", forger.tokens, methods=["POST"]),
        ]
    )
    with served(app) as address:
        forger.address = address
        yield forger


def _base64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
