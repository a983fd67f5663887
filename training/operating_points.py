"""Thresholds asked for in words, answered from counts of comments held out of fitting."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from moderation import ModerationError

CONFIDENCE: Final = 0.95
_STEPS: Final = 20  # thresholds per unit of log-odds: one step lets some 3 % more comments through
GRID: Final = (
    0.0,
    *(round(float(1 / (1 + np.exp(-step / _STEPS))), 6) for step in range(-8 * _STEPS, 201)),
)
"""The thresholds that comments are counted at; every comment reaches the first."""


class OperatingPointError(ModerationError, ValueError):
    """No threshold gives what was asked for; the message says what is the best to be had."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its interval of `CONFIDENCE` (Wilson's), all in [0, 1]."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What to expect of a threshold; a comment whose score reaches it goes to review.

    Parameters
    ----------
    threshold : float
        Inclusive, in [0, 1].
    precision, recall : Share
        Of the comments in review that show the attribute; of those that show it in review.
    review_rate : Share
        Share of all comments that go to review.
    """

    threshold: float
    precision: Share
    recall: Share
    review_rate: Share


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How many comments, held out of fitting, reach each threshold for one attribute.

    Parameters
    ----------
    thresholds : sequence of float
        Ascending; the first is 0.
    positives, negatives : ndarray of int64
        Labelled comments with and without the attribute that reach each threshold. A label that
        counts for less than one in fitting counts for less here.
    published : ndarray of int64
        Comments that newspapers published, whatever they hold.

    References
    ----------
    Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22.
    """

    thresholds: Sequence[float]
    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]
    published: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse counts that cannot be."""
        columns = (self.positives, self.negatives, self.published)
        if (
            list(self.thresholds) != sorted(set(self.thresholds))
            or not len(self.thresholds)
            or any(len(column) != len(self.thresholds) for column in columns)
            or any((np.diff(column) > 0).any() or column[-1] < 0 for column in columns)
        ):
            raise OperatingPointError(
                "the counts of held-out comments do not fit their thresholds: fit the model again"
            )

    @classmethod
    def count(
        cls,
        scores: NDArray[np.float64],
        y_true: NDArray[np.bool_],
        weights: NDArray[np.float32],
        *,
        published: NDArray[np.float64],
    ) -> Self:
        """Count comments.

        Parameters
        ----------
        scores, y_true, weights : ndarray of shape (n_labelled,)
            Scores in [0, 1], whether the label applies, and what it counts for in fitting.
        published : ndarray of shape (n_published,)
            Scores of published comments.
        """
        # More than one comment's worth would feign certainty: intervals would be too narrow.
        sizes = np.minimum(weights, 1)
        return cls(
            GRID,
            _reached(scores[y_true], sizes[y_true]),
            _reached(scores[~y_true], sizes[~y_true]),
            _reached(published, np.ones(published.size, dtype=np.float32)),
        )

    @classmethod
    def from_document(cls, thresholds: Sequence[float], document: Mapping[str, Any]) -> Self:
        """Rebuild from what `to_document` wrote."""
        columns = (np.array(document[name], dtype=np.int64) for name in _COLUMNS)
        return cls(tuple(thresholds), *columns)

    def to_document(self) -> dict[str, list[int]]:
        """Return the counts as plain values, without the thresholds."""
        return {name: getattr(self, name).tolist() for name in _COLUMNS}

    def at_precision(self, precision: float, *, share: float | None = None) -> OperatingPoint:
        """Return the lowest threshold with at least this precision.

        Parameters
        ----------
        precision : float
            In (0, 1].
        share : float, optional
            Share of a site's comments that show the attribute, in (0, 1); by default the share
            among the labelled comments held out, which is far more than a newspaper gets.

        Raises
        ------
        OperatingPointError
            If no threshold has it.
        """
        reached = self._precision(share)
        good = np.flatnonzero(reached >= precision)
        if not good.size:
            raise OperatingPointError(
                f"no threshold reaches precision {precision:g}: the best is {_best(reached)} "
                f"on {self._counted()}"
            )
        return self.measure(int(good[0]), share=share)

    def at_recall(self, recall: float, *, share: float | None = None) -> OperatingPoint:
        """Return the highest threshold with at least this recall, in (0, 1]."""
        if not self.positives[0]:
            raise OperatingPointError(f"recall is unknown: {self._counted()}")
        good = np.flatnonzero(self.positives >= recall * self.positives[0] - 1e-9)
        return self.measure(int(good[-1]), share=share)

    def at_review_rate(self, rate: float, *, share: float | None = None) -> OperatingPoint:
        """Return the lowest threshold that sends at most this share of comments to review.

        Without `share` the comments are those that newspapers published; with it the labelled
        ones, of which precision is told as well.
        """
        sent = self._review_rate(share)
        good = np.flatnonzero(sent <= rate)
        if not good.size:
            whole = f"{self.published[0]} published comments" if share is None else self._counted()
            raise OperatingPointError(
                f"no threshold sends as few as {rate:g} to review: the least is {_best(-sent)} of "
                f"{whole}"
            )
        return self.measure(int(good[0]), share=share)

    def measure(self, index: int, *, share: float | None = None) -> OperatingPoint:
        """Return what to expect of one of the thresholds.

        With `share` all is told of labelled comments, so that recall times `share` is precision
        times review rate. Without it the review rate is that of published comments.
        """
        recall = _wilson(self.positives[index], self.positives[0])
        if share is None:
            hits = int(self.positives[index] + self.negatives[index])
            return OperatingPoint(
                self.thresholds[index],
                _wilson(self.positives[index], hits),
                recall,
                _wilson(self.published[index], self.published[0]),
            )
        alarms = _wilson(self.negatives[index], self.negatives[0])
        # Both ends at once: wider than it need be, never narrower.
        precision = _combined(
            lambda tpr, fpr: _mixed_precision(tpr, fpr, share), recall, _reversed(alarms)
        )
        sent = _combined(lambda tpr, fpr: share * tpr + (1 - share) * fpr, recall, alarms)
        return OperatingPoint(self.thresholds[index], precision, recall, sent)

    def _precision(self, share: float | None) -> NDArray[np.float64]:
        if share is None:
            hits = self.positives + self.negatives
            return np.asarray(self.positives / np.maximum(hits, 1))
        recall, alarms = _rates(self.positives), _rates(self.negatives)
        return np.asarray(share * recall / np.maximum(share * recall + (1 - share) * alarms, 1e-12))

    def _review_rate(self, share: float | None) -> NDArray[np.float64]:
        if share is None:
            return _rates(self.published)
        return np.asarray(share * _rates(self.positives) + (1 - share) * _rates(self.negatives))

    def _counted(self) -> str:
        return f"{self.positives[0]} comments with the attribute and {self.negatives[0]} without"


_COLUMNS: Final = ("positives", "negatives", "published")


def _reached(scores: NDArray[np.float64], sizes: NDArray[np.float32]) -> NDArray[np.int64]:
    order = np.argsort(scores, kind="stable")
    below = np.concatenate(([0.0], np.cumsum(sizes[order], dtype=np.float64)))
    places = np.searchsorted(scores[order], GRID, side="left")
    return np.asarray(np.rint(below[-1] - below[places]), dtype=np.int64)


def _rates(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(counts / max(int(counts[0]), 1))


def _best(shares: NDArray[np.float64]) -> str:
    return f"{abs(float(shares.max())):.3f}"


def _wilson(part: int | np.int64, whole: int | np.int64) -> Share:
    if not whole:
        return Share(0.0, 0.0, 1.0)
    found = binomtest(int(part), int(whole)).proportion_ci(CONFIDENCE, method="wilson")
    return Share(int(part) / int(whole), float(found.low), float(found.high))


def _reversed(share: Share) -> Share:
    return Share(share.value, share.high, share.low)


def _combined(formula: Callable[[float, float], float], one: Share, other: Share) -> Share:
    return Share(
        formula(one.value, other.value), formula(one.low, other.low), formula(one.high, other.high)
    )


def _mixed_precision(recall: float, alarms: float, share: float) -> float:
    hits = share * recall + (1 - share) * alarms
    return share * recall / hits if hits else 0.0
