# ruff: noqa: RUF001 -- letters that look like others are what is tested here
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import ATTRIBUTES, CommentScore, Policy, Span, Thresholds
from moderation.text import canonicalise
from training.evasion import LEARNED, REWRITES, rewrite, rewrite_all, words_of
from training.evasion_suite import measure_evasion, measure_false_alarms

WORDS = ("حمار", "الكلاب", "تافه", "خنزير", "أحمق", "منافقين", "سؤال", "قذرة")
UNDONE = (
    "spaces", "dots", "dashes", "underscores", "stars", "signs", "emoji", "zero_width", "bidi",
    "line_breaks", "html_spaces", "harakat", "tatweel", "persian", "urdu", "kurdish",
    "presentation_forms", "html_entities", "html_tags", "alef", "ya", "stretched",
)  # fmt: skip


def forms(texts):
    batch = canonicalise(texts)
    return [batch.text(i) for i in range(len(texts))]


def hidden(name, word, seed=0):
    return REWRITES[name](word, Random(seed))  # noqa: S311 -- no secret


def test_there_are_many_rewrites_and_each_can_hide_some_word():
    assert len(REWRITES) == 40
    for name in REWRITES:
        assert any(hidden(name, word) not in (None, word) for word in WORDS), name


@pytest.mark.parametrize("name", REWRITES)
def test_the_same_seed_hides_a_word_in_the_same_way(name):
    assert [hidden(name, word, 7) for word in WORDS] == [hidden(name, word, 7) for word in WORDS]


@pytest.mark.parametrize("name", REWRITES)
@pytest.mark.parametrize(
    "word",
    [
        pytest.param("", id="empty"),
        pytest.param("ف", id="one-letter"),
        pytest.param("kalb", id="latin"),
        pytest.param("123", id="digits"),
        pytest.param("كلب!", id="sign"),
        pytest.param("😀", id="emoji"),
    ],
)
def test_what_cannot_be_hidden_gives_none(name, word):
    assert hidden(name, word) is None


@pytest.mark.parametrize("name", UNDONE)
@pytest.mark.parametrize("seed", range(20))
def test_the_canonical_form_undoes_what_only_disguises_letters(name, seed):
    for word in WORDS:
        changed = hidden(name, word, seed)
        texts = [f"قال {word} هنا", f"قال {changed or word} هنا"]
        assert len(set(forms(texts))) == 1, (word, changed)


def test_only_undone_rewrites_and_latin_letters_are_not_learned():
    # A letter may take the place of a hamza, and a mixed rewrite may change letters.
    latin = {name for name in REWRITES if name.startswith("arabizi")} | {"latin"}
    assert set(REWRITES) - set(UNDONE) - set(LEARNED) == {"hamza", "mixed"} | latin


@pytest.mark.parametrize(
    ("name", "word", "expected"),
    [
        pytest.param("dots", "كلب", {"ك.ل.ب", "ك..ل..ب", "ك·ل·ب", "ك…ل…ب", "ك•ل•ب"}, id="dots"),
        pytest.param("underscores", "كلب", {"ك_ل_ب", "ك__ل__ب"}, id="underscores"),
        pytest.param("masked_star", "كلب", {"ك*ب", "ك**ب", "ك٭ب", "ك＊ب"}, id="masked"),
        pytest.param("doubled", "كلب", {"ككلب", "كللب", "كلبب"}, id="doubled"),
        pytest.param("split_space", "كلب", {"ك لب", "كل ب", "ك\u2009لب", "كل\u2009ب",
                                            "ك\u00a0لب", "كل\u00a0ب"}, id="split"),
        pytest.param("glued_ya", "الكلب", {"ياكلب"}, id="glued-ya"),
        pytest.param("glued_hal", "كلب", {"هالكلب", "هلكلب"}, id="glued-hal"),
        pytest.param("chat_digits", "حمر", {"7مر"}, id="digit"),
        pytest.param("ta_marbuta", "قذرة", {"قذره", "قذرت"}, id="ta-marbuta"),
        pytest.param("presentation_forms", "كلب", {"ﻛﻠﺐ", "ﻙﻝﺏ"}, id="presentation-forms"),
        pytest.param("arabizi_chat", "حمار", {"7amar", "7emar", "7imar", "7mar"}, id="7mar"),
        pytest.param("arabizi_plain", "حمار", {"hamar", "hemar", "himar", "hmar"}, id="hmar"),
    ],
)  # fmt: skip
def test_a_word_is_hidden_in_the_ways_of_its_rewrite(name, word, expected):
    assert {hidden(name, word, seed) for seed in range(300)} - expected == set()


