"""Facts about members: who they are, and when they are not there. Why is in no fact, because it may say something about a person's health."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import BlockId, BlockPlanId, MemberSlug, Moment, Number, PersonId


@dataclass(frozen=True, slots=True)
class MemberBlocked(Fact):
    """A member is not there from `from_at` to `until_at`."""

    kind: ClassVar[str] = "member.blocked"
    subject: BlockId
    member: MemberSlug
    from_at: Moment
    until_at: Moment


@dataclass(frozen=True, slots=True)
class MemberBlockEnded(Fact):
    """The block of a member counts no more, from now on."""

    kind: ClassVar[str] = "member.block_ended"
    subject: BlockId
    member: MemberSlug
    from_at: Moment
    until_at: Moment


@dataclass(frozen=True, slots=True)
class MemberBlockedOften(Fact):
    """A member is not there `times` times, the first from `from_at`, the last until `until_at`."""

    kind: ClassVar[str] = "member.blocked_often"
    subject: BlockPlanId
    member: MemberSlug
    from_at: Moment
    until_at: Moment
    times: Number


@dataclass(frozen=True, slots=True)
class MemberBlocksEnded(Fact):
    """So many blocks of a member that were planned together count no more, from now on."""

    kind: ClassVar[str] = "member.blocks_ended"
    subject: BlockPlanId
    member: MemberSlug
    from_at: Moment
    until_at: Moment
    times: Number


@dataclass(frozen=True, slots=True)
class MemberLinked(Fact):
    """A member is a person with an account, who sees from now on where its home visits are."""

    kind: ClassVar[str] = "member.linked"
    subject: PersonId
    member: MemberSlug


@dataclass(frozen=True, slots=True)
class MemberUnlinked(Fact):
    """A member is no longer this person."""

    kind: ClassVar[str] = "member.unlinked"
    subject: PersonId
    member: MemberSlug
