"""Offsets on comments as readers write them; a failure names corpus and line, never a text."""

import csv
import gzip
import os
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from service.keys import Scope
from service.schema import COMMENT_LIMIT_BYTES
from service.sentences import sentences, utf16_ranges

FOLDER = Path(os.environ.get("GHIRBAL_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
CORPORA = sorted(FOLDER.glob("*.csv.gz"))
# One in 500, up to 60 of a corpus; CORPORA_STEP=1 looks at every comment, in some minutes.
EACH = int(os.environ.get("CORPORA_STEP", "500"))
SAMPLE = 60 if EACH > 1 else None
BATCH = 1_000

pytestmark = pytest.mark.skipif(not CORPORA, reason="the corpora are not there")


def sample(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = islice(csv.DictReader(file), 0, SAMPLE and SAMPLE * EACH, EACH)
        texts = (row["text"] for row in rows)
        return [
            each for each in texts if each.strip() and len(each.encode()) <= COMMENT_LIMIT_BYTES
        ]


def cut(text, begin, end):
    return text.encode("utf-16-le")[2 * begin : 2 * end].decode("utf-16-le")


def named_by_both(ask, text, result):
    """Return what either format names: in code points, and in UTF-16 units."""
    native = sorted({(span["start"], span["end"]) for span in result["spans"]})
    named = [(each, utf16_ranges(text, [each])[0]) for each in native]
    body = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}
    answer = ask(json=body | {"spanAnnotations": True}).get_json()
    spans = answer["attributeScores"]["TOXICITY"]["spanScores"]
    parts = sentences(text)
    expected = [(0, len(text)), *(parts if len(parts) > 1 else [])]
    units = [(span["begin"], span["end"]) for span in spans]
    return [*named, *zip(expected, units, strict=True)]


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.name.partition(".")[0])
def test_utf16_units_cut_the_words_that_are_named(path, app, site, key_for):
    texts, results = sample(path), []
    for start in range(0, len(texts), BATCH):
        batch = [{"text": text} for text in texts[start : start + BATCH]]
        results += site.post("/v1/score", {"comments": batch}).get_json()["results"]
    address = f"/v1alpha1/comments:analyze?key={key_for(Scope.SCORE)}"
    ask = partial(app.test_client().post, address)
    wrong = [
        number * EACH
        for number, (text, result) in enumerate(zip(texts, results, strict=True))
        for here, there in named_by_both(ask, text, result)
        if cut(text, *there) != text[slice(*here)]
    ]
    assert wrong == []
