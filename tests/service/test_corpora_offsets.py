"""Offsets on comments as readers write them; a failure names corpus and line, never a text."""

import csv
import gzip
import os
from itertools import islice
from pathlib import Path

import pytest

from service.keys import Scope
from service.schema import COMMENT_LIMIT_BYTES
from service.sentences import sentences, utf16_ranges

FOLDER = Path(os.environ.get("GHIRBAL_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
CORPORA = sorted(FOLDER.glob("*.csv.gz"))
SAMPLE = 60
EACH = 500

pytestmark = pytest.mark.skipif(not CORPORA, reason="the corpora are not there")


def sample(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        texts = (row["text"] for row in islice(csv.DictReader(file), 0, SAMPLE * EACH, EACH))
        return [
            each for each in texts if each.strip() and len(each.encode()) <= COMMENT_LIMIT_BYTES
        ]


def cut(text, begin, end):
    return text.encode("utf-16-le")[2 * begin : 2 * end].decode("utf-16-le")


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.name.partition(".")[0])
def test_utf16_units_cut_the_words_that_are_named(path, app, site, key_for):
    texts = sample(path)
    answer = site.post("/v1/score", {"comments": [{"text": text} for text in texts]})
    key = key_for(Scope.SCORE)
    wrong = []
    for number, (text, result) in enumerate(zip(texts, answer.get_json()["results"], strict=True)):
        native = sorted({(span["start"], span["end"]) for span in result["spans"]})
        named = [*((each, utf16_ranges(text, [each])[0]) for each in native)]
        body = {
            "comment": {"text": text},
            "requestedAttributes": {"TOXICITY": {}},
            "spanAnnotations": True,
        }
        scored = app.test_client().post(f"/v1alpha1/comments:analyze?key={key}", json=body)
        spans = scored.get_json()["attributeScores"]["TOXICITY"]["spanScores"]
        parts = sentences(text)
        expected = [(0, len(text)), *(parts if len(parts) > 1 else [])]
        units = [(span["begin"], span["end"]) for span in spans]
        named += zip(expected, units, strict=True)
        if any(cut(text, *there) != text[slice(*here)] for here, there in named):
            wrong.append(number * EACH)
    assert wrong == []
