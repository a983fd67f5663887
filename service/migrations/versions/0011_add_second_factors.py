"""Add the second factor of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("moderator", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("moderator", sa.Column("totp_step", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("moderator") as table:
        table.drop_column("totp_step")
        table.drop_column("totp_secret")
