"""The newsroom's policies: which there were, and which was in force when."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base, RowId, UtcDateTime


class StoredPolicy(Base):
    """One version of the policy, lists included; rows are added and never changed."""

    __tablename__ = "policy"
    __table_args__ = (CheckConstraint("length(version) > 0", name="version"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    version: Mapped[str] = mapped_column(Text, unique=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str | None] = mapped_column(Text)
    # None for one that came by the command line.
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PolicyUse(Base):
    """That a version was put in force; the newest row counts."""

    __tablename__ = "policy_use"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
