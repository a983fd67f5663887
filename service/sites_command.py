"""``ghirbal sites``: the sites whose comments are moderated here."""

from pathlib import Path

import click

from service.database import reported, writing
from service.opening import open_current
from service.options import config_option
from service.sites import add_site, list_sites


@click.group()
def sites() -> None:
    """Add and list sites; one named "default" is there from the beginning."""


@sites.command("add")
@click.argument("name")
@config_option
def add(name: str, config: Path | None) -> None:
    """Make a site called NAME; `ghirbal keys add --site NAME` makes its keys."""
    if not name.strip() or not name.isprintable():
        raise click.BadParameter("a name needs letters and no control characters")
    with reported(), writing(open_current(config)) as connection:
        add_site(connection, name)
    click.echo(f"added {name}", err=True)


@sites.command("list")
@config_option
def list_command(config: Path | None) -> None:
    """Show the names of all sites."""
    with reported(), open_current(config).connect() as connection:
        for row in list_sites(connection):
            click.echo(row["name"])
