"""An organisation: who it is, what it chooses from, and its branches."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from .branch import Branch, Digits
from .catalogue import Catalogue
from .declared import (
    Among,
    Between,
    Declared,
    Form,
    Informs,
    Key,
    Kind,
    Language,
    Names,
    NotYet,
    OnlyActedOn,
    Sentences,
    Thing,
)
from .roles import Role
from .sign_in import SingleSignOn
from .wording import MessageTextOwn

#: The slug of the row that is not a place but holds the organisation's own log; no branch may be called so.
ORGANISATION_SLUG: Final = "organisation"
Datum = Literal["case_reference", "need_category", "narrative", "other_party"]
Carried = tuple[Annotated[Datum, Kind("kind of data")], ...]
#: What a referral can pass on: the number of the visit, and what the visitor came for. Nobody can write more into one.
PASSED_ON: Final = ("case_reference", "need_category")


class Programme(Thing):
    """A programme of the organisation."""

    kind_of_thing: ClassVar[str] = "programme"

    names: Annotated[Names, "its name"]
    note: Annotated[Names | None, "what it is about"] = None


class Referrals(Declared):
    """How one branch refers a person to another."""

    names: Annotated[Names, "what it is called"]
    requires: Annotated[
        tuple[Annotated[Literal["consent_recorded", "minimum_data"], Kind("requirement")], ...], "what it needs"
    ]
    carries: Annotated[Carried, OnlyActedOn("referral-data", PASSED_ON), "what it carries"]
    never_carries: Annotated[Carried, "what it never carries"]

    @property
    def needs_consent(self) -> bool:
        """Whether staff must record that the visitor agrees."""
        return "consent_recorded" in self.requires

    @property
    def passes_on(self) -> tuple[Datum, ...]:
        """What the other branch is told. It is the least that can be, so `minimum_data` asks for nothing more."""
        return tuple(one for one in self.carries if one in PASSED_ON and one not in self.never_carries)


class Reports(Declared):
    """How reports are written."""

    min_cell_size: Annotated[int | None, Between(1, 1000), "the smallest number that a report shows"] = None


class CrossBranchRules(Declared):
    """Rules between branches."""

    referrals: Annotated[Referrals | None, "what a referral needs and carries"] = None
    reports: Annotated[Reports | None, "the smallest number in a report"] = None


class OrganisationOwn(Declared):
    """An organisation without its catalogue and branches."""

    slug: Annotated[str, Key("id"), Form.SLUG, "name for programs"]
    kind: Annotated[str, Form.SLUG, "what sort of organisation it is"]
    names: Annotated[Names, "its name"]
    motto: Annotated[Names | None, "its motto"] = None
    languages: Annotated[tuple[Language, ...], "languages of its pages"]
    default_language: Annotated[
        Language, Among("languages", "language of the organisation"), "which of them comes first"
    ]
    digits: Annotated[Digits, "by language"]
    needs_second_factor: Annotated[
        Literal["none", "administrators", "all"],
        Kind("group of staff"),
        "who must sign in with more than a password: nobody, people who may change the rights of others, or everybody",
    ] = "none"
    single_sign_on: Annotated[SingleSignOn | None, "the provider at which staff may sign in"] = None
    messages: Annotated[dict[str, MessageTextOwn], "its own words for messages about appointments"] = Field(
        default_factory=dict
    )
    replication_ready: Annotated[bool, Informs(), "whether other organisations may copy it"] = False
    notes: Annotated[Sentences, NotYet("remarks"), "what people should know"] = ()
    rules: Annotated[Sentences, NotYet("remarks"), "rules for visitors"] = ()
    security_notes: Annotated[Sentences, NotYet("remarks"), "what people should know about their safety"] = ()
    programmes: Annotated[dict[str, Programme] | None, NotYet("remarks"), "programmes"] = None
    cross_branch_rules: Annotated[CrossBranchRules | None, "what holds between branches"] = None

    @property
    def referrals(self) -> Referrals | None:
        """The rule of referrals between branches; None where there are none."""
        return self.cross_branch_rules.referrals if self.cross_branch_rules else None

    @property
    def reports(self) -> Reports | None:
        """The rule of reports; None where there is none."""
        return self.cross_branch_rules.reports if self.cross_branch_rules else None


class Profile(OrganisationOwn):
    """A profile after reading: every branch is complete; `sha256` is over its file and the library, in hex."""

    catalogue: Annotated[Catalogue, "what branches choose from"]
    branches: Annotated[dict[str, Branch], "its branches"]
    sha256: Annotated[str, "over the bytes of its file and of the library"]

    @property
    def roles(self) -> dict[str, Role]:
        """What members of its staff may do."""
        return self.catalogue.roles
