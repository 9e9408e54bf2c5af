"""Alembic's entry: runs the migrations on the connection it is given."""

from __future__ import annotations

from alembic import context

from queue_system.store.schema import METADATA, fingerprint, note_fingerprint

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
    revision = context.get_context().get_current_revision()
    if revision is not None:
        note_fingerprint(context.get_bind(), fingerprint(context.script, revision))
