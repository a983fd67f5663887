import csv
import gzip

import numpy as np
import pytest
from corpora_samples import COLUMNS, RULES, write_corpus, write_sources

from moderation import ATTRIBUTES
from training.examples import CorporaError, join, read_corpora, read_seed

ROW = ["a:0", "نص", "clean", "0", "", "train"]


@pytest.fixture
def sources(tmp_path):
    return write_sources(tmp_path / "sources.toml", one=RULES, two="")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "corpora"
    path.mkdir()
    return path


def test_rules_say_which_labels_count_and_how_much(folder, sources):
    rows = [
        ["one:0", "نص", "clean", "0", "", "train"],
        ["one:1", "نص آخر", "insult", "1", "", "dev"],
        ["one:2", "سطر\nثان", "unknown", "", "", "train"],
    ]
    write_corpus(folder, "one", rows)
    write_corpus(folder, "two", [["two:0", "خبر", "", "", "", "unlabelled"]])
    examples = read_corpora(folder, sources)
    assert examples.ids == ["one:0", "one:1", "one:2", "two:0"]
    assert examples.texts == ["نص", "نص آخر", "سطر\nثان", "خبر"]
    # abusive, severe, insult, obscene, identity_hate, threat
    assert examples.labels.tolist() == [
        [0, 0, 0, 0, 0, 0],
        [1, 1, 1, -1, -1, -1],
        [1, -1, -1, -1, -1, -1],
        [-1, -1, -1, -1, -1, -1],
    ]
    assert examples.weights.tolist() == [
        [1, 1, 1, 1, 1, 1],
        [0.5, 1, 1, 0, 0, 0],
        [0.5, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    assert examples.measured.tolist() == [0, 1, -1, -1]
    assert examples.corpus.tolist() == ["one", "one", "one", "two"]
    assert examples.domain.tolist() == ["one", "one", "one", "two"]
    assert examples.split.tolist() == ["train", "dev", "train", "unlabelled"]


def test_corpora_of_one_domain_share_it(folder, tmp_path):
    sources = write_sources(tmp_path / "s.toml", one='domain = "news"', two='domain = "news"')
    write_corpus(folder, "one", [ROW])
    write_corpus(folder, "two", [ROW])
    assert read_corpora(folder, sources).domain.tolist() == ["news", "news"]


def test_missing_corpora_are_counted_and_the_first_is_named(folder, sources):
    with pytest.raises(CorporaError) as error:
        read_corpora(folder, sources)
    assert str(error.value) == (
        f"{folder} lacks one.csv.gz and 1 more: name a folder with the corpora of data/sources.toml"
    )
    write_corpus(folder, "one", [ROW])
    with pytest.raises(CorporaError, match=r"lacks two\.csv\.gz: name a folder"):
        read_corpora(folder, sources)


def test_missing_columns_are_refused(folder, sources):
    path = write_corpus(folder, "one", [], columns=["id", "text"])
    write_corpus(folder, "two", [ROW])
    with pytest.raises(CorporaError) as error:
        read_corpora(folder, sources)
    assert str(error.value) == f"{path} needs the columns {sorted(COLUMNS)}"


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(["one:1", "نص", "clean"], id="short"),
        pytest.param(["one:1", "نص", "clean", "yes", "", "train"], id="abusive-is-no-number"),
        pytest.param(["one:1", "نص", "clean", "2", "", "train"], id="abusive-is-2"),
    ],
)
def test_a_bad_row_is_named_by_its_number_and_not_quoted(folder, sources, row):
    path = write_corpus(folder, "one", [ROW, row])
    write_corpus(folder, "two", [ROW])
    with pytest.raises(CorporaError) as error:
        read_corpora(folder, sources)
    assert str(error.value) == f"{path}: row 2 lacks a column, or abusive is no 0/1"


def text_file(path):
    path.write_text(",".join(COLUMNS), encoding="utf-8")


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-20])


def damaged(path):
    content = bytearray(path.read_bytes())
    content[20:40] = bytes(20)
    path.write_bytes(content)


def other_encoding(path):
    text = ",".join(COLUMNS) + "\n" + ",".join(ROW)
    path.write_bytes(gzip.compress(text.encode("cp1256")))


@pytest.mark.parametrize("spoil", [text_file, cut_off, damaged, other_encoding])
def test_a_file_that_cannot_be_read_is_named(folder, sources, spoil):
    path = write_corpus(folder, "one", [[f"one:{i}", *ROW[1:]] for i in range(200)])
    write_corpus(folder, "two", [ROW])
    spoil(path)
    with pytest.raises(CorporaError) as error:
        read_corpora(folder, sources)
    assert str(error.value).startswith(f"{path} cannot be read: ")


def test_a_very_long_comment_is_read(folder, sources):
    limit = csv.field_size_limit()
    write_corpus(folder, "one", [["one:0", "كلام " * 100_000, *ROW[2:]]])
    write_corpus(folder, "two", [ROW])
    assert len(read_corpora(folder, sources).texts[0]) == 500_000
    assert csv.field_size_limit() == limit


def test_the_examples_of_the_project_are_labelled_for_every_attribute():
    examples = read_seed()
    assert len(examples.texts) >= 360
    assert examples.labels.shape == (len(examples.texts), len(ATTRIBUTES))
    assert set(examples.labels.ravel().tolist()) == {0, 1}
    assert (examples.weights > 0).all()
    assert (examples.measured == examples.labels[:, 0]).all()
    assert set(examples.domain.tolist()) == {"news"}


def test_a_missing_file_of_examples_is_named(tmp_path):
    with pytest.raises(CorporaError, match=r"comments\.csv is missing: run from a clone"):
        read_seed(tmp_path / "comments.csv")


def test_taking_rows_keeps_their_order():
    examples = read_seed()
    some = examples.take(np.array([3, 1]))
    assert some.ids == [examples.ids[3], examples.ids[1]]
    assert some.labels.tolist() == examples.labels[[3, 1]].tolist()
    assert some.split.tolist() == examples.split[[3, 1]].tolist()


def test_held_out_comments_are_the_same_in_any_order_and_company():
    examples = read_seed()
    held = {i for i, out in zip(examples.ids, examples.held_out(every=10), strict=True) if out}
    turned = examples.take(np.arange(len(examples.ids))[::-1][:200])
    again = {i for i, out in zip(turned.ids, turned.held_out(every=10), strict=True) if out}
    assert again == held & set(turned.ids)
    assert 0.05 < len(held) / len(examples.ids) < 0.15


def test_held_out_comments_do_not_change_between_versions():
    examples = read_seed()
    held = [i for i, out in zip(examples.ids, examples.held_out(every=10), strict=True) if out]
    assert held[:5] == ["seed:10", "seed:18", "seed:19", "seed:24", "seed:27"]


def test_joined_examples_stand_on_end():
    examples = read_seed()
    both = join([examples.take(np.array([0])), examples.take(np.array([1, 2]))])
    assert both.ids == examples.ids[:3]
    assert both.weights.tolist() == examples.weights[:3].tolist()
