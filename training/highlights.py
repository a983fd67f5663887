"""Fits which words of a held comment are shown, on comments whose offending words are marked."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from moderation import ATTRIBUTES, Scorer
from moderation.evidence import look_at_words
from moderation.highlights import FEATURES, Highlighter, neighbours
from training.suite_cases import LEARN, Stretch, unmark
from training.suites import Suites

MARKED_PATH: Final = Path(__file__).parents[1] / "data" / "marked" / "marked.csv"
# The suite is marked word by word; of the written comments those are taken whose marks are short,
# but they are marked more freely.
_SUITE_WEIGHT: Final = 5.0
_PENALTY: Final = 0.3
_FOLDS: Final = 5
_AT_ONCE: Final = 1024
_THRESHOLDS: Final = np.arange(0.15, 0.9, 0.05)

_ONE: Final = FEATURES.index("one")

Marked = tuple[str, tuple[Stretch, ...]]


def read_marked(path: Path = MARKED_PATH) -> list[Marked]:
    """Read comments of data/written with their offending words between ⟦ and ⟧."""
    with path.open(encoding="utf-8", newline="") as file:
        return [unmark(row["text"]) for row in csv.DictReader(file)]


def fit_highlighter(scorer: Scorer, suites: Suites, marked: Sequence[Marked]) -> Highlighter:
    """Fit the weights, and the threshold that gives the best F1 over characters.

    The threshold is chosen by cross-validation over the learning half of the suite of spans.

    Parameters
    ----------
    scorer : Scorer
        The model whose scores are explained.
    suites : Suites
        Of which the learning half of the spans is used.
    marked : sequence of (str, tuple of (int, int))
        Further comments and where they offend.
    """
    half = [(each.text, each.stretches) for each in suites.spans if each.half == LEARN]
    X, y, owners, sizes = _data(scorer, [*half, *marked])
    weights = np.where(owners < len(half), _SUITE_WEIGHT, 1.0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=_PENALTY, max_iter=1000))
    chances = cross_val_predict(
        model,
        X,
        y,
        groups=owners,
        cv=GroupKFold(_FOLDS),
        method="predict_proba",
        params={"logisticregression__sample_weight": weights},
    )[:, 1]
    suite = owners < len(half)
    scores = [_f1(chances[suite] >= cut, y[suite], sizes[suite]) for cut in _THRESHOLDS]
    cut = _THRESHOLDS[int(np.argmax(scores))]
    model.fit(X, y, logisticregression__sample_weight=weights)
    scale, linear = model[0], model[1]
    weights = linear.coef_[0] / scale.scale_
    weights[_ONE] = linear.intercept_[0] - weights @ scale.mean_ - np.log(cut / (1 - cut))
    return Highlighter(weights.reshape(3, len(FEATURES)).T)


def _data(
    scorer: Scorer, comments: Sequence[Marked]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """Return features, whether marked, comment and letters of every word."""
    texts = [text for text, _ in comments]
    cuts = [scorer.explain_at[name] for name in ATTRIBUTES]
    # The weights are what is looked for: of the words as the service sees them only the features.
    nothing = Highlighter(np.zeros((len(FEATURES), 3)))
    scores = scorer.rounded(texts)
    parts = [slice(at, at + _AT_ONCE) for at in range(0, len(texts), _AT_ONCE)]
    looked = [look_at_words(scorer, texts[p], scores[p], cuts, model=nothing) for p in parts]
    words = np.concatenate([words for _, words in looked])
    owners = np.repeat(np.arange(len(texts)), np.concatenate([np.diff(b) for b, _ in looked]))
    offends = [
        any(start < b and a < end for a, b in comments[owner][1])
        for owner, (start, end) in zip(
            owners.tolist(), words[["start", "stop"]].tolist(), strict=True
        )
    ]
    own = words["features"].copy()
    own[:, _ONE] = 0  # the intercept's place
    filled = np.unique(owners, return_index=True)[1]
    bounds = np.append(filled, owners.size)
    X = np.hstack([own, *(neighbours(own, bounds, step=step) for step in (-1, 1))])
    return X, np.array(offends), owners, words["stop"] - words["start"]


def _f1(shown: NDArray[np.bool_], marked: NDArray[np.bool_], sizes: NDArray[np.int64]) -> float:
    return float(2 * sizes[shown & marked].sum() / (sizes[shown].sum() + sizes[marked].sum()))
