"""Single sign-on, with a real provider and with one that forges its answers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.testclient import TestClient

from queue_system.actions.staff import lock_staff, remove_staff
from queue_system.actions.staff_roles import change_roles
from queue_system.clock import FrozenClock, SystemClock
from queue_system.core.errors import Refused
from queue_system.store.database import Tx
from queue_system.store.queries.access import people, staff_by_login
from queue_system.store.queries.credentials import methods_of
from queue_system.store.tables import Organisation, StaffRole, table
from queue_system.web.installation import Installation
from queue_system.web.single_sign_on import Providers
from tests.kit.hall import Hall, change_settings
from tests.kit.providers import (
    Forger,
    agree,
    agree_on_pages,
    altered,
    certified_provider,
    forging_provider,
    real_provider,
    signed_by_another,
    signed_with_the_public_key,
    unsigned,
)
from tests.kit.web_hall import another, application, furnished, sign_in

METHODS = "/account/sign-in"
ROLES = [
    {"group": "clerks", "role": "officer", "branch": "doha-main"},
    {"group": "rulers", "role": "administrator"},
    {"group": "clerks", "role": "no-such-role"},
    {"group": "clerks", "role": "officer", "branch": "no-such-branch"},
]


@pytest.fixture
def clock() -> FrozenClock:
    """The present, because the real provider has no other clock."""
    return FrozenClock(SystemClock().now())


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


@pytest.fixture
def forger(place: tuple[TestClient, Hall]) -> Iterator[Forger]:
    with forging_provider() as found:
        use(place[1], found.address)
        yield found


def use(hall: Hall, issuer: str) -> None:
    """The organisation uses this provider."""
    settings = {"issuer": issuer, "client_id": "queue", "roles": ROLES}

    def change(tx: Tx) -> None:
        data = dict(tx.scalar(sa.select(table(Organisation).c.data)))
        tx.execute(sa.update(table(Organisation)).values(data=data | {"single_sign_on": settings}))

    change_settings(hall.db, change)


def give_secret(client: TestClient) -> Installation:
    """The installation has a secret of its own at the provider."""
    installation: Installation = client.app.state.installation  # type: ignore[attr-defined]
    secret = {"oidc_client_secret": SecretStr("the secret of this installation")}
    installation.configuration = installation.configuration.model_copy(update=secret)
    return installation


def go(client: TestClient, path: str = "/sign-in/provider") -> str:
    answer = client.get(path)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def back(client: TestClient, address: str) -> str:
    """The browser comes back; where it is led to."""
    parts = urlsplit(address)
    answer = client.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def roles(hall: Hall, login: str) -> set[tuple[str, str]]:
    """Each role of a person, with its source."""
    found = hall.db.read_now(staff_by_login, login)
    assert found is not None
    held = table(StaffRole)
    rows = hall.db.read_now(Tx.rows, sa.select(held.c.role, held.c.source).where(held.c.staff_id == found[0]))
    return {(row.role, row.source) for row in rows}


# ---------------------------------------------------------------- a real provider


@pytest.mark.process
def test_whoever_a_group_gives_a_role_signs_in_without_an_account(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    leila = {"sub": "u-1", "name": "ليلى الحموي", "preferred_username": "leila", "groups": ["clerks", "others"]}
    stranger = {"sub": "u-2", "groups": ["others"]}
    installation = give_secret(client)
    with real_provider(leila, stranger) as issuer:
        use(hall, issuer)
        assert "/sign-in/provider" in client.get("/sign-in").text
        asked = go(client, "/sign-in/provider?next=%2Fdesk%2Fdoha-main%2Fc4")
        query = parse_qs(urlsplit(asked).query)
        assert (query["code_challenge_method"], query["scope"]) == (["S256"], ["openid profile"])
        assert back(client, agree(asked, "u-1")) == "/desk/doha-main/c4"
        assert client.get("/desk").status_code == 200
        assert roles(hall, "leila") == {("officer", "provider")}
        # The second time it is the same account.
        again = another(client)
        assert back(again, agree(go(again), "u-1")) == "/desk"
        assert [person.name for person in hall.db.read_now(people) if person.login.startswith("leila")] == [
            "ليلى الحموي"
        ]
        # Who is in no group has no account, whatever their name is.
        nobody = another(client)
        assert back(nobody, agree(go(nobody), "u-2")) == "/sign-in?refused=provider-unknown"
        assert "لا حساب هنا لهذا الشخص" in nobody.get("/sign-in?refused=provider-unknown").text
        # Groups that change at the provider change the roles at the next sign-in.
        httpx2.put(f"{issuer}/users/u-1", json=leila | {"groups": ["rulers"]}, trust_env=False)
        assert back(again, agree(go(again), "u-1"))
        assert roles(hall, "leila") == {("administrator", "provider")}
    # The provider is away: the page says so, and passwords work.
    installation.memory(Providers).known.clear()
    local = another(client)
    assert go(local) == "/sign-in?refused=provider-away"
    sign_in(local, "layla")
    assert local.get("/desk").status_code == 200


@pytest.mark.soak
@pytest.mark.process
def test_the_certified_provider_of_node_agrees(place: tuple[TestClient, Hall]) -> None:
    """QUEUE_TEST_OIDC_PROVIDER names a folder where `npm install oidc-provider` has run."""
    client, hall = place
    back_to = "http://testserver/sign-in/provider/answer"
    give_secret(client)
    with certified_provider(os.environ["QUEUE_TEST_OIDC_PROVIDER"], back_to) as issuer:
        use(hall, issuer)
        answer = agree_on_pages(go(client), "leila", back_to)
        assert parse_qs(urlsplit(answer).query)["iss"] == [issuer]
        assert back(client, answer) == "/desk"
        assert roles(hall, "leila") == {("officer", "provider")}
        # The provider refuses a code that was used, and one whose verifier is another.
        assert back(client, answer) == "/sign-in?refused=sign-in-over"
        other = another(client)
        mine = {name: values[0] for name, values in parse_qs(urlsplit(go(other)).query).items()}
        theirs = agree_on_pages(go(client), "leila", back_to)
        stolen = re.sub(r"state=[^&]+", f"state={mine['state']}", theirs)
        assert back(other, stolen) == "/sign-in?refused=provider-answer-wrong"


# ---------------------------------------------------------------- forged answers


def test_a_right_answer_of_the_forger_is_accepted(place: tuple[TestClient, Hall], forger: Forger) -> None:
    """Otherwise the refusals below would prove nothing."""
    client, _ = place
    assert back(client, forger.agree(go(client))) == "/desk"
    (asked,) = forger.asked
    assert asked["code_verifier"]
    assert asked["client_id"] == "queue"


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": ["queue", "another"], "azp": "another"},
        {"exp": 1},
        {"sub": ""},
        {"sub": 7},
        {"sub": "\ud800"},
    ],
)
def test_a_token_with_wrong_claims_is_refused(
    place: tuple[TestClient, Hall], forger: Forger, claims: dict[str, Any]
) -> None:
    client, _ = place
    forger.claims = claims
    assert back(client, forger.agree(go(client))) == "/sign-in?refused=provider-answer-wrong"
    assert client.get("/desk").status_code == 303


@pytest.mark.parametrize("sign", [unsigned, altered, signed_with_the_public_key, signed_by_another, lambda *_: "x"])
def test_a_token_that_the_provider_did_not_sign_is_refused(
    place: tuple[TestClient, Hall], forger: Forger, sign: Callable[[Forger, dict[str, Any]], str]
) -> None:
    client, _ = place
    forger.sign = sign
    assert back(client, forger.agree(go(client))) == "/sign-in?refused=provider-answer-wrong"


@pytest.mark.parametrize(
    "jwks", [{}, {"keys": 5}, {"keys": [5]}, {"keys": [{"kty": "EC", "crv": "none", "x": "!", "y": "!"}]}]
)
def test_keys_that_are_none_are_refused(place: tuple[TestClient, Hall], forger: Forger, jwks: dict[str, Any]) -> None:
    client, _ = place
    forger.jwks = jwks
    assert back(client, forger.agree(go(client))) == "/sign-in?refused=provider-answer-wrong"


def test_a_name_that_cannot_be_stored_is_left_out(place: tuple[TestClient, Hall], forger: Forger) -> None:
    client, hall = place
    forger.claims = {"name": "\ud800", "preferred_username": "leila\x00"}
    assert back(client, forger.agree(go(client))) == "/desk"
    assert "\x00" not in repr([person.name for person in hall.db.read_now(people)])


def test_a_provider_that_names_another_issuer_is_refused(place: tuple[TestClient, Hall], forger: Forger) -> None:
    forger.issuer = "https://evil.example"
    assert go(place[0]) == "/sign-in?refused=provider-answer-wrong"


def test_an_answer_is_used_once_and_only_in_the_browser_that_asked(
    place: tuple[TestClient, Hall], forger: Forger
) -> None:
    client, _ = place
    answer = forger.agree(go(client))
    victim = another(client)
    assert back(victim, answer) == "/sign-in?refused=sign-in-over"
    go(victim)
    # A browser that is in another sign-in has another state.
    assert back(victim, answer) == "/sign-in?refused=provider-answer-wrong"
    assert back(client, answer) == "/desk"
    assert back(client, answer) == "/sign-in?refused=sign-in-over"
    # The provider itself refuses a code that was used.
    assert back(client, forger.agree(go(client))) == "/sign-in?refused=provider-answer-wrong"


@pytest.mark.parametrize(
    ("more", "code"),
    [("&iss=https%3A%2F%2Fevil.example", "provider-answer-wrong"), ("&code=", "provider-answer-wrong")],
)
def test_an_answer_of_another_provider_is_refused(
    place: tuple[TestClient, Hall], forger: Forger, more: str, code: str
) -> None:
    client, _ = place
    forger.used.add("")
    assert back(client, forger.agree(go(client)) + more) == f"/sign-in?refused={code}"


def test_whoever_declines_is_told_so(place: tuple[TestClient, Hall], forger: Forger) -> None:
    client, _ = place
    answer = forger.agree(go(client)).replace("code=code&", "error=access_denied&")
    assert back(client, answer) == "/sign-in?refused=provider-refused"


# ---------------------------------------------------------------- accounts


def test_a_name_at_the_provider_opens_nobody_else_s_account(place: tuple[TestClient, Hall], forger: Forger) -> None:
    client, hall = place
    forger.claims = {"preferred_username": "ADMIN", "email": "admin@example.org"}
    assert back(client, forger.agree(go(client))) == "/desk"
    assert roles(hall, "admin") == {("administrator", "")}
    assert len([person for person in hall.db.read_now(people) if person.login.startswith("admin-")]) == 1


def test_an_account_is_linked_by_its_owner_and_keeps_its_password(
    place: tuple[TestClient, Hall], forger: Forger
) -> None:
    client, hall = place
    forger.claims = {"groups": ["rulers"]}
    sign_in(client, "layla")
    assert back(client, forger.agree(go(client, f"{METHODS}/provider"))) == METHODS
    assert roles(hall, "layla") == {("officer", ""), ("administrator", "provider")}
    other = another(client)
    assert back(other, forger.agree(go(other), "2"))
    assert "layla" in other.get("/office").text
    sign_in(omar := another(client), "omar")
    assert back(omar, forger.agree(go(omar, f"{METHODS}/provider"), "3")) == f"{METHODS}?refused=provider-taken"
    sign_in(another(client), "layla")


def test_a_link_that_somebody_else_began_links_nothing(place: tuple[TestClient, Hall], forger: Forger) -> None:
    client, hall = place
    sign_in(client, "layla")
    answer = forger.agree(go(client, f"{METHODS}/provider"))
    sign_in(client, "omar")
    assert "refused=sign-in-over" in back(client, answer)
    omar = hall.db.read_now(staff_by_login, "omar")
    assert omar is not None
    assert hall.db.read_now(methods_of, omar[0]) == []


def test_whoever_is_locked_out_stays_out(place: tuple[TestClient, Hall], forger: Forger) -> None:
    client, hall = place
    assert back(client, forger.agree(go(client))) == "/desk"
    hall.db.write_now(lock_staff, "leila")
    assert back(client, forger.agree(go(client), "2")) == "/sign-in?refused=sign-in-wrong"
    assert len([person for person in hall.db.read_now(people) if person.login.startswith("leila")]) == 1


def test_groups_do_not_take_the_last_administrator_with_a_password_away(
    place: tuple[TestClient, Hall], forger: Forger
) -> None:
    client, hall = place
    forger.claims = {"groups": ["rulers"]}
    sign_in(client, "layla")
    assert back(client, forger.agree(go(client, f"{METHODS}/provider"))) == METHODS
    # Whoever has no password is no help while the provider is away.
    other = another(client)
    forger.claims = {"groups": ["rulers"], "sub": "43"}
    assert back(other, forger.agree(go(other), "2"))
    hall.db.write_now(lock_staff, "admin")
    with pytest.raises(Refused, match="last-administrator"):
        hall.db.write_now(lock_staff, "layla")
    forger.claims = {"groups": []}
    assert back(other, forger.agree(go(other), "3"))
    assert roles(hall, "layla") == {("officer", ""), ("administrator", "provider")}


def test_a_role_of_the_provider_is_not_taken_away_here(place: tuple[TestClient, Hall], forger: Forger) -> None:
    client, hall = place
    assert back(client, forger.agree(go(client)))
    with pytest.raises(Refused, match="role-from-provider"):
        hall.db.write_now(change_roles, "leila", hall.branch.id, take="officer")


def test_an_account_without_a_password_is_confirmed_at_the_provider(
    place: tuple[TestClient, Hall], forger: Forger, clock: FrozenClock
) -> None:
    client, hall = place
    forger.now = lambda: clock.now().timestamp()
    assert back(client, forger.agree(go(client)))
    assert client.post("/sign-in", data={"login": "leila", "password": "provider"}).status_code == 422
    with pytest.raises(Refused, match="staff-joined"):
        hall.db.write_now(remove_staff, "leila")
    clock.move(timedelta(minutes=16))
    asked = client.get(METHODS).headers["location"]
    way = "/sign-in/provider?next=%2Faccount%2Fsign-in"
    assert f'href="{way}"' in client.get(asked).text
    assert back(client, forger.agree(go(client, way), "2")) == METHODS
    assert client.get(METHODS).status_code == 200


def test_without_a_provider_there_is_no_button_and_no_way(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    assert "/sign-in/provider" not in client.get("/sign-in").text
    assert client.get("/sign-in/provider").status_code == 404
