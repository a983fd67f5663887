"""Labels given for this project to comments of the corpora, where the corpora say little or err."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from moderation import ATTRIBUTES
from training.examples import PUBLISHED, CorporaError, Examples, read_corpora
from training.sources import Corpus

LABELS_PATH: Final = Path(__file__).parents[1] / "data" / "labels" / "read.csv"
CLEAN: Final = "clean"
UNCLEAR: Final = "unclear"


def read_labels(path: Path = LABELS_PATH) -> dict[str, tuple[str, ...]]:
    """Read the labels given for this project.

    Returns
    -------
    dict
        Per id of a comment the attributes that it shows, ``abusive`` first; ``("clean",)`` where
        it shows none, ``("unclear",)`` where it cannot be said.

    Raises
    ------
    CorporaError
        If a row is not of this form; the message names the file and the id.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["id"], tuple(row["label"].split())) for row in csv.DictReader(file)]
    for name, shown in rows:
        attributes = shown[:1] == ("abusive",) and set(shown) <= set(ATTRIBUTES)
        if not attributes and shown not in {(CLEAN,), (UNCLEAR,)}:
            raise CorporaError(f"{path}: {name} has the label {' '.join(shown)!r}")
    return dict(rows)


def read_relabelled(folder: Path, sources: Sequence[Corpus]) -> Examples:
    """Read the corpora as `read_corpora` does, with the labels given for this project."""
    return relabelled(read_corpora(folder, sources), read_labels())


def relabelled(examples: Examples, labels: dict[str, tuple[str, ...]]) -> Examples:
    """Return the examples with these labels in place of what their corpora say of training.

    A clean comment is free of every attribute. An abusive one shows those that are named and is
    free of the others, but says nothing about insult, which shades into each of them. An unclear
    one says nothing. An abusive one that a newspaper published stays what the newspaper found it
    to be; what the dev splits are measured by stays as it is.
    """
    values, weights = examples.labels.copy(), examples.weights.copy()
    typical = examples.typical.copy()
    insult = ATTRIBUTES.index("insult")
    for i, (name, split) in enumerate(zip(examples.ids, examples.split.tolist(), strict=True)):
        shown = labels.get(name)
        if shown is None or split == "dev":
            continue
        typical[i] = False
        # An insult that a newspaper published is one that its moderators let pass.
        if shown != (CLEAN,) and examples.corpus[i] in PUBLISHED:
            continue
        unknown = shown == (UNCLEAR,)
        values[i] = -1 if unknown else [attribute in shown for attribute in ATTRIBUTES]
        if shown != (CLEAN,) and "insult" not in shown:
            values[i, insult] = -1
        weights[i] = np.where(values[i] >= 0, 1, 0)
    return replace(examples, labels=values, weights=weights, typical=typical)
