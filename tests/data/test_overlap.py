"""What is measured must be new to the model: no suite holds a sentence that was learned from."""

import re
from collections.abc import Iterable

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from moderation.text import canonicalise
from training.examples import read_seed
from training.suite_cases import LEARN, MEASURE
from training.suites import read_suites
from training.written import read_topics

NEAR = 0.8  # of the letter trigrams of two sentences together
GAP = re.compile(r"\{\w+\}")


def named(half):
    """Return (id, text) of every suite's half, frames with an empty gap."""
    suites = read_suites()
    cases = (*suites.functional, *suites.clean_uses, *suites.spans)
    frames = [(f.id, GAP.sub(" ", f.text)) for f in suites.frames if f.half == half]
    return [(each.id, each.text) for each in cases if each.half == half] + frames


@pytest.fixture(scope="module")
def learned():
    examples = [read_seed(), read_topics()]
    pairs = [pair for each in examples for pair in zip(each.ids, each.texts, strict=True)]
    return named(LEARN) + pairs


@pytest.fixture(scope="module")
def measured():
    return named(MEASURE)


def near(first, second):
    """Return the pairs of ids whose canonical texts share `NEAR` of their letter trigrams."""
    texts = [text for _, text in (*first, *second)]
    canonical = canonicalise(texts)
    vectors = CountVectorizer(analyzer="char_wb", ngram_range=(3, 3), binary=True, dtype=np.int32)
    X = vectors.fit_transform([canonical.text(i) for i in range(len(texts))])
    one, other = X[: len(first)], X[len(first) :]
    shared = (one @ other.T).tocoo()
    sizes, others = one.getnnz(axis=1), other.getnnz(axis=1)
    share = shared.data / (sizes[shared.row] + others[shared.col] - shared.data)
    hits = np.flatnonzero(share >= NEAR)
    return sorted((first[shared.row[i]][0], second[shared.col[i]][0]) for i in hits)


def test_sentences_that_differ_by_signs_are_found():
    assert near([("a", "شكراً للكاتب، مقال مفيد!")], [("b", "شكرا للكاتب مقال مفيد")]) == [
        ("a", "b")
    ]
    assert near([("a", "شكرا للكاتب على المقال")], [("b", "لا أتفق مع هذا الرأي أبدا")]) == []


def test_nothing_that_is_measured_was_learned_from(learned, measured):
    assert len(learned) > 1000
    assert len(measured) > 1000
    assert near(learned, measured) == []


def test_no_identity_is_both_learned_from_and_measured():
    halves: dict[str, Iterable[str]] = {LEARN: (), MEASURE: ()}
    for half in halves:
        halves[half] = {each.plural for each in read_suites().identities if each.half == half}
    assert set(halves[LEARN]) & set(halves[MEASURE]) == set()
