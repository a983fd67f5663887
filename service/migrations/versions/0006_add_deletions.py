"""Add the deletion of comments on request."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "deletion",
        sa.Column("comment_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("requested_by", sa.String(length=10), nullable=False),
        sa.Column("api_key_id", ROW_ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "requested_by IN ('author', 'site', 'retention')", name=op.f("ck_deletion_requested_by")
        ),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_deletion_comment_id")
        ),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_key.id"], name=op.f("fk_deletion_api_key_id")
        ),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_deletion")),
    )


def downgrade() -> None:
    op.drop_table("deletion")
