import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from corpora_samples import RULES, labelled_rows, published_rows, write_corpus, write_sources

from moderation.features import FeatureSettings
from moderation.model import newest_model, save_model
from training import cli, evaluate_command
from training.examples import join, read_corpora, read_seed
from training.fit import FitSettings
from training.floors import FLOORS
from training.pipeline import train

SHARED = Path(__file__).parents[3] / "shared" / "corpora"


def run(*arguments):
    result = CliRunner().invoke(cli.main, [str(each) for each in arguments])
    assert not isinstance(result.exception, Exception), result.output
    return result


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    path = tmp_path_factory.mktemp("sources") / "sources.toml"
    return write_sources(path, osact4_2020=RULES, aoc_reader_comments="")


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora")
    write_corpus(folder, "osact4_2020", labelled_rows("osact4_2020"))
    write_corpus(folder, "aoc_reader_comments", published_rows("aoc_reader_comments"))
    return folder


@pytest.fixture
def model(tiny, sources, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate_command, "load_sources", lambda: sources)
    save_model(tiny, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture(scope="module")
def tiny(corpora, sources):
    settings = FitSettings(features=FeatureSettings(bits=12))
    examples = join([read_corpora(corpora, sources), read_seed()])
    return train(examples, settings, version="tiny", n_jobs=1, toy=False)


@pytest.mark.slow
def test_corpora_and_suites_are_measured_printed_and_written(model, corpora, tmp_path):
    output = tmp_path / "report"
    result = run("evaluate", "--corpora", corpora, "--model", model, "--output", output)
    assert result.exit_code == 0, result.stderr
    assert "| OSACT4-A, AUC" in result.stdout
    for heading in ("Labelled corpora, dev splits", "Functional suite", "Identities"):
        assert f"\n## {heading}\n" in result.stdout
    for where in ("the suites", "people's comments"):
        assert f"\n## Rewritten words, {where}\n" in result.stdout
    assert (output / "report.md").read_text(encoding="utf-8") == result.stdout.removesuffix("\n")
    figures = json.loads((output / "figures.json").read_text(encoding="utf-8"))
    assert figures["model"] == "tiny"
    assert figures["summary"]["osact4_auc"] == figures["corpora"]["osact4_2020"]["auc"]
    assert f"no floors: {model / FLOORS} is missing" in result.stderr


@pytest.mark.slow
def test_a_figure_under_its_floor_ends_with_an_error(model):
    (model / FLOORS).write_text("evasion_mean = { at_least = 1.5 }\n", encoding="utf-8")
    result = run("evaluate", "--model", model, "--jobs", 1)
    assert result.exit_code == 1
    assert "no --corpora given: only what the project wrote itself is measured" in result.stderr
    assert "evasion_mean is " in result.stderr
    assert "## Labelled corpora" not in result.stdout


@pytest.mark.slow
def test_floors_are_written_beside_the_model_and_hold(model, corpora):
    result = run("floors", "--corpora", corpora, "--model", model, "--margin", 0.02, "--jobs", 1)
    assert result.stdout == f"{model / FLOORS}\n"
    assert "osact4_auc = { at_least = " in (model / FLOORS).read_text(encoding="utf-8")
    again = run("evaluate", "--corpora", corpora, "--model", model, "--jobs", 1)
    assert again.exit_code == 0, again.stderr


def test_floors_need_corpora(tmp_path):
    result = run("floors", "--corpora", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert f"{tmp_path / 'nowhere'} does not exist" in result.stderr


def test_a_folder_without_a_model_is_named(tmp_path):
    result = run("evaluate", "--model", tmp_path)
    assert result.exit_code == 1
    assert f"Error: {tmp_path / 'manifest.json'} is missing" in result.stderr


@pytest.mark.slow
def test_the_shipped_model_reaches_its_floors():
    """On every suite always; on the corpora where they lie beside the project."""
    assert (newest_model() / FLOORS).is_file()
    result = run("evaluate", *(("--corpora", SHARED) if SHARED.is_dir() else ()))
    assert result.exit_code == 0, result.stderr
