"""Fits which words of a held comment are shown, on comments whose offending words are marked."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
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
from moderation.highlights import FEATURES, NO_HIGHLIGHTS, Highlighter, neighbours
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
# Of the words shown this many must be held standing alone, or be marked: the 0.95 that is asked for
# and more than a standard error of it, as some 220 words are shown.
_OFFENSIVE_ALONE: Final = 0.97

_ONE: Final = FEATURES.index("one")

Marked = tuple[str, tuple[Stretch, ...]]


def read_marked(path: Path = MARKED_PATH) -> list[Marked]:
    """Read comments of data/written with their offending words between ⟦ and ⟧."""
    with path.open(encoding="utf-8", newline="") as file:
        return [unmark(row["text"]) for row in csv.DictReader(file)]


def fit_highlighter(scorer: Scorer, suites: Suites, marked: Sequence[Marked]) -> Highlighter:
    """Fit the weights, and the threshold from which words are shown.

    The threshold is chosen by cross-validation over the learning half of the suite of spans: the
    one of the best F1 over characters, of those that show hardly a word that is harmless alone.

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
    words = _describe(scorer, [*half, *marked])
    suite = words.owners < len(half)
    weights = np.where(suite, _SUITE_WEIGHT, 1.0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=_PENALTY, max_iter=1000))
    chances = cross_val_predict(
        model,
        words.X,
        words.marked,
        groups=words.owners,
        cv=GroupKFold(_FOLDS),
        method="predict_proba",
        params={"logisticregression__sample_weight": weights},
    )[:, 1]
    cut = _choose(chances, words, suite)
    model.fit(words.X, words.marked, logisticregression__sample_weight=weights)
    scale, linear = model[0], model[1]
    weights = linear.coef_[0] / scale.scale_
    weights[_ONE] = linear.intercept_[0] - weights @ scale.mean_ - np.log(cut / (1 - cut))
    return Highlighter(weights.reshape(3, len(FEATURES)).T)


@dataclass(frozen=True, slots=True)
class _Described:
    """Words: features, whether marked, their comments, letters, whether each is held alone."""

    X: NDArray[np.float64]
    marked: NDArray[np.bool_]
    owners: NDArray[np.int64]
    letters: NDArray[np.int64]
    held: NDArray[np.bool_]


def _describe(scorer: Scorer, comments: Sequence[Marked]) -> _Described:
    texts = [text for text, _ in comments]
    cuts = [scorer.explain_at[name] for name in ATTRIBUTES]
    # The weights are what is looked for: of the words as the service sees them only the features.
    scores = scorer.rounded(texts)
    parts = [slice(at, at + _AT_ONCE) for at in range(0, len(texts), _AT_ONCE)]
    looked = [look_at_words(scorer, texts[p], scores[p], cuts, model=NO_HIGHLIGHTS) for p in parts]
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
    thresholds = scorer.default_policy().thresholds
    review_at = np.array([thresholds[name].review_at for name in ATTRIBUTES])
    held = np.any(words["alone"] >= review_at, axis=1)
    return _Described(X, np.array(offends), owners, words["stop"] - words["start"], held)


def _choose(chances: NDArray[np.float64], words: _Described, rows: NDArray[np.bool_]) -> float:
    """Return the threshold of the best F1 among those that show offensive words often enough."""
    marked, letters = words.marked[rows], words.letters[rows]
    offends = marked | words.held[rows]
    shown = [chances[rows] >= cut for cut in _THRESHOLDS]
    fitting = [
        i for i, each in enumerate(shown) if each.any() and offends[each].mean() >= _OFFENSIVE_ALONE
    ]
    best = max(fitting, key=lambda i: _f1(shown[i], marked, letters), default=len(shown) - 1)
    return float(_THRESHOLDS[best])


def _f1(shown: NDArray[np.bool_], marked: NDArray[np.bool_], sizes: NDArray[np.int64]) -> float:
    return float(2 * sizes[shown & marked].sum() / (sizes[shown].sum() + sizes[marked].sum()))
