"""``ghirbal export``: comments, training data and a person's data out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson

from service.audit import note
from service.author_ids import kept_id
from service.database import reported, writing
from service.exchange.exports import export_comments, export_person, export_training
from service.opening import open_current
from service.options import config_option
from service.sites import find_site

_site_option = click.option("--site", default="default", show_default=True, help="Whose comments.")
_output_option = click.option(
    "--output", type=click.File("wb"), default="-", help="Write here.  [default: standard output]"
)


@click.group()
def export() -> None:
    """Write comments, decisions to learn from, or all about one reader; noted in the audit."""


@export.command("comments")
@_site_option
@_output_option
@config_option
def comments(site: str, output: BinaryIO, config: Path | None) -> None:
    """Write the comments of a site, one JSON object a line, as `ghirbal import` takes them."""
    engine = open_current(config)
    with reported(), writing(engine) as connection:
        site_id = find_site(connection, site)
        note(connection, "comments exported", site)
    with reported(), engine.connect() as connection:
        _write(export_comments(connection, site_id=site_id), output)


@export.command("training")
@_output_option
@config_option
def training(output: BinaryIO, config: Path | None) -> None:
    """Write texts with the last decision on each, one JSON object a line.

    The weight says how it was made: by a person on one comment 1, on many at once 0.5, elsewhere
    0.5, by a list 0.25, by the machine itself 0.1.
    """
    engine = open_current(config)
    with reported(), writing(engine) as connection:
        note(connection, "training data exported", "all sites")
    with reported(), engine.connect() as connection:
        _write(export_training(connection), output)


@export.command("person")
@click.argument("author")
@_site_option
@_output_option
@config_option
def person(*, author: str, site: str, output: BinaryIO, config: Path | None) -> None:
    """Write all that is kept about the reader with the site's id AUTHOR, as JSON."""
    engine = open_current(config)
    with reported(), writing(engine) as connection:
        site_id = find_site(connection, site)
        kept = kept_id(author, engine.dialect)
        note(connection, "person's data exported", f"{site}/{kept}")
    with reported(), engine.connect() as connection:
        found = export_person(connection, author, site_id=site_id)
    output.write(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _write(rows: Iterator[dict[str, Any]], output: BinaryIO) -> None:
    for row in rows:
        output.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
