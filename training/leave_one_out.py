"""What a model is worth on a corpus that it has never seen."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from training.fit import FitSettings
from training.refit import Material, refit
from training.sources import Corpus

TYPICAL: Final = (
    "lhsab",
    "alakrot2018_youtube",
    "omcd",
    "dziriofn",
    "sohateful",
    "osact4_2020",
)
"""Corpora of all kinds whose labels are trusted: Levantine, YouTube, Moroccan, Algerian, tweets."""


def leave_one_out(
    material: Material, sources: Sequence[Corpus], settings: FitSettings, *, n_jobs: int
) -> list[dict[str, Any]]:
    """Fit without each labelled corpus in turn and measure on its dev split.

    Returns
    -------
    list of dict
        Per corpus its name, the ``attribute`` that it labels and that is fitted, the number of
        ``comments`` of its dev split, their ``auc`` and the ``iterations`` of each fit.
    """
    chosen = [corpus for corpus in sources if corpus.measures and _both(material, corpus.name)]
    found = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_without)(material, corpus.name, str(corpus.measures), settings)
        for corpus in chosen
    )
    # The bar shows on a terminal only.
    return list(tqdm(found, total=len(chosen), desc="left out", unit="corpus", disable=None))


def mean_auc(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> float | None:
    """Return the mean over some of the corpora; None where none of them was left out."""
    aucs = [row["auc"] for row in rows if row["corpus"] in names]
    return round(float(np.mean(aucs)), 4) if aucs else None


def _both(material: Material, corpus: str) -> bool:
    return set(material.examples.measured[material.dev(corpus)].tolist()) >= {0, 1}


def _without(
    material: Material, corpus: str, attribute: str, settings: FitSettings
) -> dict[str, Any]:
    examples = material.examples
    score = material.dev(corpus) & (examples.measured >= 0)
    evidence = refit(
        material,
        examples,
        fit_on=material.train & (examples.corpus != corpus),
        score=score,
        attribute=attribute,
        settings=settings,
    )
    auc = roc_auc_score(examples.measured[score] == 1, evidence)
    return {
        "corpus": corpus,
        "attribute": attribute,
        "comments": int(score.sum()),
        "auc": round(float(auc), 4),
        "iterations": settings.iterations,
    }
