"""Add moderators, their claims on comments, and sample comments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

BY_KEY = "(source = 'moderator') = (api_key_id IS NOT NULL)"
BY_KEY_OR_PERSON = (
    "(CASE WHEN api_key_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN moderator_id IS NULL THEN 0 ELSE 1 END)"
    " = (CASE WHEN source = 'moderator' THEN 1 ELSE 0 END)"
)
ACTIONS = "action IN ('approve', 'review', 'reject')"
SOURCES = "source IN ('model', 'moderator', 'list', 'import')"

REFUSAL = "decisions are appended, never changed"
REAL = "NOT EXISTS (SELECT 1 FROM sample WHERE comment_id = OLD.comment_id)"


def _sqlite_triggers(but_samples: bool) -> list[str]:
    when = {"UPDATE": "", "DELETE": f" WHEN {REAL}" if but_samples else ""}
    return [
        f"""CREATE TRIGGER decision_append_only_{verb.lower()} BEFORE {verb} ON decision{condition}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
        for verb, condition in when.items()
    ]


POSTGRESQL_BUT_SAMPLES = [
    "DROP TRIGGER decision_append_only ON decision",
    """CREATE TRIGGER decision_append_only BEFORE UPDATE OR TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION decision_append_only()""",
    f"""CREATE FUNCTION decision_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF {REAL} THEN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END IF;
    RETURN OLD; END $$""",
    """CREATE TRIGGER decision_append_only_delete BEFORE DELETE ON decision
    FOR EACH ROW EXECUTE FUNCTION decision_append_only_delete()""",
]
POSTGRESQL_WITHOUT_SAMPLES = [
    "DROP TRIGGER decision_append_only ON decision",
    "DROP TRIGGER decision_append_only_delete ON decision",
    "DROP FUNCTION decision_append_only_delete",
    """CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION decision_append_only()""",
]


def _postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _decision(*columns: sa.Column[int], made_by: str) -> sa.Table:
    """Return the table as it stands: SQLite tells Alembic nothing about CHECK constraints."""
    return sa.Table(
        "decision",
        sa.MetaData(),
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("api_key_id", ROW_ID, nullable=True),
        *columns,
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(made_by, name=op.f("ck_decision_made_by")),
        sa.CheckConstraint(ACTIONS, name=op.f("ck_decision_action")),
        sa.CheckConstraint(SOURCES, name=op.f("ck_decision_source")),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_key.id"], name=op.f("fk_decision_api_key_id")
        ),
        sa.ForeignKeyConstraint(
            ["comment_id", "revision"],
            ["revision.comment_id", "revision.number"],
            name=op.f("fk_decision_comment_id_revision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.Index(op.f("ix_decision_comment_id_id"), "comment_id", "id"),
    )


def _create_moderator() -> None:
    op.create_table(
        "moderator",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_version", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
        sa.Column("preferences", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("failed_sign_ins >= 0", name=op.f("ck_moderator_failed_sign_ins")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_moderator_name")),
        sa.CheckConstraint(
            "role IN ('moderator', 'lead', 'admin')", name=op.f("ck_moderator_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderator")),
        sa.UniqueConstraint("name", name=op.f("uq_moderator_name")),
    )


def _create_desk() -> None:
    comment = sa.ForeignKeyConstraint
    op.create_table(
        "claim",
        sa.Column("comment_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("moderator_id", ROW_ID, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        comment(["comment_id"], ["comment.id"], name=op.f("fk_claim_comment_id")),
        comment(["moderator_id"], ["moderator.id"], name=op.f("fk_claim_moderator_id")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_moderator_id"), "claim", ["moderator_id"])
    op.create_table(
        "skip",
        sa.Column("moderator_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("comment_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        comment(["comment_id"], ["comment.id"], name=op.f("fk_skip_comment_id")),
        comment(["moderator_id"], ["moderator.id"], name=op.f("fk_skip_moderator_id")),
        sa.PrimaryKeyConstraint("moderator_id", "comment_id", name=op.f("pk_skip")),
    )
    op.create_index(op.f("ix_skip_comment_id"), "skip", ["comment_id"])
    op.create_table(
        "sample",
        sa.Column("comment_id", ROW_ID, autoincrement=False, nullable=False),
        comment(["comment_id"], ["comment.id"], name=op.f("fk_sample_comment_id")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_sample")),
    )


def upgrade() -> None:
    _create_moderator()
    _create_desk()
    op.add_column(
        "comment",
        sa.Column("escalated", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index(op.f("ix_comment_author_id_id"), "comment", ["author_id", "id"])
    op.create_index(
        "ix_comment_escalated",
        "comment",
        ["id"],
        sqlite_where=sa.text("escalated"),
        postgresql_where=sa.text("escalated"),
    )
    with op.batch_alter_table("decision", copy_from=_decision(made_by=BY_KEY)) as decision:
        decision.add_column(sa.Column("moderator_id", ROW_ID, nullable=True))
        decision.add_column(sa.Column("undoes", ROW_ID, nullable=True))
        decision.drop_constraint(op.f("ck_decision_made_by"), type_="check")
        decision.create_check_constraint(op.f("ck_decision_made_by"), BY_KEY_OR_PERSON)
        decision.create_foreign_key(
            op.f("fk_decision_moderator_id"), "moderator", ["moderator_id"], ["id"]
        )
        decision.create_foreign_key(op.f("fk_decision_undoes"), "decision", ["undoes"], ["id"])
        decision.create_unique_constraint(op.f("uq_decision_undoes"), ["undoes"])
        decision.create_index(op.f("ix_decision_moderator_id_id"), ["moderator_id", "id"])
    # SQLite dropped the triggers together with the table that was copied.
    for statement in POSTGRESQL_BUT_SAMPLES if _postgresql() else _sqlite_triggers(True):
        op.execute(statement)


def downgrade() -> None:
    """Go back; refused by the database if moderators have decided in person."""
    if _postgresql():
        for statement in POSTGRESQL_WITHOUT_SAMPLES:
            op.execute(statement)
    new = (
        sa.Column(
            "moderator_id",
            ROW_ID,
            sa.ForeignKey("moderator.id", name=op.f("fk_decision_moderator_id")),
        ),
        sa.Column("undoes", ROW_ID, sa.ForeignKey("decision.id", name=op.f("fk_decision_undoes"))),
    )
    before = _decision(*new, made_by=BY_KEY_OR_PERSON)
    before.append_constraint(sa.UniqueConstraint("undoes", name=op.f("uq_decision_undoes")))
    sa.Index(op.f("ix_decision_moderator_id_id"), before.c.moderator_id, before.c.id)
    with op.batch_alter_table("decision", copy_from=before) as decision:
        decision.drop_index(op.f("ix_decision_moderator_id_id"))
        decision.drop_constraint(op.f("uq_decision_undoes"), type_="unique")
        decision.drop_constraint(op.f("fk_decision_undoes"), type_="foreignkey")
        decision.drop_constraint(op.f("fk_decision_moderator_id"), type_="foreignkey")
        decision.drop_constraint(op.f("ck_decision_made_by"), type_="check")
        decision.create_check_constraint(op.f("ck_decision_made_by"), BY_KEY)
        decision.drop_column("undoes")
        decision.drop_column("moderator_id")
    if not _postgresql():
        for statement in _sqlite_triggers(False):
            op.execute(statement)
    op.drop_index("ix_comment_escalated", table_name="comment")
    op.drop_index(op.f("ix_comment_author_id_id"), table_name="comment")
    op.drop_column("comment", "escalated")
    for table in ("sample", "skip", "claim", "moderator"):
        op.drop_table(table)
