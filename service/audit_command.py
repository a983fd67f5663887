"""``ghirbal audit``: who did what, and whether anybody changed it afterwards."""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from service.audit import AuditFilter, read_audit
from service.database import reported
from service.newsroom_errors import TamperedError
from service.opening import open_current
from service.options import config_option
from service.seals import seal, verify

_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def audit() -> None:
    """List, seal and verify what people did."""


@audit.command("list")
@click.option("--who", help="Name of a moderator or a key; `operator` for the command line.")
@click.option("--action", help="As it stands in the list, such as reject.")
@click.option("--since", type=_DAY, help="From this day on (UTC).")
@click.option("--until", type=_DAY, help="Up to this day, without it (UTC).")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="One JSON object a line, or a table.",
)
@config_option
def list_command(
    *,
    who: str | None,
    action: str | None,
    since: datetime | None,
    until: datetime | None,
    kind: str,
    config: Path | None,
) -> None:
    """Write decisions of people and all else that they did, newest first."""
    wanted = AuditFilter(who, action, _utc(since), _utc(until))
    columns = ["created_at", "who", "action", "subject", "policy", "model", "note"]
    with reported(), open_current(config).connect() as connection:
        table = csv.DictWriter(sys.stdout, columns, extrasaction="ignore")
        if kind == "csv":
            table.writeheader()
        for row in read_audit(connection, wanted):
            line: dict[str, Any] = {name: row[name] for name in columns}
            line["created_at"] = row["created_at"].isoformat()
            if kind == "csv":
                table.writerow(line)
            else:
                click.echo(orjson.dumps(line))


@audit.command("seal")
@config_option
def seal_command(config: Path | None) -> None:
    """Seal what came since the last time; `ghirbal worker` does so every minute."""
    engine = open_current(config)
    with reported():
        while seal(engine):
            pass


@audit.command("verify")
@config_option
def verify_command(config: Path | None) -> None:
    """Compute all seals anew; exit status 1 if anything sealed was changed, removed or slipped in.

    Write the digest down elsewhere: whoever can change the database can also make a new chain,
    but not one that ends in the same digest.
    """
    with reported(), open_current(config).connect() as connection:
        found = verify(connection)
    if found.broken is not None:
        raise TamperedError(
            f"seal {found.broken} does not hold: decisions or audit were changed before it was "
            f"made; the {found.seals} seals before it hold, up to {found.digest}"
        )
    click.echo(f"{found.seals} seals hold, {found.unsealed} rows came since\n{found.digest}")


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
