"""What a comment would be called where it seems to come from: a mixture of experts.

The collections that a model learns from disagree on what abuse is and on what words mean, and one
sum for all of them is a compromise. So each collection has heads of its own beside that sum, fitted
on it alone over fewer features (experts), and a comment listens to those of the collections that
its words and its typing (`moderation.typography`) resemble. Where none has an expert, or for
comments like those that newspapers get, the sum for all speaks.

References
----------
Jacobs, Jordan, Nowlan and Hinton 1991, "Adaptive Mixtures of Local Experts", Neural Computation 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.features import View
from moderation.typography import COUNTED

LOUDEST: Final = 8.0
"""Largest opinion either way, in log odds."""
FAR: Final = 16.0
"""Domains less likely by this, in log odds, than the likeliest are not listened to."""
WEIGHED: Final = (("ngrams", 3), ("words", 1), ("skeletons", 1), ("emoji", 1))
"""Which of `moderation.features.kinds_of_views` experts weigh."""
AT_ONCE: Final = 16  # columns that the library takes at once
MOST_EXPERTS: Final = 100


@dataclass(frozen=True, slots=True)
class Experts:
    """The fitted experts, and what tells the domain that each is fitted on.

    Parameters
    ----------
    buckets : ndarray of shape (n_features,), uint32
        Buckets of the features that they weigh, ascending; the others count for nothing here.
    weights : ndarray of shape (n_features, n_columns), int8
        Of each feature the weights for a comment from elsewhere, from the domain of each expert, of
        each expert, and zeros that fill up to a multiple of `AT_ONCE`.
    scales : ndarray of shape (2, 1 + 2 * n_experts), float32
        Unit of the weights of a column, and its constant; of shape (2, 0) where there are none.
    attributes : ndarray of shape (n_experts,), int32
        What each speaks about, as a number among the attributes that are looked at again.
    sums : ndarray of shape (n_attributes, 2), float32
        Slope and constant that bring evidence to the log odds of the experts.
    typing : ndarray of shape (2 * n_counted, 1 + n_experts), float32
        What each of `moderation.typography.typed` says for elsewhere and for each domain; of shape
        (2 * n_counted, 0) where there are no experts.
    """

    buckets: NDArray[np.uint32]
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    attributes: NDArray[np.int32]
    sums: NDArray[np.float32]
    typing: NDArray[np.float32]

    def opinions(
        self,
        views: Sequence[View],
        evidence: NDArray[np.float32],
        rows: NDArray[np.int64],
        typed: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return what comments would be called where they seem to come from.

        Parameters
        ----------
        views : sequence of View
            The features of all comments that the model knows, those of `WEIGHED`.
        evidence : ndarray of shape (n_rows, n_attributes), float32
            What the sums for all say of the comments that are asked for.
        rows : ndarray of shape (n_rows,), int64
            These comments, ascending.
        typed : ndarray of shape (n_rows, 2 * n_counted), float64
            How they are typed: `moderation.typography.typed`.

        Returns
        -------
        ndarray of shape (n_rows, n_attributes), float64
            Log odds where abuse is as frequent as its absence, `LOUDEST` at most either way.
        """
        sums, counts = self._sum(views, rows)
        n = self.scales.shape[1]
        length = np.sqrt(np.maximum(counts, 1))[:, None]
        scales = self.scales.astype(np.float64)
        said = sums[:, :n] / length * scales[0] + scales[1]
        said[:, : self.typing.shape[1]] += typed @ self.typing.astype(np.float64)
        curves = self.sums.astype(np.float64)
        plain = evidence.astype(np.float64) * curves[:, 0] + curves[:, 1]
        return mix(said, plain, self.attributes)

    def _sum(
        self, views: Sequence[View], rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Sum the weights of the features that are weighed, each as often as it occurs."""
        sums = np.zeros((rows.size, self.weights.shape[1]), dtype=np.int64)
        counts = np.zeros(rows.size, dtype=np.int64)
        if not self.buckets.size:
            return sums, counts
        for view in views:
            comments = np.repeat(np.arange(view.bounds.size - 1), np.diff(view.bounds))
            places = np.minimum(np.searchsorted(rows, comments), rows.size - 1)
            features = np.searchsorted(self.buckets, view.buckets)
            features = np.minimum(features, self.buckets.size - 1)
            heard = (rows[places] == comments) & (self.buckets[features] == view.buckets)
            np.add.at(sums, places[heard], self.weights[features[heard]])
            counts += np.bincount(places[heard], minlength=rows.size)
        return sums, counts


def mix(
    said: NDArray[np.float64], plain: NDArray[np.float64], attributes: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return the mean of what experts say, each counted by how likely its domain is.

    Parameters
    ----------
    said : ndarray of shape (n_comments, 1 + 2 * n_experts), float64
        Log likelihood of elsewhere and of each domain, but for a constant, and what each expert
        says.
    plain : ndarray of shape (n_comments, n_attributes), float64
        What counts elsewhere, and for the attributes that an expert says nothing about.
    attributes : ndarray of shape (n_experts,), int32
        What each speaks about.
    """
    heard = plain.copy()
    n = attributes.size
    if n:
        logits = said[:, : n + 1] - said[:, : n + 1].max(axis=1, keepdims=True)
        chances = np.where(logits > -FAR, np.exp(logits), 0)
        chances /= chances.sum(axis=1, keepdims=True)
        for k, attribute in enumerate(attributes.tolist(), start=1):
            heard[:, attribute] += chances[:, k] * (said[:, n + k] - plain[:, attribute])
    return np.clip(heard, -LOUDEST, LOUDEST)


def no_experts(n_attributes: int) -> Experts:
    """Return experts that have nothing to say: the sums for all speak."""
    return Experts(
        buckets=np.zeros(0, dtype=np.uint32),
        weights=np.zeros((0, 0), dtype=np.int8),
        scales=np.zeros((2, 0), dtype=np.float32),
        attributes=np.zeros(0, dtype=np.int32),
        sums=np.tile(np.array([1, 0], dtype=np.float32), (n_attributes, 1)),
        typing=np.zeros((2 * len(COUNTED), 0), dtype=np.float32),
    )
