"""Add the newsroom's policies, each version of which stays."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
TABLES = ("policy", "policy_use")
REFUSAL = "policies are added, never changed"


def _postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _keep(table: str) -> None:
    if _postgresql():
        op.execute(
            f"""CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION policy_append_only()"""
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"""CREATE TRIGGER {table}_append_only_{verb.lower()} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
        )


def upgrade() -> None:
    op.create_table(
        "policy",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("moderator_id", ROW_ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("length(version) > 0", name=op.f("ck_policy_version")),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderator.id"], name=op.f("fk_policy_moderator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("version", name=op.f("uq_policy_version")),
    )
    op.create_table(
        "policy_use",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("policy_id", ROW_ID, nullable=False),
        sa.Column("moderator_id", ROW_ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderator.id"], name=op.f("fk_policy_use_moderator_id")
        ),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_use_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_use")),
    )
    if _postgresql():
        op.execute(
            f"""CREATE FUNCTION policy_append_only() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"""
        )
    for table in TABLES:
        _keep(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if _postgresql():
        op.execute("DROP FUNCTION policy_append_only")
