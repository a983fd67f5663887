import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import ModelError
from moderation.features import (
    FIRST,
    NO_GROUPS,
    SECOND,
    FeatureSettings,
    hash_all_words,
    hash_features,
    kinds_of_views,
)
from moderation.text import canonicalise

DEFAULT = FeatureSettings()
KINDS = kinds_of_views(DEFAULT)
WORDS, SKELETONS = KINDS.index(("words", 1)), KINDS.index(("skeletons", 1))
BARE_NGRAMS = KINDS.index(("skeleton_ngrams", 2))
EVERY_VIEW = FeatureSettings(bits=12, ngrams=(2, 3, 8))
SETTINGS = st.sampled_from([DEFAULT, EVERY_VIEW, FeatureSettings(ngrams=())])
EVERY_TEXT = st.text(st.one_of(st.sampled_from("كلبحماهيا 7*.abh\u064b😀"), st.characters()))


def buckets(text, settings=DEFAULT):
    return [view.buckets.tolist() for view in hash_features(canonicalise([text]), settings)]


def number_of_features(text, settings=DEFAULT):
    return [len(found) for found in buckets(text, settings)]


@given(st.lists(EVERY_TEXT, max_size=6), SETTINGS)
def test_a_comment_has_the_same_buckets_in_any_batch(texts, settings):
    views = hash_features(canonicalise(texts), settings)
    for i, text in enumerate(texts):
        alone = buckets(text, settings)
        assert [v.buckets[v.bounds[i] : v.bounds[i + 1]].tolist() for v in views] == alone


@given(st.lists(EVERY_TEXT, max_size=6), SETTINGS)
def test_buckets_and_places_are_within_bounds(texts, settings):
    canonical = canonicalise(texts)
    for view in hash_features(canonical, settings):
        assert view.buckets.dtype == np.uint32
        assert (view.buckets < 1 << settings.bits).all()
        assert view.bounds.tolist() == sorted(view.bounds.tolist())
        assert view.bounds[0] == 0
        assert view.bounds[-1] == view.buckets.size == view.places.size
        assert (view.places < canonical.codes.size - 1).all()


def test_every_kind_of_feature_is_counted():
    # " كلب " has 3- to 5-grams, one word, no pair with or without a gap, one skeleton, no pair of
    # them, no n-grams of it, one emoji.
    assert number_of_features("كلب 😀") == [3, 2, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1]
    assert number_of_features("كلب حمار") == [7, 5, 3, 2, 1, 0, 2, 1, 0, 0, 0, 0]
    assert number_of_features("كلب حمار قرد ثور")[3:] == [4, 3, 2, 4, 3, 0, 0, 0, 0]


def test_each_view_is_of_its_kind():
    found = dict(zip(KINDS, number_of_features("كلب حمار قرد 😀"), strict=True))
    assert found[("ngrams", 3)] == 10
    assert (found[("words", 1)], found[("pairs", 1)], found[("pairs", 2)]) == (3, 2, 1)
    assert (found[("skeletons", 1)], found[("skeleton_pairs", 1)], found[("emoji", 1)]) == (3, 2, 1)


def test_the_word_in_the_gap_of_a_pair_may_be_any():
    gaps = KINDS.index(("pairs", 2))
    assert buckets("انت كلب قذر")[gaps] == buckets("انت حمار قذر")[gaps] != []


def test_a_longer_ngram_than_the_word_is_left_out():
    settings = FeatureSettings(ngrams=(8,))
    assert number_of_features("كلب", settings)[0] == 0
    assert number_of_features("كلمات", settings)[0] == 0
    assert number_of_features("الكلمات", settings)[0] == 2


def test_no_comments_have_no_features():
    for view in hash_features(canonicalise([]), EVERY_VIEW):
        assert view.buckets.tolist() == []
        assert view.bounds.tolist() == [0]


