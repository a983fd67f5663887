"""Who is told of decisions, and what they have yet to be told."""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base, RowId, UtcDateTime

_OPEN = text("delivered_at IS NULL")
_TO_SEND = text("delivered_at IS NULL AND dead_at IS NULL")
_DELIVERED = text("delivered_at IS NOT NULL")


class Webhook(Base):
    """An address of a site that is told of decisions."""

    __tablename__ = "webhook"
    __table_args__ = (CheckConstraint("url LIKE 'http%'", name="url"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(JSON)
    # In the clear: whoever signs must know them. Several while one rolls.
    secrets: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Outbox(Base):
    """One event for one webhook, written in the transaction that it tells of."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("event IN ('comment.decided', 'comment.queued')", name="event"),
        CheckConstraint("delivered_at IS NULL OR dead_at IS NULL", name="one_end"),
        Index("ix_outbox_due", "due_at", "id", sqlite_where=_TO_SEND, postgresql_where=_TO_SEND),
        Index(
            "ix_outbox_order",
            "webhook_id",
            "comment_id",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "ix_outbox_delivered",
            "delivered_at",
            sqlite_where=_DELIVERED,
            postgresql_where=_DELIVERED,
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    # The receiver knows by it that an event comes a second time.
    key: Mapped[str] = mapped_column(String(36), unique=True)
    event: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
