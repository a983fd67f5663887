"""``ghirbal policy``: the versions of the newsroom's policy."""

from pathlib import Path

import click
import orjson

from service.database import reported, writing
from service.opening import open_current
from service.options import config_option
from service.policies import list_policies, read_policy, store_policy, use_policy
from service.rules import load_policy, to_document


@click.group()
def policy() -> None:
    """Keep versions of the policy, put one in force, return to an earlier one."""


@policy.command("list")
@config_option
def list_command(config: Path | None) -> None:
    """Show all versions, newest first: when and by whom they came, which is in force, and why."""
    with reported(), open_current(config).connect() as connection:
        for row in list_policies(connection):
            state = "in force" if row["in_force_since"] else ""
            made = row["created_at"].strftime("%Y-%m-%d %H:%M UTC")
            note = " ".join((row["note"] or "").split())
            click.echo(f"{row['version']}\t{made}\t{row['by'] or '-'}\t{state}\t{note}")


@policy.command("show")
@click.argument("version")
@config_option
def show(version: str, config: Path | None) -> None:
    """Print VERSION as JSON."""
    with reported(), open_current(config).connect() as connection:
        document = read_policy(connection, version)
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


@policy.command("add")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--note", help="Why, for those who read the list.")
@click.option("--use", is_flag=True, help="Put it in force at once.")
@config_option
def add(*, file: Path, note: str | None, use: bool, config: Path | None) -> None:
    """Keep the policy of FILE (TOML); with --use it is in force within a second."""
    found, rules = load_policy(file)
    with reported(), writing(open_current(config)) as connection:
        store_policy(connection, to_document(found, rules), note=note)
        if use:
            use_policy(connection, found.version)
    click.echo(f"added {found.version}{', in force' if use else ''}", err=True)


@policy.command("use")
@click.argument("version")
@config_option
def use_command(version: str, config: Path | None) -> None:
    """Put VERSION in force, a new or an earlier one; running services follow within a second."""
    with reported(), writing(open_current(config)) as connection:
        use_policy(connection, version)
    click.echo(f"{version} is in force", err=True)
