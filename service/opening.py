"""Opening the database for a command, which closes it at its end."""

from pathlib import Path

import click
from sqlalchemy import Engine

from service.author_ids import hash_ids
from service.database import open_engine, upgrade
from service.settings import Settings, load_settings


def open_current(config: Path | None) -> Engine:
    """Return the database of the settings, brought up to date first."""
    return open_with(load_settings(file=config))


def open_with(settings: Settings) -> Engine:
    """Return the database of these settings, brought up to date first."""
    engine = hash_ids(open_engine(settings.database_url), settings.author_id_secret)
    # However the command ends: PostgreSQL's driver complains of connections left to the collector.
    click.get_current_context().call_on_close(engine.dispose)
    upgrade(engine)
    return engine
