"""Add webhooks, and the outbox from which they are delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
OPEN = sa.text("delivered_at IS NULL")
TO_SEND = sa.text("delivered_at IS NULL AND dead_at IS NULL")
DELIVERED = sa.text("delivered_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("site_id", ROW_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("url LIKE 'http%'", name=op.f("ck_webhook_url")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_webhook_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("webhook_id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("leased_until", TIME, nullable=True),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.Column("dead_at", TIME, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(
            "event IN ('comment.decided', 'comment.queued')", name=op.f("ck_outbox_event")
        ),
        sa.CheckConstraint(
            "delivered_at IS NULL OR dead_at IS NULL", name=op.f("ck_outbox_one_end")
        ),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_outbox_webhook_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_outbox_comment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    for name, columns, where in (
        ("ix_outbox_due", ["due_at", "id"], TO_SEND),
        ("ix_outbox_order", ["webhook_id", "comment_id", "id"], OPEN),
        ("ix_outbox_delivered", ["delivered_at"], DELIVERED),
    ):
        op.create_index(name, "outbox", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("webhook")
