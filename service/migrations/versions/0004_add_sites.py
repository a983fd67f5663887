"""Add sites and sections, and all that the review queue is filtered by."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

SHARES = ("abusive", "severe", "insult", "obscene", "identity_hate", "threat")
SHARES_IN_RANGE = " AND ".join(f"{name} BETWEEN 0 AND 1" for name in SHARES)
FILTERS = (
    "site_id",
    "section_id",
    "article_id",
    "author_id",
    "created_at",
    "script",
    "escalated",
    "score",
    "flags",
    *SHARES,
    "action",
)
IN_REVIEW = sa.text("action = 'review'")
ORDERS = ("score", "created_at", "flags", "uncertainty")
SCRIPTS = "script IN ('arabic', 'latin', 'mixed', 'none')"
ACTIONS = "action IN ('approve', 'review', 'reject')"


def _of_site(table: str) -> sa.Column[int]:
    # The default is for the rows that are there: all are of the one site that there was.
    foreign = sa.ForeignKey("site.id", name=op.f(f"fk_{table}_site_id"))
    return sa.Column("site_id", ROW_ID, foreign, server_default=sa.text("1"), nullable=False)


def _of_section(table: str) -> sa.Column[int]:
    foreign = sa.ForeignKey("section.id", name=op.f(f"fk_{table}_section_id"))
    return sa.Column("section_id", ROW_ID, foreign, nullable=True)


def _api_key(*columns: sa.Column[int]) -> sa.Table:
    """Return a table as it stands: SQLite tells Alembic nothing about CHECK constraints."""
    return sa.Table(
        "api_key",
        sa.MetaData(),
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *columns,
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


def _article(*columns: sa.Column[int], unique: tuple[str, ...]) -> sa.Table:
    return sa.Table(
        "article",
        sa.MetaData(),
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        *columns,
        sa.CheckConstraint("length(external_id) > 0", name=op.f("ck_article_external_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_article_{'_'.join(unique)}")),
    )


def _comment(*parts: sa.schema.SchemaItem, unique: tuple[str, ...]) -> sa.Table:
    return sa.Table(
        "comment",
        sa.MetaData(),
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
        sa.Column("escalated", sa.Boolean(), server_default=sa.false(), nullable=False),
        *parts,
        sa.CheckConstraint(ACTIONS, name=op.f("ck_comment_action")),
        sa.CheckConstraint("length(external_id) > 0", name=op.f("ck_comment_external_id")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_comment_revision")),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_comment_score")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_comment_article_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_comment_{'_'.join(unique)}")),
        sa.Index(op.f("ix_comment_author_id_id"), "author_id", "id"),
        sa.Index(
            "ix_comment_escalated",
            "id",
            sqlite_where=sa.text("escalated"),
            postgresql_where=sa.text("escalated"),
        ),
    )


def _new_of_comment() -> list[sa.Column[Any]]:
    zero = sa.text("0")
    return [
        _of_site("comment"),
        _of_section("comment"),
        sa.Column("settled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("flags", sa.Integer(), server_default=zero, nullable=False),
        sa.Column("script", sa.String(length=10), server_default="none", nullable=False),
        *(
            sa.Column(name, sa.Double(), server_default=zero, nullable=False)
            for name in ("uncertainty", *SHARES)
        ),
    ]


CHECKS = {"flags": "flags >= 0", "script": SCRIPTS, "shares": SHARES_IN_RANGE}


def _queue_index(order: str, columns: tuple[str, ...]) -> None:
    name = f"ix_comment_queue_{order}"
    op.create_index(name, "comment", columns, sqlite_where=IN_REVIEW, postgresql_where=IN_REVIEW)


def _fill_shares() -> None:
    """Repeat the newest scores of each comment beside it."""
    postgresql = op.get_context().dialect.name == "postgresql"
    read = "CAST(scores ->> '{}' AS double precision)" if postgresql else "scores ->> '$.{}'"
    values = ", ".join(read.format(name) for name in SHARES)
    op.execute("UPDATE comment SET uncertainty = 1 - abs(2 * score - 1)")
    op.execute(
        f"UPDATE comment SET ({', '.join(SHARES)}) = (SELECT {values} FROM score"  # noqa: S608
        " WHERE comment_id = comment.id ORDER BY score.id DESC LIMIT 1)"
    )


def _alter_article(before: sa.Table, *, up: bool) -> None:
    with op.batch_alter_table("article", copy_from=before) as article:
        if up:
            article.drop_constraint(op.f("uq_article_external_id"), type_="unique")
            article.add_column(_of_site("article"))
            article.add_column(_of_section("article"))
            article.create_unique_constraint(
                op.f("uq_article_site_id_external_id"), ["site_id", "external_id"]
            )
            return
        article.drop_constraint(op.f("uq_article_site_id_external_id"), type_="unique")
        article.create_unique_constraint(op.f("uq_article_external_id"), ["external_id"])
        article.drop_constraint(op.f("fk_article_site_id"), type_="foreignkey")
        article.drop_constraint(op.f("fk_article_section_id"), type_="foreignkey")
        article.drop_column("site_id")
        article.drop_column("section_id")


def upgrade() -> None:
    op.create_table(
        "site",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_site_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
    )
    op.execute("INSERT INTO site (name, created_at) VALUES ('default', CURRENT_TIMESTAMP)")
    op.create_table(
        "section",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("site_id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_section_name")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_section_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_section_site_id_name")),
    )
    with op.batch_alter_table("api_key", copy_from=_api_key()) as api_key:
        api_key.add_column(_of_site("api_key"))
    _alter_article(_article(unique=("external_id",)), up=True)
    op.drop_index("ix_comment_queue_score", "comment")
    op.drop_index("ix_comment_queue_created_at", "comment")
    with op.batch_alter_table("comment", copy_from=_comment(unique=("external_id",))) as comment:
        comment.drop_constraint(op.f("uq_comment_external_id"), type_="unique")
        for column in _new_of_comment():
            comment.add_column(column)
        for name, rule in CHECKS.items():
            comment.create_check_constraint(op.f(f"ck_comment_{name}"), rule)
        comment.create_unique_constraint(
            op.f("uq_comment_site_id_external_id"), ["site_id", "external_id"]
        )
    _fill_shares()
    for order in ORDERS:
        _queue_index(order, (order, "id", *(name for name in FILTERS if name != order)))


def downgrade() -> None:
    """Go back; refused by the database if two sites use the same id."""
    for order in ORDERS:
        op.drop_index(f"ix_comment_queue_{order}", "comment")
    added = _new_of_comment()
    checks = [
        sa.CheckConstraint(rule, name=op.f(f"ck_comment_{name}")) for name, rule in CHECKS.items()
    ]
    before = _comment(*added, *checks, unique=("site_id", "external_id"))
    with op.batch_alter_table("comment", copy_from=before) as comment:
        comment.drop_constraint(op.f("uq_comment_site_id_external_id"), type_="unique")
        for name in CHECKS:
            comment.drop_constraint(op.f(f"ck_comment_{name}"), type_="check")
        for name in ("site_id", "section_id"):
            comment.drop_constraint(op.f(f"fk_comment_{name}"), type_="foreignkey")
        for column in added:
            comment.drop_column(column.name)
        comment.create_unique_constraint(op.f("uq_comment_external_id"), ["external_id"])
    _queue_index("score", ("score", "id"))
    _queue_index("created_at", ("created_at", "id"))
    with_site = (_of_site("article"), _of_section("article"))
    _alter_article(_article(*with_site, unique=("site_id", "external_id")), up=False)
    with op.batch_alter_table("api_key", copy_from=_api_key(_of_site("api_key"))) as api_key:
        api_key.drop_constraint(op.f("fk_api_key_site_id"), type_="foreignkey")
        api_key.drop_column("site_id")
    op.drop_table("section")
    op.drop_table("site")
