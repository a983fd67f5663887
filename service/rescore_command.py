"""``ghirbal rescore``: stored comments scored again, after a new model came."""

import os
import signal
from pathlib import Path
from threading import Event
from types import FrameType

import click
from tqdm import tqdm

from service import rescoring
from service.app import build_judge
from service.database import reported
from service.opening import open_with
from service.options import config_option
from service.policies import JudgeInForce
from service.settings import load_settings

_MILDER = 10


@click.command()
@click.option(
    "--reopen",
    is_flag=True,
    help="Send published comments that the machine would hold back now to the review queue.",
)
@config_option
def rescore(*, reopen: bool, config: Path | None) -> None:
    """Score all stored comments with the model of the settings, while the service goes on.

    Comments that have this model's scores already are passed over, so that a run that was broken
    off, or killed, is simply started again. What a moderator decided stands, and so does what is
    published or rejected; comments that the machine sent to the queue are decided anew by the
    policy in force.
    """
    settings = load_settings(file=config)
    engine = open_with(settings)
    judge = JudgeInForce(engine, build_judge(settings))
    # Whoever scores live comments on this machine goes first.
    os.nice(_MILDER)
    stopped = Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with reported():
        with engine.connect() as connection:
            total = rescoring.count_comments(connection)
        with tqdm(total=total, unit=" comments", disable=None) as bar:

            def show(comments: int) -> None:
                bar.update(min(comments, total - bar.n))

            done = rescoring.rescore(
                engine, judge.get, reopen=reopen, stopped=stopped.is_set, progress=show
            )
    told = f"{done.scored} scored, {done.decided} decided anew, {done.passed_over} passed over"
    click.echo(told, err=True)
    if stopped.is_set():
        raise click.exceptions.Exit(1)
