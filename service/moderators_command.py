"""``ghirbal moderators``: who may sign in to the moderators' page."""

import sys
from pathlib import Path

import click

from service.database import reported, writing
from service.moderators import (
    Role,
    add_moderator,
    deactivate,
    list_moderators,
    new_password,
    set_password,
)
from service.opening import open_current
from service.options import config_option
from service.second_factor import switch_off

_generate_option = click.option(
    "--generate", is_flag=True, help="Make a password and print it, once, instead of asking."
)


def _ask(*, generate: bool) -> str:
    if generate:
        return new_password()
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.readline().rstrip("\r\n")


@click.group()
def moderators() -> None:
    """Add and list moderators, change passwords."""


@moderators.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What the moderator may do.",
)
@click.option("--display-name", help="Name shown on the pages  [default: NAME]")
@_generate_option
@config_option
def add(
    *, name: str, role: str, display_name: str | None, generate: bool, config: Path | None
) -> None:
    """Make an account called NAME; the password is asked for, or read from standard input."""
    if not name.strip() or not name.isprintable():
        raise click.BadParameter("a name needs letters and no control characters")
    engine = open_current(config)
    password = _ask(generate=generate)
    with reported(), writing(engine) as connection:
        add_moderator(
            connection, name, role=Role(role), password=password, display_name=display_name
        )
    # After the block: a password that is printed is stored.
    if generate:
        click.echo(password)


@moderators.command("list")
@config_option
def list_command(config: Path | None) -> None:
    """Show names, roles and states."""
    engine = open_current(config)
    with reported(), engine.connect() as connection:
        rows = list_moderators(connection)
    for row in rows:
        state = "in use" if row["active"] else "out of use"
        if row["second_factor"]:
            state += ", with a second factor"
        added = row["created_at"].strftime("%Y-%m-%d %H:%M UTC")
        click.echo(f"{row['name']}\t{row['display_name']}\t{row['role']}\tadded {added}\t{state}")


@moderators.command("set-password")
@click.argument("name")
@_generate_option
@config_option
def set_password_command(*, name: str, generate: bool, config: Path | None) -> None:
    """Give NAME a new password; the account is unlocked and signed out everywhere."""
    engine = open_current(config)
    password = _ask(generate=generate)
    with reported(), writing(engine) as connection:
        set_password(connection, name, password)
    if generate:
        click.echo(password)


@moderators.command("deactivate")
@click.argument("name")
@config_option
def deactivate_command(*, name: str, config: Path | None) -> None:
    """Put the account of NAME out of use at once."""
    engine = open_current(config)
    with reported(), writing(engine) as connection:
        deactivate(connection, name)
    click.echo(f"{name} can no longer sign in", err=True)


@moderators.command("drop-second-factor")
@click.argument("name")
@config_option
def drop_second_factor(*, name: str, config: Path | None) -> None:
    """Let NAME sign in with the password alone, as after the loss of a telephone."""
    engine = open_current(config)
    with reported(), writing(engine) as connection:
        switch_off(connection, name)
    click.echo(f"{name} signs in with the password alone", err=True)
