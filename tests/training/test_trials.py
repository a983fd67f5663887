import numpy as np
import pytest
from click.testing import CliRunner
from corpora_samples import RULES, labelled_rows, published_rows, write_corpus, write_sources

from moderation.features import FeatureSettings
from training import cli, trials_command
from training.ablate import ablate, list_changes
from training.card import ABLATION_COLUMNS, ALONE_COLUMNS, Trials
from training.examples import join, read_corpora, read_seed
from training.fit import FitSettings
from training.leave_one_out import leave_one_out, mean_auc
from training.refit import prepare, refit
from training.trials import read_trials
from training.written import read_spellings

SMALL = FitSettings(features=FeatureSettings(bits=12), iterations=20)
PUBLISHED = """\
domain = "news"
evidence = [{ attributes = ["abusive"], applies = false, weight = 0.3 }]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("corpora")


@pytest.fixture(scope="module")
def sources(folder):
    sources = write_sources(
        folder / "s.toml", osact4_2020=RULES, other=RULES, aoc_reader_comments=PUBLISHED
    )
    unclear = sources[1].model_copy(update={"licence_clear": False})
    return (sources[0], unclear, sources[2])


@pytest.fixture(scope="module")
def examples(folder, sources):
    write_corpus(folder, "osact4_2020", labelled_rows("osact4_2020"))
    # Other comments than those of the first: ones that are equal are not fitted on.
    others = [[each, f"{text} اليوم", *rest] for each, text, *rest in labelled_rows("other")]
    write_corpus(folder, "other", others)
    rows = published_rows("aoc_reader_comments")
    published = [[*row[:-1], row[-1].replace("unlabelled", "train")] for row in rows]
    write_corpus(folder, "aoc_reader_comments", published)
    return join([read_corpora(folder, sources), read_seed()])


@pytest.fixture(scope="module")
def material(examples, tmp_path_factory):
    return prepare(examples, SMALL, n_jobs=1, cache=tmp_path_factory.mktemp("cache"))


def test_each_corpus_is_measured_by_a_fit_without_it(material, sources):
    rows = leave_one_out(material, sources, SMALL, n_jobs=1)
    assert [(row["corpus"], row["attribute"], row["comments"]) for row in rows] == [
        ("osact4_2020", "abusive", 48),
        ("other", "abusive", 48),
    ]
    assert all(row["auc"] > 0.9 for row in rows)


def test_means_are_over_the_corpora_that_were_left_out():
    rows = [{"corpus": "a", "auc": 0.8}, {"corpus": "b", "auc": 0.9}]
    assert mean_auc(rows, ["a", "b", "c"]) == 0.85
    assert mean_auc(rows, ["c"]) is None


def test_what_equals_a_comment_to_score_is_not_fitted_on(material):
    score = material.dev("other")
    twins = np.isin(material.text_ids, material.text_ids[score])
    # Written with and without an exclamation mark, which the canonical form drops.
    assert (material.train & twins).any()
    kept = {"score": score, "attribute": "abusive", "settings": SMALL}
    with_twins = refit(material, material.examples, fit_on=material.train, **kept)
    without = refit(material, material.examples, fit_on=material.train & ~twins, **kept)
    assert with_twins.tolist() == without.tolist()


def test_features_are_counted_once(examples, tmp_path):
    first = prepare(examples, SMALL, n_jobs=1, cache=tmp_path)
    stored = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("output.pkl")}
    again = prepare(examples, SMALL, n_jobs=1, cache=tmp_path)
    assert len(stored) == 1
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("output.pkl")} == stored
    assert (first.counts != again.counts).nnz == 0


def test_every_decision_is_taken_back_alone(material, sources):
    changes = list_changes(material, sources)
    assert [(each.change, each.corpus) for each in changes] == [
        ("shipped", ""),
        ("naive", "osact4_2020"),
        ("naive", "other"),
        ("all_naive", ""),
        ("no_published", ""),
        ("no_written", ""),
        ("no_spellings", ""),
        ("no_disguise", ""),
        ("licences", ""),
    ]
    naive = changes[1]
    corpus = material.examples.corpus
    changed = naive.examples.weights[:, 0] != material.examples.weights[:, 0]
    assert set(corpus[changed].tolist()) == {"osact4_2020"}
    left = {each.change: set(corpus[each.fit_on].tolist()) for each in changes}
    assert left["no_published"] == {"osact4_2020", "other", "seed"}
    assert left["no_written"] == {"osact4_2020", "other", "aoc_reader_comments"}
    assert left["licences"] == {"osact4_2020", "aoc_reader_comments", "seed"}


def test_a_change_is_measured_like_the_model(material, sources):
    first, *others = ablate(material, sources, SMALL, n_jobs=1)
    assert list(first) == list(ABLATION_COLUMNS)
    assert first["change"] == "shipped"
    assert first["mean_auc"] == first["osact4_auc"] == 1.0
    assert first["arabizi_auc"] is None
    assert first["aoc_flagged"] == 0.0
    assert first["iterations"] == 20
    assert len(others) == 8


@pytest.fixture
def run(folder, examples, sources, tmp_path, monkeypatch):
    monkeypatch.setattr(trials_command, "load_sources", lambda: sources)
    monkeypatch.setattr(trials_command, "read_written", read_seed)
    few = read_spellings().take(np.arange(99))
    monkeypatch.setattr(trials_command, "read_spellings", lambda: few)

    def run(command):
        output = tmp_path / "trials.csv"
        arguments = ["--corpora", folder, "--output", output, "--cache", tmp_path / "cache",
                     "--iterations", 5, "--jobs", 1]  # fmt: skip
        result = CliRunner().invoke(cli.main, [command, *map(str, arguments)])
        assert result.exit_code == 0, result.output
        return result.stdout, output

    return run


@pytest.mark.slow
def test_leave_one_out_prints_and_writes_what_the_card_reads(run, tmp_path):
    printed, output = run("leave-one-out")
    assert "mean AUC over lhsab, alakrot2018_youtube, omcd" in printed
    rows = read_trials(output, ALONE_COLUMNS)
    assert [row["corpus"] for row in rows] == ["osact4_2020", "other"]
    assert Trials.read(tmp_path / "none.csv", output).alone == rows


@pytest.mark.slow
def test_ablate_prints_and_writes_what_the_card_reads(run, tmp_path):
    printed, output = run("ablate")
    assert printed.startswith("| change ")
    rows = read_trials(output, ABLATION_COLUMNS)
    assert rows[0]["iterations"] == "5"
    assert Trials.read(output, tmp_path / "none.csv").ablations == rows
