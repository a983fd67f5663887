"""What a comment would be called where it seems to come from: a mixture of experts.

The collections that a model learns from disagree on what abuse is and on what words mean, and one
sum for all of them is a compromise. So each collection has heads of its own beside that sum, fitted
on it alone over fewer features (experts), and a comment listens to those of the collections that
its words and its typing (`moderation.typography`) resemble. Where none has an expert, or for
comments like those that newspapers get, the sum for all speaks. What is from elsewhere has experts
as well, one for each attribute, whom its judges alone hear.

They are heard twice: what they say together is given to the networks of `moderation.second_look`,
and once these have answered, each domain judges by all that has been said what the comment would be
called there (stacked generalization).

References
----------
Jacobs, Jordan, Nowlan and Hinton 1991, "Adaptive Mixtures of Local Experts", Neural Computation 3.
Wolpert 1992, "Stacked Generalization", Neural Networks 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.features import View
from moderation.types import ATTRIBUTES
from moderation.typography import COUNTED

LOUDEST: Final = 8.0
"""Largest opinion either way, in log odds, and largest judgement, as evidence."""
FAR: Final = 16.0
"""Domains less likely by this, in log odds, than the likeliest are not listened to."""
WEIGHED: Final = (("ngrams", 3), ("words", 1), ("skeletons", 1), ("emoji", 1))
"""Which of `moderation.features.kinds_of_views` experts weigh."""
AT_ONCE: Final = 16  # columns that the library takes at once
MOST_EXPERTS: Final = 100


@dataclass(frozen=True, slots=True)
class Heard:
    """What is said of comments.

    Parameters
    ----------
    chances : ndarray of shape (n_comments, 1 + n_experts), float64
        How likely each is from elsewhere, and from the domain of each expert; their sum is 1.
    said : ndarray of shape (n_comments, n_experts + n_attributes), float64
        What each expert says, those of elsewhere last, in log odds where abuse is as frequent as
        its absence. Without columns where there are no experts.
    opinions : ndarray of shape (n_comments, n_attributes), float64
        What they would be called where they seem to come from, in the same log odds, `LOUDEST` at
        most either way.
    """

    chances: NDArray[np.float64]
    said: NDArray[np.float64]
    opinions: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Experts:
    """The fitted experts, and what tells the domain that each is fitted on.

    Parameters
    ----------
    buckets : ndarray of shape (n_features,), uint32
        Buckets of the features that they weigh, ascending; the others count for nothing here.
    weights : ndarray of shape (n_features, n_columns), int8
        Of each feature the weights for a comment from elsewhere, from the domain of each expert, of
        each expert, of elsewhere's for each attribute, and zeros that fill up to a multiple of
        `AT_ONCE`.
    scales : ndarray of shape (2, 1 + 2 * n_experts + n_attributes), float32
        Unit of the weights of a column, and its constant; of shape (2, 0) where there are none.
    attributes : ndarray of shape (n_experts,), int32
        What each speaks about, as a number among the attributes that are looked at again.
    sums : ndarray of shape (n_attributes, 2), float32
        Slope and constant that bring evidence to the log odds of the experts.
    typing : ndarray of shape (2 * n_counted, 1 + n_experts), float32
        What each of `moderation.typography.typed` says for elsewhere and for each domain; of shape
        (2 * n_counted, 0) where there are no experts.
    judges : ndarray of shape (n_experts + n_attributes, n_judged), float32
        What the evidence of an attribute is in the domain of each expert, and of each attribute
        elsewhere: what the attributes that are looked at again count for after that look, the sums
        over words of all attributes, what the expert says, and a constant. Of shape (0, n_judged)
        where there are no experts.
    """

    buckets: NDArray[np.uint32]
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    attributes: NDArray[np.int32]
    sums: NDArray[np.float32]
    typing: NDArray[np.float32]
    judges: NDArray[np.float32]

    def hear(
        self,
        views: Sequence[View],
        evidence: NDArray[np.float32],
        rows: NDArray[np.int64],
        typed: NDArray[np.float64],
    ) -> Heard:
        """Return what is said of comments.

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
        """
        sums, counts = self._sum(views, rows)
        n = self.scales.shape[1]
        length = np.sqrt(np.maximum(counts, 1))[:, None]
        scales = self.scales.astype(np.float64)
        said = sums[:, :n] / length * scales[0] + scales[1]
        said[:, : self.typing.shape[1]] += typed @ self.typing.astype(np.float64)
        curves = self.sums.astype(np.float64)
        plain = evidence.astype(np.float64) * curves[:, 0] + curves[:, 1]
        return hear(said, plain, self.attributes)

    def judge(
        self, heard: Heard, after: NDArray[np.float32], sums: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return the evidence of comments where they seem to come from.

        Parameters
        ----------
        heard : Heard
            What is said of them.
        after : ndarray of shape (n_comments, n_attributes), float32
            Their evidence after the second look, for the attributes that are looked at again.
        sums : ndarray of shape (n_comments, n_all_attributes), float32
            Their evidence before it, for all attributes.

        Returns
        -------
        ndarray of shape (n_comments, n_attributes), float64
            `after` itself as far as no domain judges.
        """
        result = after.astype(np.float64)
        n = self.attributes.size
        if not n:
            return result
        judges = self.judges.astype(np.float64)
        judged = np.column_stack((after, sums)) @ judges[:, :-2].T + judges[:, -1]
        judged = np.clip(judged + heard.said * judges[:, -2], -LOUDEST, LOUDEST)
        for k, attribute in enumerate(self.attributes.tolist()):
            result[:, attribute] += heard.chances[:, k + 1] * (judged[:, k] - after[:, attribute])
        result += heard.chances[:, :1] * (judged[:, n:] - after)
        return np.asarray(result)

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


