"""The commands that measure a model and hold it to its floors."""

import json
from pathlib import Path
from typing import Any, Final

import click

from moderation import Scorer
from moderation.model import load_model, newest_model
from training.evaluate import Scored
from training.examples import join, read_corpora, read_seed
from training.floors import FLOORS, below, read_floors, write_floors
from training.plots import PlotsMissingError, draw_all
from training.report import measure, write_report
from training.sources import load_sources
from training.suites import read_suites

_folder: Final = click.Path(path_type=Path, file_okay=False)
_jobs: Final = click.option(
    "--jobs", default=2, show_default=True, type=click.IntRange(1), help="Processes to use."
)
_model: Final = click.option(
    "--model", "path", type=_folder, help="Model folder [the shipped model]."
)


@click.command("evaluate")
@click.option("--corpora", type=_folder, help="Folder with one NAME.csv.gz per corpus.")
@click.option("--output", type=_folder, help="Folder for the report, its figures and plots.")
@_model
@_jobs
def evaluate_command(
    corpora: Path | None, output: Path | None, path: Path | None, jobs: int
) -> None:
    """Measure a model on the dev splits and on every suite.

    Prints the report; exits with an error where a figure is worse than its floor in the model's
    folder. Without corpora only the suites are measured. Plots need `pip install ghirbal[plots]`.
    """
    path = path or newest_model()
    report, scored = _measure(path, corpora, jobs)
    floors = read_floors(path / FLOORS) if (path / FLOORS).exists() else {}
    text = write_report(report, floors)
    click.echo(text)
    if output is not None:
        _write(output, report, text, scored)
    if not floors:
        click.echo(f"no floors: {path / FLOORS} is missing", err=True)
    failed = below(report["summary"], floors)
    for line in failed:
        click.echo(line, err=True)
    if failed:
        raise click.exceptions.Exit(1)


@click.command("floors")
@click.option("--corpora", type=_folder, required=True,
              help="Folder with one NAME.csv.gz per corpus.")  # fmt: skip
@click.option("--margin", default=0.01, show_default=True, type=click.FloatRange(0, 1),
              help="How much worse a figure may become.")  # fmt: skip
@_model
@_jobs
def floors_command(corpora: Path, margin: float, path: Path | None, jobs: int) -> None:
    """Measure a model and write its figures, less a margin, as its floors.

    A stricter floor that stands in its folder already stays if the model keeps it.
    """
    path = path or newest_model()
    if not corpora.is_dir():
        raise click.BadParameter(f"{corpora} does not exist", param_hint="--corpora")
    report, _ = _measure(path, corpora, jobs)
    write_floors(path / FLOORS, report["summary"], margin=margin)
    click.echo(path / FLOORS)


def _measure(path: Path, corpora: Path | None, jobs: int) -> tuple[dict[str, Any], Scored | None]:
    scorer, sources = Scorer(load_model(path)), load_sources()
    if corpora is not None and corpora.is_dir():
        examples = join([read_corpora(corpora, sources), read_seed()])
    elif scorer.manifest["toy"]:
        examples = read_seed()
    else:
        examples = None
    if corpora is None or not corpora.is_dir():
        reason = "no --corpora given" if corpora is None else f"{corpora} does not exist"
        click.echo(f"{reason}: only what the project wrote itself is measured", err=True)
    return measure(scorer, examples, sources, read_suites(), n_jobs=jobs)


def _write(folder: Path, report: dict[str, Any], text: str, scored: Scored | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(text, encoding="utf-8")
    figures = json.dumps(report, ensure_ascii=False, indent=2)
    (folder / "figures.json").write_text(figures + "\n", encoding="utf-8")
    names = {each.id: each.plural for each in read_suites().identities}
    try:
        draw_all(folder, report, scored, names)
    except PlotsMissingError as error:
        click.echo(error, err=True)
