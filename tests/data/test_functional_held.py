import csv
import gzip
import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from moderation.text import canonicalise

ROOT = Path(__file__).parents[2]
COLUMNS = ["id", "dialect", "functionality", "family", "half", "attribute", "expected", "text"]
ATTRIBUTES = {"abusive", "severe", "insult", "obscene", "identity_hate", "threat"}
DIALECTS = {"msa", "egyptian", "levantine", "gulf", "iraqi", "maghrebi"}
FUNCTIONALITIES = {
    "animal_insult",
    "call_to_violence",
    "dehumanising",
    "direct_insult",
    "family_honour_insult",
    "hate_by_implication",
    "hate_by_slur",
    "hate_they_are_all",
    "insult_after_compliment",
    "insult_arabizi",
    "insult_author_of_article",
    "insult_in_long_comment",
    "insult_in_proverb",
    "insult_in_question",
    "insult_other_reader",
    "insult_public_figure",
    "insult_with_laughter",
    "religious_curse",
    "sexual_insult",
    "takfir_accusation",
    "threat_conditional",
    "threat_direct",
    "threat_wished",
    "treason_accusation_abusive",
    "vulgar_with_target",
}
LEAST_LETTERS = 25  # shorter texts are met by chance


def letters(text):
    """Reduce a text to its letters, so that copies with other marks are still found."""
    return re.sub(r"[\W_ـ\u064b-\u0652]", "", text)


def runs_of_four(text):
    words = re.findall(r"[^\W_]+", text)
    return {tuple(words[i : i + 4]) for i in range(len(words) - 3)}


@pytest.fixture(scope="module")
def rows():
    path = ROOT / "data" / "suites" / "functional_held.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        assert reader.fieldnames == COLUMNS
        return list(reader)


@pytest.fixture(scope="module")
def canonical(rows):
    batch = canonicalise([row["text"] for row in rows])
    return [batch.text(i) for i in range(len(rows))]


def test_the_file_is_utf8_with_plain_line_ends():
    raw = (ROOT / "data" / "suites" / "functional_held.csv").read_bytes()
    assert raw.decode("utf-8").endswith("\n")
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")


def test_every_row_is_complete(rows):
    for row in rows:
        assert row["dialect"] in DIALECTS, row["id"]
        assert row["half"] in {"learn", "measure"}, row["id"]
        assert row["attribute"] in ATTRIBUTES, row["id"]
        assert row["expected"] == "held", row["id"]
        assert row["text"].strip() == row["text"] != "", row["id"]


def test_ids_are_unique_and_name_the_functionality(rows):
    assert len(rows) >= 1000
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        name = re.escape(row["functionality"])
        assert re.fullmatch(rf"functional_held-{name}-\d{{3}}", row["id"]), row["id"]
        assert re.fullmatch(rf"{name}-[a-z_]+", row["family"]), row["id"]


def test_no_text_stands_twice(canonical):
    assert [text for text, count in Counter(canonical).items() if count > 1] == []


def test_every_functionality_has_forty_cases_in_six_dialects(rows):
    seen = Counter(row["functionality"] for row in rows)
    assert set(seen) == FUNCTIONALITIES
    assert min(seen.values()) >= 40
    pairs = Counter((row["functionality"], row["dialect"]) for row in rows)
    assert len(pairs) == len(FUNCTIONALITIES) * len(DIALECTS)
    assert min(pairs.values()) >= 6


def test_every_functionality_and_dialect_is_parted_into_even_halves(rows):
    for column in ("functionality", "dialect"):
        total = Counter(row[column] for row in rows)
        measured = Counter(row[column] for row in rows if row["half"] == "measure")
        for name in total:
            assert 0.45 <= measured[name] / total[name] <= 0.55, name


def test_a_family_lies_in_one_half(rows):
    halves = defaultdict(set)
    for row in rows:
        halves[row["family"]].add(row["half"])
    assert [family for family, seen in halves.items() if len(seen) > 1] == []


def test_the_halves_share_no_run_of_four_words(rows, canonical):
    runs = {"learn": set(), "measure": set()}
    for row, text in zip(rows, canonical, strict=True):
        runs[row["half"]] |= runs_of_four(text)
    assert runs["learn"] & runs["measure"] == set()


def test_long_comments_have_thirty_words_and_more(rows):
    for row in rows:
        words = len(row["text"].split())
        assert words <= 60, row["id"]
        assert words >= 30 or row["functionality"] != "insult_in_long_comment", row["id"]


def test_arabizi_has_no_arabic_letter_and_the_rest_no_latin_one(rows):
    for row in rows:
        arabizi = row["functionality"] == "insult_arabizi"
        assert (re.search("[a-z]", row["text"]) is not None) == arabizi, row["id"]
        assert (re.search("[\u0621-\u064a]", row["text"]) is None) == arabizi, row["id"]


def test_no_text_was_taken_from_a_corpus(rows):
    folder = Path(os.environ.get("GHIRBAL_CORPORA", ROOT.parent / "shared" / "corpora"))
    paths = sorted(folder.glob("*.csv.gz"))
    if not paths:
        pytest.skip(f"no corpora in {folder}; set GHIRBAL_CORPORA to a folder of *.csv.gz")
    ours = {letters(row["text"]): row["id"] for row in rows}
    ours = {text: name for text, name in ours.items() if len(text) >= LEAST_LETTERS}
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found = ours.get(letters(row["text"]))
                assert found is None, f"{found} stands in the corpora as {row['id']}"
