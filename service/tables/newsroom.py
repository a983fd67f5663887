"""What a site sends and what a model finds in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.author_ids import ReaderId
from service.tables.base import ACTIONS, ESCALATED, IN_REVIEW, Base, RowId, UtcDateTime, of_revision

DEFAULT_SITE = 1
"""The site that the first migration of sites makes; whoever has one site need not name it."""

_SHARES = ("abusive", "severe", "insult", "obscene", "identity_hate", "threat")
# All that the queue is filtered by. They stand in every index of the queue, which can so be
# counted and filtered without a look at the table, however many comments it holds.
_FILTERS = (
    "site_id",
    "section_id",
    "article_id",
    "author_id",
    "created_at",
    "script",
    "escalated",
    "score",
    "flags",
    *_SHARES,
    # SQLite looks the action up in the table otherwise, although the index is of one action only.
    "action",
)


def _queue_index(*order: str) -> Index:
    columns = (*order, "id", *(name for name in _FILTERS if name not in order))
    return Index(
        f"ix_comment_queue_{order[0]}",
        *columns,
        sqlite_where=IN_REVIEW,
        postgresql_where=IN_REVIEW,
    )


def _share() -> Mapped[float]:
    return mapped_column(Double, server_default=text("0"))


class Site(Base):
    """A site whose comments are moderated."""

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("length(name) > 0", name="name"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Section(Base):
    """A part of a site, such as sports."""

    __tablename__ = "section"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name"),
        UniqueConstraint("site_id", "name"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(Text)


class Article(Base):
    """A page under which comments stand."""

    __tablename__ = "article"
    __table_args__ = (
        CheckConstraint("length(external_id) > 0", name="external_id"),
        UniqueConstraint("site_id", "external_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), server_default=text("1"))
    external_id: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    section_id: Mapped[int | None] = mapped_column(ForeignKey("section.id"))


class Comment(Base):
    """What a reader posted, and where it stands now.

    All but the description by the site repeats the newest revision, score and decision, written
    in the same transaction, so that the review queue is read from an index however many comments
    there are.
    """

    __tablename__ = "comment"
    __table_args__ = (
        CheckConstraint("length(external_id) > 0", name="external_id"),
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint(ACTIONS, name="action"),
        CheckConstraint("score >= 0 AND score <= 1", name="score"),
        CheckConstraint("flags >= 0", name="flags"),
        CheckConstraint("script IN ('arabic', 'latin', 'mixed', 'none')", name="script"),
        CheckConstraint(" AND ".join(f"{name} BETWEEN 0 AND 1" for name in _SHARES), name="shares"),
        UniqueConstraint("site_id", "external_id"),
        Index(None, "author_id", "id"),
        Index("ix_comment_escalated", "id", sqlite_where=ESCALATED, postgresql_where=ESCALATED),
        _queue_index("score"),
        _queue_index("created_at"),
        _queue_index("flags"),
        _queue_index("uncertainty"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), server_default=text("1"))
    external_id: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str | None] = mapped_column(ReaderId)
    author_name: Mapped[str | None] = mapped_column(Text)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"))
    # That of the article, repeated for the queue; a comment of no article may have one, too.
    section_id: Mapped[int | None] = mapped_column(ForeignKey("section.id"))
    # The site's id, not a foreign key: a reply may be sent before the comment it answers.
    parent_external_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(10))
    # In review, and a moderator wants a lead to decide.
    escalated: Mapped[bool] = mapped_column(Boolean, server_default=false())
    # Approved until it is edited: readers' flags do not bring it back.
    settled: Mapped[bool] = mapped_column(Boolean, server_default=false())
    # How many readers have flagged it.
    flags: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    script: Mapped[str] = mapped_column(String(10), server_default="none")
    # The highest score, and how close it is to a coin's toss.
    score: Mapped[float] = mapped_column(Double)
    uncertainty: Mapped[float] = _share()
    abusive: Mapped[float] = _share()
    severe: Mapped[float] = _share()
    insult: Mapped[float] = _share()
    obscene: Mapped[float] = _share()
    identity_hate: Mapped[float] = _share()
    threat: Mapped[float] = _share()


class Revision(Base):
    """One text of a comment; number 1 is the first."""

    __tablename__ = "revision"
    __table_args__ = (CheckConstraint("number >= 1", name="number"),)

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Score(Base):
    """What a model found in a revision, and the words behind the reasons of its outcome."""

    __tablename__ = "score"
    __table_args__ = (of_revision(), Index(None, "comment_id", "revision"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    comment_id: Mapped[int] = mapped_column(RowId)
    revision: Mapped[int] = mapped_column(Integer)
    model: Mapped[str] = mapped_column(Text)
    scores: Mapped[dict[str, float]] = mapped_column(JSON)
    spans: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