@pytest.mark.parametrize("name", ["arabizi_chat", "arabizi_egyptian", "arabizi_maghrebi"])
def test_unwritten_vowels_are_drawn_in_arabizi(name):
    spelled = {hidden(name, "كلب", seed) for seed in range(100)}
    assert {"kalb", "kelb"} <= spelled
    assert {each.translate(str.maketrans("", "", "aeio")) for each in spelled} == {"klb"}


def test_marks_of_a_word_are_no_letters():
    assert hidden("underscores", "كَلـْب") in {"ك_ل_ب", "ك__ل__ب"}


def test_rewriting_changes_the_stretch_and_nothing_else():
    text = "يا كلب، هذا كلب آخر"
    changed = rewrite(text, (3, 6), "masked_star", 1)
    assert changed.startswith("يا ك")
    assert changed.endswith("ب، هذا كلب آخر")
    assert changed != text


def test_every_word_of_a_stretch_is_rewritten():
    assert rewrite("قال كلب حمار هنا", (4, 12), "glued_ya", 0) == "قال ياكلب ياحمار هنا"


def test_stretches_that_overlap_are_rewritten_once():
    assert rewrite_all("كلب حمار", [(0, 3), (0, 8)], "glued_ya", 0) == "ياكلب ياحمار"


def test_a_stretch_that_cannot_be_rewritten_gives_none():
    assert rewrite("hello كلب", (0, 5), "dots", 0) is None
    assert rewrite("كلب", (0, 3), "ta_marbuta", 0) is None


def test_an_unknown_rewrite_is_named():
    with pytest.raises(ValueError, match="unknown rewrite 'rot13'"):
        rewrite("كلب", (0, 3), "rot13", 0)


@given(st.text(), st.sampled_from(sorted(REWRITES)), st.integers(0, 9))
def test_any_text_can_be_tried(text, name, seed):
    changed = rewrite(text, (0, len(text)), name, seed)
    assert changed != text


def test_words_are_those_that_can_be_hidden():
    text = "يا كلب hello 12 حِمار!"
    assert [text[a:b] for a, b in words_of(text)] == ["كلب", "حِمار"]


class WordScorer:
    """Knows one word, and that only as it is written."""

    version = "word"

    def probabilities(self, texts):
        hits = np.array(["حمار" in text for text in texts], dtype=np.float64)
        return np.repeat(hits[:, None], 6, axis=1)

    def score(self, texts):
        return [
            CommentScore(
                dict.fromkeys(ATTRIBUTES, float("حمار" in text)),
                tuple(Span(i, i + 4, "abusive", 1.0) for i in [text.find("حمار")] if i >= 0),
                "word",
            )
            for text in texts
        ]


POLICY = Policy("test", {"abusive": Thresholds(0.5)})


def test_a_scorer_that_knows_one_spelling_is_evaded():
    result = measure_evasion(WordScorer(), POLICY, ["أنت حمار", "يا حمار", "مقال جميل"])
    assert (result["comments"], result["caught"], result["explained"]) == (3, 2, 2)
    assert result["rewrites"]["dots"] == {"comments": 2, "still_caught": 0.0}
    assert result["rewrites"]["glued_wal"] == {"comments": 2, "still_caught": 1.0}
    assert result["rewrites"]["ta_marbuta"] == {"comments": 0, "still_caught": None}
    assert result["lowest"] == 0.0


def test_rewriting_clean_words_is_compared_with_the_same_texts_before():
    result = measure_false_alarms(WordScorer(), POLICY, ["حمار", "مقال", "hello"])
    assert result["comments"] == 3
    assert result["rewrites"]["dots"] == {"comments": 2, "before": 0.5, "after": 0.0}
    assert result["rewrites"]["glued_ya"] == {"comments": 2, "before": 0.5, "after": 0.5}


def test_nothing_to_measure_gives_no_shares():
    assert measure_evasion(WordScorer(), POLICY, [])["mean"] is None
    assert measure_false_alarms(WordScorer(), POLICY, [])["most_more"] is None
