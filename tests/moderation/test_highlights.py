import numpy as np
import pytest

from moderation import ATTRIBUTES, load_scorer
from moderation.highlights import (
    FEATURES,
    Highlighter,
    Words,
    features,
    neighbours,
)


def words_of(texts, bounds, **known):
    n = len(texts)
    count = len(bounds) - 1
    found = {
        "shares": np.zeros((n, len(ATTRIBUTES))),
        "alone": np.full((n, len(ATTRIBUTES)), 0.5),
        "groups": np.zeros(n, dtype=np.bool_),
        "scores": np.full((count, len(ATTRIBUTES)), 0.5),
        "fired": np.ones((count, len(ATTRIBUTES)), dtype=np.bool_),
    }
    return Words(texts, np.array(bounds), **found | known)


def column(words, name):
    return features(words)[:, FEATURES.index(name)].tolist()


def test_a_word_is_known_by_itself():
    words = words_of(["يا", "حمار", "وقصير"], [0, 3], groups=np.array([False, False, True]))
    assert column(words, "function") == [1, 0, 0]
    assert column(words, "hidden") == [0, 1, 0]
    assert column(words, "joined") == [0, 0, 1]
    assert column(words, "group") == [0, 0, 1]
    assert column(words, "alone") == pytest.approx([0, 0, 0])


def test_shares_are_parts_of_the_largest_of_the_same_comment():
    shares = np.zeros((4, len(ATTRIBUTES)))
    shares[:, 0] = 2, -4, 0.5, 1
    assert column(words_of(["ا"] * 4, [0, 2, 4], shares=shares), "share") == [1, -1, 0.5, 1]


def test_attributes_that_did_not_fire_have_no_share():
    shares = np.ones((1, len(ATTRIBUTES)))
    fired = np.zeros((1, len(ATTRIBUTES)), dtype=np.bool_)
    assert column(words_of(["ا"], [0, 1], shares=shares, fired=fired), "other_share") == [-1]


@pytest.mark.parametrize(("step", "found"), [(-1, [0, 1, 0, 3]), (1, [2, 0, 4, 0])])
def test_neighbours_are_those_of_the_same_comment(step, found):
    assert neighbours(np.array([1, 2, 3, 4]), np.array([0, 2, 4]), step=step).tolist() == found


def test_a_margin_adds_up_what_a_word_and_its_neighbours_say():
    weights = np.zeros((len(FEATURES), 3))
    weights[FEATURES.index("hidden")] = 4, 2, 1
    weights[FEATURES.index("one"), 0] = -3
    margins = Highlighter(weights).margins(words_of(["غبي", "حمار", "مقال"], [0, 3]))
    assert margins.tolist() == [4 + 1 - 3, 4 + 2 - 3, 2 - 3]


def test_what_is_written_is_read_again():
    document = load_scorer().highlighter.to_document()
    assert set(document) == set(FEATURES)
    assert Highlighter.from_document(document).to_document() == document
