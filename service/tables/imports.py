"""Files of other systems that are being taken in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.tables.base import Base, RowId, UtcDateTime


class ImportRun(Base):
    """How far the import of a file has come."""

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint("position >= 0", name="position"),
        UniqueConstraint("site_id", "digest", "format"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    # Of the file's content: a file that was changed is another one.
    digest: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(Integer)
    stored: Mapped[int] = mapped_column(Integer)
    known: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
