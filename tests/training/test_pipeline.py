from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from corpora_samples import RULES, labelled_rows, published_rows, write_corpus, write_sources

from moderation import ATTRIBUTES, Scorer
from moderation.features import FeatureSettings
from moderation.highlights import NO_HIGHLIGHTS
from moderation.model import load_model, save_model
from training import pipeline
from training.evaluate import evaluate, score_dev
from training.examples import PUBLISHED, CorporaError, join, read_corpora, read_seed
from training.fit import FitSettings
from training.highlights import fit_highlighter, read_marked
from training.pipeline import LEANING, LIKELIER, LIKELY, REVIEW_BUDGET, split, train
from training.suites import read_suites
from training.written import SPELLINGS

SMALL = FitSettings(features=FeatureSettings(bits=12))


def fit(examples, *, version="tiny", n_jobs=1, toy=False):
    return train(examples, SMALL, version=version, n_jobs=n_jobs, toy=toy)


def measured(model, examples, sources):
    return evaluate(Scorer(model), score_dev(Scorer(model), examples), sources)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("corpora")


@pytest.fixture(scope="module")
def sources(folder):
    return write_sources(
        folder / "sources.toml",
        osact4_2020=RULES,
        other=RULES,
        aoc_reader_comments='domain = "news"',
    )


@pytest.fixture(scope="module")
def examples(folder, sources):
    write_corpus(folder, "osact4_2020", labelled_rows("osact4_2020", ends=(" اليوم", " الآن")))
    write_corpus(folder, "other", labelled_rows("other", ends=(" أمس", " غدا")))
    write_corpus(folder, "aoc_reader_comments", published_rows("aoc_reader_comments"))
    return read_corpora(folder, sources)


@pytest.fixture(scope="module")
def tiny(examples):
    return fit(examples)


@pytest.fixture(scope="module")
def metrics(tiny, examples, sources):
    return measured(tiny, examples, sources)


def test_a_model_knows_what_it_was_fitted_on(tiny):
    facts = tiny.manifest
    assert (facts["format"], facts["version"], facts["toy"]) == (11, "tiny", False)
    assert facts["attributes"] == list(ATTRIBUTES)
    assert facts["features"] == SMALL.features.to_document()
    assert facts["fit"] == {
        "min_comments": 3, "l2": 0.15, "smoothing": 1.0, "iterations": 30,
        "more_iterations": 15,
    }  # fmt: skip
    # 240 comments each, one in five for the dev split; published ones are not fitted on.
    assert facts["corpora"] == {"osact4_2020": 192, "other": 192}
    assert set(facts["environment"]) == {"python", "numpy", "scipy", "scikit-learn"}


def test_a_model_knows_which_words_to_highlight(tiny):
    assert tiny.manifest["highlights"] != NO_HIGHLIGHTS.to_document()
    scorer = Scorer(tiny)
    again = fit_highlighter(scorer, read_suites(), read_marked())
    assert scorer.highlighter.to_document() == again.to_document()


def test_a_fitted_model_tells_the_labels_apart(tiny):
    insult, clean = Scorer(tiny).score(["يا غبي عن الطرق", "شكرا للكاتب عن الطرق"])
    assert insult.scores["insult"] > 0.8
    assert clean.scores["insult"] < 0.2
    assert [span.attribute for span in insult.spans if span.attribute == "insult"]


def test_two_fits_write_the_same_bytes(examples, tmp_path):
    save_model(fit(examples), tmp_path / "first")
    save_model(fit(examples, n_jobs=2), tmp_path / "second")
    for name in ("manifest.json", "weights.npz"):
        first = Path(tmp_path, "first", name).read_bytes()
        assert first == Path(tmp_path, "second", name).read_bytes()


def test_dev_and_unlabelled_comments_are_not_fitted_on(examples, tiny):
    train_only = examples.take(np.flatnonzero(examples.split == "train"))
    again = fit(train_only)
    for name in ("weights", "scales", "idf", "checks"):
        assert getattr(again, name).tolist() == getattr(tiny, name).tolist()
    assert again.manifest == tiny.manifest


