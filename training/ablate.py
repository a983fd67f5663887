"""What each decision about the evidence gained: takes one back at a time and fits again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from moderation import ATTRIBUTES
from training.disguise import WEIGHT
from training.evaluate import REFERENCE, Scored, flagged_at_recall
from training.examples import Examples
from training.fit import FitSettings
from training.refit import Material, refit
from training.sources import Corpus
from training.written import SPELLINGS

ARABIZI: Final = "arabizi_dz_lb"
UNLABELLED: Final = ("aoc_reader_comments", "asnd_news_posts")
_RECALL: Final = 0.8
_NUMBERS: Final = ("mean_auc", "osact4_auc", "arabizi_auc", "aoc_flagged", "asnd_flagged")


@dataclass(frozen=True, slots=True)
class Change:
    """One decision taken back.

    Parameters
    ----------
    change, corpus : str
        What is taken back, for which corpus; empty where it is none in particular.
    examples : Examples
        The comments of the material with the labels to fit on.
    fit_on : ndarray of shape (n_comments,), bool
        Which comments to fit on.
    """

    change: str
    corpus: str
    examples: Examples
    fit_on: NDArray[np.bool_]


def ablate(
    material: Material, sources: Sequence[Corpus], settings: FitSettings, *, n_jobs: int
) -> list[dict[str, Any]]:
    """Fit the head for ``abusive`` once for each decision taken back.

    Returns
    -------
    list of dict
        Per change: mean AUC over the dev splits that are measured by ``abusive``, AUC on
        `REFERENCE` and `ARABIZI`, and the shares of `UNLABELLED` flagged where recall on
        `REFERENCE` is 0.8; None where a corpus is missing. The first row takes nothing back.
    """
    changes = list_changes(material, sources)
    measured = [corpus.name for corpus in sources if corpus.measures == "abusive"]
    found = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_measure)(material, each, measured, settings) for each in changes
    )
    return list(tqdm(found, total=len(changes), desc="changes", unit="fit", disable=None))


def list_changes(material: Material, sources: Sequence[Corpus]) -> list[Change]:
    """Return what can be taken back, beginning with nothing."""
    examples, train = material.examples, material.train
    labelled = [corpus.name for corpus in sources if corpus.measures]
    others = [corpus.name for corpus in sources if not corpus.measures and corpus.evidence]
    unclear = [corpus.name for corpus in sources if not corpus.licence_clear]
    known = [corpus.name for corpus in sources]
    naive = [
        Change("naive", name, changed, train)
        for name in labelled
        if (changed := _naive(examples, [name])) is not None
    ]
    everything = _naive(examples, labelled)
    return [
        Change("shipped", "", examples, train),
        *naive,
        *([Change("all_naive", "", everything, train)] if everything is not None else []),
        Change("no_published", "", examples, train & ~np.isin(examples.corpus, others)),
        Change("no_written", "", examples, train & np.isin(examples.corpus, known)),
        Change("no_spellings", "", examples, train & (examples.corpus != SPELLINGS)),
        Change("no_disguise", "", examples, train & ~_copies(examples)),
        Change("licences", "", examples, train & ~np.isin(examples.corpus, unclear)),
    ]


def _naive(examples: Examples, corpora: Sequence[str]) -> Examples | None:
    """Take the labels of corpora as they come; None where that changes nothing."""
    rows = np.isin(examples.corpus, corpora) & (examples.split == "train")
    labels, weights = examples.labels.copy(), examples.weights.copy()
    labels[rows, 0] = examples.measured[rows]
    weights[rows, 0] = np.where(_copies(examples)[rows], WEIGHT, 1) * (labels[rows, 0] >= 0)
    said = weights[:, 0] > 0
    if (weights == examples.weights).all() and (labels[said] == examples.labels[said]).all():
        return None
    return replace(examples, labels=labels, weights=weights)


def _copies(examples: Examples) -> NDArray[np.bool_]:
    return np.array([name.endswith(":disguised") for name in examples.ids], dtype=np.bool_)


def _measure(
    material: Material, change: Change, measured: Sequence[str], settings: FitSettings
) -> dict[str, Any]:
    examples = material.examples
    dev = examples.split == "dev"
    scores = np.zeros((int(dev.sum()), len(ATTRIBUTES)))
    scores[:, 0] = refit(
        material,
        change.examples,
        fit_on=change.fit_on,
        score=dev,
        attribute=ATTRIBUTES[0],
        settings=settings,
    )
    part = examples.take(np.flatnonzero(dev))
    scored = Scored(part, scores, np.zeros(len(scores), dtype=np.bool_))
    aucs = {name: auc for name in measured if (auc := _auc(scored, name)) is not None}
    flagged = {}
    if REFERENCE in aucs:
        flagged = flagged_at_recall(scored, UNLABELLED, recall=_RECALL)
    numbers = (
        round(float(np.mean(list(aucs.values()))), 4) if aucs else None,
        aucs.get(REFERENCE),
        aucs.get(ARABIZI),
        *(flagged.get(name) for name in UNLABELLED),
    )
    row = {"change": change.change, "corpus": change.corpus}
    return row | dict(zip(_NUMBERS, numbers, strict=True)) | {"iterations": settings.iterations}


def _auc(scored: Scored, corpus: str) -> float | None:
    rows = scored.rows(corpus) & (scored.dev.measured >= 0)
    y = scored.dev.measured[rows] == 1
    if y.all() or not y.any():
        return None
    return round(float(roc_auc_score(y, scored.scores[rows, 0])), 4)
