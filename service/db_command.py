"""``ghirbal db``: the tables of the database."""

from pathlib import Path

import click

from service.audit import note
from service.author_ids import hash_kept_ids
from service.backup import back_up, restore
from service.database import reported, writing
from service.errors import SettingsError
from service.opening import open_current, open_with
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
    back_up(load_settings(file=config).database_url, file)
    click.echo(f"wrote {file}", err=True)


@db.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def restore_command(file: Path, config: Path | None) -> None:
    """Put the copy FILE back where there is no database yet, and bring it up to this version."""
    settings = load_settings(file=config)
    restore(settings.database_url, file)
    open_with(settings)
    click.echo(f"restored {file}", err=True)


@db.command("hash-authors")
@click.option("--dry-run", is_flag=True, help="Only say how many ids it would be.")
@config_option
def hash_authors(*, dry_run: bool, config: Path | None) -> None:
    """Hash the ids of readers that came before `author_id_secret` was set; there is no way back.

    May be broken off and begun again, while the service goes on.
    """
    if load_settings(file=config).author_id_secret is None:
        raise SettingsError("set author_id_secret first, to at least 32 random characters")
    engine = open_current(config)
    with reported():
        number = hash_kept_ids(engine, dry_run=dry_run)
        if not dry_run:
            with writing(engine) as connection:
                note(connection, "ids of readers hashed", f"{number} ids")
    click.echo(f"{number} ids {'would be ' if dry_run else ''}hashed", err=True)