@pytest.mark.parametrize(
    "text", [pytest.param("", id="empty"), pytest.param("؟!  ", id="punctuation")]
)
def test_comments_without_words_look_alike(text):
    assert buckets(text, EVERY_VIEW) == buckets("", EVERY_VIEW)
    assert number_of_features(text)[WORDS:] == [0] * 9


def test_emoji_alone_are_features():
    assert number_of_features("😀😀")[WORDS:] == [0] * 8 + [2]
    assert buckets("😀")[-1] != buckets("😡")[-1]


def test_order_of_words_counts_in_pairs_alone():
    here, there = buckets("كلب حمار"), buckets("حمار كلب")
    pairs = KINDS.index(("pairs", 1))
    assert sorted(here[WORDS]) == sorted(there[WORDS])
    assert here[pairs] != there[pairs]


def test_letters_of_a_word_are_hashed_in_order():
    assert buckets("كلب")[WORDS] != buckets("بلك")[WORDS]
    assert buckets("ك" + "لب" * 40)[WORDS] != buckets("ب" + "لب" * 40)[WORDS]


def bare_ngrams(text, groups=NO_GROUPS):
    views = hash_features(canonicalise([text]), DEFAULT, groups)
    return [view.buckets.tolist() for view in views[BARE_NGRAMS : BARE_NGRAMS + 3]]


def test_skeletons_of_words_in_latin_letters_are_cut():
    # " KLB " has four n-grams of two letters, three of three, two of four.
    assert [len(found) for found in bare_ngrams("koulibiya")] == [4, 3, 2]
    assert bare_ngrams("koulibiya") == bare_ngrams("klibya") == bare_ngrams("kweleb")
    assert bare_ngrams("koulibiya سيارة") == bare_ngrams("koulibiya")
    assert bare_ngrams("سيارة") == [[], [], []]
    assert bare_ngrams("koulibiya")[0] != bare_ngrams("sayarati")[0]


def test_skeletons_of_names_are_not_cut():
    names = np.sort(hash_all_words(canonicalise(["chirkassi"]).codes))
    assert bare_ngrams("chirkassi", names) == [[], [], []]
    assert bare_ngrams("chirkassi koulibiya", names) == bare_ngrams("koulibiya", names)


def test_places_of_cut_skeletons_are_those_of_their_letters():
    view = hash_features(canonicalise(["koulibiya"]), DEFAULT)[BARE_NGRAMS]
    assert view.places.tolist() == [0, 1, 4, 6]  # of " k", "kl", "lb", "b "


GROUPS = np.sort(hash_all_words(canonicalise(["كردي شركسية"]).codes))


def test_names_of_groups_are_one_word_without_letters():
    texts = ["جاري كردي طيب 😀", "جاري شركسية طيب 😀"]
    views = hash_features(canonicalise(texts), DEFAULT, GROUPS)
    for view in views:
        one, other = (view.buckets[view.bounds[i] : view.bounds[i + 1]].tolist() for i in (0, 1))
        assert one == other
    alone = hash_features(canonicalise(["كردي"]), DEFAULT, GROUPS)
    assert [view.buckets.size for view in alone] == [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]


SECONDS = hash_all_words(canonicalise(["النظافة جنسيا"]).codes) ^ SECOND
FIRSTS = hash_all_words(canonicalise(["أصحاب"]).codes) ^ FIRST
NAMES = np.sort(np.concatenate((GROUPS, SECONDS, FIRSTS)))


@pytest.mark.parametrize(
    "name",
    [
        "كردي النظافة",
        "كردي شركسية",
        "كردي شركسية جنسيا النظافة",
        "أصحاب كردي النظافة",
        "كردي أصحاب كردي",
    ],
)
def test_a_name_of_several_words_is_one_word(name):
    for before, after in (("", " النظافة"), ("", ""), ("جاري ", " طيب 😀")):
        texts = [before + name + after, before + "كردي" + after, "النظافة"]
        for view in hash_features(canonicalise(texts), DEFAULT, NAMES):
            one, other = (
                view.buckets[view.bounds[i] : view.bounds[i + 1]].tolist() for i in (0, 1)
            )
            assert one == other


