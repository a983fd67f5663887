"""Measures a model on the dev splits, corpus by corpus."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score

from moderation import ATTRIBUTES, Action, CommentScore, Scorer
from training.examples import Examples
from training.sources import Corpus
from training.thresholds import expected_calibration_error

REFERENCE: Final = "osact4_2020"
_RECALLS: Final = (0.7, 0.8)


def evaluate(scorer: Scorer, examples: Examples, sources: Sequence[Corpus]) -> dict[str, Any]:
    """Measure a model on the dev split of every corpus.

    Returns
    -------
    dict
        ``corpora``: per corpus the number of comments and the share that the default policy sends
        to review or rejects; where it has both labels also attribute, AUC, macro-F1 at the review
        threshold, precision and recall of the policy. ``published_at_recall``: share of each
        unlabelled corpus at the thresholds where recall on `REFERENCE` is 0.7 and 0.8.
        ``calibration_error`` per attribute. Shares in [0, 1], rounded to 4 digits.
    """
    dev = examples.take(np.flatnonzero(examples.split == "dev"))
    scores = scorer.probabilities(dev.texts)
    held = _held_back(scorer, dev.texts, scores)
    measures = {corpus.name: corpus.measures for corpus in sources}
    report: dict[str, Any] = {"corpora": {}}
    for name in sorted(set(dev.corpus.tolist())):
        rows = dev.corpus == name
        attribute = measures.get(name) or ("abusive" if (dev.measured[rows] >= 0).any() else None)
        report["corpora"][name] = _corpus(dev, scores, held, rows, attribute, scorer)
    unlabelled = [name for name, figures in report["corpora"].items() if "auc" not in figures]
    if REFERENCE in report["corpora"] and REFERENCE not in unlabelled:
        report["published_at_recall"] = _at_recall(dev, scores[:, 0], unlabelled)
    report["calibration_error"] = {
        name: _rounded(expected_calibration_error(dev.labels[rows, a] == 1, scores[rows, a]))
        for a, name in enumerate(ATTRIBUTES)
        if (rows := dev.weights[:, a] > 0).any()
    }
    aucs = [c["auc"] for c in report["corpora"].values() if "auc" in c]
    report["mean_auc"] = _rounded(np.mean(aucs)) if aucs else None
    return report


def _rounded(number: float) -> float:
    return round(float(number), 4)


def _held_back(
    scorer: Scorer, texts: Sequence[str], scores: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Mark the comments that the default policy does not approve."""
    policy = scorer.default_policy()
    rows = [dict(zip(ATTRIBUTES, row, strict=True)) for row in scores.tolist()]
    return np.array(
        [
            policy.decide(text, CommentScore(row, (), scorer.version)).action is not Action.APPROVE
            for text, row in zip(texts, rows, strict=True)
        ]
    )


def _corpus(
    dev: Examples,
    scores: NDArray[np.float32],
    held: NDArray[np.bool_],
    rows: NDArray[np.bool_],
    attribute: str | None,
    scorer: Scorer,
) -> dict[str, Any]:
    result: dict[str, Any] = {"comments": int(rows.sum()), "held_back": _rounded(held[rows].mean())}
    y = dev.measured[rows] == 1
    if attribute is None or y.all() or not y.any():
        return result
    score = scores[rows, ATTRIBUTES.index(attribute)]
    review_at = scorer.manifest["thresholds"][attribute]["review_at"]
    cuts = np.unique(np.quantile(score, np.linspace(0, 1, 201)))
    return result | {
        "attribute": attribute,
        "positives": int(y.sum()),
        "auc": _rounded(roc_auc_score(y, score)),
        "macro_f1": _rounded(f1_score(y, score >= review_at, average="macro")),
        "best_macro_f1": _rounded(max(f1_score(y, score >= c, average="macro") for c in cuts)),
        "precision": _rounded(y[held[rows]].mean() if held[rows].any() else 0),
        "recall": _rounded(held[rows][y].mean()),
    }


def _at_recall(
    dev: Examples, score: NDArray[np.float32], unlabelled: Sequence[str]
) -> dict[str, dict[str, float]]:
    positives = np.sort(score[(dev.corpus == REFERENCE) & (dev.measured == 1)])
    result: dict[str, dict[str, float]] = {}
    for recall in _RECALLS:
        cut = positives[int(np.floor((1 - recall) * positives.size))]
        result[f"{recall}"] = {
            name: _rounded((score[dev.corpus == name] >= cut).mean()) for name in unlabelled
        }
    return result
