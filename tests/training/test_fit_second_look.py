import numpy as np
import pytest
from corpora_samples import labelled_examples

from moderation import ATTRIBUTES
from moderation.features import FeatureSettings
from moderation.second_look import GIVEN, RETHOUGHT, STARTS_AT, answers
from training.examples import join, read_seed
from training.fit import FitSettings, count
from training.second_look import (
    NETWORKS,
    UNITS,
    evidence_of_others,
    fit_networks,
    fit_on_others,
    folds_of,
)

SMALL = FitSettings(features=FeatureSettings(bits=12), iterations=20)
SAME = np.eye(len(ATTRIBUTES), dtype=np.float32)


def silent(examples):
    """Return what experts say who say nothing."""
    return np.zeros((len(examples.texts), len(RETHOUGHT)))


def found_by_others(examples, settings):
    counted = count(examples, settings, n_jobs=1)
    others = fit_on_others(examples, counted, settings, n_jobs=1)
    return evidence_of_others(others, examples, SAME, settings.features, examples)


def test_no_comment_gets_its_evidence_from_itself():
    # Each abusive comment has a word of its own, said twice: only itself could teach it.
    own = [f"{chr(0x628 + i)}{chr(0x633 + i % 20)}ثقخ" for i in range(30)]
    # Those that read the same would share a fold, and the two others know no clean comment.
    thanks = [f"شكرا{' للكاتب' * i}" for i in range(1, 31)]
    texts = [f"{word} {word}" for word in own] + thanks
    examples = labelled_examples(texts, [1] * 30 + [0] * 30)
    settings = FitSettings(features=FeatureSettings(bits=14), min_comments=1, iterations=20)
    found = found_by_others(examples, settings)
    assert found.shape == (60, len(ATTRIBUTES))
    assert (found[30:, 0] < 0).all()
    # What is left of the letters that it shares with others is little beside what it would teach.
    again = join([examples, examples.rewritten(texts, mark="disguised", weight=1.0)])
    copied = found_by_others(again, settings)
    assert np.allclose(copied[:60], copied[60:])
    assert np.median(copied[:30, 0]) < 2


def test_comments_that_read_the_same_share_a_fold_whatever_their_corpus():
    texts = [f"تعليق {i}" for i in range(60)]
    here = labelled_examples(texts, [1] * 60, corpus="here")
    there = labelled_examples([f"{text}!!" for text in texts], [1] * 60, corpus="there")
    both = join([here, there, there.rewritten(["آخر"] * 60, mark="disguised", weight=1.0)])
    here_folds, there_folds, of_copies = np.split(folds_of(both), 3)
    assert (here_folds == there_folds).all()
    assert (here_folds == of_copies).all()
    assert set(here_folds.tolist()) == {0, 1, 2}
    assert (folds_of(join([there, here]))[:60] == here_folds).all()


def test_a_network_learns_what_the_sum_cannot_say():
    # The same evidence is worth something where somebody is asked, and nothing where not.
    random = np.random.default_rng(0)
    asked = np.arange(600) % 2 == 0
    examples = labelled_examples(
        [f"كلمة {i}{'؟' * a}" for i, a in enumerate(asked.tolist())], asked
    )
    evidence = random.normal(1, 0.1, (600, len(ATTRIBUTES))).astype(np.float32)
    networks, after = fit_networks(examples, evidence, silent(examples), n_jobs=1)
    assert after[asked, 0].mean() > after[~asked, 0].mean() + 1
    assert networks.shape == (len(RETHOUGHT), NETWORKS * UNITS + 1, len(GIVEN) + 2)
    found = np.zeros((2, len(GIVEN)))
    found[:, : len(ATTRIBUTES)] = 1
    found[0, GIVEN.index("asks")] = 1
    asks, does_not = answers(networks[0].astype(np.float64), found)
    assert asks > does_not + 1


def test_a_network_of_too_few_comments_repeats_the_sum():
    random = np.random.default_rng(0)
    asked = np.arange(600) % 6 == 0
    examples = labelled_examples([f"كلمة {i}؟" for i in range(600)], asked)
    evidence = random.normal(0, 2, (600, len(ATTRIBUTES))).astype(np.float32)
    networks, after = fit_networks(examples, evidence, silent(examples), n_jobs=1)
    found = np.zeros((2, len(GIVEN)))
    found[:, 0] = 1.5, -2
    assert answers(networks[0].astype(np.float64), found).tolist() == [1.5, -2]
    assert np.allclose(after[:, 0], evidence[:, 0], atol=1e-5)


def test_the_style_of_a_corpus_is_no_insult():
    # One corpus asks and is nearly all abusive, the other does not and hardly is.
    random = np.random.default_rng(0)
    parts, evidence = [], []
    for corpus, mark, share in (("one", "؟", 0.8), ("other", "", 0.2)):
        labels = (random.random(800) < share).astype(np.int8)
        parts.append(
            labelled_examples([f"كلمة {i}{mark}" for i in range(800)], labels, corpus=corpus)
        )
        evidence.append(random.normal(0.5, 1, 800) + 2 * labels)
    rows = np.repeat(np.concatenate(evidence)[:, None], len(ATTRIBUTES), axis=1)
    examples = join(parts)
    [network, *_], _ = fit_networks(examples, rows.astype(np.float32), silent(examples), n_jobs=1)
    found = np.zeros((2, len(GIVEN)))
    found[:, : len(ATTRIBUTES)] = 1
    found[0, GIVEN.index("asks")] = 1
    asks, does_not = answers(network.astype(np.float64), found)
    assert abs(asks - does_not) < 1


@pytest.fixture(scope="module")
def seed():
    examples = read_seed()
    evidence = np.random.default_rng(0).normal(0, 2, (len(examples.texts), len(ATTRIBUTES)))
    return examples, evidence.astype(np.float32)


def test_two_fits_are_the_same_whatever_the_number_of_processes(seed):
    one, two = (fit_networks(*seed, silent(seed[0]), n_jobs=n) for n in (1, 2))
    assert [each.tobytes() for each in one] == [each.tobytes() for each in two]


def test_what_it_says_is_on_the_scale_of_the_evidence(seed):
    examples, evidence = seed
    networks, after = fit_networks(examples, evidence, silent(examples), n_jobs=1)
    columns = [ATTRIBUTES.index(name) for name in RETHOUGHT]
    low = (evidence[:, columns] <= STARTS_AT).all(axis=1)
    assert low.any()
    assert np.array_equal(after[low], evidence[low][:, columns])
    assert np.isfinite(after).all()
    assert np.isfinite(networks).all()
