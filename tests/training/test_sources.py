import os
from pathlib import Path

import pytest

from training.sources import SOURCES_PATH, SourcesError, load_sources

ROOT = Path(__file__).parents[2]
GOOD = """
[[corpus]]
name = "letters_2020"
citation = "Someone 2020"
platform = "a news site"
dialect = "MSA"
licence = "MIT (LICENSE)"
licence_clear = true
labelled = true
mapping = "1 -> 1, 0 -> 0"
quality = "written for a test"
recommended_use = "TRAIN"
files = [
    { repository = "owner/name", commit = "0123456789abcdef0123456789abcdef01234567", path = "New folder/train 1.csv", size_bytes = 4, sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" },
]
"""  # noqa: E501 -- one file a line, as in the real list


@pytest.fixture
def sources(tmp_path):
    def write(text):
        path = tmp_path / "sources.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_good_list_is_read(sources):
    (corpus,) = load_sources(sources(GOOD))
    assert corpus.name == "letters_2020"
    assert corpus.licence_clear is True
    assert corpus.evidence == ()
    assert corpus.files[0].size_bytes == 4


def test_the_address_is_built_from_repository_commit_and_encoded_path(sources):
    (corpus,) = load_sources(sources(GOOD))
    assert corpus.files[0].url("https://example.org/") == (
        "https://example.org/owner/name/0123456789abcdef0123456789abcdef01234567"
        "/New%20folder/train%201.csv"
    )


EVIDENCE = """
[[corpus.evidence]]
label = "yes|sure"
attributes = ["abusive", "insult"]
applies = true
weight = 0.5
"""


def test_evidence_says_which_rows_speak_of_which_attributes(sources):
    (corpus,) = load_sources(sources(GOOD + EVIDENCE))
    (rule,) = corpus.evidence
    assert rule.attributes == ("abusive", "insult")
    assert rule.matches("sure", "")
    assert not rule.matches("not sure", "insult")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        pytest.param('"insult"', '"toxic"', "attributes.1", id="unknown-attribute"),
        pytest.param("0.5", "15", "weight", id="weight-above-ten"),
        pytest.param('"yes|sure"', '"yes("', "label", id="broken-expression"),
        pytest.param("applies = true\n", "", "applies", id="key-missing"),
    ],
)
def test_a_mistake_in_the_evidence_is_named(sources, old, new, key):
    assert old in EVIDENCE
    with pytest.raises(SourcesError, match=rf"corpus letters_2020: evidence\.0\.{key}: "):
        load_sources(sources(GOOD + EVIDENCE.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            'licence = "MIT (LICENSE)"\n',
            "",
            "corpus letters_2020: licence: Field required",
            id="key-missing",
        ),
        pytest.param(
            'quality = "',
            'qualty = "',
            "corpus letters_2020: qualty: Extra inputs are not permitted",
            id="key-misspelt",
        ),
        pytest.param(
            "licence_clear = true",
            'licence_clear = "yes"',
            "corpus letters_2020: licence_clear: Input should be a valid boolean",
            id="text-for-yes-or-no",
        ),
        pytest.param(
            "size_bytes = 4",
            "size_bytes = -4",
            "corpus letters_2020: files.0.size_bytes: Input should be greater than 0",
            id="size-below-zero",
        ),
        pytest.param(
            "9f86d081", "9f86d08", "corpus letters_2020: files.0.sha256: ", id="sha256-too-short"
        ),
        pytest.param(
            "0123456789abcdef0123456789abcdef01234567",
            "main",
            "corpus letters_2020: files.0.commit: ",
            id="branch-for-commit",
        ),
        pytest.param(
            "owner/name", "name", "corpus letters_2020: files.0.repository: ", id="no-owner"
        ),
        pytest.param(
            "New folder/train 1.csv",
            "../train.csv",
            "files.0.path: Value error, must be a relative path without '..'",
            id="path-leaves-its-folder",
        ),
        pytest.param(
            "New folder/train 1.csv",
            "/etc/train.csv",
            "files.0.path: Value error, must be a relative path",
            id="path-is-absolute",
        ),
        pytest.param(
            'name = "letters_2020"\n',
            "",
            "corpus number 1: name: Field required",
            id="corpus-without-name",
        ),
        pytest.param('"letters_2020"', '"../x"', "corpus ../x: name: ", id="name-is-a-path"),
        pytest.param("[[corpus]]", "[[corpora]]", "one or more [[corpus]] tables", id="no-corpus"),
        pytest.param("[[corpus]]", "[[corpus]", "is not TOML", id="not-toml"),
    ],
)
def test_a_mistake_is_named_with_its_corpus_and_key(sources, old, new, message):
    assert old in GOOD
    with pytest.raises(SourcesError) as caught:
        load_sources(sources(GOOD.replace(old, new)))
    assert message in str(caught.value)
    assert "sources.toml" in str(caught.value)


def test_a_name_that_is_there_twice_is_refused(sources):
    with pytest.raises(SourcesError, match="corpus letters_2020: name: is there twice"):
        load_sources(sources(GOOD + GOOD))


def test_a_path_that_is_there_twice_is_refused(sources):
    line = next(line for line in GOOD.splitlines() if line.startswith("    {"))
    with pytest.raises(SourcesError, match=r"letters_2020: .*New folder/train 1\.csv is there twi"):
        load_sources(sources(GOOD.replace(line, f"{line}\n{line}")))


def test_a_list_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "sources.toml"
    path.write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(SourcesError, match="is not TOML"):
        load_sources(path)


def test_a_missing_list_says_what_to_do(tmp_path):
    with pytest.raises(SourcesError, match="does not exist: run from a clone or name the file"):
        load_sources(tmp_path / "none.toml")


def test_the_projects_own_list_is_complete():
    corpora = load_sources()
    assert ROOT / "data" / "sources.toml" == SOURCES_PATH
    assert len(corpora) == 35
    assert sum(len(corpus.files) for corpus in corpora) == 83
    assert {corpus.name for corpus in corpora if corpus.licence_clear} == {
        "ajgt",
        "arsarcasm_v2",
        "astd",
        "mlma_ar",
    }


def test_every_corpus_of_a_folder_is_in_the_list():
    folder = Path(os.environ.get("GHIRBAL_CORPORA", ROOT.parent / "shared" / "corpora"))
    found = {path.name.removesuffix(".csv.gz") for path in folder.glob("*.csv.gz")}
    if not found:
        pytest.skip(f"no corpora in {folder}; set GHIRBAL_CORPORA to a folder of *.csv.gz")
    assert found <= {corpus.name for corpus in load_sources()}
