"""``ghirbal worker``: what is done beside serving."""

import signal
from pathlib import Path
from types import FrameType

import click

from service.database import reported
from service.logs import configure_logs
from service.opening import open_with
from service.options import config_option
from service.retention import Retention
from service.settings import load_settings
from service.worker import Worker


@click.command()
@click.option("--once", is_flag=True, help="Send what is due now and end.")
@config_option
def worker(*, once: bool, config: Path | None) -> None:
    """Send events to webhooks until stopped; one or several run beside `ghirbal serve`.

    It also seals the audit each minute, and once a day removes what retention says.
    """
    settings = load_settings(file=config)
    configure_logs(settings)
    engine = open_with(settings)
    working = Worker(
        engine,
        private=settings.webhook_private_addresses,
        retention=Retention.of(settings),
    )
    if once:
        with reported():
            click.echo(f"{working.run_once()} events tried", err=True)
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        working.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    working.run()
