"""``ghirbal worker``: what is done beside serving."""

import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.database import reported
from service.logs import configure_logs
from service.opening import open_with
from service.options import config_option
from service.policies import JudgeInForce
from service.rescoring import rescore
from service.retention import Retention
from service.settings import Settings, load_settings
from service.worker import Worker

_MILDER = 10
_PAUSE_S = 30.0
_log = logging.getLogger("service.worker")


@click.command()
@click.option(
    "--rescore",
    "rescoring",
    is_flag=True,
    help="Score stored comments with the model of the settings too, as `ghirbal rescore` does.",
)
@click.option("--once", is_flag=True, help="Send what is due now and end.")
@config_option
def worker(*, once: bool, rescoring: bool, config: Path | None) -> None:
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
    beside = None
    if rescoring:
        judge = _judge(engine, settings)
        beside = threading.Thread(target=_rescore, args=(engine, judge, working.stopped))
        beside.start()
    working.run()
    if beside is not None:
        beside.join()


def _judge(engine: Engine, settings: Settings) -> JudgeInForce:
    # Imported late: sending events needs neither Flask nor a model.
    from service.app import build_judge

    return JudgeInForce(engine, build_judge(settings))


def _rescore(engine: Engine, judge: JudgeInForce, stopped: threading.Event) -> None:
    if hasattr(os, "setpriority") and hasattr(threading, "get_native_id"):
        # To Linux a thread has a priority of its own.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _MILDER)
    while not stopped.is_set():
        try:
            done = rescore(engine, judge.get, stopped=stopped.is_set)
            _log.info("%d comments scored again, %d decided anew", done.scored, done.decided)
            return
        except SQLAlchemyError as error:
            _log.error("database: %s", getattr(error, "orig", None) or error)
            stopped.wait(_PAUSE_S)
