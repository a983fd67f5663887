"""Opening the database for a command, which closes it at its end."""

from pathlib import Path

import click
from sqlalchemy import Engine

from service.database import open_engine, upgrade
from service.settings import load_settings


def open_current(config: Path | None) -> Engine:
    """Return the database of the settings, brought up to date first."""
    return open_at(load_settings(file=config).database_url)


def open_at(url: str) -> Engine:
    """Return the database at an address, brought up to date first."""
    engine = open_engine(url)
    # However the command ends: PostgreSQL's driver complains of connections left to the collector.
    click.get_current_context().call_on_close(engine.dispose)
    upgrade(engine)
    return engine
