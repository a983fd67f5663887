"""``ghirbal retention``: removes what was kept for as long as it may be."""

from datetime import UTC, datetime
from pathlib import Path

import click

from service.database import reported
from service.errors import SettingsError
from service.opening import open_current
from service.options import config_option
from service.retention import Retention, count_due, remove_due
from service.settings import load_settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say how many comments it would be.")
@config_option
def retention(*, dry_run: bool, config: Path | None) -> None:
    """Remove texts and names of comments that were kept for as long as the settings say.

    Those are `retention_approve_days`, `retention_review_days` and `retention_reject_days`; days
    are counted from the last decision on a comment. `ghirbal worker` does the same once a day.
    """
    wanted = Retention.of(load_settings(file=config))
    if not list(wanted.limits()):
        raise SettingsError(
            "nothing is ever removed: set retention_approve_days, retention_review_days or "
            "retention_reject_days"
        )
    engine, now = open_current(config), datetime.now(UTC)
    with reported():
        if dry_run:
            with engine.connect() as connection:
                found = count_due(connection, wanted, now)
        else:
            found = remove_due(engine, wanted, now)
    for action, days in wanted.limits():
        told = "would be removed" if dry_run else "removed"
        click.echo(f"{action.value}\tafter {days} days\t{found[action]} {told}")
