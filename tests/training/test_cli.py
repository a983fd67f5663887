import json

import numpy as np
import pytest
from click.testing import CliRunner
from corpora_samples import RULES, labelled_rows, published_rows, write_corpus, write_sources

from moderation import load_scorer
from training import cli
from training.examples import read_seed
from training.written import read_written


def run(*arguments):
    result = CliRunner().invoke(cli.main, [str(each) for each in arguments])
    assert not isinstance(result.exception, Exception), result.output
    return result


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "toy"
    return folder, run("fit", "--output", folder, "--version", "toy", "--jobs", 1)


def test_fit_without_corpora_says_that_the_result_is_a_toy(toy):
    folder, result = toy
    assert result.exit_code == 0
    assert "no --corpora given: using the " in result.stderr
    assert "The result is a toy: do not moderate with it." in result.stderr
    assert result.stdout == f"{folder}\n"


def test_a_toy_says_so_in_its_manifest_and_its_card(toy):
    folder, _ = toy
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["toy"] is True
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert card.startswith("# Model toy\n")
    assert "\n**This is a toy.** It was fitted on" in card
    assert "## What it cannot do" in card


def test_fit_needs_a_process():
    result = run("fit", "--jobs", 0)
    assert result.exit_code == 2
    assert "'--jobs': 0 is not in the range" in result.stderr


def test_lists_of_numbers_stand_on_one_line_of_a_manifest(toy):
    folder, _ = toy
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    assert '"ngrams": [3, 4, 5]' in text
    assert text.count("\n") < 1000


def test_a_toy_loads_and_scores(toy):
    folder, _ = toy
    scorer = load_scorer(folder)
    insult, thanks = scorer.score(["أنت حمار ولا تفهم شيئا", "شكرا للكاتب على المقال"])
    assert insult.scores["insult"] > 0.5 > thanks.scores["insult"]
    assert scorer.default_policy().version == "default-toy"


def test_no_text_of_an_example_is_in_the_model_folder(toy):
    folder, _ = toy
    for name in ("manifest.json", "card.md"):
        assert "حمار" not in (folder / name).read_text(encoding="utf-8")


@pytest.fixture
def corpora(tmp_path, monkeypatch):
    folder = tmp_path / "corpora"
    folder.mkdir()
    sources = write_sources(
        tmp_path / "s.toml", osact4_2020=RULES, other=RULES, hespress_comments=""
    )
    monkeypatch.setattr(cli, "load_sources", lambda: sources)
    write_corpus(folder, "osact4_2020", labelled_rows("osact4_2020", ends=(" اليوم", " الآن")))
    write_corpus(folder, "other", labelled_rows("other", ends=(" أمس", " غدا")))
    write_corpus(folder, "hespress_comments", published_rows("hespress_comments"))
    return folder


@pytest.mark.slow
def test_fit_with_corpora_is_no_toy_and_says_what_it_read(corpora, tmp_path, monkeypatch):
    written = read_written()
    some = written.take(np.arange(0, len(written.texts), 50))  # all would take minutes
    monkeypatch.setattr(cli, "read_written", lambda: some)
    folder = tmp_path / "model"
    result = run("fit", "--corpora", corpora, "--output", folder, "--jobs", 1)
    assert result.exit_code == 0, result.stderr
    assert "toy" not in result.stderr
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["toy"] is False
    suites = {"suite_cases", "suite_identities", "suite_spans", "suite_words"}
    own = {"seed", "written", "reactions", "spellings"}
    assert set(manifest["corpora"]) == {"osact4_2020", "other"} | own | suites
    assert all(manifest["corpora"].values())
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert "toy" not in card
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in card.splitlines()]
    assert ["osact4_2020", "abusive", "48", "39"] in [line[:4] for line in lines]
    assert ["osact4_2020", "192", "MSA", "CC0", "✓", "Nobody 2026"] in lines
    assert ["hespress_comments", "12"] in [line[:2] for line in lines]
    assert load_scorer(folder).version == "trial"


@pytest.mark.slow
def test_fit_on_clear_licences_leaves_the_others_out_and_says_so(corpora, tmp_path, monkeypatch):
    sources = write_sources(tmp_path / "t.toml", osact4_2020=RULES, other=RULES)
    unclear = sources[1].model_copy(update={"licence_clear": False})
    monkeypatch.setattr(cli, "load_sources", lambda: (sources[0], unclear))
    monkeypatch.setattr(cli, "read_written", read_seed)
    folder = tmp_path / "model"
    result = run("fit", "--corpora", corpora, "--output", folder, "--licences", "permissive",
                 "--jobs", 1)  # fmt: skip
    assert result.exit_code == 0, result.stderr
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["licences"] == "permissive"
    assert "osact4_2020" in manifest["corpora"]
    assert "other" not in manifest["corpora"]
    assert manifest["metrics"]["corpora"]["other"]["comments"] == 48
    assert "Fitted with `--licences permissive`" in (folder / "card.md").read_text(encoding="utf-8")


def test_a_missing_corpus_is_an_error_without_a_traceback(corpora, tmp_path):
    (corpora / "other.csv.gz").unlink()
    result = run("fit", "--corpora", corpora, "--output", tmp_path / "model")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {corpora} lacks other.csv.gz: name a folder")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "model").exists()


def test_a_file_that_is_not_gzip_is_an_error_without_a_traceback(corpora, tmp_path):
    (corpora / "other.csv.gz").write_text("id,text", encoding="utf-8")
    result = run("fit", "--corpora", corpora, "--output", tmp_path / "model")
    assert result.exit_code == 1
    assert f"Error: {corpora / 'other.csv.gz'} cannot be read: Not a gzipped file" in result.stderr


def test_a_folder_that_is_not_there_is_named(tmp_path):
    result = run("fit", "--corpora", tmp_path / "nowhere", "--output", tmp_path, "--jobs", 1)
    assert f"{tmp_path / 'nowhere'} does not exist: using the " in result.stderr


@pytest.mark.parametrize("command", sorted(cli.main.commands))
def test_every_command_has_help(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert cli.main.commands[command].help
