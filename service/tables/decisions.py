"""What is decided on comments, and by whom they are held meanwhile."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.author_ids import ReaderId
from service.tables.base import (
    ACTIONS,
    IN_BATCH,
    MADE_BY,
    Base,
    RowId,
    UtcDateTime,
    of_revision,
)


class Decision(Base):
    """One recorded action; rows are appended and never changed, which triggers see to."""

    __tablename__ = "decision"
    __table_args__ = (
        of_revision(),
        CheckConstraint(ACTIONS, name="action"),
        CheckConstraint(
            "source IN ('model', 'moderator', 'list', 'import', 'rule')", name="source"
        ),
        CheckConstraint(MADE_BY, name="made_by"),
        CheckConstraint("NOT until_edited OR action = 'approve'", name="until_edited"),
        UniqueConstraint("undoes"),
        Index(None, "batch_id", sqlite_where=IN_BATCH, postgresql_where=IN_BATCH),
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
    # What was decided together in one step has the same.
    batch_id: Mapped[str | None] = mapped_column(String(36))
    until_edited: Mapped[bool] = mapped_column(Boolean, server_default=false())
    model: Mapped[str] = mapped_column(Text)
    policy: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Flag(Base):
    """A reader's report of a comment; the same reader counts once."""

    __tablename__ = "flag"
    __table_args__ = (of_revision(), UniqueConstraint("comment_id", "reporter_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    comment_id: Mapped[int] = mapped_column(RowId)
    revision: Mapped[int] = mapped_column(Integer)
    # None for an anonymous reader, each of whom counts.
    reporter_id: Mapped[str | None] = mapped_column(ReaderId)
    reason: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Deletion(Base):
    """That a comment's text was removed; all else that is left of it are its decisions."""

    __tablename__ = "deletion"
    __table_args__ = (
        CheckConstraint("requested_by IN ('author', 'site', 'retention')", name="requested_by"),
    )

    comment_id: Mapped[int] = mapped_column(
        ForeignKey("comment.id"), primary_key=True, autoincrement=False
    )
    requested_by: Mapped[str] = mapped_column(String(10))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_key.id"))
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
