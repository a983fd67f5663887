import csv
import gzip
import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from moderation.text import canonicalise

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "data" / "suites"
DIALECTS = {"msa", "egyptian", "levantine", "gulf", "iraqi", "maghrebi"}
COLUMNS = {
    "functional_approved": [
        "id",
        "dialect",
        "functionality",
        "family",
        "half",
        "attribute",
        "expected",
        "text",
    ],
    "clean_uses": ["id", "dialect", "word", "family", "half", "expected", "text"],
}
IDS = {
    "functional_approved": r"functional-{functionality}-\d{{3}}",
    "clean_uses": r"clean_uses-[a-z]+-\d{{3}}",
}
LONG = 25  # letters from which two equal texts are no coincidence
RUN = 4  # words in a row that make a phrase


def letters(text):
    """Reduce a text to its letters, so that copies with other marks are still found."""
    return re.sub(r"[\W_ـ\u064b-\u0652]", "", text)


def runs(text):
    """List every run of words in a canonical text that is long enough to be a phrase."""
    words = re.findall(r"[^\W_]+", text)
    return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


@pytest.fixture(scope="module")
def suites():
    """Read both suites, checking their columns on the way."""
    found = {}
    for name, columns in COLUMNS.items():
        with (SUITES / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            assert reader.fieldnames == columns
            found[name] = list(reader)
    return found


@pytest.fixture(scope="module")
def cases(suites):
    return [case for suite in suites.values() for case in suite]


@pytest.fixture(scope="module")
def canonical(cases):
    """Bring the texts of both suites into canonical form."""
    forms = canonicalise([case["text"] for case in cases])
    return [forms.text(i) for i in range(len(cases))]


@pytest.mark.parametrize("name", COLUMNS)
def test_every_case_is_complete_and_to_be_approved(suites, name):
    for case in suites[name]:
        pattern = IDS[name].format(functionality=case.get("functionality"))
        assert re.fullmatch(pattern, case["id"]), case["id"]
        assert case["dialect"] in DIALECTS, case["id"]
        assert case["half"] in {"learn", "measure"}, case["id"]
        assert case["expected"] == "approved", case["id"]
        assert case.get("attribute", "") == "", case["id"]
        assert case["family"], case["id"]
        assert " ".join(case["text"].split()) == case["text"] != "", case["id"]


@pytest.mark.parametrize("name", COLUMNS)
def test_lines_end_as_on_every_other_machine(name):
    raw = (SUITES / f"{name}.csv").read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")


def test_ids_and_texts_are_unique(cases, canonical):
    assert [i for i, n in Counter(case["id"] for case in cases).items() if n > 1] == []
    seen = defaultdict(list)
    for case, text in zip(cases, canonical, strict=True):
        seen[text].append(case["id"])
    assert [ids for ids in seen.values() if len(ids) > 1] == []


def test_a_family_lies_in_one_half(cases):
    halves = defaultdict(set)
    for case in cases:
        halves[case["family"]].add(case["half"])
    assert [family for family, found in halves.items() if len(found) > 1] == []


def test_no_phrase_is_shared_by_what_is_learned_and_what_is_measured(cases, canonical):
    phrases = {"learn": set(), "measure": set()}
    for case, text in zip(cases, canonical, strict=True):
        phrases[case["half"]] |= runs(text)
    assert phrases["learn"] & phrases["measure"] == set()


def test_the_functional_suite_covers_every_functionality_in_every_dialect(suites):
    grouped = defaultdict(list)
    for case in suites["functional_approved"]:
        grouped[case["functionality"]].append(case)
    assert len(grouped) == 25
    assert sum(map(len, grouped.values())) >= 750
    for functionality, found in grouped.items():
        assert len(found) >= 38, functionality
        dialects = Counter(case["dialect"] for case in found)
        assert dialects.keys() == DIALECTS, functionality
        assert min(dialects.values()) >= 3, functionality
        measured = sum(case["half"] == "measure" for case in found) / len(found)
        assert 0.4 <= measured <= 0.6, functionality


def test_the_clean_uses_cover_the_loaded_words(suites):
    found = suites["clean_uses"]
    assert len(found) >= 320
    words = Counter(case["word"] for case in found)
    assert sum(n >= 10 for n in words.values()) >= 20
    assert min(Counter(case["dialect"] for case in found).values()) >= 40
    halves = defaultdict(set)
    for case in found:
        halves[case["word"]].add(case["half"])
    assert all(both == {"learn", "measure"} for both in halves.values())


def test_no_text_stands_in_the_seed_comments(cases):
    ours = {letters(case["text"]): case["id"] for case in cases}
    with (ROOT / "data" / "seed" / "comments.csv").open(encoding="utf-8", newline="") as lines:
        shared = [row["id"] for row in csv.DictReader(lines) if letters(row["text"]) in ours]
    assert shared == []


def test_no_long_text_was_taken_from_a_corpus(cases):
    folder = Path(os.environ.get("GHIRBAL_CORPORA", ROOT.parent / "shared" / "corpora"))
    paths = sorted(folder.glob("*.csv.gz"))
    if not paths:
        pytest.skip(f"no corpora in {folder}; set GHIRBAL_CORPORA to a folder of *.csv.gz")
    ours = {letters(case["text"]): case["id"] for case in cases}
    ours = {text: found for text, found in ours.items() if len(text) >= LONG}
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found = ours.get(letters(row["text"]))
                assert found is None, f"{found} stands in the corpora as {row['id']}"
