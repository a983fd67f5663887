"""What all tables share: their base, types and rules that several of them keep."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKeyConstraint, Integer, MetaData, text
from sqlalchemy.orm import DeclarativeBase
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
IN_BATCH = text("batch_id IS NOT NULL")
SOURCES = "source IN ('model', 'moderator', 'list', 'import', 'rule')"
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


def of_revision() -> ForeignKeyConstraint:
    """Return the rule that a row's `comment_id` and `revision` name a text that is there."""
    return ForeignKeyConstraint(
        ["comment_id", "revision"], ["revision.comment_id", "revision.number"]
    )
