"""Opening the database for a command."""

from pathlib import Path

from sqlalchemy import Engine

from service.database import open_engine, upgrade
from service.settings import load_settings


def open_current(config: Path | None) -> Engine:
    """Return the database of the settings, brought up to date first."""
    engine = open_engine(load_settings(file=config).database_url)
    upgrade(engine)
    return engine
