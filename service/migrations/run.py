"""Runs migrations on an open connection; the only module that imports Alembic's commands."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection

from service.errors import DatabaseError


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's settings for the scripts in this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection, revision: str) -> None:
    """Bring the tables up or down to `revision` inside the open transaction.

    Raises
    ------
    DatabaseError
        If the database stands at a revision that this code does not know.
    """
    stands_at = MigrationContext.configure(connection).get_current_revision()
    # Revisions are numbered in order; an unknown one of a newer version is told by Alembic.
    down = revision == "base" or (revision != "head" and revision < (stands_at or ""))
    try:
        (command.downgrade if down else command.upgrade)(alembic_config(connection), revision)
    except CommandError as error:
        raise DatabaseError(
            f"the database was made by another version of ghirbal ({error}): "
            "install that version or restore a backup"
        ) from error
