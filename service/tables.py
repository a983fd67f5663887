"""The tables, and the rules that the database itself keeps."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC on databases that know no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any aware time into UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only where the type is exactly INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")

ACTIONS = "action IN ('approve', 'review', 'reject')"
IN_REVIEW = text("action = 'review'")
ESCALATED = text("escalated")
ROLES = "role IN ('moderator', 'lead', 'admin')"
# Whoever moderates does so by a site's key or in person, never both; nobody else has either.
MADE_BY = (
    "(CASE WHEN api_key_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN moderator_id IS NULL THEN 0 ELSE 1 END)"
    " = (CASE WHEN source = 'moderator' THEN 1 ELSE 0 END)"
)


class Base(DeclarativeBase):
    """Base of all tables."""

    # Named, because Alembic can only change a constraint that has a name.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Article(Base):
    """A page under which comments stand."""

    __tablename__ = "article"
    __table_args__ = (CheckConstraint("length(external_id) > 0", name="external_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)


class Comment(Base):
    """What a reader posted, and where it stands now.

    `revision`, `action` and `score` repeat the newest revision and decision, written in the same
    transaction, so that the review queue is read from an index however many comments there are.
    """

    __tablename__ = "comment"
    __table_args__ = (
        CheckConstraint("length(external_id) > 0", name="external_id"),
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint(ACTIONS, name="action"),
        CheckConstraint("score >= 0 AND score <= 1", name="score"),
        Index(None, "author_id", "id"),
        Index("ix_comment_escalated", "id", sqlite_where=ESCALATED, postgresql_where=ESCALATED),
        Index(
            "ix_comment_queue_score",
            "score",
            "id",
            sqlite_where=IN_REVIEW,
            postgresql_where=IN_REVIEW,
        ),
        Index(
            "ix_comment_queue_created_at",
            "created_at",
            "id",
            sqlite_where=IN_REVIEW,
            postgresql_where=IN_REVIEW,
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, unique=True)
    author_id: Mapped[str | None] = mapped_column(Text)
    author_name: Mapped[str | None] = mapped_column(Text)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"))
    # The site's id, not a foreign key: a reply may be sent before the comment it answers.
    parent_external_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(10))
    # In review, and a moderator wants a lead to decide.
    escalated: Mapped[bool] = mapped_column(Boolean, server_default=false())
    score: Mapped[float] = mapped_column(Double)


class Revision(Base):
    """One text of a comment; number 1 is the first."""

    __tablename__ = "revision"
    __table_args__ = (CheckConstraint("number >= 1", name="number"),)

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


def _of_revision() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["comment_id", "revision"], ["revision.comment_id", "revision.number"]
    )


class Score(Base):
    """What a model found in a revision, and the words behind the reasons of its outcome."""

    __tablename__ = "score"
    __table_args__ = (_of_revision(), Index(None, "comment_id", "revision"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    comment_id: Mapped[int] = mapped_column(RowId)
    revision: Mapped[int] = mapped_column(Integer)
    model: Mapped[str] = mapped_column(Text)
    scores: Mapped[dict[str, float]] = mapped_column(JSON)
    spans: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Decision(Base):
    """One recorded action; rows are appended and never changed, which triggers see to."""

    __tablename__ = "decision"
    __table_args__ = (
        _of_revision(),
        CheckConstraint(ACTIONS, name="action"),
        CheckConstraint("source IN ('model', 'moderator', 'list', 'import')", name="source"),
        CheckConstraint(MADE_BY, name="made_by"),
        UniqueConstraint("undoes"),
        Index(None, "comment_id", "id"),
        Index(None, "moderator_id", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    comment_id: Mapped[int] = mapped_column(RowId)
    revision: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(10))
    reasons: Mapped[list[str]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(String(10))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_key.id"))
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    # The decision that this one takes back.
    undoes: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    model: Mapped[str] = mapped_column(Text)
    policy: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKey(Base):
    """A key of a site or a moderator; the secret itself is not kept."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name"),
        CheckConstraint("length(digest) = 64", name="digest"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    prefix: Mapped[str] = mapped_column(String(32), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Moderator(Base):
    """A person who works the queue; accounts are put out of use, never removed."""

    __tablename__ = "moderator"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name"),
        CheckConstraint(ROLES, name="role"),
        CheckConstraint("failed_sign_ins >= 0", name="failed_sign_ins"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    display_name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(10))
    password_hash: Mapped[str] = mapped_column(Text)
    # Counts changes of the password: a session of an earlier one has ended.
    password_version: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean)
    failed_sign_ins: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Claim(Base):
    """Who has a comment before them; the key sees to it that nobody else has."""

    __tablename__ = "claim"
    __table_args__ = (Index(None, "moderator_id"),)

    comment_id: Mapped[int] = mapped_column(
        ForeignKey("comment.id"), primary_key=True, autoincrement=False
    )
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderator.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Skip(Base):
    """A comment that a moderator left to others for a while."""

    __tablename__ = "skip"

    moderator_id: Mapped[int] = mapped_column(
        ForeignKey("moderator.id"), primary_key=True, autoincrement=False
    )
    comment_id: Mapped[int] = mapped_column(
        ForeignKey("comment.id"), primary_key=True, autoincrement=False, index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Sample(Base):
    """An invented comment to try the service with: the only kind whose decisions may go."""

    __tablename__ = "sample"

    comment_id: Mapped[int] = mapped_column(
        ForeignKey("comment.id"), primary_key=True, autoincrement=False
    )


class Feedback(Base):
    """What moderators elsewhere made of a text, kept for training; rows are only added.

    The text stands by itself: a comment system that only asks for scores has stored no comment.
    """

    __tablename__ = "feedback"
    __table_args__ = (CheckConstraint("source IN ('perspective')", name="source"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_key.id"))
    text: Mapped[str] = mapped_column(Text)
    # As it was sent: attribute names and ranges of spans are those of the wire format.
    scores: Mapped[dict[str, Any]] = mapped_column(JSON)
    context: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    community_id: Mapped[str | None] = mapped_column(Text)
    client_token: Mapped[str | None] = mapped_column(Text)
    session_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
