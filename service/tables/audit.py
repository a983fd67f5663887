"""What people did beside decisions, and the chain of seals over it all."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base, RowId, UtcDateTime


class Audit(Base):
    """One thing that somebody did; rows are added and never changed."""

    __tablename__ = "audit"
    __table_args__ = (
        CheckConstraint("moderator_id IS NULL OR api_key_id IS NULL", name="made_by"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    # Neither for the command line, whose user is the operator.
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_key.id"))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Seal(Base):
    """A digest of all decisions and audit rows up to here and of the seal before."""

    __tablename__ = "seal"
    __table_args__ = (CheckConstraint("length(digest) = 64", name="digest"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    last_decision: Mapped[int] = mapped_column(RowId)
    last_audit: Mapped[int] = mapped_column(RowId)
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
