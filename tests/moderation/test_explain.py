import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation import ATTRIBUTES, explain

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
@settings(deadline=None)
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
@settings(deadline=None)
def test_a_span_scores_alone_what_it_says_and_reaches_the_threshold(scorer, text):
    (score,) = scorer.score([text])
    for span in score.spans:
        (alone,) = scorer.score([text[span.start : span.end]], spans=False)
        assert span.score == alone.scores[span.attribute]
        assert span.score >= scorer.explain_at[span.attribute]


@pytest.mark.parametrize(
    "abusive",
    [pytest.param([0.3, 0.95], id="one-offends"), pytest.param([0.3, 0.4], id="none-does")],
)
def test_a_word_that_does_not_offend_is_shown_only_where_it_comes_nearest(abusive):
    insult = ATTRIBUTES.index("insult")
    seeds = [explain._Seed(0, insult, ((word, word),)) for word in (0, 1)]
    rows = {(word, word): [0.0] * len(ATTRIBUTES) for word in (0, 1)}
    for word, score in enumerate(abusive):
        rows[word, word][0], rows[word, word][insult] = score, 0.9 + word / 100
    chosen = explain._choose(seeds, rows, [0.5] * len(ATTRIBUTES), n_comments=1)
    assert chosen == [{(insult, (1, 1)): 0.91}]


@given(text=COMMENT)
@settings(deadline=None)
def test_an_attribute_below_its_threshold_is_not_explained(scorer, text):
    (score,) = scorer.score([text])
    quiet = {name for name, cut in scorer.explain_at.items() if score.scores[name] < cut}
    assert quiet.isdisjoint(span.attribute for span in score.spans)


def test_a_very_long_comment_is_explained(scorer):
    text = "قرأت المقال كله وأنت غبي " * 800
    spans = covered(scorer, text, "insult")
    assert 1 <= len(spans) <= 6
