"""``ghirbal db``: the tables of the database."""

from pathlib import Path

import click

from service.database import open_engine, upgrade
from service.options import config_option
from service.settings import load_settings


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
@config_option
def upgrade_command(config: Path | None) -> None:
    """Bring the tables up to this version; does nothing when they are."""
    upgrade(open_engine(load_settings(file=config).database_url))
    click.echo("the database is up to date", err=True)
