import numpy as np
import pytest
from corpora_samples import labelled_examples

from moderation import ATTRIBUTES, Scorer
from moderation.experts import AT_ONCE
from moderation.features import FeatureSettings
from moderation.second_look import RETHOUGHT
from moderation.text import canonicalise
from moderation.typography import typed
from training.examples import NEWS, join
from training.experts import Expert, fit_heads, named_experts, teach, weigh
from training.fit import UNCALIBRATED, FitSettings, build_model, count, fit_weights
from training.second_look import folds_of

NAMED = {"sea": RETHOUGHT[0], "sand": RETHOUGHT[1]}
SMALL = FitSettings(features=FeatureSettings(bits=14), iterations=20)


def places(*, of_each=400):
    """Return two places that disagree on a word, and news."""
    random = np.random.default_rng(0)
    parts = []
    for place, verdict, words in (("sea", 1, "موج بحر"), ("sand", 0, "رمل جمل"), (NEWS, 0, "خبر")):
        said = random.random(of_each) < 0.5
        texts = [
            f"{' '.join(random.permutation(words.split()))} {'فلان' if s else 'علان'} {i}"
            for i, s in enumerate(said.tolist())
        ]
        parts.append(labelled_examples(texts, said == verdict, corpus=place))
    return join(parts)


@pytest.fixture(scope="module")
def taught():
    examples = places()
    counted = count(examples, SMALL, n_jobs=1)
    weighed = weigh(examples.texts, counted, SMALL.features, n_jobs=1)
    evidence = np.zeros((len(examples.texts), len(ATTRIBUTES)), dtype=np.float32)
    folds = folds_of(examples)
    return examples, counted, weighed, evidence, folds


def test_an_expert_speaks_about_what_its_corpus_labels():
    assert named_experts()["osact4_2020"] == "abusive"
    assert named_experts()["dangerous_speech"] == "threat"
    assert set(named_experts().values()) <= set(RETHOUGHT)


def test_each_place_is_heard_in_its_own_words(taught):
    examples, _, weighed, evidence, folds = taught
    experts, heard = teach(examples, evidence, weighed, folds, NAMED, n_jobs=1)
    for name, about in (("sea", 0), ("sand", 1)):
        own = examples.domain == name
        shown = examples.labels[own, 0] == 1
        assert (heard.opinions[own, about][shown] > 1).mean() > 0.95, name
        assert (heard.opinions[own, about][~shown] < -1).mean() > 0.95, name
    assert experts.weights.shape == (experts.buckets.size, AT_ONCE)
    # Elsewhere, too, and for every attribute; `opinions` do not hear it.
    elsewhere = examples.domain == NEWS
    shown = examples.labels[elsewhere, 0] == 1
    assert heard.said.shape == (len(elsewhere), len(NAMED) + len(RETHOUGHT))
    assert (heard.said[elsewhere, len(NAMED)][shown] > 1).mean() > 0.95
    assert (heard.said[elsewhere, len(NAMED)][~shown] < -1).mean() > 0.95
    assert np.abs(heard.opinions[elsewhere, 0]).max() < 0.5


def test_places_are_told_by_how_comments_are_typed_as_well(taught):
    examples, counted, *_ = taught
    at_sea = examples.domain == "sea"
    texts = [f"خبر {i}{'.' if own else ''}" for i, own in enumerate(at_sea.tolist())]
    weighed = weigh(texts, counted, SMALL.features, n_jobs=1)
    experts = [Expert("sea", 0), Expert("sand", 1)]
    heads = fit_heads(weighed, examples, experts, np.ones(len(texts), np.bool_), n_jobs=1)
    said = heads.say(weighed)[:, :3]
    assert (said[at_sea].argmax(axis=1) == 1).mean() > 0.95
    assert (said[~at_sea].argmax(axis=1) != 1).mean() > 0.95


def test_what_is_shipped_says_what_was_learned(taught):
    examples, counted, weighed, evidence, folds = taught
    experts, heard = teach(examples, evidence, weighed, folds, NAMED, n_jobs=1)
    manifest = {
        "version": "x",
        "features": SMALL.features.to_document(),
        **UNCALIBRATED,
    }
    scorer = Scorer(
        build_model(fit_weights(examples, counted, SMALL, n_jobs=1), SMALL.features, manifest)
    )
    views = scorer.known(scorer.hashed(canonicalise(examples.texts)))
    rows = np.arange(len(examples.texts))
    again = experts.hear(views, evidence[:, : len(RETHOUGHT)], rows, typed(examples.texts))
    # Not the same: those that are heard in `teach` had not seen the comment.
    assert np.corrcoef(again.opinions[:, 0], heard.opinions[:, 0])[0, 1] > 0.95


def test_two_fits_are_the_same_whatever_the_number_of_processes(taught):
    examples, _, weighed, evidence, folds = taught
    one, two = (teach(examples, evidence, weighed, folds, NAMED, n_jobs=n) for n in (1, 2))
    for first, second in zip(one, two, strict=True):
        for name in type(first).__slots__:
            assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_where_no_place_says_enough_the_sums_speak():
    examples = places(of_each=60)
    counted = count(examples, SMALL, n_jobs=1)
    weighed = weigh(examples.texts, counted, SMALL.features, n_jobs=1)
    evidence = np.random.default_rng(0).normal(size=(180, len(ATTRIBUTES))).astype(np.float32)
    experts, heard = teach(examples, evidence, weighed, folds_of(examples), NAMED, n_jobs=1)
    assert (experts.attributes.size, experts.buckets.size) == (0, 0)
    a = ATTRIBUTES.index(RETHOUGHT[0])
    opinions = heard.opinions
    assert np.allclose(opinions[:, 0], evidence[:, a] * experts.sums[0, 0] + experts.sums[0, 1])
