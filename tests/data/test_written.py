import csv
import gzip
import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from moderation.text import canonicalise

ROOT = Path(__file__).parents[2]
WRITTEN = ROOT / "data" / "written"
DIALECTS = {"msa", "egyptian", "levantine", "gulf", "iraqi", "maghrebi"}
LABELS = {"abusive", "severe", "insult", "obscene", "identity_hate", "threat"}
COLUMNS = {
    "clean": ["id", "dialect", "topic", "text"],
    "held": ["id", "dialect", "topic", "attribute", "text"],
}
AT_LEAST = {
    "clean": {
        "loaded_words": 600,
        "abuse_of_objects": 80,
        "reporting_abuse": 80,
        "quoting_to_condemn": 60,
        "self_deprecation": 50,
        "negated_hate": 60,
        "affection": 40,
        "sharp_criticism": 60,
    },
    "held": {
        "threat_direct": 60,
        "threat_conditional": 60,
        "threat_wished": 60,
        "call_to_violence": 60,
        "dehumanising": 60,
        "hate_by_implication": 60,
        "hate_they_are_all": 60,
        "insult_arabizi": 60,
        "insult_in_long_comment": 60,
        "insult_with_laughter": 25,
        "insult_with_question": 25,
        "insult_with_compliment": 25,
        "vulgar": 60,
    },
}
LONG = 25  # letters from which two equal texts are no coincidence


def letters(text):
    """Reduce a text to its letters, so that copies with other marks are still found."""
    return re.sub(r"[\W_ـ\u064b-\u0652]", "", text)


@pytest.fixture(scope="module")
def written():
    """Read all files, checking their columns on the way."""
    found = {}
    for path in sorted(WRITTEN.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            assert reader.fieldnames == COLUMNS.get(path.stem, COLUMNS["held"])
            found[path.stem] = list(reader)
    return found


@pytest.fixture(scope="module")
def rows(written):
    return [row for found in written.values() for row in found]


def test_every_row_is_complete(written):
    assert len(written) >= 8
    for name, found in written.items():
        for row in found:
            assert re.fullmatch(rf"{name}-{row['topic']}-\d{{3,4}}", row["id"]), row["id"]
            assert row["topic"] in AT_LEAST.get(name, {row["topic"]}), row["id"]
            assert row["dialect"] in DIALECTS, row["id"]
            assert row.get("attribute", "") in {"", *LABELS}, row["id"]
            assert " ".join(row["text"].split()) == row["text"] != "", row["id"]


def test_held_rows_name_an_attribute(written):
    assert [row["id"] for row in written["held"] if row["attribute"] not in LABELS] == []


def test_clean_rows_are_sentences_of_three_to_thirty_two_words(written):
    counts = {row["id"]: len(row["text"].split()) for row in written["clean"]}
    assert [key for key, count in counts.items() if not 3 <= count <= 32] == []


@pytest.mark.parametrize("path", sorted(WRITTEN.glob("*.csv")), ids=lambda path: path.stem)
def test_lines_end_as_on_every_other_machine(path):
    raw = path.read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")


def test_ids_and_texts_are_unique_over_all_files(rows):
    assert [key for key, n in Counter(row["id"] for row in rows).items() if n > 1] == []
    forms = canonicalise([row["text"] for row in rows])
    seen = defaultdict(list)
    for i, row in enumerate(rows):
        seen[letters(forms.text(i))].append(row["id"])
    assert [ids for ids in seen.values() if len(ids) > 1] == []


@pytest.mark.parametrize("name", COLUMNS)
def test_every_topic_has_enough_rows(written, name):
    counts = Counter(row["topic"] for row in written[name])
    short = {t: counts[t] for t, least in AT_LEAST[name].items() if counts[t] < least}
    assert short == {}


def test_every_dialect_has_a_tenth_or_more(written):
    for name, found in written.items():
        counts = Counter(row["dialect"] for row in found)
        assert counts.keys() == DIALECTS - ({"msa"} if name == "arabizi" else set()), name
        assert min(counts.values()) * 10 >= len(found), name


def test_no_long_text_was_taken_from_a_corpus(rows):
    folder = Path(os.environ.get("GHIRBAL_CORPORA", ROOT.parent / "shared" / "corpora"))
    paths = sorted(folder.glob("*.csv.gz"))
    if not paths:
        pytest.skip(f"no corpora in {folder}; set GHIRBAL_CORPORA to a folder of *.csv.gz")
    ours = {letters(row["text"]): row["id"] for row in rows}
    ours = {text: found for text, found in ours.items() if len(text) >= LONG}
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found = ours.get(letters(row["text"]))
                assert found is None, f"{found} stands in the corpora as {row['id']}"
