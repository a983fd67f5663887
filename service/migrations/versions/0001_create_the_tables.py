"""Create the tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

REFUSAL = "decisions are appended, never changed"
SQLITE_TRIGGERS = [
    f"""CREATE TRIGGER decision_append_only_{verb.lower()} BEFORE {verb} ON decision
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL_TRIGGERS = [
    f"""CREATE FUNCTION decision_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$""",
    """CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION decision_append_only()""",
]


def _postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_api_key_digest")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_api_key_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("name", name=op.f("uq_api_key_name")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    op.create_table(
        "article",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.CheckConstraint("length(external_id) > 0", name=op.f("ck_article_external_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("external_id", name=op.f("uq_article_external_id")),
    )
    op.create_table(
        "comment",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=True),
        sa.Column("article_id", ROW_ID, nullable=True),
        sa.Column("parent_external_id", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "action IN ('approve', 'review', 'reject')", name=op.f("ck_comment_action")
        ),
        sa.CheckConstraint("length(external_id) > 0", name=op.f("ck_comment_external_id")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_comment_revision")),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_comment_score")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_comment_article_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint("external_id", name=op.f("uq_comment_external_id")),
    )
    op.create_index(
        "ix_comment_queue_created_at",
        "comment",
        ["created_at", "id"],
        unique=False,
        sqlite_where=sa.text("action = 'review'"),
        postgresql_where=sa.text("action = 'review'"),
    )
    op.create_index(
        "ix_comment_queue_score",
        "comment",
        ["score", "id"],
        unique=False,
        sqlite_where=sa.text("action = 'review'"),
        postgresql_where=sa.text("action = 'review'"),
    )
    op.create_table(
        "revision",
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_revision_number")),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_revision_comment_id")
        ),
        sa.PrimaryKeyConstraint("comment_id", "number", name=op.f("pk_revision")),
    )
    op.create_table(
        "decision",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("api_key_id", ROW_ID, nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(
            "(source = 'moderator') = (api_key_id IS NOT NULL)", name=op.f("ck_decision_made_by")
        ),
        sa.CheckConstraint(
            "action IN ('approve', 'review', 'reject')", name=op.f("ck_decision_action")
        ),
        sa.CheckConstraint(
            "source IN ('model', 'moderator', 'list', 'import')", name=op.f("ck_decision_source")
        ),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_key.id"], name=op.f("fk_decision_api_key_id")
        ),
        sa.ForeignKeyConstraint(
            ["comment_id", "revision"],
            ["revision.comment_id", "revision.number"],
            name=op.f("fk_decision_comment_id_revision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(
        op.f("ix_decision_comment_id_id"), "decision", ["comment_id", "id"], unique=False
    )
    op.create_table(
        "score",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id", "revision"],
            ["revision.comment_id", "revision.number"],
            name=op.f("fk_score_comment_id_revision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score")),
    )
    op.create_index(
        op.f("ix_score_comment_id_revision"), "score", ["comment_id", "revision"], unique=False
    )
    for statement in POSTGRESQL_TRIGGERS if _postgresql() else SQLITE_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("score")
    op.drop_table("decision")
    op.drop_table("revision")
    op.drop_table("comment")
    op.drop_table("article")
    op.drop_table("api_key")
    if _postgresql():
        op.execute("DROP FUNCTION decision_append_only")
