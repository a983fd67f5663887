"""Add readers' flags, decisions in batches, and the search of the queue."""

import sqlalchemy as sa
from alembic import op

from service.words import words_of

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

ACTIONS = "action IN ('approve', 'review', 'reject')"
SOURCES = "source IN ('model', 'moderator', 'list', 'import')"
WITH_RULE = "source IN ('model', 'moderator', 'list', 'import', 'rule')"
MADE_BY = (
    "(CASE WHEN api_key_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN moderator_id IS NULL THEN 0 ELSE 1 END)"
    " = (CASE WHEN source = 'moderator' THEN 1 ELSE 0 END)"
)
UNTIL_EDITED = "NOT until_edited OR action = 'approve'"
IN_BATCH = sa.text("batch_id IS NOT NULL")
REFUSAL = "decisions are appended, never changed"
REAL = "NOT EXISTS (SELECT 1 FROM sample WHERE comment_id = OLD.comment_id)"
SQLITE_APPEND_ONLY = [
    f"""CREATE TRIGGER decision_append_only_{verb.lower()} BEFORE {verb} ON decision{condition}
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
    for verb, condition in {"UPDATE": "", "DELETE": f" WHEN {REAL}"}.items()
]
LEAVES = "OLD.action = 'review' AND NEW.action <> 'review'"
SQLITE_SEARCH = [
    # remove_diacritics: the words are in canonical form already.
    """CREATE VIRTUAL TABLE search USING fts5(
        words, detail = none, tokenize = "unicode61 remove_diacritics 0")""",
    f"""CREATE TRIGGER comment_leaves_search AFTER UPDATE OF action ON comment WHEN {LEAVES}
    BEGIN DELETE FROM search WHERE rowid = NEW.id; END""",  # noqa: S608 - constants
    """CREATE TRIGGER comment_goes_from_search AFTER DELETE ON comment
    BEGIN DELETE FROM search WHERE rowid = OLD.id; END""",
]
POSTGRESQL_SEARCH = [
    """CREATE TABLE search (
        comment_id bigint CONSTRAINT pk_search PRIMARY KEY CONSTRAINT fk_search_comment_id
            REFERENCES comment (id) ON DELETE CASCADE,
        words tsvector NOT NULL)""",
    "CREATE INDEX ix_search_words ON search USING gin (words)",
    """CREATE FUNCTION comment_leaves_search() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN DELETE FROM search WHERE comment_id = NEW.id; RETURN NULL; END $$""",
    f"""CREATE TRIGGER comment_leaves_search AFTER UPDATE OF action ON comment
    FOR EACH ROW WHEN ({LEAVES}) EXECUTE FUNCTION comment_leaves_search()""",
]
WAITING = """SELECT comment.id, revision.text FROM comment JOIN revision
    ON revision.comment_id = comment.id AND revision.number = comment.revision
    WHERE comment.action = 'review' AND comment.id > :after ORDER BY comment.id LIMIT 1000"""


def _postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _decision(*parts: sa.schema.SchemaItem, sources: str) -> sa.Table:
    """Return the table as it stands: SQLite tells Alembic nothing about CHECK constraints."""
    foreign = {"api_key_id": "api_key", "moderator_id": "moderator", "undoes": "decision"}
    return sa.Table(
        "decision",
        sa.MetaData(),
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        *(sa.Column(name, ROW_ID, nullable=True) for name in foreign),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        *parts,
        sa.CheckConstraint(MADE_BY, name=op.f("ck_decision_made_by")),
        sa.CheckConstraint(ACTIONS, name=op.f("ck_decision_action")),
        sa.CheckConstraint(sources, name=op.f("ck_decision_source")),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_decision_{name}"))
            for name, table in foreign.items()
        ),
        sa.ForeignKeyConstraint(
            ["comment_id", "revision"],
            ["revision.comment_id", "revision.number"],
            name=op.f("fk_decision_comment_id_revision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("undoes", name=op.f("uq_decision_undoes")),
        sa.Index(op.f("ix_decision_comment_id_id"), "comment_id", "id"),
        sa.Index(op.f("ix_decision_moderator_id_id"), "moderator_id", "id"),
    )


def _new_of_decision() -> tuple[sa.Column[str | None], sa.Column[bool]]:
    return (
        sa.Column("batch_id", sa.String(length=36), nullable=True),
        sa.Column("until_edited", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def _fill_search() -> None:
    """Index what waits already."""
    connection = op.get_bind()
    insert = (
        "INSERT INTO search (comment_id, words)"
        " VALUES (:id, array_to_tsvector(string_to_array(:words, ' ')))"
        if _postgresql()
        else "INSERT INTO search (rowid, words) VALUES (:id, :words)"
    )
    after = 0
    while rows := connection.execute(sa.text(WAITING), {"after": after}).all():
        found = words_of([row.text for row in rows])
        indexed = [
            {"id": row.id, "words": " ".join(words)} for row, words in zip(rows, found, strict=True)
        ]
        connection.execute(sa.text(insert), [row for row in indexed if row["words"]])
        after = rows[-1].id


def upgrade() -> None:
    op.create_table(
        "flag",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reporter_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id", "revision"],
            ["revision.comment_id", "revision.number"],
            name=op.f("fk_flag_comment_id_revision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
        sa.UniqueConstraint(
            "comment_id", "reporter_id", name=op.f("uq_flag_comment_id_reporter_id")
        ),
    )
    with op.batch_alter_table("decision", copy_from=_decision(sources=SOURCES)) as decision:
        for column in _new_of_decision():
            decision.add_column(column)
        decision.drop_constraint(op.f("ck_decision_source"), type_="check")
        decision.create_check_constraint(op.f("ck_decision_source"), WITH_RULE)
        decision.create_check_constraint(op.f("ck_decision_until_edited"), UNTIL_EDITED)
    op.create_index(
        op.f("ix_decision_batch_id"),
        "decision",
        ["batch_id"],
        sqlite_where=IN_BATCH,
        postgresql_where=IN_BATCH,
    )
    statements = POSTGRESQL_SEARCH if _postgresql() else [*SQLITE_APPEND_ONLY, *SQLITE_SEARCH]
    for statement in statements:
        op.execute(statement)
    _fill_search()


def downgrade() -> None:
    """Go back; refused by the database if a rule has decided."""
    if _postgresql():
        op.execute("DROP TRIGGER comment_leaves_search ON comment")
        op.execute("DROP FUNCTION comment_leaves_search")
    else:
        op.execute("DROP TRIGGER comment_leaves_search")
        op.execute("DROP TRIGGER comment_goes_from_search")
    op.execute("DROP TABLE search")
    op.drop_index(op.f("ix_decision_batch_id"), "decision")
    checks = [sa.CheckConstraint(UNTIL_EDITED, name=op.f("ck_decision_until_edited"))]
    before = _decision(*_new_of_decision(), *checks, sources=WITH_RULE)
    with op.batch_alter_table("decision", copy_from=before) as decision:
        decision.drop_constraint(op.f("ck_decision_until_edited"), type_="check")
        decision.drop_constraint(op.f("ck_decision_source"), type_="check")
        decision.create_check_constraint(op.f("ck_decision_source"), SOURCES)
        decision.drop_column("batch_id")
        decision.drop_column("until_edited")
    if not _postgresql():
        for statement in SQLITE_APPEND_ONLY:
            op.execute(statement)
    op.drop_table("flag")
