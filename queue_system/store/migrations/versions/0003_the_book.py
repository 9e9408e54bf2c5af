"""What the book of appointments needs: members with a name, and the time in which they are not there; messages; everybody
who comes to an appointment; people who must not meet.

Each subject has a function of its own below.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
FINGERPRINT = 231579981


def upgrade() -> None:
    _members()
    _series()
    # Messages are about bookings and invitations.
    _invitations()
    _messages()
    _phone_calls()
    _participants()
    _guests()
    _earlier()
    _together()
    _channels()
    _apart()
    _own_views()
    _report_readers()
    _escorts()
    _notes()
    _contact_proofs()
    _issued_numbers()
    _declared_classes()
    _waits()
    _last_tickets()
    _calling_profiles()
    _figures()
    _reserved_tickets()
    _line()
    _clerks()
    _given_services()
    _vouchers()
    _counter_states()
    _alarms()
    _ticket_notes()
    _departments_that_call()
    _families()


def _members() -> None:
    """Members and groups of them, their working hours and absences, and the bookings that have them."""
    with op.batch_alter_table("resource") as resource:
        resource.add_column(sa.Column("kind", AutoString(), nullable=False, server_default="pool"))
        resource.add_column(sa.Column("any_of", sa.JSON(), nullable=False, server_default="[]"))
        resource.add_column(sa.Column("staff_id", sa.Uuid(), nullable=True))
        resource.create_foreign_key("resource_staff", "staff", ["staff_id"], ["id"])
    with op.batch_alter_table("opening_hours") as hours:
        hours.add_column(sa.Column("resource_id", sa.Uuid(), nullable=True))
        hours.create_foreign_key(
            "opening_hours_resource", "resource", ["branch_id", "resource_id"], ["branch_id", "id"]
        )
    op.create_table(
        "booking_member",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("first_tick", sa.Integer(), nullable=False),
        sa.Column("stop_tick", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("why", AutoString(), nullable=False),
        sa.Column("announced_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "booking_id", "need_id", "first_tick"),
    )
    op.create_index("bookings_of_member", "booking_member", ["branch_id", "member_id", "first_tick"])
    op.create_index(
        "visits_of_contact",
        "booking",
        ["branch_id", "service_id", "contact"],
        sqlite_where=sa.text("state = 'fulfilled'"),
        postgresql_where=sa.text("state = 'fulfilled'"),
    )
    op.create_table(
        "block",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("reason", AutoString(), nullable=False),
        sa.Column("note", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    op.create_index("blocks_of_member", "block", ["branch_id", "member_id", "starts_at"])


def _series() -> None:
    """Series of bookings, and their dates."""
    op.create_table(
        "booking_series",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("rhythm", AutoString(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("anchor_n", sa.Integer(), nullable=False),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "service_id"], ["service.branch_id", "service.id"]),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    op.create_table(
        "series_date",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("skipped", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "series_id"], ["booking_series.branch_id", "booking_series.id"]),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "series_id", "n"),
        sa.UniqueConstraint("branch_id", "booking_id", name="one_series_a_booking"),
    )


def _messages() -> None:
    """Messages about bookings and invitations, on their way."""
    op.create_table(
        "message",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("event", AutoString(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("channel", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("wanted_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("error", AutoString(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=True),
        sa.Column("settled", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "about"], ["booking.branch_id", "booking.id"]),
        sa.ForeignKeyConstraint(
            ["branch_id", "invitation_id"], ["booking_invitation.branch_id", "booking_invitation.id"]
        ),
        sa.CheckConstraint("(about IS NULL) <> (invitation_id IS NULL)", name="a_message_is_about_one_thing"),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "about", "n", "event", "sequence", "channel", name="one_message_an_event"),
        sa.UniqueConstraint("branch_id", "invitation_id", name="one_letter_an_invitation"),
    )
    pending, unsent = sa.text("ended_at IS NULL"), sa.text("state IN ('failed', 'unknown')")
    op.create_index(
        "pending_messages", "message", ["branch_id", "due_at"], postgresql_where=pending, sqlite_where=pending
    )
    op.create_index("unsent_messages", "message", ["branch_id"], postgresql_where=unsent, sqlite_where=unsent)


def _phone_calls() -> None:
    """Whom somebody has to call, because no message reaches them."""
    op.create_table(
        "phone_call",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("event", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", UTCDateTime(), nullable=True),
        sa.Column("reached_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "booking_id", "n"),
    )
    unreached = sa.text("reached_at IS NULL")
    op.create_index("open_phone_calls", "phone_call", ["branch_id"], postgresql_where=unreached, sqlite_where=unreached)


def _participants() -> None:
    """Case numbers, further people in a booking, how each of them may be contacted, and who came."""
    with op.batch_alter_table("booking") as booking:
        booking.add_column(sa.Column("reference", AutoString(), nullable=False, server_default=""))
        booking.add_column(sa.Column("contact_way", AutoString(), nullable=True))
        booking.add_column(sa.Column("contact_note", AutoString(), nullable=False, server_default=""))
        booking.add_column(sa.Column("contact_asked_at", UTCDateTime(), nullable=True))
        booking.add_column(sa.Column("last_gone", sa.Integer(), nullable=False, server_default="0"))
    chosen = sa.text("contact_way IS NOT NULL")
    op.create_index("known_ways", "booking", ["branch_id", "contact"], postgresql_where=chosen, sqlite_where=chosen)
    op.create_table(
        "participant",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("reference", AutoString(), nullable=False),
        sa.Column("contact", AutoString(), nullable=False),
        sa.Column("contact_way", AutoString(), nullable=True),
        sa.Column("contact_note", AutoString(), nullable=False),
        sa.Column("contact_asked_at", UTCDateTime(), nullable=True),
        sa.Column("attendance", AutoString(), nullable=True),
        sa.Column("attendance_reason", AutoString(), nullable=True),
        sa.Column("recorded_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "booking_id", "n"),
    )
    op.create_index(
        "known_ways_of_others",
        "participant",
        ["branch_id", "contact"],
        postgresql_where=chosen,
        sqlite_where=chosen,
    )


def _guests() -> None:
    """How many people come with a booking."""
    op.add_column("booking", sa.Column("persons", sa.Integer(), nullable=False, server_default="1"))


def _earlier() -> None:
    """Those who wait for an earlier time, and the places that are offered to them."""
    op.add_column("freed_place", sa.Column("offer_order", AutoString(), nullable=True))
    op.add_column("freed_place", sa.Column("offers_at", UTCDateTime(), nullable=True))
    op.add_column("freed_place", sa.Column("lot_from", UTCDateTime(), nullable=True))
    listed, running = sa.text("offers_at IS NOT NULL"), sa.text("ended_at IS NULL")
    op.create_index(
        "listed_places", "freed_place", ["branch_id", "offers_at"], postgresql_where=listed, sqlite_where=listed
    )
    op.create_table(
        "earlier_wish",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("part", AutoString(), nullable=False),
        sa.Column("notice_hours", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "booking_id"),
    )
    op.create_table(
        "earlier_offer",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("from_starts_at", UTCDateTime(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("offered_at", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "place_id"], ["freed_place.branch_id", "freed_place.id"]),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "place_id", "booking_id", name="a_place_once"),
    )
    for name, column in (("one_offer_of_a_place", "place_id"), ("one_offer_to_a_booking", "booking_id")):
        op.create_index(
            name, "earlier_offer", ["branch_id", column], unique=True, postgresql_where=running, sqlite_where=running
        )


def _together() -> None:
    """Which appointments are parts of one visit."""
    op.add_column("booking", sa.Column("together_id", sa.Uuid(), nullable=True))
    parts = sa.text("together_id IS NOT NULL")
    op.create_index(
        "bookings_together", "booking", ["branch_id", "together_id"], postgresql_where=parts, sqlite_where=parts
    )


def _channels() -> None:
    """How an appointment takes place, where its booker chose, and where staff go for it."""
    with op.batch_alter_table("booking") as booking:
        booking.add_column(sa.Column("channel", AutoString(), nullable=True))
        booking.add_column(sa.Column("video_room", AutoString(), nullable=True))
    op.create_table(
        "home_visit",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("address", AutoString(), nullable=False),
        sa.Column("back_at", UTCDateTime(), nullable=True),
        sa.Column("back_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "booking_id"),
    )


def _apart() -> None:
    """People who must not meet."""
    op.create_table(
        "apart_pair",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_a", AutoString(), nullable=False),
        sa.Column("key_b", AutoString(), nullable=False),
        sa.Column("made_with", AutoString(), nullable=False),
        sa.Column("scope", AutoString(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index("open_pairs", "apart_pair", ["branch_id"], postgresql_where=is_open, sqlite_where=is_open)
    op.create_table(
        "apart_key",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("hash", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "booking_id", "hash"),
    )
    op.create_index("bookings_of_key", "apart_key", ["branch_id", "hash"])
    op.create_table(
        "apart_accepted",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("one_starts_at", UTCDateTime(), nullable=False),
        sa.Column("other_starts_at", UTCDateTime(), nullable=False),
        sa.Column("reason", AutoString(), nullable=False),
        sa.Column("accepted_at", UTCDateTime(), nullable=False),
        sa.Column("accepted_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "pair_id"], ["apart_pair.branch_id", "apart_pair.id"]),
        sa.ForeignKeyConstraint(["branch_id", "one_id"], ["booking.branch_id", "booking.id"]),
        sa.ForeignKeyConstraint(["branch_id", "other_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "pair_id", "one_id", "other_id"),
    )


def _invitations() -> None:
    """People whom staff invite to book, and which organisation booked."""
    op.add_column("booking", sa.Column("helper", AutoString(), nullable=False, server_default=""))
    op.create_table(
        "booking_invitation",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("contact", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("answer_until", UTCDateTime(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=True),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.ForeignKeyConstraint(["branch_id", "service_id"], ["service.branch_id", "service.id"]),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    op.create_index("invitations_by_answer", "booking_invitation", ["branch_id", "answer_until"])
    op.create_index("invitations_of_booking", "booking_invitation", ["branch_id", "booking_id"])


def _own_views() -> None:
    """Members and queues that staff look at together."""
    op.create_table(
        "own_view",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("only", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "staff_id", "name", name="own_views_by_name"),
    )
    op.create_index("ix_own_view_staff_id", "own_view", ["staff_id"])


def _report_readers() -> None:
    """Who is told when the report of a month is ready."""
    op.create_table(
        "report_reader",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("seen", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "staff_id"),
    )
    op.create_index("ix_report_reader_staff_id", "report_reader", ["staff_id"])


def _escorts() -> None:
    """Who fetches a visitor who was called."""
    with op.batch_alter_table("call") as call:
        call.add_column(sa.Column("fetched_by", sa.Uuid(), sa.ForeignKey("staff.id", name="call_fetched_by")))


def _notes() -> None:
    """Notes of staff about appointments."""
    op.create_table(
        "staff_note",
        sa.Column("branch_id", sa.Uuid(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("rule", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("written_at", UTCDateTime(), nullable=False),
        sa.Column("written_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=True),
        sa.Column("corrects", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id", "booking_id"], ["booking.branch_id", "booking.id"]),
        sa.PrimaryKeyConstraint("branch_id", "id"),
    )
    op.create_index("notes_of_booking", "staff_note", ["branch_id", "booking_id"])


def _contact_proofs() -> None:
    """Contacts at which somebody has answered, and the appointments that wait for that."""
    op.add_column("booking", sa.Column("prove_until", UTCDateTime(), nullable=True))
    op.add_column("booking", sa.Column("proven_at", UTCDateTime(), nullable=True))
    unproven = sa.text("prove_until IS NOT NULL AND state = 'confirmed'")
    op.create_index(
        "unproven_bookings",
        "booking",
        ["branch_id", "prove_until"],
        postgresql_where=unproven,
        sqlite_where=unproven,
    )
    op.create_table(
        "contact_proof",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("contact_key", AutoString(), nullable=False),
        sa.Column("proven_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "contact_key"),
    )
    op.create_index("contact_proofs_by_age", "contact_proof", ["branch_id", "proven_at"])


def _issued_numbers() -> None:
    """The numbers under which other offices keep the requests of visitors."""
    op.add_column("booking", sa.Column("issued_number", AutoString(), nullable=False, server_default=""))


def _declared_classes() -> None:
    """What visitors say before coming about what makes waiting hard."""
    op.add_column("booking", sa.Column("declared", AutoString(), nullable=False, server_default=""))


def _last_tickets() -> None:
    """What a queue does once a number taken now would be called after closing."""
    op.add_column("queue", sa.Column("last_ticket", AutoString(), nullable=False, server_default="tell"))


def _waits() -> None:
    """The wait that was told with a number, and when it ended."""
    with op.batch_alter_table("ticket") as ticket:
        ticket.add_column(sa.Column("told_p50", sa.Float(), nullable=True))
        ticket.add_column(sa.Column("told_p90", sa.Float(), nullable=True))
        ticket.add_column(sa.Column("told_least", sa.Integer(), nullable=True))
        ticket.add_column(sa.Column("told_most", sa.Integer(), nullable=True))
        ticket.add_column(sa.Column("wait_ended_at", UTCDateTime(), nullable=True))


def _calling_profiles() -> None:
    """Which profile a counter calls by, and from which queue each call was."""
    op.add_column("counter", sa.Column("calling_profile", AutoString(), nullable=True))
    op.add_column("call", sa.Column("queue_id", sa.Uuid(), nullable=True))
    op.create_index("calls_by_time", "call", ["branch_id", "at"])


def _figures() -> None:
    """Further parts of the digests of days, and those of months."""
    op.create_table(
        "part_digest",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("span", AutoString(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("part", AutoString(), nullable=False),
        sa.Column("slug", AutoString(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"]),
        sa.PrimaryKeyConstraint("branch_id", "span", "business_date", "part", "slug"),
    )
    op.add_column("digested_day", sa.Column("in_month", sa.Boolean(), nullable=False, server_default=sa.false()))


def _reserved_tickets() -> None:
    """Who alone calls a visitor, and which counter sent them."""
    with op.batch_alter_table("ticket") as ticket:
        ticket.add_column(sa.Column("reserved_counter_id", sa.Uuid(), nullable=True))
        ticket.add_column(sa.Column("reserved_staff_id", sa.Uuid(), nullable=True))
        ticket.add_column(sa.Column("reserved_until_at", UTCDateTime(), nullable=True))
        ticket.add_column(sa.Column("sent_counter_id", sa.Uuid(), nullable=True))
        ticket.add_column(sa.Column("sent_service_id", sa.Uuid(), nullable=True))
        ticket.create_foreign_key("ticket_reserved_staff", "staff", ["reserved_staff_id"], ["id"])


def _line() -> None:
    """The line by kinds, so that the first of each is found at once; open tickets by their anchor."""
    op.drop_index("open_tickets", "ticket")
    kinds = ["branch_id", "queue_id", "service_id", "priority", "language", "anchor_at", "id"]
    for name, columns, condition in (
        (
            "open_tickets",
            ["branch_id", "anchor_at", "id"],
            "state IN ('waiting', 'parked', 'called', 'serving')",
        ),
        (
            "numbers_in_line",
            kinds,
            "state = 'waiting' AND aside = 0 AND reserved_until_at IS NULL AND booking_id IS NULL",
        ),
        (
            "booked_in_line",
            kinds,
            "state = 'waiting' AND aside = 0 AND reserved_until_at IS NULL AND booking_id IS NOT NULL",
        ),
        (
            "singled_out",
            ["branch_id", "queue_id"],
            "state = 'waiting' AND (aside > 0 OR reserved_until_at IS NOT NULL)",
        ),
    ):
        where = sa.text(condition)
        op.create_index(name, "ticket", columns, sqlite_where=where, postgresql_where=where)


def _clerks() -> None:
    """What decides whom a person calls."""
    with op.batch_alter_table("staff") as staff:
        staff.add_column(sa.Column("skills", sa.JSON(), nullable=False, server_default="[]"))
        staff.add_column(sa.Column("languages", sa.JSON(), nullable=False, server_default="[]"))
        staff.add_column(sa.Column("calling_profile", AutoString(), nullable=True))


def _given_services() -> None:
    """The services of a visit with several, each with its times."""
    op.add_column("ticket", sa.Column("services_given", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "given_service",
        sa.Column("branch_id", sa.Uuid(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("counter_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", AutoString(), nullable=True),
        *(
            sa.ForeignKeyConstraint(["branch_id", f"{other}_id"], [f"{other}.branch_id", f"{other}.id"])
            for other in ("ticket", "service", "counter")
        ),
        sa.PrimaryKeyConstraint("branch_id", "ticket_id", "n"),
    )


def _vouchers() -> None:
    """Vouchers of visitors who lacked documents."""
    op.create_table(
        "return_voucher",
        sa.Column("branch_id", sa.Uuid(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("code", AutoString(), nullable=False),
        sa.Column("token", AutoString(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id", "service_id"], ["service.branch_id", "service.id"]),
        sa.PrimaryKeyConstraint("branch_id", "ticket_id"),
        sa.UniqueConstraint("branch_id", "code"),
        sa.UniqueConstraint("branch_id", "token"),
    )


def _counter_states() -> None:
    """Counters that are open, but call nobody for some time."""
    op.add_column("counter", sa.Column("away", AutoString(), nullable=True))
    op.add_column("counter", sa.Column("away_until", UTCDateTime(), nullable=True))


def _alarms() -> None:
    """Silent emergency calls that are not over yet."""
    op.create_table(
        "alarm",
        sa.Column("branch_id", sa.Uuid(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("counter_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("raised_at", UTCDateTime(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id", "counter_id"], ["counter.branch_id", "counter.id"]),
        sa.PrimaryKeyConstraint("branch_id", "counter_id"),
    )


def _ticket_notes() -> None:
    """Notes about a visitor for the next clerk."""
    op.create_table(
        "ticket_note",
        sa.Column("branch_id", sa.Uuid(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("rule", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("written_at", UTCDateTime(), nullable=False),
        sa.Column("written_by", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
        *(
            sa.ForeignKeyConstraint(["branch_id", f"{other}_id"], [f"{other}.branch_id", f"{other}.id"])
            for other in ("ticket", "service")
        ),
        sa.PrimaryKeyConstraint("branch_id", "id"),
        sa.UniqueConstraint("branch_id", "ticket_id", "written_by", name="one_note_a_writer"),
    )


def _departments_that_call() -> None:
    """Which department calls at a counter."""
    op.add_column("counter", sa.Column("department", AutoString(), nullable=True))


def _families() -> None:
    """Numbers that are called with another one."""
    op.add_column("ticket", sa.Column("joined_to", sa.Uuid(), nullable=True))
    op.add_column("ticket", sa.Column("own_anchor_at", UTCDateTime(), nullable=True))
    where = sa.text("joined_to IS NOT NULL")
    columns = ["branch_id", "business_date"]
    op.create_index("joined_tickets", "ticket", columns, sqlite_where=where, postgresql_where=where)
