"""Single sign-on: the provider at which staff sign in, and the roles that its groups give."""

from __future__ import annotations

from typing import Annotated

from .declared import Declared, Form


class GroupRole(Declared):
    """A role that the members of a group of the provider have."""

    group: Annotated[str, Form.TEXT, "the group, as the provider names it"]
    role: Annotated[str, Form.SLUG, "the role; one that does not exist gives nothing"]
    branch: Annotated[str | None, Form.SLUG, "the branch where the role is held; without it the whole organisation"] = (
        None
    )


class SingleSignOn(Declared):
    """A provider of OpenID Connect. The client's secret is in QUEUE_OIDC_CLIENT_SECRET, never in a file of settings."""

    issuer: Annotated[str, Form.URL, "the provider's address, exactly as it names itself"]
    client_id: Annotated[str, Form.TEXT, "the name of this installation at the provider"]
    groups_claim: Annotated[str, Form.TEXT, "the claim that lists the groups of a person"] = "groups"
    scope: Annotated[str, Form.TEXT, "what is asked for besides openid, separated by spaces"] = "profile"
    roles: Annotated[tuple[GroupRole, ...], "the roles that groups give"] = ()
