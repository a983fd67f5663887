import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import PolicyError
from moderation.lists import PhraseList


def found(phrases, text):
    return [text[start:end] for start, end in PhraseList(phrases).find(text)]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        pytest.param("كلب", "هذا كلب كبير", ["كلب"], id="plain"),
        pytest.param("كلب", "هذا كَلْبٌ كبير", ["كَلْبٌ"], id="diacritics-in-the-text"),
        pytest.param("كَلْب", "هذا كلب كبير", ["كلب"], id="diacritics-in-the-list"),
        pytest.param("أحمق", "يا احمق", ["احمق"], id="alef-without-hamza"),
        pytest.param("غبية", "انت غبيه", ["غبيه"], id="ta-marbuta"),
        pytest.param("كلب", "يا ك.ل.ب", ["ك.ل.ب"], id="letters-apart"),
        pytest.param("كلب", "يا كلـــــب", ["كلـــــب"], id="tatweel"),
        pytest.param("حمار", "يا حماااار", ["حماااار"], id="stretched"),
        pytest.param("حمار", "يا 7مار", ["7مار"], id="digit"),
        pytest.param("7mar", "ya 7MAR!", ["7MAR"], id="arabizi"),
        pytest.param("كلب", "ﻛﻠﺐ", ["ﻛﻠﺐ"], id="presentation-forms"),
        pytest.param("قليل الأدب", "أنت قليل  الادب!", ["قليل  الادب"], id="phrase"),
        pytest.param("كلب", "كلب،كلب", ["كلب", "كلب"], id="twice"),
    ],
)
def test_a_phrase_is_found_however_it_is_written(phrase, text, expected):
    assert found([phrase], text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("وكلب", id="and"),
        pytest.param("فكلب", id="so"),
        pytest.param("الكلب", id="the"),
        pytest.param("والكلب", id="and-the"),
        pytest.param("بالكلب", id="by-the"),
        pytest.param("وبالكلب", id="and-by-the"),
        pytest.param("كالكلب", id="as-the"),
        pytest.param("للكلب", id="to-the"),
        pytest.param("لكلب", id="to"),
        pytest.param("ياكلب", id="o"),
    ],
)
def test_a_word_is_found_behind_its_proclitics_and_covered_without_them(text):
    assert found(["كلب"], text) == ["كلب"]
    assert PhraseList(["كلب"]).cover(f"هذا {text} كبير") == [(4, 4 + len(text))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("كلبش", id="longer-word"),
        pytest.param("متكلب", id="end-of-a-word"),
        pytest.param("قلب", id="another-word"),
        pytest.param("كل ب", id="split-once"),
        pytest.param("", id="empty"),
        pytest.param("😀", id="emoji"),
    ],
)
def test_only_whole_words_are_found(text):
    assert found(["كلب"], text) == []


AMONG = "كلام {} كل يوم والله يا ناس"


@pytest.mark.parametrize(
    "phrase", ["usdt", "dollar", "nik", "100 dollar", "bit coin", "t.me/xyz", "3la", "7mar", "sex"]
)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{}", id="alone"),
        pytest.param(AMONG, id="among-arabic-words"),
        pytest.param("hello {} my dear friend", id="among-latin-words"),
        pytest.param("قلت {} hello my dear friend", id="among-both"),
    ],
)
def test_latin_letters_are_found_among_words_of_either_script(phrase, text):
    assert found([phrase], text.format(phrase)) == [phrase]
    assert found([phrase], text.format(phrase.upper())) == [phrase.upper()]


@pytest.mark.parametrize("phrase", ["usdt", "dollar", "nik", "bit coin", "iphone", "t.me/xyz"])
@pytest.mark.parametrize("proclitic", ["ال", "و", "ب", "بال", "يا"])
@pytest.mark.parametrize("text", [AMONG, "{} hello my dear friend"])
def test_latin_letters_are_found_behind_proclitics(phrase, proclitic, text):
    text = text.format(proclitic + phrase)
    assert found([phrase], text) == [phrase]
    assert [text[start:end] for start, end in PhraseList([phrase]).cover(text)] == [
        proclitic + phrase
    ]


