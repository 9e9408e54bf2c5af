"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from queue_system.store.triggers import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
FINGERPRINT = 307846703


def upgrade() -> None:
    op.create_table(
        "branch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("timezone", AutoString(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("default_language", AutoString(), nullable=False),
        sa.Column("digits", sa.JSON(), nullable=False),
        sa.Column("inherits_from", AutoString(), nullable=True),
        sa.Column("offline_first", sa.Boolean(), nullable=False),
        sa.Column("day_starts", sa.Time(), nullable=False),
        sa.Column("tick_minutes", sa.Integer(), nullable=False),
        sa.Column("queue_rules", sa.JSON(), nullable=False),
        sa.Column("retention_days", sa.JSON(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_at", UTCDateTime(), nullable=True),
        sa.Column("chain", AutoString(), nullable=False),
        sa.Column("live_day", sa.Date(), nullable=True),
        sa.Column("config_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "confidentiality",
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("display", AutoString(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.create_table(
        "document",
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("motto", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("default_language", AutoString(), nullable=False),
        sa.Column("digits", sa.JSON(), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("profile_sha256", AutoString(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "pairing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_code", AutoString(), nullable=False),
        sa.Column("device_code_sha256", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("device_code_sha256"),
        sa.UniqueConstraint("user_code"),
    )
    op.create_table(
        "policy",
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("mode", AutoString(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=True),
        sa.Column("max_active", sa.Integer(), nullable=True),
        sa.Column("max_changes", sa.Integer(), nullable=True),
        sa.Column("cancel_until_min", sa.Integer(), nullable=True),
        sa.Column("freed_slot", AutoString(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.create_table(
        "priority",
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("evidence", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.create_table(
        "role",
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("can", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.create_table(
        "season",
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug", "first"),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("password", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("unlocked_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("login"),
    )
    op.create_table(
        "text",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "slug"),
    )
    op.create_table(
        "branch_priority",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("priority", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["priority"],
            ["priority.slug"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "priority"),
    )
    op.create_table(
        "closure",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar", AutoString(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("service_tag", AutoString(), nullable=True),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    op.create_table(
        "department",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "slug"),
    )
    op.create_table(
        "entry",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("actor_kind", AutoString(), nullable=False),
        sa.Column("actor_id", AutoString(), nullable=False),
        sa.Column("subject", AutoString(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("chain", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "seq"),
    )
    op.create_table(
        "occasion",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("policy", AutoString(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["policy"],
            ["policy.slug"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "slug"),
    )
    op.create_table(
        "outreach_day",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("services", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    op.create_table(
        "queue",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("prefix", AutoString(), nullable=False),
        sa.Column("code_style", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.Column("public_lanes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "prefix"),
        sa.UniqueConstraint("branch_id", "slug"),
    )
    op.create_table(
        "resource",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "slug"),
    )
    op.create_table(
        "series",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "queue_id", "business_date"),
    )
    op.create_table(
        "known_browser",
        sa.Column("token_sha256", AutoString(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("token_sha256", "staff_id"),
    )
    op.create_table(
        "session",
        sa.Column("token_sha256", AutoString(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("channel", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "staff_role",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["role"],
            ["role.slug"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("staff_id", "branch_id", "role"),
    )
    op.create_table(
        "zone",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "slug"),
    )
    op.create_table(
        "counter",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("zone_id", sa.Uuid(), nullable=False),
        sa.Column("accessible", sa.Boolean(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("seated_at", UTCDateTime(), nullable=True),
        sa.Column("last_press", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id", "zone_id"],
            ["zone.branch_id", "zone.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "number"),
        sa.UniqueConstraint("branch_id", "slug"),
    )
    op.create_table(
        "device",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("names", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("zone_id", sa.Uuid(), nullable=True),
        sa.Column("attached_to", sa.Uuid(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("learnt_completion", sa.Boolean(), nullable=True),
        sa.Column("learning_since", UTCDateTime(), nullable=True),
        sa.Column("token_sha256", AutoString(), nullable=True),
        sa.Column("paired_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("seen_at", UTCDateTime(), nullable=True),
        sa.Column("status", AutoString(), nullable=False),
        sa.Column("status_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id", "zone_id"],
            ["zone.branch_id", "zone.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "slug"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_table(
        "service",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("public_names", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("priority", AutoString(), nullable=True),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("buffer_min", sa.Integer(), nullable=False),
        sa.Column("policy", AutoString(), nullable=False),
        sa.Column("mode", AutoString(), nullable=False),
        sa.Column("confidentiality", AutoString(), nullable=False),
        sa.Column("walkin_share_pct", sa.Integer(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "department_id"],
            ["department.branch_id", "department.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "queue_id"],
            ["queue.branch_id", "queue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["confidentiality"],
            ["confidentiality.slug"],
        ),
        sa.ForeignKeyConstraint(
            ["policy"],
            ["policy.slug"],
        ),
        sa.ForeignKeyConstraint(
            ["priority"],
            ["priority.slug"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "slug"),
    )
    op.create_table(
        "booking",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("contact", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("held_until", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", AutoString(), nullable=True),
        sa.Column("token", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "service_id"],
            ["service.branch_id", "service.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "code"),
        sa.UniqueConstraint("branch_id", "request_id", name="one_booking_a_request"),
        sa.UniqueConstraint("branch_id", "token"),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index("bookings_by_time", ["branch_id", "starts_at"], unique=False)
        batch_op.create_index(
            "holds",
            ["branch_id", "held_until"],
            unique=False,
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(
            "placed_bookings",
            ["branch_id", "contact"],
            unique=False,
            sqlite_where=sa.text("state IN ('confirmed', 'checked_in')"),
            postgresql_where=sa.text("state IN ('confirmed', 'checked_in')"),
        )

    op.create_table(
        "counter_queue",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("counter_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "counter_id"],
            ["counter.branch_id", "counter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "queue_id"],
            ["queue.branch_id", "queue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "counter_id", "queue_id"),
    )
    op.create_table(
        "opening_hours",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("layer", AutoString(), nullable=False),
        sa.Column("season", AutoString(), nullable=True),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("last_ticket", sa.Time(), nullable=True),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("names", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id", "service_id"],
            ["service.branch_id", "service.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    op.create_table(
        "service_document",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("document", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "service_id"],
            ["service.branch_id", "service.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["document"],
            ["document.slug"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "service_id", "document"),
    )
    op.create_table(
        "service_referral",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "queue_id"],
            ["queue.branch_id", "queue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "service_id"],
            ["service.branch_id", "service.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "service_id", "queue_id"),
    )
    op.create_table(
        "service_resource",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "resource_id"],
            ["resource.branch_id", "resource.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "service_id"],
            ["service.branch_id", "service.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "service_id", "resource_id"),
    )
    op.create_table(
        "ticket",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("priority", AutoString(), nullable=False),
        sa.Column("anchor_at", UTCDateTime(), nullable=False),
        sa.Column("issued_at", UTCDateTime(), nullable=False),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("counter_id", sa.Uuid(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("first_called_at", UTCDateTime(), nullable=True),
        sa.Column("called_at", UTCDateTime(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", AutoString(), nullable=True),
        sa.Column("skips", sa.Integer(), nullable=False),
        sa.Column("aside", sa.Integer(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("request_id", AutoString(), nullable=True),
        sa.Column("token", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "counter_id"],
            ["counter.branch_id", "counter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "queue_id"],
            ["queue.branch_id", "queue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "series_id"],
            ["queue.branch_id", "queue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "service_id"],
            ["service.branch_id", "service.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["priority"],
            ["priority.slug"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "request_id", name="one_ticket_a_request"),
        sa.UniqueConstraint("branch_id", "series_id", "business_date", "number", name="one_number_a_day"),
        sa.UniqueConstraint("branch_id", "token"),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index(
            "one_ticket_a_counter",
            ["branch_id", "counter_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('called', 'serving')"),
            postgresql_where=sa.text("state IN ('called', 'serving')"),
        )
        batch_op.create_index(
            "one_open_code",
            ["branch_id", "code"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'parked', 'called', 'serving')"),
            postgresql_where=sa.text("state IN ('waiting', 'parked', 'called', 'serving')"),
        )
        batch_op.create_index(
            "open_tickets",
            ["branch_id", "queue_id", "state"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'parked', 'called', 'serving')"),
            postgresql_where=sa.text("state IN ('waiting', 'parked', 'called', 'serving')"),
        )

    op.create_table(
        "call",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("counter_id", sa.Uuid(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "counter_id"],
            ["counter.branch_id", "counter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "ticket_id"],
            ["ticket.branch_id", "ticket.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "seq"),
    )
    op.create_table(
        "print_job",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("printer_id", sa.Uuid(), nullable=False),
        sa.Column("copy_number", sa.Integer(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("error", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id", "printer_id"],
            ["device.branch_id", "device.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "ticket_id"],
            ["ticket.branch_id", "ticket.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    with op.batch_alter_table("print_job", schema=None) as batch_op:
        batch_op.create_index(
            "pending_slips",
            ["branch_id", "printer_id"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'claimed')"),
            postgresql_where=sa.text("state IN ('queued', 'claimed')"),
        )
        batch_op.create_index("slips_of_ticket", ["branch_id", "ticket_id"], unique=False)

    op.create_table(
        "freed_place",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("freed_at", UTCDateTime(), nullable=False),
        sa.Column("returns_at", UTCDateTime(), nullable=True),
        sa.Column("returned_at", UTCDateTime(), nullable=True),
        sa.Column("lot", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "booking_id"],
            ["booking.branch_id", "booking.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "service_id"],
            ["service.branch_id", "service.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    with op.batch_alter_table("freed_place", schema=None) as batch_op:
        batch_op.create_index("freed_by_booking", ["branch_id", "booking_id"], unique=False)
        batch_op.create_index("freed_lately", ["branch_id", "freed_at"], unique=False)
        batch_op.create_index(
            "kept_places",
            ["branch_id", "returns_at"],
            unique=False,
            sqlite_where=sa.text("returned_at IS NULL"),
            postgresql_where=sa.text("returned_at IS NULL"),
        )

    op.create_table(
        "seat",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("tick", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("freed_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id", "booking_id"],
            ["booking.branch_id", "booking.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "freed_id"],
            ["freed_place.branch_id", "freed_place.id"],
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch.id"],
        ),
        sa.PrimaryKeyConstraint("branch_id", "resource_id", "tick", "lane"),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index("seats_of_booking", ["branch_id", "booking_id"], unique=False)

    append_only(op.get_bind(), "entry")


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
