from dataclasses import replace

import numpy as np
import pytest

from moderation import Scorer, library
from moderation.second_look import NO_NETWORKS
from moderation.stretches import BLOCK, LONG, STRETCH_MARGIN, long_stretches
from moderation.text import canonicalise

POLITE = "قرأت المقال كله أمس في المساء مع والدي وناقشنا ما جاء فيه من أرقام عن التعليم "
INSULT = "يا غبي "


def words(n):
    return " ".join(["مقال"] * n)


def test_only_long_comments_are_cut_each_into_blocks_of_its_own():
    texts = ["", words(LONG), words(LONG + 1), "😀", words(3 * BLOCK + LONG)]
    found = long_stretches(canonicalise(texts))
    assert found.comments.tolist() == [2, 4]
    assert np.diff(found.bounds).tolist() == [LONG // BLOCK + 1, 3 + LONG // BLOCK]
    assert long_stretches(canonicalise(texts[:2])) is None


def test_a_block_holds_its_words_and_the_spaces_before_them():
    canonical = canonicalise(["كلمة", words(LONG + 1)])
    found = long_stretches(canonical)
    spaces = np.flatnonzero(canonical.codes == 0x20)
    assert (found.block_of[: canonical.bounds[1]] == -1).all()
    # The first comment has one word between its two spaces.
    numbers = found.block_of[spaces[1:-1]]
    assert numbers.tolist() == [k // BLOCK for k in range(LONG + 1)]


def test_an_insult_in_a_long_polite_comment_counts_as_much_as_in_a_short_one_less_a_margin(model):
    scorer = Scorer(replace(model, networks=NO_NETWORKS))  # the sums themselves
    short, long = scorer.evidence([INSULT + POLITE[:40], POLITE * 4 + INSULT + POLITE[:40]])[:, 0]
    diluted = scorer.evidence([POLITE * 4])[0, 0]
    assert long > diluted
    assert long > short - STRETCH_MARGIN - 1


@pytest.mark.parametrize("again", [1, 4, 20])
def test_arrays_find_the_same_stretch(scorer, monkeypatch, again):
    texts = [POLITE * again + INSULT + "😀" + POLITE * again, POLITE * again, INSULT * 10 * again]
    compiled = scorer.evidence(texts)
    monkeypatch.setattr(library, "native", lambda: None)
    np.testing.assert_allclose(compiled, scorer.evidence(texts), rtol=1e-5, atol=1e-5)
