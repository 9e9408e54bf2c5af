"""What the office needs: settings that can be changed, people who can be managed, data that is deleted in time.

Each subject has a function of its own below.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from queue_system.store.dialect import partial
from queue_system.store.triggers import prunable

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
FINGERPRINT = 1136579395
# Until now everybody who may call could also do these; now they are rights of their own.
REWRITES = {"role.can"}


def upgrade() -> None:
    _changes()
    _people()
    _upkeep()
    _retention()
    _decisions()
    _sign_in()
    _hours()
    _retiring()


def _people() -> None:
    """Roles for one department, so that it belongs to the key; invitations; requests for a second person."""
    _write_out_what_callers_may_do()
    now = op.create_table(
        "staff_role_now",
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("branch_id", sa.Uuid(), primary_key=True),
        sa.Column("role", AutoString(), sa.ForeignKey("role.slug"), primary_key=True),
        sa.Column("department", AutoString(), primary_key=True, server_default=""),
    )
    before = sa.table("staff_role", *(sa.column(name) for name in ("staff_id", "branch_id", "role")))
    op.execute(sa.insert(now).from_select(["staff_id", "branch_id", "role"], sa.select(before)))
    op.drop_table("staff_role")
    op.rename_table("staff_role_now", "staff_role")
    op.add_column("staff", sa.Column("rescued_at", UTCDateTime(), nullable=True))
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("token_sha256", AutoString(), nullable=False, unique=True),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
    )
    op.create_index("ix_invitation_staff_id", "invitation", ["staff_id"])
    op.create_table(
        "approval",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("action", AutoString(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("effect_sha256", AutoString(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("decided_by <> asked_by", name="approval_by_a_second_person"),
    )
    op.create_index("ix_approval_branch_id", "approval", ["branch_id"])


def _write_out_what_callers_may_do() -> None:
    role = sa.table("role", sa.column("slug", sa.String()), sa.column("can", sa.JSON()))
    connection = op.get_bind()
    for slug, can in connection.execute(sa.select(role.c.slug, role.c.can)).all():
        more = [word for word in ("park", "transfer") if word not in can]
        if "call_next" in can and more:
            connection.execute(sa.update(role).where(role.c.slug == slug).values(can=[*can, *more]))


def _upkeep() -> None:
    """The machine's own work, a row for each task and night."""
    op.create_table(
        "upkeep",
        sa.Column("task", AutoString(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("node", AutoString(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("code", AutoString(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("task", "night"),
    )
    op.create_index(op.f("ix_upkeep_night"), "upkeep", ["night"], unique=False)


def _retention() -> None:
    """Digests of past days; marks of what was erased; checkpoints up to which the log may be pruned."""
    op.create_table(
        "digested_day",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("tidied_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "business_date"),
    )
    counts = ("issued", "served", "missed", "left", "voided", "due", "arrived", "absent", "cancelled")
    op.create_table(
        "day_digest",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("service", AutoString(), nullable=False),
        sa.Column("channel", AutoString(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "business_date", "service", "channel"),
    )
    op.create_table(
        "hour_digest",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("local_hour", sa.Integer(), nullable=False),
        sa.Column("queue", AutoString(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("issued", "called", "served")),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "business_date", "local_hour", "queue"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("chain", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("entry_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "seq"),
    )
    op.add_column("booking", sa.Column("erased_at", UTCDateTime(), nullable=True))
    unnamed = sa.text("erased_at IS NULL")
    op.create_index(
        "named_bookings", "booking", ["branch_id", "starts_at"], sqlite_where=unnamed, postgresql_where=unnamed
    )
    op.create_index("tickets_by_day", "ticket", ["branch_id", "business_date"])
    prunable(op.get_bind(), "entry", "checkpoint")


def _decisions() -> None:
    """What was decided on an appointment whose time the settings no longer support."""
    for name in ("decision", "lost_why"):
        op.add_column("booking", sa.Column(name, AutoString(), nullable=True))
    op.add_column("booking", sa.Column("change_id", sa.Uuid(), nullable=True))
    for name in ("offered_starts_at", "offered_ends_at", "offer_until"):
        op.add_column("booking", sa.Column(name, UTCDateTime(), nullable=True))
    unsettled = sa.text("decision IN ('move', 'later', 'unanswered')")
    op.create_index("unsettled_bookings", "booking", ["branch_id"], postgresql_where=unsettled, sqlite_where=unsettled)


def _sign_in() -> None:
    """Ways to sign in besides the password, sign-ins that are not finished, and roles that come from a provider."""
    op.create_table(
        "credential",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("handle", AutoString(), nullable=False),
        sa.Column("salt", AutoString(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("handle"),
    )
    op.create_index("ix_credential_staff_id", "credential", ["staff_id"])
    op.create_table(
        "sign_in_step",
        sa.Column("token_sha256", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_index("ix_sign_in_step_staff_id", "sign_in_step", ["staff_id"])
    op.add_column("session", sa.Column("confirmed_at", UTCDateTime(), nullable=True))
    op.add_column("staff_role", sa.Column("source", AutoString(), server_default="", nullable=False))


def _hours() -> None:
    """Rules recur, closures take a part of a day, and a branch has closures and seasons of its own."""
    with op.batch_alter_table("opening_hours") as hours:
        hours.add_column(sa.Column("every_weeks", sa.Integer(), nullable=False, server_default="1"))
        hours.add_column(sa.Column("anchor", sa.Date(), nullable=True))
        hours.add_column(sa.Column("in_month", sa.Integer(), nullable=True))
        hours.add_column(sa.Column("opens_anyway", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("closure") as closure:
        closure.alter_column("calendar", existing_type=sa.String(), nullable=True)
        closure.add_column(sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
        for name in ("services", "queues", "resources"):
            closure.add_column(sa.Column(name, sa.JSON(), nullable=True))
        closure.add_column(sa.Column("closes", sa.Time(), nullable=True))
        closure.add_column(sa.Column("opens", sa.Time(), nullable=True))
    op.create_table(
        "branch_season",
        sa.Column("branch_id", sa.Uuid(), sa.ForeignKey("branch.id"), primary_key=True),
        sa.Column("slug", sa.String(), primary_key=True),
        sa.Column("first", sa.Date(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
    )


def _retiring() -> None:
    """What is retired leaves its letter or number to others; lanes and pools change on a day."""
    # SQLite gives keys no names, so they get those of PostgreSQL for a moment.
    names = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}
    for table, index, column in (
        ("queue", "one_queue_a_letter", "prefix"),
        ("counter", "one_counter_a_number", "number"),
    ):
        with op.batch_alter_table(table, naming_convention=names) as changed:
            changed.add_column(sa.Column("until", sa.Date(), nullable=True))
            changed.drop_constraint(f"{table}_branch_id_{column}_key", type_="unique")
        op.create_index(index, table, ["branch_id", column], unique=True, **partial("until IS NULL"))
    op.add_column("resource", sa.Column("until", sa.Date(), nullable=True))
    for table in ("queue", "resource"):
        op.add_column(table, sa.Column("terms", sa.JSON(), nullable=False, server_default="[]"))


def _changes() -> None:
    """The history of settings, object by object."""
    op.create_table(
        "change",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("save_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        *(
            sa.Column(name, AutoString(), nullable=False)
            for name in ("actor_id", "object_kind", "object_slug", "op", "note")
        ),
        *(sa.Column(name, sa.JSON(none_as_null=True), nullable=True) for name in ("before", "after")),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ("undoes", "undone_by")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    op.create_index("changes_of_an_object", "change", ["branch_id", "object_kind", "object_slug", "seq"], unique=False)
    op.create_index("changes_in_order", "change", ["branch_id", "seq"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