def test_words_by_themselves_are_learned_by_the_sums_alone(examples, tiny):
    words = [f"{a}{b}{end}" for a in "bdfhjklmn" for b in "aeiou" for end in ("lok", "zyp")]
    labels = np.full((len(words), len(ATTRIBUTES)), -1, dtype=np.int8)
    labels[:, 0] = [word.endswith("lok") for word in words]
    listed = replace(
        examples.take(np.arange(len(words))),
        ids=[f"{SPELLINGS}:{i}" for i in range(len(words))],
        texts=words,
        labels=labels,
        weights=(labels >= 0).astype(np.float32),
        measured=np.full(len(words), -1, dtype=np.int8),
        corpus=np.full(len(words), SPELLINGS),
        domain=np.full(len(words), SPELLINGS),
        split=np.full(len(words), "train"),
        typical=np.zeros(len(words), dtype=np.bool_),
    )
    found = fit(join([examples, listed]))
    before, after = (Scorer(model).evidence(["batlok", "batzyp"])[:, 0] for model in (tiny, found))
    assert abs(before[0] - before[1]) < 0.5
    assert after[0] > after[1] + 1
    assert found.experts.buckets.tolist() == tiny.experts.buckets.tolist()
    corpora = dict(found.manifest["corpora"])
    assert corpora.pop(SPELLINGS) > len(words) / 2
    assert corpora == tiny.manifest["corpora"]


def test_a_fitted_model_can_be_saved_and_loaded(tiny, tmp_path):
    save_model(tiny, tmp_path)
    texts = ["يا غبي", "شكرا", ""]
    assert Scorer(load_model(tmp_path)).score(texts) == Scorer(tiny).score(texts)


def test_thresholds_are_in_order_for_every_attribute(tiny):
    thresholds = tiny.manifest["thresholds"]
    assert set(thresholds) == set(ATTRIBUTES)
    for cut in thresholds.values():
        assert 0 < cut["review_at"] < 1
        assert cut["review_at"] <= cut.get("reject_at", 1) <= 1
        assert cut.get("reject_at", 1) >= 0.8


def test_attributes_are_a_reason_by_themselves_where_they_are_likely(tiny):
    thresholds = tiny.manifest["thresholds"]
    for name in set(ATTRIBUTES) - {"abusive"}:
        assert thresholds[name]["review_at"] >= LIKELIER.get(name, LIKELY)
    assert thresholds["identity_hate"]["review_at"] >= LIKELIER["identity_hate"] > LIKELY


def test_nothing_is_fitted_on_that_reads_like_what_is_held_out_or_measured():
    corpora = read_seed()
    rows = np.arange(len(corpora.texts))
    louder = replace(
        corpora,
        ids=[f"louder:{i}" for i in rows],
        texts=[f"{text}!!" for text in corpora.texts],
        split=np.full(rows.size, "train"),
    )
    both = join([corpora, louder])
    part, rest, published = split(both)
    numbers = dict(zip(both.ids, both.text_ids().tolist(), strict=True))
    of_part, of_rest, of_published = (
        {numbers[name] for name in each.ids} for each in (part, rest, published)
    )
    of_dev = {numbers[name] for name in np.array(corpora.ids)[corpora.split == "dev"]}
    assert len(of_part) > len(of_rest) > 20
    assert of_published <= of_rest
    assert not of_part & of_rest
    assert not (of_part | of_rest) & of_dev


def test_more_of_what_newspapers_published_is_held_out_than_of_the_rest():
    examples = read_seed()
    clean = np.flatnonzero((examples.labels[:, 0] == 0) & (examples.split == "train"))
    papers = replace(
        examples.take(clean),
        ids=[f"aoc:{i}" for i in clean],
        texts=[f"جريدة {examples.texts[i]}" for i in clean],
        corpus=np.full(clean.size, PUBLISHED[0]),
    )
    part, rest, published = split(join([examples, papers]))
    assert set(published.corpus) == {PUBLISHED[0]}
    n_rest = (rest.corpus == PUBLISHED[0]).sum()
    assert 2 * n_rest < len(published.texts) < 0.4 * clean.size
    assert n_rest < 0.15 * clean.size
    assert not set(published.ids) & set(part.ids)
    assert {i for i in rest.ids if i.startswith("aoc")} <= set(published.ids)