def hear(
    said: NDArray[np.float64], plain: NDArray[np.float64], attributes: NDArray[np.int32]
) -> Heard:
    """Count what each expert says by how likely its domain is.

    Parameters
    ----------
    said : ndarray of shape (n_comments, 1 + 2 * n_experts + n_attributes), float64
        Log likelihood of elsewhere and of each domain, but for a constant, and what each expert
        says, those of elsewhere last.
    plain : ndarray of shape (n_comments, n_attributes), float64
        What counts elsewhere, and for the attributes that an expert says nothing about.
    attributes : ndarray of shape (n_experts,), int32
        What each speaks about.
    """
    n = attributes.size
    if not n:
        chances = np.ones((len(plain), 1))
        return Heard(chances, np.zeros((len(plain), 0)), np.clip(plain, -LOUDEST, LOUDEST))
    logits = said[:, : n + 1] - said[:, : n + 1].max(axis=1, keepdims=True)
    chances = np.where(logits > -FAR, np.exp(logits), 0)
    chances /= chances.sum(axis=1, keepdims=True)
    opinions = plain.copy()
    for k, attribute in enumerate(attributes.tolist(), start=1):
        opinions[:, attribute] += chances[:, k] * (said[:, n + k] - plain[:, attribute])
    return Heard(chances, said[:, n + 1 :], np.clip(opinions, -LOUDEST, LOUDEST))


def judged_by(n_attributes: int) -> int:
    """Return how many numbers a judge has, where so many attributes are looked at again."""
    return n_attributes + len(ATTRIBUTES) + 2


def no_experts(n_attributes: int) -> Experts:
    """Return experts that have nothing to say: the sums for all speak, and nobody judges."""
    return Experts(
        buckets=np.zeros(0, dtype=np.uint32),
        weights=np.zeros((0, 0), dtype=np.int8),
        scales=np.zeros((2, 0), dtype=np.float32),
        attributes=np.zeros(0, dtype=np.int32),
        sums=np.tile(np.array([1, 0], dtype=np.float32), (n_attributes, 1)),
        typing=np.zeros((2 * len(COUNTED), 0), dtype=np.float32),
        judges=np.zeros((0, judged_by(n_attributes)), dtype=np.float32),
    )
