"""The command ``ghirbal-train``: fit, evaluate, fetch."""

from dataclasses import replace
from pathlib import Path

import click

from moderation import ModerationError, Scorer
from moderation.errors import ModelError
from moderation.latin import TRANSLITERATION_PATH, read_readings
from moderation.lexicon import VOCABULARY_PATH
from moderation.model import CARD, load_model, newest_model, save_model
from training.card import Trials, write_cards
from training.evaluate_command import evaluate_command, floors_command
from training.examples import Examples, join, read_seed, with_clear_licence
from training.fetch_command import fetch_command
from training.fit import FitSettings
from training.labels import read_relabelled
from training.pipeline import train
from training.report import measure
from training.sources import load_sources
from training.suite_report import without_rows
from training.suites import read_suites
from training.thresholds_command import thresholds_command
from training.transliteration import learn_transliteration, write_transliteration
from training.trials_command import ablate_command, leave_one_out_command
from training.vocabulary import count_vocabulary, write_vocabulary
from training.written import read_spellings, read_topics, read_written

_folder = click.Path(path_type=Path, file_okay=False)


class _Group(click.Group):
    """Shows our own errors as messages, not as tracebacks."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ModerationError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ghirbal")
def main() -> None:
    """Fit models for Ghirbal and measure them."""


def _examples(corpora: Path | None) -> tuple[Examples, bool]:
    """Read the corpora, or the project's own examples where there are none."""
    if corpora is not None and corpora.is_dir():
        known = read_relabelled(corpora, load_sources())
        return join([known, read_written(), read_spellings()]), False
    examples = read_seed()
    reason = "no --corpora given" if corpora is None else f"{corpora} does not exist"
    click.echo(
        f"{reason}: using the {len(examples.texts)} examples written for the project. "
        "The result is a toy: do not moderate with it.",
        err=True,
    )
    return examples, True


@main.command()
@click.option("--corpora", type=_folder, help="Folder with one NAME.csv.gz per corpus.")
@click.option("--output", type=_folder, help="Model folder to write [build/models/VERSION].")
@click.option("--version", default="trial", show_default=True, help="Version of the model.")
@click.option(
    "--licences",
    type=click.Choice(["all", "permissive"]),
    default="all",
    show_default=True,
    help="Fit on all corpora, or on those with a clear licence.",
)
@click.option(
    "--jobs", default=2, show_default=True, type=click.IntRange(1), help="Processes to use."
)
def fit(
    corpora: Path | None,
    output: Path | None,
    *,
    version: str,
    licences: str,
    jobs: int,
) -> None:
    """Fit a model, measure it on dev splits and suites and write its folder."""
    examples, toy = _examples(corpora)
    sources = load_sources()
    learned = examples
    if licences == "permissive":
        learned = with_clear_licence(examples, sources)
    model = train(learned, FitSettings(), version=version, n_jobs=jobs, toy=toy)
    report, _ = measure(Scorer(model), examples, sources, read_suites(), n_jobs=jobs)
    metrics = report | {"suites": without_rows(report["suites"])}
    facts = {"licences": licences, "metrics": metrics}
    model = replace(model, manifest=dict(model.manifest) | facts)
    folder = output or Path("build", "models", version)
    save_model(model, folder)
    write_cards(folder, model.manifest, sources, Trials.read())
    click.echo(f"mean AUC on dev: {metrics['mean_auc']}", err=True)
    click.echo(folder)


@main.command("card")
@click.option("--model", "path", type=_folder, help="Model folder [the shipped model].")
def card(path: Path | None) -> None:
    """Write a model's cards again from its manifest and the tables of trials."""
    folder = path or newest_model()
    manifest = load_model(folder).manifest
    if not {"summary", "suites"} <= set(manifest.get("metrics", {})):
        raise ModelError(f"{folder}: its manifest lacks figures of the suites: fit it again")
    write_cards(folder, manifest, load_sources(), Trials.read())
    click.echo(folder / CARD)


@main.command("vocabulary")
def vocabulary() -> None:
    """Count the words of the written comments; the canonical form uses them from then on."""
    write_vocabulary(count_vocabulary(read_topics().texts))
    click.echo(VOCABULARY_PATH)


@main.command("transliteration")
def transliteration() -> None:
    """Learn from the list of readings what Latin letters stand for in words that nobody knows."""
    write_transliteration(learn_transliteration(read_readings().items()))
    click.echo(TRANSLITERATION_PATH)


main.add_command(ablate_command)
main.add_command(evaluate_command)
main.add_command(fetch_command)
main.add_command(floors_command)
main.add_command(leave_one_out_command)
main.add_command(thresholds_command)
