"""``ghirbal feedback``: what comment systems reported back, for training."""

from pathlib import Path
from typing import BinaryIO

import click
import orjson

from service.database import reported
from service.feedback import examples
from service.opening import open_current
from service.options import config_option


@click.group()
def feedback() -> None:
    """Export what comment systems reported of their moderators' decisions."""


@feedback.command("export")
@click.option(
    "--output",
    type=click.File("wb", lazy=True),
    default="-",
    help="File to write to.  [default: standard output]",
)
@config_option
def export(*, output: BinaryIO, config: Path | None) -> None:
    """Write one JSON object per line: the text, and a probability per attribute reported."""
    engine = open_current(config)
    count = 0
    with reported(), engine.connect() as connection:
        for example in examples(connection):
            output.write(orjson.dumps(example, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    click.echo(f"{count} examples", err=True)
