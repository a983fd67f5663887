"""``ghirbal keys``: who may call the service."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from service.database import reported, writing
from service.keys import Scope, add_key, list_keys, revoke_key
from service.opening import open_current
from service.options import config_option
from service.sites import find_site


@click.group()
def keys() -> None:
    """Add, list and revoke API keys."""


@keys.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    required=True,
    help="What the key may do; give it several times for several scopes.",
)
@click.option("--site", default="default", show_default=True, help="The site that the key is of.")
@config_option
def add(*, name: str, scopes: Sequence[str], site: str, config: Path | None) -> None:
    """Make a key called NAME and print it, once."""
    if not name.strip() or not name.isprintable():
        raise click.BadParameter("a name needs letters and no control characters")
    engine = open_current(config)
    with reported(), writing(engine) as connection:
        site_id = find_site(connection, site)
        key = add_key(connection, name, [Scope(scope) for scope in scopes], site_id=site_id)
    # After the block: a key that is printed is stored.
    click.echo(key)


@keys.command("list")
@config_option
def list_command(config: Path | None) -> None:
    """Show names, sites, scopes and times; never the keys, which are not kept."""
    engine = open_current(config)
    with reported(), engine.connect() as connection:
        rows = list_keys(connection)
    for row in rows:
        state = f"revoked {_day(row['revoked_at'])}" if row["revoked_at"] else "in use"
        added = _day(row["created_at"])
        click.echo(
            f"{row['name']}\t{row['site']}\t{','.join(row['scopes'])}\tadded {added}\t{state}"
        )


@keys.command("revoke")
@click.argument("name")
@config_option
def revoke(name: str, config: Path | None) -> None:
    """Take the key called NAME out of use; running services follow within two seconds."""
    engine = open_current(config)
    with reported(), writing(engine) as connection:
        revoke_key(connection, name)
    click.echo(f"revoked {name}", err=True)


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
