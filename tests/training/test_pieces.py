import numpy as np

from training.examples import Examples
from training.pieces import CLEAN_CORPORA, pieces


def examples_of(texts, corpus):
    n = len(texts)
    labels = np.zeros((n, 6), dtype=np.int8)
    return Examples(
        [f"{corpus}:{i}" for i in range(n)],
        texts,
        labels,
        np.full((n, 6), 3, dtype=np.float32),
        np.full(n, -1, dtype=np.int8),
        np.full(n, corpus),
        np.full(n, "news"),
        np.full(n, "train"),
        np.ones(n, dtype=np.bool_),
    )


def test_a_piece_is_one_to_three_neighbouring_words_with_the_labels_of_the_whole():
    texts = [f"قال رجل في المدينة رقم {i} كلاما طيبا" for i in range(60)]
    found = pieces(examples_of(texts, CLEAN_CORPORA[0]))
    assert len(found.texts) == 60
    lengths = [len(text.split()) for text in found.texts]
    assert set(lengths) == {1, 2, 3}
    for i, piece in enumerate(found.texts):
        assert f" {piece} " in f" {texts[i]} "
    assert found.ids[7] == f"{CLEAN_CORPORA[0]}:7:piece"
    assert not found.labels.any()
    assert set(found.weights.ravel().tolist()) == {0.75}
    assert found.texts == pieces(examples_of(texts, CLEAN_CORPORA[0])).texts


def test_comments_that_may_hold_loaded_words_give_no_pieces():
    assert pieces(examples_of(["كان في الحقل حمار وبقرة"] * 3, "written")).texts == []


def test_a_comment_of_one_word_gives_no_piece():
    assert pieces(examples_of(["شكرا"] * 9, CLEAN_CORPORA[1])).texts == []
