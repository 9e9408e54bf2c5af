"""What the office needs: settings that can be changed, people who can be managed, data that is deleted in time.

Each subject has a function of its own below.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
FINGERPRINT = 1020332140
# Until now everybody who may call could also do these; now they are rights of their own.
REWRITES = {"role.can"}


def upgrade() -> None:
    _people()


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


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
