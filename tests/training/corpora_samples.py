"""Invented corpora: comments put together from a few words, in the form of the real ones."""

import csv
import gzip
from itertools import product

import numpy as np

from moderation import ATTRIBUTES
from training.examples import Examples
from training.sources import load_sources

COLUMNS = ["id", "text", "label_raw", "abusive", "category", "split"]
# What each attribute is put together from; the words are mild, the labels what counts.
WORDS = {
    "clean": ["شكرا للكاتب", "مقال مفيد", "خبر مهم", "رأي سليم"],
    "insult": ["يا غبي", "أنت أحمق", "كلام تافه", "يا حمار"],
    "obscene": ["كلام قذر", "يا قليل الأدب", "يا وسخ", "لفظ بذيء"],
    "hate": ["كلهم أنجاس", "طائفة قذرة", "اطردوا الغرباء", "شعب متخلف"],
    "threat": ["سأكسر رأسك", "انتظر عقابك", "سنحرق بيتك", "ستندم قريبا"],
}
TOPICS = ["عن الميزانية", "في الاقتصاد", "حول الرياضة", "عن المدارس", "في الصحة", "عن الطرق"]
SOURCES = """\
[[corpus]]
name = "{name}"
citation = "Nobody 2026"
platform = "invented"
dialect = "MSA"
licence = "CC0"
licence_clear = true
labelled = {labelled}
mapping = "as is"
quality = "invented"
recommended_use = "TRAIN"
{extra}
[[corpus.files]]
repository = "a/b"
commit = "{commit}"
path = "x"
size_bytes = 1
sha256 = "{sha}"
"""
RULES = """\
measures = "abusive"
evidence = [
    { attributes = ["abusive", "severe", "insult"], label = 'clean', applies = false, weight = 1 },
    { attributes = ["obscene", "identity_hate"], label = 'clean', applies = false, weight = 1 },
    { attributes = ["threat"], label = 'clean', applies = false, weight = 1 },
    { attributes = ["abusive"], label = '(?!clean).*', applies = true, weight = 0.5 },
    { attributes = ["severe", "insult"], label = 'insult', applies = true, weight = 1 },
    { attributes = ["severe", "obscene"], label = 'obscene', applies = true, weight = 1 },
    { attributes = ["identity_hate"], label = 'hate', applies = true, weight = 1 },
    { attributes = ["threat"], label = 'threat', applies = true, weight = 1 },
]
"""


def write_sources(path, **corpora):
    tables = [
        SOURCES.format(
            name=name,
            labelled="true" if extra else "false",
            extra=extra,
            commit="0" * 40,
            sha="0" * 64,
        )
        for name, extra in corpora.items()
    ]
    path.write_text("\n".join(tables), encoding="utf-8")
    return load_sources(path)


def write_corpus(folder, name, rows, *, columns=COLUMNS):
    path = folder / f"{name}.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def labelled_rows(name, *, kinds=tuple(WORDS), ends=("", "!")):
    """Return each phrase under each topic with each end; every fifth is for the dev split."""
    rows = []
    for kind in kinds:
        for phrase, topic, end in product(WORDS[kind], TOPICS, ends):
            split = "dev" if len(rows) % 5 == 4 else "train"
            abusive = "0" if kind == "clean" else "1"
            text = f"{phrase} {topic}{end}"
            rows.append([f"{name}:{len(rows)}", text, kind, abusive, "", split])
    return rows


def published_rows(name):
    return [
        [f"{name}:{i}", f"{phrase} {topic}", "", "", "", "dev" if i % 2 else "unlabelled"]
        for i, (phrase, topic) in enumerate(product(WORDS["clean"], TOPICS))
    ]


def labelled_examples(texts, labels, *, corpus="one"):
    """Return comments of one corpus and domain, each label for all attributes."""
    n = len(texts)
    return Examples(
        ids=[f"{corpus}:{i}" for i in range(n)],
        texts=list(texts),
        labels=np.repeat(np.array(labels, dtype=np.int8)[:, None], len(ATTRIBUTES), axis=1),
        weights=np.ones((n, len(ATTRIBUTES)), dtype=np.float32),
        measured=np.array(labels, dtype=np.int8),
        corpus=np.full(n, corpus),
        domain=np.full(n, corpus),
        split=np.full(n, "train"),
        typical=np.ones(n, dtype=np.bool_),
    )
