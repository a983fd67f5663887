"""The compiled library and arrays know the same of every word."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation import library
from moderation.evidence import gather_words, look_at_words
from moderation.highlights import FEATURES, Highlighter
from training.examples import read_seed

ODD = [
    "",
    " ",
    "😀",
    "غبي",
    "يا حمار يا غبي، انت مش كاتب",
    "ya 7mar wallah enta ghabi",
    "h d 5ara, ح*ار و غ ب ي",
    "\ud800غبي\udfff \x00 حمار",
    "ﷺ ﷺ ﷺ غبي",
    "<b>غبي</b> &amp; @user https://example.org/غبي",
    "غَبِيّ\u064b\u0651 غـــبيييي!",
    "والغبي فالحمار 3ammar ح.م.ا.ر",
    "سطر\nحمار\r\nسطر",
    "مقال جميل جدا وشكرا للكاتب " * 30 + "يا حمار",
    "كلمة " * 73 + "غبي " * 30,
    "ﷺ" * 200,
]
LETTER = st.one_of(st.sampled_from("كلبحماريا غبيو 7*.\u064b😀"), st.characters())
EVERY_TEXT = st.lists(st.text(LETTER), max_size=3)


def both(scorer, texts, model=None):
    """Look at texts by the library and by arrays, at thresholds that some reach and some do not."""
    if library.native() is None:
        pytest.skip("no C compiler when the package was installed")
    scores, cuts = scorer.rounded(texts), [0.3, 0.1, 0.5, 0.0, 0.02, 0.9]
    compiled = look_at_words(scorer, texts, scores, cuts, model=model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "native", lambda: None)
        return compiled, look_at_words(scorer, texts, scores, cuts, model=model)


def check(compiled, plain):
    np.testing.assert_array_equal(compiled[0], plain[0])
    for name in ("start", "stop"):
        np.testing.assert_array_equal(compiled[1][name], plain[1][name], err_msg=name)
    np.testing.assert_allclose(compiled[1]["alone"], plain[1]["alone"], atol=1.1e-6)
    odds, share, product = map(FEATURES.index, ("alone", "share", "alone_share"))
    for _, looked in (compiled, plain):
        found = looked["features"]
        np.testing.assert_allclose(found[:, product], found[:, odds] * found[:, share], atol=1e-9)
    for number, name in enumerate(FEATURES):
        one, other = (each[1]["features"][:, number] for each in (compiled, plain))
        # Of scores that differ in the last of their six digits, near 0, log-odds differ more, and
        # with them the product, which is checked above.
        of = plain[1]["features"][:, odds] if number == product else other
        likely = np.abs(of) < 4 if "alone" in name else np.ones(one.size, dtype=np.bool_)
        np.testing.assert_allclose(one[likely], other[likely], atol=1e-4, err_msg=name)


def test_odd_comments_are_looked_at_alike(scorer):
    check(*both(scorer, ODD))


def test_the_seed_comments_are_looked_at_alike(scorer):
    check(*both(scorer, read_seed().texts[:1_000]))


@given(texts=EVERY_TEXT)
@settings(max_examples=60)
def test_any_comments_are_looked_at_alike(scorer, texts):
    check(*both(scorer, texts))


def test_margins_are_those_of_the_same_features(scorer):
    weights = np.linspace(-1, 2, 3 * len(FEATURES)).reshape(len(FEATURES), 3)
    (bounds, words), _ = both(scorer, ODD, Highlighter(weights))
    own, before, after = (words["features"] @ weights).T
    expected = own.copy()
    for first, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        expected[first + 1 : end] += before[first : max(end - 1, first)]
        expected[first : max(end - 1, first)] += after[first + 1 : end]
    np.testing.assert_allclose(words["margin"], expected, atol=1e-6)


def test_margins_are_those_of_arrays_for_the_same_scores(scorer):
    texts = [*ODD, *read_seed().texts[:1_000]]
    scores = scorer.rounded(texts)
    cuts = [0.3, 0.1, 0.5, 0.0, 0.02, 0.9]
    _, looked = look_at_words(scorer, texts, scores, cuts)
    words, _, _ = gather_words(scorer, texts, scores, cuts)
    expected = scorer.highlighter.margins(words)
    np.testing.assert_allclose(looked["margin"], expected, rtol=1e-6, atol=1e-6)


def test_of_a_long_comment_only_words_near_the_strongest_are_scored_alone(scorer):
    _, words = both(scorer, ["كلمة " * 100 + "يا غبي " + "كلمة " * 100])[0]
    looked_at = (words["alone"] > 0).any(axis=1)
    assert looked_at[100:103].all()
    assert looked_at.sum() <= 3 * 24


def test_spans_are_the_same_by_arrays(scorer, monkeypatch):
    texts = [*ODD, *read_seed().texts[:300]]
    compiled = [each.spans for each in scorer.score(texts)]
    monkeypatch.setattr(library, "native", lambda: None)
    plain = [each.spans for each in scorer.score(texts)]
    places = [[(s.start, s.end, s.attribute) for s in each] for each in compiled]
    assert places == [[(s.start, s.end, s.attribute) for s in each] for each in plain]
    assert sum(map(bool, places)) > 10
