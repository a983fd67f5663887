import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sentences import sentences, utf16_length, utf16_ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("كلام", ["كلام"]),
        ("  كلام  ", ["كلام"]),
        ("أولا. ثانيا؟ ثالثا!", ["أولا.", "ثانيا؟", "ثالثا!"]),
        ("سطر \n\n آخر", ["سطر", "آخر"]),
        ("قال: 3.5 بالمئة.", ["قال: 3.5 بالمئة."]),
        ("😀😀! نعم…", ["😀😀!", "نعم…"]),
    ],
)
def test_text_is_cut_at_ends_of_sentences(text, expected):
    assert [text[start:end] for start, end in sentences(text)] == expected


def test_ranges_count_surrogate_pairs_twice():
    text = "😀 نعم. 😀لا"
    assert sentences(text) == [(0, 6), (7, 10)]
    assert utf16_ranges(text, sentences(text)) == [(0, 7), (8, 12)]


def test_number_of_sentences_has_a_limit():
    text = "لا. " * 5_000
    cut = sentences(text)
    assert len(cut) == 100
    assert cut[-1][1] == len(text) - 1


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(". ؟\n😀")))
def test_cut_by_utf16_units_is_the_cut_by_code_points(text):
    units = text.encode("utf-16-le")
    cut = sentences(text)
    for (start, end), (begin, stop) in zip(cut, utf16_ranges(text, cut), strict=True):
        assert units[2 * begin : 2 * stop].decode("utf-16-le") == text[start:end]
    assert utf16_length(text) * 2 == len(units)
