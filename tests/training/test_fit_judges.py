from dataclasses import replace

import numpy as np
import pytest
from corpora_samples import labelled_examples

from moderation import ATTRIBUTES
from moderation.experts import Experts, hear, judged_by, no_experts
from moderation.second_look import RETHOUGHT
from training.examples import NEWS, join
from training.judges import fit_judges

NAMED = {"sea": RETHOUGHT[0]}
N = 1000


@pytest.fixture(scope="module")
def said():
    """Return comments of a place whose labels its expert knows, and of others that sums know."""
    random = np.random.default_rng(0)
    labels = {place: (random.random(N) < share) for place, share in (("sea", 0.8), (NEWS, 0.3))}
    examples = join(
        [labelled_examples([f"كلمة {i}" for i in range(N)], y, corpus=p) for p, y in labels.items()]
    )
    labels_of_all = examples.labels.copy()
    labels_of_all[:, 1:] = 0
    examples = replace(examples, labels=labels_of_all)
    at_sea = examples.domain == "sea"
    truth = np.concatenate(list(labels.values())) * 2.0 - 1
    noise = random.normal(size=(2 * N, 2))
    expert = np.where(at_sea, truth, 0) * 2 + noise[:, 0]
    sums = random.normal(size=(2 * N, len(ATTRIBUTES))).astype(np.float32)
    sums[:, 0] = np.where(at_sea, 0, truth) + noise[:, 1]
    after = sums[:, [ATTRIBUTES.index(name) for name in RETHOUGHT]]
    plain = np.zeros((2 * N, len(RETHOUGHT)))
    of_elsewhere = np.zeros((2 * N, len(RETHOUGHT)))
    domains = np.where(at_sea, 0, 20), np.where(at_sea, 20, 0)
    logits = np.column_stack((*domains, expert, of_elsewhere))
    heard = hear(logits, plain, np.zeros(1, np.int32))
    return examples, heard, after, sums, truth, at_sea


def test_each_place_believes_who_is_right_there(said):
    examples, heard, after, sums, truth, at_sea = said
    judges = fit_judges(examples, heard, after, sums, NAMED)
    assert judges.shape == (1 + len(RETHOUGHT), judged_by(len(RETHOUGHT)))
    experts = judging(judges)
    found = experts.judge(heard, after, sums)[:, 0]
    for own in (at_sea, ~at_sea):
        right = (found[own] > np.median(found[own])) == (truth[own] > 0)
        before = (after[own, 0] > np.median(after[own, 0])) == (truth[own] > 0)
        assert right.mean() >= before.mean() - 0.01
    assert np.corrcoef(found[at_sea], heard.said[at_sea, 0])[0, 1] > 0.9
    assert abs(np.corrcoef(after[at_sea, 0], heard.said[at_sea, 0])[0, 1]) < 0.2


def test_how_often_a_place_shows_it_moves_nothing(said):
    examples, heard, after, sums, _, at_sea = said
    of_expert, elsewhere, *_ = fit_judges(examples, heard, after, sums, NAMED)
    for k, (judge, own) in enumerate(((of_expert, at_sea), (elsewhere, ~at_sea))):
        given = np.column_stack((after, sums, heard.said[:, k]))
        evidence = given[own] @ judge[:-1] + judge[-1]
        assert evidence.mean() == pytest.approx(after[own, 0].mean(), abs=1e-4)
    assert abs(of_expert[-2]) > 0.5


def test_an_attribute_that_nothing_tells_apart_stays_as_it_is(said):
    examples, heard, after, sums, *_ = said
    judges = fit_judges(examples, heard, after, sums, NAMED)
    for about in range(1, len(RETHOUGHT)):  # all comments are free of it
        expected = np.zeros(judged_by(len(RETHOUGHT)))
        expected[about] = 1
        assert np.array_equal(judges[1 + about], expected)


def test_without_experts_nobody_judges(said):
    examples, heard, after, sums, *_ = said
    assert fit_judges(examples, heard, after, sums, {}).shape == no_experts(3).judges.shape


def judging(judges):
    nothing = no_experts(len(RETHOUGHT))
    return Experts(
        nothing.buckets,
        nothing.weights,
        nothing.scales,
        np.zeros(1, np.int32),
        nothing.sums,
        nothing.typing,
        judges,
    )