def test_words_of_both_scripts_are_found_among_latin_ones():
    assert found(["يا ولد nik"], "hello my dear يا ولد nik") == ["يا ولد nik"]


@pytest.mark.parametrize("written", ["d.o.l.l.a.r", "dollarrr", "\uff44ollar", "dollár"])
def test_latin_letters_are_found_however_they_are_written(written):
    assert found(["dollar"], AMONG.format(written)) == [written]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        pytest.param("dollar", AMONG.format("دولار"), id="word"),
        pytest.param("dollar", AMONG.format("الدولار"), id="with-article"),
        pytest.param("usdt", AMONG.format("وسدت"), id="letters"),
        pytest.param("3la", AMONG.format("غلا"), id="digit"),
        pytest.param("t.me/xyz", AMONG.format("ثمة xyz"), id="first-word"),
        pytest.param("xxx", AMONG.format("بك"), id="behind-a-particle"),
        pytest.param("dollar", AMONG.format("dolar"), id="another-spelling"),
    ],
)
def test_latin_letters_are_not_the_arabic_word_that_they_read_as(phrase, text):
    assert found([phrase], text) == []


def test_the_longest_phrase_is_one_that_is_written_so():
    text = AMONG.format("ثمه xyz ثمه")
    assert found(["t.me/xyz", "ثمه"], text) == ["ثمه", "ثمه"]


def test_a_phrase_wins_over_its_first_word():
    assert found(["كلب", "كلب البحر"], "كلب البحر كلب") == ["كلب البحر", "كلب"]


@pytest.mark.parametrize(
    ("phrases", "text", "expected"),
    [
        pytest.param(
            ["حرامي كبير", "كبير اللصوص"],
            "هذا حرامي كبير اللصوص",
            ["حرامي كبير", "كبير اللصوص"],
            id="overlapping",
        ),
        pytest.param(["كلب البحر", "البحر"], "كلب البحر", ["كلب البحر", "البحر"], id="inside"),
        pytest.param(["كلب", "الكلب الكبير"], "الكلب الكبير", ["الكلب الكبير"], id="with-article"),
        pytest.param(["كلب", "الكلب"], "الكلب", ["كلب"], id="without-article"),
        pytest.param(["ها ها"], "ها ها ها", ["ها ها", "ها ها"], id="itself"),
        pytest.param(["ك"], "بك ولك", ["ك", "ك"], id="one-letter"),
    ],
)
def test_no_match_hides_another(phrases, text, expected):
    assert found(phrases, text) == expected
    assert found(phrases[::-1], text) == expected


def test_order_and_duplicates_do_not_matter():
    text = "غبي تافه غبي"
    assert found(["غبي", "تافه", "غَبي"], text) == found(["تافه", "غبي"], text)


def test_signs_of_patterns_are_plain_text():
    assert found(["ظ*م"], "ظلم ظ*م") == ["ظ*م"]


def test_an_empty_list_finds_nothing():
    assert not PhraseList([])
    assert PhraseList(["كلب"])
    assert found([], "كلب") == []
    assert PhraseList([]).cover("كلب") == []


@pytest.mark.parametrize(
    "phrase",
    [
        pytest.param("", id="empty"),
        pytest.param(" ", id="space"),
        pytest.param("؟!", id="punctuation"),
        pytest.param("\u064b", id="mark"),
        pytest.param("😀", id="emoji"),
        pytest.param("@handle", id="handle"),
    ],
)
def test_a_phrase_without_letters_is_refused(phrase):
    with pytest.raises(PolicyError, match="needs a letter or a digit"):
        PhraseList(["كلب", phrase])


@given(st.text(st.one_of(st.sampled_from("كلب ال.\u064b😀"), st.characters())))
def test_matches_lie_in_the_text_and_are_the_phrase(text):
    phrases = PhraseList(["كلب"])
    for start, end in phrases.find(text):
        assert 0 <= start < end <= len(text)
        assert phrases.find(text[start:end]) == [(0, end - start)]


@given(st.text(st.one_of(st.sampled_from("nik gو ال.1\u064b"), st.characters()), max_size=12))
def test_what_is_listed_is_found_wherever_it_stands(phrase):
    try:
        phrases = PhraseList([phrase])
    except PolicyError:
        return
    assert phrases.find(phrase)
