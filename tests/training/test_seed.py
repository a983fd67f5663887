import csv
import gzip
import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ATTRIBUTES = ("severe", "insult", "obscene", "identity_hate", "threat")
COLUMNS = ["id", "text", "abusive", *ATTRIBUTES, "dialect", "split"]
DIALECTS = {"msa", "egyptian", "levantine", "gulf", "iraqi", "maghrebi"}


def letters(text):
    """Reduce a text to its letters, so that copies with other marks are still found."""
    return re.sub(r"[\W_ـ\u064b-\u0652]", "", text)


@pytest.fixture(scope="module")
def rows():
    with (ROOT / "data" / "seed" / "comments.csv").open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        assert reader.fieldnames == COLUMNS
        return list(reader)


def test_there_are_a_few_hundred_rows_with_unique_ids_and_texts(rows):
    assert len(rows) >= 360
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({letters(row["text"]) for row in rows}) == len(rows)


def test_every_row_is_complete(rows):
    for row in rows:
        assert row["text"].strip() == row["text"] != "", row["id"]
        assert {row[name] for name in ("abusive", *ATTRIBUTES)} <= {"0", "1"}, row["id"]
        assert row["dialect"] in DIALECTS, row["id"]
        assert row["split"] in {"train", "dev"}, row["id"]


def test_a_clean_row_has_no_attribute_and_an_abusive_one_has_its_kind(rows):
    for row in rows:
        kinds = [name for name in ATTRIBUTES if name != "severe" and row[name] == "1"]
        assert bool(kinds) == (row["abusive"] == "1"), row["id"]
        assert row["abusive"] >= row["severe"], row["id"]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_each_attribute_has_positives_in_both_splits(rows, attribute):
    splits = [row["split"] for row in rows if row[attribute] == "1"]
    assert len(splits) >= 20
    assert {"train", "dev"} == set(splits)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_each_dialect_has_both_labels_in_both_splits(rows, dialect):
    seen = {(row["abusive"], row["split"]) for row in rows if row["dialect"] == dialect}
    assert seen == {("0", "train"), ("0", "dev"), ("1", "train"), ("1", "dev")}


def test_nearly_half_is_abusive_and_a_fifth_is_held_out(rows):
    assert 0.40 <= sum(row["abusive"] == "1" for row in rows) / len(rows) <= 0.50
    assert 0.15 <= sum(row["split"] == "dev" for row in rows) / len(rows) <= 0.25


def test_no_text_was_taken_from_a_corpus(rows):
    folder = Path(os.environ.get("GHIRBAL_CORPORA", ROOT.parent / "shared" / "corpora"))
    paths = sorted(folder.glob("*.csv.gz"))
    if not paths:
        pytest.skip(f"no corpora in {folder}; set GHIRBAL_CORPORA to a folder of *.csv.gz")
    ours = {letters(row["text"]): row["id"] for row in rows}
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found = ours.get(letters(row["text"]))
                assert found is None, f"{found} stands in the corpora as {row['id']}"
