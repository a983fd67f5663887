"""Add what people did beside decisions, and the seals that show when the past was changed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
TABLES = ("audit", "seal")
REFUSAL = "the audit is added to, never changed"


def _postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _keep(table: str) -> None:
    if _postgresql():
        op.execute(
            f"""CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"""
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"""CREATE TRIGGER {table}_append_only_{verb.lower()} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
        )


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("moderator_id", ROW_ID, nullable=True),
        sa.Column("api_key_id", ROW_ID, nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(
            "moderator_id IS NULL OR api_key_id IS NULL", name=op.f("ck_audit_made_by")
        ),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderator.id"], name=op.f("fk_audit_moderator_id")
        ),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_key.id"], name=op.f("fk_audit_api_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_created_at"), "audit", ["created_at"])
    op.create_table(
        "seal",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("last_decision", ROW_ID, nullable=False),
        sa.Column("last_audit", ROW_ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_seal_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal")),
    )
    if _postgresql():
        op.execute(
            f"""CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"""
        )
    for table in TABLES:
        _keep(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if _postgresql():
        op.execute("DROP FUNCTION audit_append_only")
