import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.web.highlight import direction, pieces
from service.web.reasons import suggested


def span(start, end, attribute="insult", score=0.5):
    return {"start": start, "end": end, "attribute": attribute, "score": score}


def test_pieces_begin_and_end_with_the_marks():
    found = pieces("a bad word", [span(2, 5)])
    assert [(piece.text, bool(piece.whys)) for piece in found] == [
        ("a ", False),
        ("bad", True),
        (" word", False),
    ]


def test_marks_that_overlap_share_a_piece():
    found = pieces("abcd", [span(0, 3), span(1, 4, "threat", 0.9)])
    assert [(piece.text, [why.attribute for why in piece.whys]) for piece in found] == [
        ("a", ["insult"]),
        ("bc", ["threat", "insult"]),
        ("d", ["threat"]),
    ]


@given(
    st.text(max_size=30),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=5),
)
def test_pieces_together_are_the_text(text, places):
    spans = [span(start, start + length) for start, length in places]
    assert "".join(piece.text for piece in pieces(text, spans)) == text


def test_web_address_is_one_stretch_even_where_a_mark_cuts_it():
    found = pieces("see https://a.example/bad/ now", [span(22, 25)])
    assert [(piece.text, piece.opens, piece.closes) for piece in found] == [
        ("see ", False, False),
        ("https://a.example/", True, False),
        ("bad", False, False),
        ("/", False, True),
        (" now", False, False),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("مُحَمَّدٌ", [("مُحَمَّدٌ", None)], id="as-it-is-spelled"),
        pytest.param(
            "a\u0651\u0651\u0651\u0651" + "\u0651" * 296 + "b",
            [("a\u0651\u0651\u0651\u0651", None), ("\u0651" * 296, "U+0651 ×296"), ("b", None)],
            id="tower",
        ),
        pytest.param(
            "a" + "\u0301\u0489" * 4,
            [("a\u0301\u0489\u0301\u0489", None), ("\u0301\u0489" * 2, "◌ ×4")],
            id="mixed",
        ),
        pytest.param("أحـ\u200bمق", [("أحـ", None), ("\u200b", "U+200B"), ("مق", None)], id="cut"),
        pytest.param("…" * 9, [("…" * 9, None)], id="dots"),
    ],
)
def test_what_would_hide_or_cover_is_told_instead(text, expected):
    assert [(piece.text, piece.control) for piece in pieces(text, [])] == expected


def test_long_stretch_may_be_broken_but_never_before_a_mark():
    found = pieces("ب" * 100 + "\u0651" + "ب" * 150, [])
    assert [(len(piece.text), piece.breaks) for piece in found] == [(200, True), (51, False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("مقال جميل", "rtl", id="arabic"),
        pytest.param("BBC نشرت الخبر", "rtl", id="latin-name-first"),
        pytest.param("انظر https://example.org/long/address", "rtl", id="address"),
        pytest.param("thanks for the مقال", "ltr", id="english"),
        pytest.param("123 !", "rtl", id="no-letters"),
    ],
)
def test_direction_is_that_of_most_words(text, expected):
    assert direction(text) == expected


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (["abusive", "severe", "insult"], "insult"),
        (["severe"], "abusive"),
        (["suspect_word"], "other"),
        ([], "other"),
    ],
)
def test_particular_reason_is_suggested_before_the_general_one(reasons, expected):
    assert suggested(reasons) == expected
