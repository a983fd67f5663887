"""The commands that fit many models to learn from the comparison; they take long."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from training.ablate import ablate
from training.card import ABLATION_COLUMNS, ALONE_COLUMNS
from training.examples import join
from training.fit import FitSettings
from training.labels import read_relabelled
from training.leave_one_out import TYPICAL, leave_one_out, mean_auc
from training.refit import CACHE, Material, prepare
from training.sources import load_sources
from training.tables import table
from training.trials import ABLATIONS, LEAVE_ONE_OUT, write_trials
from training.written import for_sums, read_spellings, read_written

_folder: Final = click.Path(path_type=Path, file_okay=False)
_file: Final = click.Path(path_type=Path, dir_okay=False)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what both commands take."""
    for option in (
        click.option("--jobs", default=2, show_default=True, type=click.IntRange(1),
                     help="Processes to use; each needs some 3 GB."),
        click.option("--cache", type=_folder, default=CACHE, show_default=True,
                     help="Where counted features are kept."),
        click.option("--iterations", default=FitSettings().iterations, show_default=True,
                     type=click.IntRange(1), help="Steps of each fit, at most."),
        click.option("--corpora", type=_folder, required=True,
                     help="Folder with one NAME.csv.gz per corpus."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("leave-one-out")
@_options
@click.option("--output", type=_file, default=LEAVE_ONE_OUT, help="CSV file to write.")
def leave_one_out_command(corpora: Path, output: Path, **options: Any) -> None:  # noqa: ANN401
    """Fit without each labelled corpus in turn and measure on it.

    The head of the attribute that the corpus labels is fitted, without any text that also stands
    in the corpus' dev split.
    """
    material, settings = _prepare(corpora, **options)
    rows = leave_one_out(material, load_sources(), settings, n_jobs=options["jobs"])
    write_trials(output, ALONE_COLUMNS, rows)
    click.echo(table(ALONE_COLUMNS, [list(row.values()) for row in rows]))
    click.echo(f"mean AUC: {mean_auc(rows, [row['corpus'] for row in rows])}")
    click.echo(f"mean AUC over {', '.join(TYPICAL)}: {mean_auc(rows, TYPICAL)}")
    click.echo(output)


@click.command("ablate")
@_options
@click.option("--output", type=_file, default=ABLATIONS, help="CSV file to write.")
def ablate_command(corpora: Path, output: Path, **options: Any) -> None:  # noqa: ANN401
    """Take each decision about the evidence back and measure what it gained.

    The head for abusive is fitted once for every change; the first row takes nothing back.
    """
    material, settings = _prepare(corpora, **options)
    rows = ablate(material, load_sources(), settings, n_jobs=options["jobs"])
    write_trials(output, ABLATION_COLUMNS, rows)
    click.echo(table(ABLATION_COLUMNS, [list(row.values()) for row in rows]))
    click.echo(output)


def _prepare(
    corpora: Path, *, jobs: int, cache: Path, iterations: int
) -> tuple[Material, FitSettings]:
    known = read_relabelled(corpora, load_sources())
    examples = for_sums(join([known, read_written(), read_spellings()]))
    settings = replace(FitSettings(), iterations=iterations)
    return prepare(examples, settings, n_jobs=jobs, cache=cache), settings