@pytest.mark.parametrize(
    "text", ["النظافة كردي", "كردي طيب النظافة", "النظافة جنسيا", "أصحاب النظافة", "كردي طيب أصحاب"]
)
def test_a_second_word_counts_where_it_follows_no_name(text):
    part = hash_features(canonicalise([text]), DEFAULT, NAMES)[WORDS]
    plain = hash_features(canonicalise([text]), DEFAULT, GROUPS)[WORDS]
    assert part.buckets.tolist() == plain.buckets.tolist()
    # In the comment before stands a name; it is not of this one.
    both = hash_features(canonicalise(["كردي", text]), DEFAULT, NAMES)[WORDS]
    assert both.buckets[1:].tolist() == plain.buckets.tolist()


def test_words_beside_the_name_of_a_group_keep_their_features():
    text = "جاري كردي طيب"
    named = hash_features(canonicalise([text]), DEFAULT, GROUPS)
    plain = hash_features(canonicalise([text]), DEFAULT)
    for with_groups, without in zip(named[:WORDS], plain[:WORDS], strict=True):
        kept = [place in with_groups.places for place in without.places.tolist()]
        assert with_groups.buckets.tolist() == without.buckets[kept].tolist()
        # " كردي " ends before the space at 10; what starts there is part of " طيب ".
        assert all(place < 5 or place >= 10 for place in with_groups.places.tolist())
        assert {5, 6} & set(without.places.tolist())
    assert named[WORDS].buckets[[0, 2]].tolist() == plain[WORDS].buckets[[0, 2]].tolist()
    assert named[WORDS].buckets[1] != plain[WORDS].buckets[1]


def skeleton(text):
    (bucket,) = buckets(text)[SKELETONS]
    return bucket


@pytest.mark.parametrize(
    "spellings",
    [
        pytest.param(("حمار", "7mar", "hmar", "7MAR", "حمير"), id="7mar"),
        pytest.param(("كلب", "kalb", "kelb", "klb", "كلبة"), id="kalb"),
        pytest.param(("شاطر", "shater", "chater", "شطور"), id="sh"),
        pytest.param(("خروف", "5arouf", "kharouf"), id="kh"),
        pytest.param(("غبي", "ghabi", "8abi"), id="gh"),
        pytest.param(("عيب", "3eib", "3ib"), id="ain"),
        pytest.param(("حمّار", "7ammar"), id="doubled-consonant"),
    ],
)
def test_spellings_of_a_word_share_its_skeleton(spellings):
    assert len({skeleton(text) for text in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("كلب", "قرد", id="other-consonants"),
        pytest.param("سكر", "شكر", id="s-and-sh"),
        pytest.param("خبر", "كبر", id="kh-and-k"),
        pytest.param("بكر", "كبر", id="order"),
    ],
)
def test_other_words_have_other_skeletons(one, other):
    assert skeleton(one) != skeleton(other)


def test_a_word_of_vowels_has_no_skeleton():
    assert buckets("يا")[SKELETONS] == []
    assert buckets("يا كلب")[SKELETONS] == buckets("كلب")[SKELETONS]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param({"bits": 9}, "feature bits must be 10 to 21, got 9", id="few-bits"),
        pytest.param({"bits": 22}, "feature bits must be 10 to 21, got 22", id="many-bits"),
        pytest.param({"ngrams": (3, 2)}, r"ascend within 2 to 8, got \(3, 2\)", id="descending"),
        pytest.param({"ngrams": (2, 2)}, r"got \(2, 2\)", id="twice"),
        pytest.param({"ngrams": (1, 2)}, r"got \(1, 2\)", id="too-short"),
        pytest.param({"ngrams": (8, 9)}, r"got \(8, 9\)", id="too-long"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        FeatureSettings(**settings)


@pytest.mark.parametrize("settings", [DEFAULT, EVERY_VIEW], ids=["default", "every-view"])
def test_settings_survive_the_way_through_a_document(settings):
    assert FeatureSettings.from_document(settings.to_document()) == settings
