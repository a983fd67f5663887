import pytest

from service.script import script_of
from service.words import wanted_words, words_of


def test_word_is_found_with_and_without_what_is_glued_to_it():
    (words,) = words_of(["وبالكتابِ"])
    assert words == ["وبالكتاب", "بالكتاب", "كتاب"]


def test_possessive_endings_may_be_left_out():
    (words,) = words_of(["كتابهم"])
    assert {"كتابهم", "كتاب"} <= set(words)


def test_short_words_stay_whole():
    assert words_of(["ولد", "بيت له"]) == [["ولد"], ["بيت", "له"]]


def test_query_may_carry_an_article_that_the_text_lacks():
    assert wanted_words("الأَخبار اليوم") == [["الاخبار", "اخبار"], ["اليوم", "يوم"]]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        pytest.param("شكرا على المقال", "arabic", id="arabic"),
        pytest.param("shukran ya akhi", "latin", id="arabizi"),
        pytest.param("شكرا جزيلا thank you all", "mixed", id="mixed"),
        pytest.param("شكرا https://example.org/a/long/address", "arabic", id="address"),
        pytest.param("٢٠٢٦ !", "none", id="no-letters"),
    ],
)
def test_script_of_a_comment(text, script):
    assert script_of(text) == script
