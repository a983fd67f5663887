"""``ghirbal db``: the tables of the database."""

from pathlib import Path

import click

from service.backup import back_up, restore
from service.database import open_engine
from service.opening import open_at, open_current
from service.options import config_option
from service.settings import load_settings


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
@config_option
def upgrade_command(config: Path | None) -> None:
    """Bring the tables up to this version; does nothing when they are."""
    open_current(config)
    click.echo("the database is up to date", err=True)


@db.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@config_option
def backup_command(file: Path, config: Path | None) -> None:
    """Write a copy of the database to FILE while the service goes on."""
    # Not brought up to date first: a copy is made before that.
    back_up(open_engine(load_settings(file=config).database_url), file)
    click.echo(f"wrote {file}", err=True)


@db.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def restore_command(file: Path, config: Path | None) -> None:
    """Put the copy FILE back where there is no database yet, and bring it up to this version."""
    url = load_settings(file=config).database_url
    restore(url, file)
    open_at(url)
    click.echo(f"restored {file}", err=True)
