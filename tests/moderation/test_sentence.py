import numpy as np
import pytest

from moderation import ATTRIBUTES
from moderation.alphabet import KIND, Kind
from moderation.cues import CUES_PATH, EMOJI_CUES, TONES, TONES_PATH, WORD_CUES, read_cues
from moderation.features import SECOND, hash_all_words, named_words
from moderation.sentence import FEATURES, MOST, MOST_EVIDENCE, describe
from moderation.text import canonicalise
from training.groups import hash_groups, read_groups

NAMES = hash_all_words(canonicalise(["كردي عمال"]).codes)
GROUPS = np.sort(np.append(NAMES, hash_all_words(canonicalise(["النظافة"]).codes) ^ SECOND))


def known(text, evidence=0.0):
    rows = np.full((1, len(ATTRIBUTES)), evidence, np.float32)
    found = describe([text], canonicalise([text]), GROUPS, rows, [0])
    return dict(zip(FEATURES, found[0].tolist(), strict=True))


def test_words_of_a_section_are_counted_up_to_three():
    assert known("انت وانتي")["you"] == 1
    found = known("أنت إنتو انتي انتم")
    assert (found["you"], found["address"]) == (MOST, 0)
    assert known("يا ناس مو هيك")["address"] == known("ليس")["negation"] == 1


@pytest.mark.parametrize(
    ("text", "feature", "expected"),
    [
        pytest.param("كتابك بيتكم عملكن لك", "to_you", 3, id="pronouns-to-you"),
        pytest.param("كتابي بيتنا في", "mine", 2, id="pronouns-of-mine"),
        pytest.param("حمار كلب كتاب", "hidden", 2, id="listed-words"),
        pytest.param("الحمار والكلب", "the_hidden", 2, id="listed-words-with-an-article"),
        pytest.param("يا كلب يا رجل", "o_hidden", 1, id="listed-words-that-are-called"),
        pytest.param("قال: «تعال»", "quotes", 1, id="quotes"),
        pytest.param("ليش؟", "asks", 1, id="question-mark"),
        pytest.param("لا!", "exclaims", 1, id="exclamation-mark"),
        pytest.param("قال: تعال", "colon", 1, id="colon"),
        pytest.param("انا ok معكم", "latin", 0, id="two-latin-letters"),
        pytest.param("انا okay معكم", "latin", 1, id="a-latin-word"),
        pytest.param("ابجد okay", "latin_share", 0.5, id="share-of-latin-letters"),
        pytest.param("جميل 😀", "emoji", 1, id="emoji"),
        pytest.param("ك🐕ل🐕ب", "emoji", 0, id="emoji-that-hides-a-word"),
        pytest.param("كردي وكردي", "groups", 1, id="names-of-groups"),
        pytest.param("هههه", "laughter", 1, id="laughter"),
        pytest.param("ابجد هوز حطي", "words", np.log(4), id="number-of-words"),
        pytest.param("ابجد هوز", "length", np.log(8), id="length"),
        pytest.param("ابجد هوزح", "word_length", 4, id="length-of-words"),
        pytest.param("ابجد" * 30, "word_length", 20, id="length-of-a-long-word"),
        pytest.param("طيب. نعم.", "stops", 20 / 6, id="full-stops"),
        pytest.param("طيب<br>نعم&#33;", "digits", 0, id="html-counts-for-nothing"),
        pytest.param("ك.ل.ب ح#مار", "stops", 0, id="stops-that-hide-a-word"),
        pytest.param("ك.ل.ب ح#مار", "hash", 0, id="a-hash-that-hides-a-word"),
        pytest.param("طيب..", "ellipsis", 1, id="ellipsis"),
        pytest.param("طيب..نعم", "ellipsis", 1, id="ellipsis-between-words"),
        pytest.param("ا..ل..ك..لب", "ellipsis", 0, id="stops-by-two-that-hide-a-word"),
        pytest.param("ا..ل..ك..لب", "stops", 0, id="stops-by-two-count-for-nothing"),
        pytest.param("عام 2026", "digits", 5 * 4 / 7, id="digits"),
        pytest.param("نعم، طيب", "comma", 1, id="comma"),
        pytest.param("#خبر", "hash", 1, id="hash"),
        pytest.param("هههه", "laughter", 1, id="laughter-in-letters"),
    ],
)
def test_what_is_known_of_a_comment(text, feature, expected):
    assert known(text)[feature] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "features"),
    [
        pytest.param("يا كذابه يا ابني", {"called": 1, "o_called": 1}, id="called"),
        pytest.param("هذه كذابه", {"called": 1}, id="insult-that-is-not-called"),
        pytest.param("واحد 7mar", {"sworn": 1}, id="listed-word-is-read-as-arabic"),
        pytest.param("enta 7ayawen", {"spelled_insult": 1}, id="latin"),
        pytest.param("انت رائع يا غالي", {"kind": 2}, id="kind"),
        pytest.param("قتلوه", {"harm": 1}, id="harm"),
    ],
)
def test_words_count_by_what_they_say(text, features):
    found = known(text)
    assert {n: found[n] for n in (*TONES, "o_called") if found[n]} == features


def test_no_word_stands_in_two_sections_and_none_names_a_group():
    sections = [
        [
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if line[:1] not in {"#", "["}
        ]
        for path in (CUES_PATH, TONES_PATH)
    ]
    words = [word for lines in sections for line in lines for word in line.split()]
    assert len(words) == len(set(words)) == len(read_cues())
    tones = [word for word, section in read_cues().items() if section >= len(WORD_CUES)]
    named, behind, _ = named_words(canonicalise(tones), hash_groups(read_groups()))
    assert not (named | behind).any()


def test_all_names_are_one_word_of_one_length():
    one, other = known("كردي طيب 2"), known("عمال النظافة طيب 2")
    assert one == other
    assert one["groups"] == 1


def test_an_empty_comment_has_nothing_but_its_evidence():
    found = known("", 1.5)
    assert {name for name, value in found.items() if value} == set(FEATURES[: len(ATTRIBUTES)])


def test_emoji_count_once_for_their_section():
    found = known("😂 😂 🤣 🌹")
    assert (found["laughing"], found["love"], found["angry"]) == (1, 1, 0)


@pytest.mark.parametrize(("given", "seen"), [(20, MOST_EVIDENCE), (-20, -MOST_EVIDENCE), (1, 1)])
def test_evidence_goes_so_far(given, seen):
    assert known("نعم", given)["evidence_abusive"] == seen


def test_cues_are_in_canonical_spelling_and_emoji_are_emoji():
    cues = read_cues()
    n = len(WORD_CUES) + len(TONES)
    words = {word for word, section in cues.items() if section < n}
    assert {canonicalise([word]).text(0) for word in words} == words
    assert len(set(cues.values())) == n + len(EMOJI_CUES)
    emoji = [ord(char) for char in cues if char not in words]
    assert (KIND[emoji] == Kind.EMOJI).all()
