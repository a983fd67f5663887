import re

import numpy as np

from training.disguise import EVERY, WEIGHT, disguised
from training.examples import read_seed


def test_one_comment_in_three_gets_a_copy_written_otherwise():
    examples = read_seed()
    copies = disguised(examples)
    assert 0.2 / EVERY < len(copies.texts) / len(examples.texts) < 1.2 / EVERY
    originals = [name.removesuffix(":disguised") for name in copies.ids]
    rows = np.array([examples.ids.index(name) for name in originals])
    assert all(
        text != examples.texts[row] for text, row in zip(copies.texts, rows.tolist(), strict=True)
    )
    assert (copies.labels == examples.labels[rows]).all()
    assert np.allclose(copies.weights, examples.weights[rows] * WEIGHT)
    assert copies.texts == disguised(examples).texts


def test_no_copy_is_spelled_in_latin_letters():
    examples = read_seed()
    latin = re.compile("[a-zA-Z]{2}")  # an x may mask one letter
    by_id = dict(zip(examples.ids, examples.texts, strict=True))
    copies = disguised(examples)
    assert copies.texts
    for name, text in zip(copies.ids, copies.texts, strict=True):
        before = by_id[name.removesuffix(":disguised")]
        assert len(latin.findall(re.sub("<br/?>", "", text))) <= len(latin.findall(before))
