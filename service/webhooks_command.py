"""``ghirbal webhooks``: who is told of decisions."""

from collections.abc import Sequence
from pathlib import Path

import click

from service.database import reported, writing
from service.opening import open_current
from service.options import config_option
from service.outbox import EVENTS, dead_letters, discard, replay
from service.sites import find_site
from service.webhooks import (
    add_secret,
    add_webhook,
    keep_newest_secret,
    list_webhooks,
    new_secret,
    remove_webhook,
)

_numbers_argument = click.argument("numbers", type=int, nargs=-1)
_all_option = click.option("--all", "everything", is_flag=True, help="All dead letters.")


@click.group()
def webhooks() -> None:
    """Tell sites of decisions; `ghirbal worker` sends what is to be told."""


@webhooks.command("add")
@click.argument("url")
@click.option(
    "--event",
    "events",
    type=click.Choice(EVENTS),
    multiple=True,
    default=EVENTS,
    help="What to tell of; give it several times.  [default: all]",
)
@click.option("--site", default="default", show_default=True, help="Whose comments.")
@config_option
def add(*, url: str, events: Sequence[str], site: str, config: Path | None) -> None:
    """Tell URL of decisions from now on; prints the secret that signs events, once."""
    secret = new_secret()
    with reported(), writing(open_current(config)) as connection:
        site_id = find_site(connection, site)
        number = add_webhook(connection, url, events=events, secret=secret, site_id=site_id)
    click.echo(f"webhook {number}", err=True)
    click.echo(secret)


@webhooks.command("list")
@config_option
def list_command(config: Path | None) -> None:
    """Show numbers, sites, addresses, events, and how many events wait."""
    with reported(), open_current(config).connect() as connection:
        for row in list_webhooks(connection):
            events, n_secrets = ",".join(row["events"]), len(row["secrets"])
            told = f"{events}\t{n_secrets} secret(s)\t{row['waiting']} waiting"
            click.echo(f"{row['id']}\t{row['site']}\t{row['url']}\t{told}")


@webhooks.command("remove")
@click.argument("number", type=int)
@config_option
def remove(number: int, config: Path | None) -> None:
    """Tell webhook NUMBER nothing any more, not even what waits."""
    with reported(), writing(open_current(config)) as connection:
        remove_webhook(connection, number)
    click.echo(f"removed webhook {number}", err=True)


@webhooks.command("roll")
@click.argument("number", type=int)
@click.option("--finish", is_flag=True, help="Drop the earlier secrets.")
@config_option
def roll(*, number: int, finish: bool, config: Path | None) -> None:
    """Sign events of webhook NUMBER with a new secret beside the old ones, and print it.

    Once the receiver knows it, run the command again with --finish.
    """
    with reported(), writing(open_current(config)) as connection:
        if finish:
            keep_newest_secret(connection, number)
            return
        secret = new_secret()
        add_secret(connection, number, secret)
    click.echo(secret)


@webhooks.command("dead")
@config_option
def dead(config: Path | None) -> None:
    """Show the events that were given up after many attempts."""
    with reported(), open_current(config).connect() as connection:
        for row in dead_letters(connection):
            when = row["dead_at"].strftime("%Y-%m-%d %H:%M UTC")
            about = f"{row['event']}\t{row['external_id']}\t{row['url']}"
            click.echo(f"{row['id']}\t{when}\t{about}\t{row['problem']}")


@webhooks.command("replay")
@_numbers_argument
@_all_option
@config_option
def replay_command(*, numbers: Sequence[int], everything: bool, config: Path | None) -> None:
    """Send the dead letters NUMBERS again; what waited behind them follows in order."""
    chosen = _chosen(numbers, everything=everything)
    with reported(), writing(open_current(config)) as connection:
        click.echo(f"{replay(connection, chosen)} to be sent again", err=True)


@webhooks.command("discard")
@_numbers_argument
@_all_option
@config_option
def discard_command(*, numbers: Sequence[int], everything: bool, config: Path | None) -> None:
    """Give the dead letters NUMBERS up for good; what waited behind them is sent."""
    chosen = _chosen(numbers, everything=everything)
    with reported(), writing(open_current(config)) as connection:
        click.echo(f"{discard(connection, chosen)} discarded", err=True)


def _chosen(numbers: Sequence[int], *, everything: bool) -> Sequence[int] | None:
    if bool(numbers) == everything:
        raise click.UsageError("name dead letters by their numbers, or all with --all")
    return None if everything else numbers
