"""Measures a model on the dev splits, corpus by corpus."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score
from tqdm import tqdm

from moderation import ATTRIBUTES, Action, CommentScore, Scorer
from training.examples import Examples
from training.sources import Corpus
from training.thresholds import expected_calibration_error, reliability

REFERENCE: Final = "osact4_2020"
_RECALLS: Final = (0.7, 0.8)


@dataclass(frozen=True, slots=True)
class Scored:
    """Comments of dev splits and what a model says of them.

    Parameters
    ----------
    dev : Examples
        The comments.
    scores : ndarray of shape (n_comments, n_attributes), float64
        As thresholds are compared with.
    held : ndarray of shape (n_comments,), bool
        What the default policy does not approve.
    """

    dev: Examples
    scores: NDArray[np.float64]
    held: NDArray[np.bool_]

    def rows(self, corpus: str) -> NDArray[np.bool_]:
        """Mark the comments of one corpus."""
        return np.asarray(self.dev.corpus == corpus)

    def labelled(self, attribute: str) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return labels and scores of the comments that say something about an attribute."""
        a = ATTRIBUTES.index(attribute)
        rows = self.dev.weights[:, a] > 0
        return self.dev.labels[rows, a] == 1, self.scores[rows, a]


def score_dev(scorer: Scorer, examples: Examples, *, n_jobs: int = 1) -> Scored:
    """Score the dev split of every corpus, several corpora at a time."""
    dev = examples.take(np.flatnonzero(examples.split == "dev"))
    parts = [np.flatnonzero(dev.corpus == name) for name in dict.fromkeys(dev.corpus.tolist())]
    found = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_score)(scorer, [dev.texts[i] for i in rows]) for rows in parts
    )
    scores = np.zeros((len(dev.texts), len(ATTRIBUTES)))
    held = np.zeros(len(dev.texts), dtype=np.bool_)
    # The bar shows on a terminal only.
    bar = tqdm(found, total=len(parts), desc="corpora", unit="corpus", disable=None)
    for rows, (part, is_held) in zip(parts, bar, strict=True):
        scores[rows], held[rows] = part, is_held
    return Scored(dev, scores, held)


def _score(scorer: Scorer, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scores, policy = scorer.rounded(texts), scorer.default_policy()
    outcomes = (
        policy.decide(text, CommentScore(dict(zip(ATTRIBUTES, row, strict=True)), (), ""))
        for text, row in zip(texts, scores.tolist(), strict=True)
    )
    return scores, np.array([each.action is not Action.APPROVE for each in outcomes])


def evaluate(scorer: Scorer, scored: Scored, sources: Sequence[Corpus]) -> dict[str, Any]:
    """Measure a model on the dev split of every corpus.

    Returns
    -------
    dict
        ``corpora``: per corpus the number of comments and the share that the default policy sends
        to review or rejects; where it has both labels also attribute, AUC, macro-F1 at the review
        threshold, precision and recall of the policy. ``published_at_recall``: share of each
        unlabelled corpus at the thresholds where recall on `REFERENCE` is 0.7 and 0.8.
        ``calibration_error`` and ``reliability`` per attribute. ``mean_auc`` over the corpora of
        `sources`; over the project's own examples where there is none of these. Shares in [0, 1],
        rounded to 4 digits.
    """
    dev = scored.dev
    measures = {corpus.name: corpus.measures for corpus in sources}
    report: dict[str, Any] = {"corpora": {}}
    for name in sorted(set(dev.corpus.tolist())):
        rows = scored.rows(name)
        attribute = measures.get(name) or ("abusive" if (dev.measured[rows] >= 0).any() else None)
        report["corpora"][name] = _corpus(scored, rows, attribute, scorer)
    unlabelled = [name for name, figures in report["corpora"].items() if "auc" not in figures]
    if REFERENCE in report["corpora"] and REFERENCE not in unlabelled:
        report["published_at_recall"] = {
            f"{recall}": flagged_at_recall(scored, unlabelled, recall=recall) for recall in _RECALLS
        }
    known = [name for name in ATTRIBUTES if scored.labelled(name)[0].size]
    report["calibration_error"] = {
        name: _rounded(expected_calibration_error(*scored.labelled(name))) for name in known
    }
    report["reliability"] = {name: reliability(*scored.labelled(name)) for name in known}
    report["mean_auc"] = _mean_auc(report["corpora"], measures)
    return report


def _rounded(number: float) -> float:
    return round(float(number), 4)


def _mean_auc(corpora: dict[str, Any], known: Iterable[str]) -> float | None:
    aucs = {name: figures["auc"] for name, figures in corpora.items() if "auc" in figures}
    chosen = [auc for name, auc in aucs.items() if name in known] or list(aucs.values())
    return _rounded(np.mean(chosen)) if chosen else None


def _corpus(
    scored: Scored, rows: NDArray[np.bool_], attribute: str | None, scorer: Scorer
) -> dict[str, Any]:
    held = scored.held[rows]
    result: dict[str, Any] = {"comments": int(rows.sum()), "held_back": _rounded(held.mean())}
    y = scored.dev.measured[rows] == 1
    if attribute is None or y.all() or not y.any():
        return result
    score = scored.scores[rows, ATTRIBUTES.index(attribute)]
    review_at = scorer.manifest["thresholds"][attribute]["review_at"]
    cuts = np.append(np.unique(np.quantile(score, np.linspace(0, 1, 201))), review_at)
    return result | {
        "attribute": attribute,
        "positives": int(y.sum()),
        "auc": _rounded(roc_auc_score(y, score)),
        "macro_f1": _rounded(f1_score(y, score >= review_at, average="macro")),
        "best_macro_f1": _rounded(max(f1_score(y, score >= c, average="macro") for c in cuts)),
        "precision": _rounded(y[held].mean() if held.any() else 0),
        "recall": _rounded(held[y].mean()),
    }


def flagged_at_recall(scored: Scored, corpora: Sequence[str], *, recall: float) -> dict[str, float]:
    """Return the share of corpora flagged as abusive where recall on `REFERENCE` is `recall`.

    Corpora without comments are left out.
    """
    score = scored.scores[:, 0]
    positives = np.sort(score[scored.rows(REFERENCE) & (scored.dev.measured == 1)])
    cut = positives[int(np.floor((1 - recall) * positives.size))]
    return {
        name: _rounded((score[scored.rows(name)] >= cut).mean())
        for name in corpora
        if scored.rows(name).any()
    }
