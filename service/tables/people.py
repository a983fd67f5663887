"""Who may call the service, and who works the queue."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Integer,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import ROLES, Base, RowId, UtcDateTime


class ApiKey(Base):
    """A key of a site; the secret itself is not kept."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name"),
        CheckConstraint("length(digest) = 64", name="digest"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    # All that the key reads and writes is of this site.
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), server_default=text("1"))
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
    # In the clear: whoever checks codes must know it. None without a second factor.
    totp_secret: Mapped[str | None] = mapped_column(Text)
    # The interval whose code was used last: none is good twice.
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
