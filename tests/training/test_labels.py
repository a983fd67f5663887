import numpy as np
import pytest

from moderation import ATTRIBUTES
from training.examples import CorporaError, Examples
from training.labels import read_labels, relabelled


def examples(ids, split="train"):
    n = len(ids)
    return Examples(
        ids=ids,
        texts=["نص"] * n,
        labels=np.ones((n, len(ATTRIBUTES)), dtype=np.int8),
        weights=np.full((n, len(ATTRIBUTES)), 0.15, dtype=np.float32),
        measured=np.ones(n, dtype=np.int8),
        corpus=np.array([name.split(":")[0] for name in ids]),
        domain=np.array(["news"] * n),
        split=np.array([split] * n),
        typical=np.ones(n, dtype=np.bool_),
    )


def shown(found, row):
    return {
        name: int(label)
        for name, label, weight in zip(
            ATTRIBUTES, found.labels[row], found.weights[row], strict=True
        )
        if weight > 0
    }


def test_labels_stand_in_place_of_what_a_corpus_says():
    names = ["a:1", "a:2", "a:3", "a:4"]
    labels = {"a:1": ("clean",), "a:2": ("abusive", "threat"), "a:3": ("unclear",)}
    found = relabelled(examples(names), labels)
    assert shown(found, 0) == dict.fromkeys(ATTRIBUTES, 0)
    assert shown(found, 1) == {
        "abusive": 1, "severe": 0, "obscene": 0, "identity_hate": 0, "threat": 1
    }  # fmt: skip
    assert shown(found, 2) == {}
    assert shown(found, 3) == dict.fromkeys(ATTRIBUTES, 1)
    assert found.typical.tolist() == [False, False, False, True]


def test_an_insult_that_a_newspaper_published_stays_what_it_was():
    names = ["aoc_reader_comments:1", "aoc_reader_comments:2"]
    labels = {names[0]: ("abusive", "insult"), names[1]: ("clean",)}
    before = examples(names)
    found = relabelled(before, labels)
    assert shown(found, 0) == shown(before, 0)
    assert found.weights[0].tolist() == before.weights[0].tolist()
    assert shown(found, 1)["abusive"] == 0


def test_dev_splits_keep_their_labels():
    found = relabelled(examples(["a:1"], split="dev"), {"a:1": ("clean",)})
    assert shown(found, 0) == dict.fromkeys(ATTRIBUTES, 1)
    assert found.measured.tolist() == [1]


@pytest.mark.parametrize("label", ["rude", "insult", "abusive clean", ""])
def test_an_unknown_label_is_refused_with_file_and_id(tmp_path, label):
    path = tmp_path / "read.csv"
    path.write_text(f"id,label\na:1,clean\na:2,{label}\n", encoding="utf-8")
    with pytest.raises(CorporaError, match=r"read\.csv: a:2 has the label"):
        read_labels(path)


def test_the_labels_of_the_project_are_in_order():
    labels = read_labels()
    assert len(labels) > 12_000
    assert 0.5 < np.mean([shown == ("clean",) for shown in labels.values()]) < 0.8
