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


@pytest.mark.parametrize("text", ["انت حمار", "يا حمار", "الحمار"])
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("حمار", id="bare"),
        pytest.param("الحمار", id="article"),
        pytest.param("والحمار", id="and-with-article"),
        pytest.param("بالحمار", id="by-with-article"),
        pytest.param("وبالحمار", id="and-by-with-article"),
        pytest.param("وحمار", id="and"),
        pytest.param("فحمار", id="so"),
        pytest.param("لحمار", id="to"),
        pytest.param("وبحمار", id="and-by"),
        pytest.param("ياحمار", id="vocative"),
    ],
)
def test_particles_before_a_word_that_is_looked_for_make_no_difference(text, query):
    (found,) = words_of([text])
    assert all(set(spellings) & set(found) for spellings in wanted_words(query))


def test_particle_alone_is_looked_for_as_it_is():
    assert wanted_words("و") == [["و"]]


@pytest.mark.parametrize("query", ["كتاب", "فكرة", "واحد"])
def test_first_letter_of_a_short_word_is_no_particle(query):
    ((spelling,),) = wanted_words(query)
    assert spelling[0] == query[0]


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
