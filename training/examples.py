"""Reads labelled comments: a folder of corpora, or the examples written for the project."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation import ATTRIBUTES, ModerationError
from moderation.text import canonicalise
from training.sources import Corpus

SEED_PATH: Final = Path(__file__).parents[1] / "data" / "seed" / "comments.csv"
NEWS: Final = "news"
PUBLISHED: Final = ("aoc_reader_comments", "hespress_comments")
"""Corpora of what newspapers published."""
_SEED_WEIGHT: Final = 2.0  # each was written to say one thing clearly
_COLUMNS: Final = {"id", "text", "label_raw", "abusive", "category", "split"}
_LARGEST_FIELD: Final = 1 << 24


class CorporaError(ModerationError):
    """A folder of corpora cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Comments and what their labels say.

    Parameters
    ----------
    ids, texts : list of str
        Identifier and text per comment.
    labels : ndarray of shape (n_comments, n_attributes), int8
        1 where an attribute applies, 0 where it does not, -1 where the label says nothing.
    weights : ndarray of shape (n_comments, n_attributes), float32
        How much a label counts in fitting, in [0, 10]; 0 where it says nothing.
    measured : ndarray of shape (n_comments,), int8
        The corpus's own binary label, -1 where there is none: what the dev split is measured by.
    corpus, domain, split : ndarray of shape (n_comments,), str
        Name of the corpus; the group that shares a bias; ``train``, ``dev`` or ``unlabelled``.
    typical : ndarray of shape (n_comments,), bool
        Whether it was taken as it came: neither written to be learned from, nor picked since a
        model was unsure of it. Only such comments tell how likely a score is right.
    """

    ids: list[str]
    texts: list[str]
    labels: NDArray[np.int8]
    weights: NDArray[np.float32]
    measured: NDArray[np.int8]
    corpus: NDArray[np.str_]
    domain: NDArray[np.str_]
    split: NDArray[np.str_]
    typical: NDArray[np.bool_]

    def take(self, rows: NDArray[np.int64]) -> "Examples":
        """Return some of the comments, in the order of `rows`."""
        return Examples(
            [self.ids[i] for i in rows],
            [self.texts[i] for i in rows],
            self.labels[rows],
            self.weights[rows],
            self.measured[rows],
            self.corpus[rows],
            self.domain[rows],
            self.split[rows],
            self.typical[rows],
        )

    def rewritten(self, texts: list[str], *, mark: str, weight: float) -> "Examples":
        """Return copies with other texts, a mark behind each id and scaled weights."""
        return replace(
            self,
            ids=[f"{name}:{mark}" for name in self.ids],
            texts=texts,
            weights=self.weights * np.float32(weight),
        )

    def text_ids(self) -> NDArray[np.int64]:
        """Return numbers, equal for comments of equal canonical text, of shape (n_comments,).

        What has no word, as emoji alone, is told apart by the text itself.
        """
        canonical = canonicalise(self.texts)
        numbers: dict[str, int] = {}
        words = (canonical.text(i) or text for i, text in enumerate(self.texts))
        found = (numbers.setdefault(text, len(numbers)) for text in words)
        return np.fromiter(found, dtype=np.int64, count=len(self.texts))

    def held_out(self, *, every: int) -> NDArray[np.bool_]:
        """Mark one comment in `every`, by a checksum of its id: the same ones in each run."""
        marks = np.fromiter((zlib.crc32(i.encode()) % every == 0 for i in self.ids), np.bool_)
        return np.asarray(marks)


def read_corpora(folder: Path, sources: Sequence[Corpus]) -> Examples:
    """Read every corpus of `sources` from ``<folder>/<name>.csv.gz``.

    Raises
    ------
    CorporaError
        If a file is missing or is not of the expected form; the message names it.
    """
    missing = [corpus.name for corpus in sources if not _file(folder, corpus).is_file()]
    if missing:
        raise CorporaError(
            f"{folder} lacks {missing[0]}.csv.gz"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            + ": name a folder with the corpora of data/sources.toml"
        )
    before = csv.field_size_limit(_LARGEST_FIELD)
    try:
        return join([_read(folder, corpus) for corpus in sources])
    finally:
        # The limit holds for the whole process, and `ghirbal score` counts on its default.
        csv.field_size_limit(before)


def read_seed(path: Path = SEED_PATH) -> Examples:
    """Read the examples written for the project; all of one domain, every attribute labelled."""
    if not path.is_file():
        raise CorporaError(f"{path} is missing: run from a clone, or name a folder of corpora")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = np.array([[int(row[name]) for name in ATTRIBUTES] for row in rows], dtype=np.int8)
    return Examples(
        ids=[row["id"] for row in rows],
        texts=[row["text"] for row in rows],
        labels=labels,
        weights=np.full(labels.shape, _SEED_WEIGHT, dtype=np.float32),
        measured=labels[:, 0],
        corpus=np.full(len(rows), "seed"),
        domain=np.full(len(rows), NEWS),
        split=np.array([row["split"] for row in rows]),
        typical=np.zeros(len(rows), dtype=np.bool_),
    )


def _file(folder: Path, corpus: Corpus) -> Path:
    return folder / f"{corpus.name}.csv.gz"


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if _COLUMNS - set(reader.fieldnames or ()):
                raise CorporaError(f"{path} needs the columns {sorted(_COLUMNS)}")
            for number, row in enumerate(reader, start=1):
                if None in row.values() or row["abusive"] not in {"", "0", "1"}:
                    raise CorporaError(f"{path}: row {number} lacks a column, or abusive is no 0/1")
                yield row
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error) as error:
        raise CorporaError(f"{path} cannot be read: {error}") from error


def _read(folder: Path, corpus: Corpus) -> Examples:
    rows = list(_rows(_file(folder, corpus)))
    labels = np.full((len(rows), len(ATTRIBUTES)), -1, dtype=np.int8)
    weights = np.zeros(labels.shape, dtype=np.float32)
    for rule in corpus.evidence:
        columns = [ATTRIBUTES.index(name) for name in rule.attributes]
        hits = [i for i, r in enumerate(rows) if rule.matches(r["label_raw"], r["category"])]
        labels[np.ix_(hits, columns)] = rule.applies
        weights[np.ix_(hits, columns)] = rule.weight
    return Examples(
        ids=[row["id"] for row in rows],
        texts=[row["text"] for row in rows],
        labels=labels,
        weights=weights,
        measured=np.array([int(row["abusive"] or -1) for row in rows], dtype=np.int8),
        corpus=np.full(len(rows), corpus.name),
        domain=np.full(len(rows), corpus.domain or corpus.name),
        split=np.array([row["split"] for row in rows]),
        typical=np.ones(len(rows), dtype=np.bool_),
    )


def join(parts: Sequence[Examples]) -> Examples:
    """Put sets of examples on end."""
    return Examples(
        [i for part in parts for i in part.ids],
        [text for part in parts for text in part.texts],
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("labels", "weights", "measured", "corpus", "domain", "split", "typical")
        ),
    )


def with_clear_licence(examples: Examples, sources: Sequence[Corpus]) -> Examples:
    """Leave out the training comments of corpora without a clear licence; dev splits stay."""
    unclear = [corpus.name for corpus in sources if not corpus.licence_clear]
    kept = (examples.split != "train") | ~np.isin(examples.corpus, unclear)
    return examples.take(np.flatnonzero(kept))
