"""What the office needs: settings that can be changed, people who can be managed, data that is deleted in time.

Each subject has a function of its own below.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
FINGERPRINT = 1352796485
# Until now everybody who may call could also do these; now they are rights of their own.
REWRITES = {"role.can"}


def upgrade() -> None:
    _people()
    _upkeep()


def _people() -> None:
    """A role may be held for one department, so the department belongs to the key."""
    _write_out_what_callers_may_do()
    now = op.create_table(
        "staff_role_now",
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("branch_id", sa.Uuid(), primary_key=True),
        sa.Column("role", sa.String(), sa.ForeignKey("role.slug"), primary_key=True),
        sa.Column("department", sa.String(), primary_key=True, server_default=""),
    )
    before = sa.table("staff_role", *(sa.column(name) for name in ("staff_id", "branch_id", "role")))
    op.execute(sa.insert(now).from_select(["staff_id", "branch_id", "role"], sa.select(before)))
    op.drop_table("staff_role")
    op.rename_table("staff_role_now", "staff_role")


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


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