def test_held_out_clean_comments_stay_within_the_budget():
    examples = read_seed()
    model = fit(examples, toy=True)
    _, _, clean = split(examples)
    policy = Scorer(model).default_policy()
    scores = Scorer(model).score(clean.texts, spans=False)
    held = [policy.decide("", score).reasons != () for score in scores]
    assert sum(held) <= REVIEW_BUDGET * len(held)


def test_too_few_comments_of_an_attribute_are_named(folder, sources, tmp_path):
    rows = labelled_rows("other", kinds=("clean", "insult", "obscene", "hate"))
    for name in ("osact4_2020", "other"):
        write_corpus(tmp_path, name, rows)
    write_corpus(tmp_path, "aoc_reader_comments", [])
    with pytest.raises(CorporaError, match=r"none of the \d+ to fit on shows threat"):
        fit(read_corpora(tmp_path, sources))


def test_a_report_measures_each_corpus_by_its_own_attribute(metrics):
    labelled = metrics["corpora"]["osact4_2020"]
    assert labelled["attribute"] == "abusive"
    assert labelled["comments"] == 48
    assert labelled["positives"] == 39
    assert labelled["auc"] == 1.0
    assert labelled["best_macro_f1"] == 1.0
    assert set(metrics["corpora"]["aoc_reader_comments"]) == {"comments", "held_back"}


def test_a_report_says_what_a_recall_costs(metrics):
    assert metrics["published_at_recall"] == {
        "0.7": {"aoc_reader_comments": 0.0},
        "0.8": {"aoc_reader_comments": 0.0},
    }


def test_a_report_holds_shares_only(metrics):
    assert metrics["mean_auc"] == 1.0
    assert set(metrics["calibration_error"]) == set(ATTRIBUTES)
    assert all(0 <= error <= 1 for error in metrics["calibration_error"].values())


def test_a_corpus_of_one_label_in_its_dev_split_has_no_figures_of_ranking(tiny, examples, sources):
    rows = (examples.split == "dev") & (examples.measured == 1)
    report = measured(tiny, examples.take(np.flatnonzero(rows)), sources)
    assert set(report["corpora"]["other"]) == {"comments", "held_back"}
    assert report["mean_auc"] is None
    assert "published_at_recall" not in report


def test_figures_of_a_report_are_those_of_the_policy(tiny, examples, sources):
    report = measured(tiny, examples, sources)["corpora"]["other"]
    dev = examples.take(np.flatnonzero((examples.split == "dev") & (examples.corpus == "other")))
    policy = Scorer(tiny).default_policy()
    scores = Scorer(tiny).score(dev.texts)
    held = np.array(
        [policy.decide(t, s).reasons != () for t, s in zip(dev.texts, scores, strict=True)]
    )
    assert report["held_back"] == round(float(held.mean()), 4)
    assert report["recall"] == round(float(held[dev.measured == 1].mean()), 4)
    assert report["precision"] == round(float(dev.measured[held].mean()), 4)


def test_hate_and_threats_lean_on_what_is_abusive():
    rng = np.random.default_rng(1)
    evidence = rng.normal(size=(4_000, len(ATTRIBUTES))).astype(np.float32)
    labels = np.full(evidence.shape, -1, dtype=np.int8)
    for a in range(len(ATTRIBUTES)):
        labels[:, a] = evidence[:, a] + evidence[:, 0] / 2 + rng.normal(size=4_000) > 0
    rest = replace(read_seed(), labels=labels, weights=np.ones(labels.shape, dtype=np.float32))
    mixture = pipeline._mix_with_abusive(evidence, rest)
    for a, name in enumerate(ATTRIBUTES):
        if name in LEANING:
            assert mixture[0, a] / mixture[a, a] == pytest.approx(0.5, abs=0.1)
            assert np.count_nonzero(mixture[:, a]) == 2
        else:
            np.testing.assert_array_equal(mixture[:, a], np.eye(len(ATTRIBUTES))[a])


def test_scores_are_calibrated_on_comments_as_they_come(examples):
    rest = examples.take(np.flatnonzero(examples.weights[:, 0] > 0))
    picked = np.arange(len(rest.texts)) % 3 == 0
    rest = replace(rest, typical=~picked)
    assert (pipeline._as_they_come(rest, 0) == ~picked).all()
    # Too few of them: what there is.
    clean = replace(rest, typical=rest.labels[:, 0] == 0)
    assert pipeline._as_they_come(clean, 0).all()
