"""Calibration: from evidence to probabilities, and how far these are off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression


def fit_logistic_curve(
    evidence: NDArray[np.float32], y: NDArray[np.float32], weights: NDArray[np.float32]
) -> tuple[float, float]:
    """Return slope and intercept that turn evidence into a probability.

    Labels count as Platt's targets, ``(n + 1) / (n + 2)`` and ``1 / (n + 2)`` with `n` the weight
    of a label, so that the curve stays gentle where evidence parts the labels completely.

    References
    ----------
    Platt 1999, "Probabilistic Outputs for Support Vector Machines", in Advances in Large Margin
    Classifiers.
    """
    curve = LogisticRegression(C=1e6, max_iter=1000)
    positives, negatives = float(weights @ y), float(weights @ (1 - y))
    target = np.where(y > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    curve.fit(
        np.concatenate((evidence, evidence))[:, None],
        np.repeat((1, 0), y.size),
        sample_weight=np.concatenate((weights * target, weights * (1 - target))),
    )
    return float(curve.coef_[0, 0]), float(curve.intercept_[0])


def expected_calibration_error(
    y_true: NDArray[np.bool_], scores: NDArray[np.floating[Any]], *, bins: int = 15
) -> float:
    """Return the mean gap between score and share of positives over equal-width bins.

    References
    ----------
    Guo et al. 2017, "On Calibration of Modern Neural Networks", ICML.
    """
    which = np.minimum((scores * bins).astype(np.int64), bins - 1)
    size = np.bincount(which, minlength=bins)
    gaps = np.abs(
        np.bincount(which, weights=scores, minlength=bins)
        - np.bincount(which, weights=y_true, minlength=bins)
    )
    return float(gaps.sum() / max(size.sum(), 1))


def reliability(
    y_true: NDArray[np.bool_], scores: NDArray[np.float64], *, bins: int = 10
) -> list[dict[str, float]]:
    """Return mean score, share of positives and number of comments of each filled bin."""
    which = np.minimum((scores * bins).astype(np.int64), bins - 1)
    return [
        {
            "score": round(float(scores[rows].mean()), 4),
            "share": round(float(y_true[rows].mean()), 4),
            "comments": int(rows.sum()),
        }
        for b in range(bins)
        if (rows := which == b).any()
    ]
