import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import ATTRIBUTES, Span, explain
from moderation.explain import OFFENDS_FROM

WORDS = st.sampled_from(
    [
        "حمار",
        "حِمَار",
        "ح.م.ا.ر",
        "7mar",
        "غبي",
        "غبـي",
        "مقال",
        "جميل",
        "شكرا",
        "يا",
        "ﻻ",
        "😀",
        "*",
        "أنت",
    ]
)
COMMENT = st.lists(WORDS, max_size=8).map(" ".join)


def covered(scorer, text, attribute):
    (score,) = scorer.score([text])
    return [text[span.start : span.end] for span in score.spans if span.attribute == attribute]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("قرأت المقال وأنت غبي", "غبي", id="plain"),
        pytest.param("قرأت المقال وأنت غَبِيّ!", "غَبِيّ", id="diacritics"),
        pytest.param("قرأت المقال وأنت غ ب ي", "غ ب ي", id="letters-apart"),
        pytest.param("😀😀 قرأت المقال وأنت غـــبي", "غـــبي", id="after-emoji-and-stretched"),
        pytest.param("قرأت <b>المقال</b> وأنت <i>غبي</i>", "غبي", id="html"),
    ],
)
def test_a_span_covers_the_word_as_it_was_written(scorer, text, words):
    assert any(words in span for span in covered(scorer, text, "insult"))


def test_a_clean_comment_has_no_spans(scorer):
    (score,) = scorer.score(["مقال جميل شكرا للكاتب"])
    assert score.spans == ()


def test_a_comment_without_words_has_no_spans_and_takes_none(eager_scorer):
    word, emoji, nothing, again = eager_scorer.score(["غبي", "😀", "", "غبي"])
    assert emoji.spans == nothing.spans == ()
    assert word.spans == again.spans != ()


def test_a_comment_without_words_may_come_last(eager_scorer):
    word, emoji = eager_scorer.score(["غبي", "😀"])
    assert word.spans == eager_scorer.score(["غبي"])[0].spans
    assert emoji.spans == ()


def test_more_comments_than_are_explained_at_once_keep_their_spans(eager_scorer):
    (score,) = eager_scorer.score(["يا غبي"])
    assert {words.spans for words in eager_scorer.score(["يا غبي"] * 1_100)} == {score.spans}


@given(text=COMMENT)
def test_spans_lie_in_the_text_in_order_and_never_overlap_for_an_attribute(eager_scorer, text):
    (score,) = eager_scorer.score([text])
    assert [(s.start, s.end, s.attribute) for s in score.spans] == sorted(
        (s.start, s.end, s.attribute) for s in score.spans
    )
    for attribute in ATTRIBUTES:
        edges = [
            edge for s in score.spans if s.attribute == attribute for edge in (s.start, s.end - 1)
        ]
        assert edges == sorted(edges)
        assert all(0 <= edge < len(text) for edge in edges)


@given(text=COMMENT)
def test_a_span_scores_alone_what_it_says_and_offends(scorer, text):
    (score,) = scorer.score([text])
    for span in score.spans:
        (alone,) = scorer.score([text[span.start : span.end]], spans=False)
        assert span.score == alone.scores[span.attribute]
        assert span.score >= OFFENDS_FROM


def test_neighbours_that_offend_are_one_stretch_and_the_plainest_stay():
    assert explain.offending([-1.0, 0.5, 0.1, -0.2, 2.0]) == [(1, 2), (4, 4)]
    margins = [i / 10 if i % 2 else -1.0 for i in range(60)]
    assert explain.offending(margins) == [(i, i) for i in range(37, 60, 2)]


def test_of_words_that_do_not_offend_the_nearest_that_offends_alone_is_shown():
    insult = ATTRIBUTES.index("insult")
    alone = np.zeros((3, len(ATTRIBUTES)))
    alone[:, insult] = 0.3, 0.9, OFFENDS_FROM
    fired = [name == "insult" for name in ATTRIBUTES]
    places = [(0, 1), (2, 3), (4, 5)]
    spans = explain._nearest(range(3), [-0.1, -0.4, -0.2], places, alone, fired=fired)
    assert spans == (Span(4, 5, "insult", OFFENDS_FROM),)
    assert explain._nearest(range(1), [-0.1], places, alone, fired=fired) == ()


@given(text=COMMENT)
def test_an_attribute_below_its_threshold_is_not_explained(scorer, text):
    (score,) = scorer.score([text])
    quiet = {name for name, cut in scorer.explain_at.items() if score.scores[name] < cut}
    assert quiet.isdisjoint(span.attribute for span in score.spans)


def test_a_very_long_comment_is_explained(scorer):
    text = "قرأت المقال كله وأنت غبي " * 800
    spans = covered(scorer, text, "insult")
    assert 1 <= len(spans) <= 12
