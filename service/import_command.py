"""``ghirbal import``: comments of other systems in."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import click
from tqdm import tqdm

from service.app import build_judge
from service.database import reported
from service.exchange.imports import READERS, ImportReport, import_file
from service.newsroom_errors import ImportFileError
from service.opening import open_with
from service.options import config_option
from service.policies import JudgeInForce
from service.settings import load_settings
from service.sites import find_site


@click.command("import")
@click.argument("source", metavar="FILE", type=click.File("rb"))
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(READERS)),
    required=True,
    help="What the file is; see below.",
)
@click.option("--site", default="default", show_default=True, help="The site that they are of.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what was refused here, one JSON object a line.",
)
@config_option
def import_(
    *, source: BinaryIO, kind: str, site: str, report_path: Path | None, config: Path | None
) -> None:
    """Take in the comments of FILE, scored, with what was decided on them elsewhere.

    Broken off, the same command goes on where it stopped; a comment whose id is there already is
    passed over, whatever its text, and counted as known. Records that cannot be taken in are told
    with their number, and the exit status is 1 then; the others are stored.

    \b
      jsonl      one comment a line as POST /v1/comments takes it, `action` besides
      csv        columns id, text, author_id, author_name, article_id, article_title,
                 article_url, section, parent_id, created_at, action
      wordpress  the XML of Tools > Export (WXR)
      disqus     the XML of Disqus
      coral      mongoexport of the collection `comments`
    """  # noqa: D301 - click wants the backspace itself, before what it shall not wrap
    settings = load_settings(file=config)
    engine = open_with(settings)
    with reported(), engine.connect() as connection:
        site_id = find_site(connection, site)
    judge = JudgeInForce(engine, build_judge(settings)).get()
    with reported(), tqdm(unit=" records", disable=None) as bar:
        told = _told(bar.update)
        try:
            done = import_file(
                engine,
                judge,
                source,
                kind=kind,
                site_id=site_id,
                progress=told,
                report_path=report_path,
            )
        except csv.Error as error:
            raise ImportFileError(f"{source.name}: {error}") from error
    if done.finished_at is not None:
        when = done.finished_at.strftime("%Y-%m-%d %H:%M UTC")
        click.echo(f"{source.name} was taken in already, on {when}", err=True)
    _tell(done, named=report_path is None)
    if done.refused:
        raise click.exceptions.Exit(1)


def _told(update: Callable[[int], object]) -> Callable[[int], None]:
    def told(records: int) -> None:
        update(records)

    return told


def _tell(done: ImportReport, *, named: bool) -> None:
    if named:
        for each in done.problems:
            click.echo(f"record {each.number}: {each.problem}", err=True)
    click.echo(f"{done.stored} stored, {done.known} known, {done.refused} refused", err=True)
