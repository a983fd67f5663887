"""Fits one linear head per attribute on shared features and makes a model of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from moderation import ATTRIBUTES
from moderation.features import FeatureSettings
from moderation.highlights import NO_HIGHLIGHTS
from moderation.model import Model
from moderation.second_look import NO_EXPERTS, NO_NETWORKS
from training.examples import Examples
from training.groups import hash_groups, read_groups
from training.matrix import (
    choose_features,
    count_features,
    inverse_document_frequency,
    keep_features,
    tf_idf,
)

UNCALIBRATED: Final[dict[str, Any]] = {
    "calibration": {name: {"slope": 1.0, "intercept": 0.0} for name in ATTRIBUTES},
    "thresholds": {},
    "highlights": NO_HIGHLIGHTS.to_document(),
}
"""What the manifest of a model says whose evidence alone is asked for."""
# How curved the loss of a comment is, on the mean, as a share of what it is while no word counts.
_CURVATURE: Final = 0.12
_TELLS: Final = 0.05  # a log-count ratio nearer to 0 than this tells next to nothing
_DOMAIN_PENALTY: Final = 0.01  # next to nothing: a domain's bias must not live in its words


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a head is fitted.

    Parameters
    ----------
    features : FeatureSettings
        What is hashed.
    min_comments : int
        A feature of fewer comments is left out.
    l2 : float
        Penalty on the weights of the scaled features, above 0.
    smoothing : float
        Added to the counts of the naive-Bayes ratio, above 0.
    iterations : int
        At most this many steps of L-BFGS.
    more_iterations : int
        At most this many where steps start from heads that were fitted on parts of the comments.
    """

    features: FeatureSettings = field(default_factory=FeatureSettings)
    min_comments: int = 3
    l2: float = 0.15
    smoothing: float = 1.0
    iterations: int = 30
    more_iterations: int = 15


def log_count_ratio(
    X: csr_matrix, y: NDArray[np.float32], weights: NDArray[np.float32], *, smoothing: float
) -> NDArray[np.float32]:
    """Return the naive-Bayes log-count ratio of each bucket, presence counted once a comment.

    ``ln((p / |p|) / (q / |q|))`` with `p` and `q` the smoothed weighted counts of comments where
    the attribute applies and where it does not.

    References
    ----------
    Wang and Manning 2012, "Baselines and Bigrams: Simple, Good Sentiment and Topic
    Classification", ACL, https://aclanthology.org/P12-2018
    """
    present = csr_matrix((np.ones(X.nnz, np.float32), X.indices, X.indptr), X.shape)
    p = present.T @ (weights * y) + smoothing
    q = present.T @ (weights * (1 - y)) + smoothing
    return np.asarray(np.log((p / p.sum()) / (q / q.sum())), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Head:
    """What was fitted to one attribute.

    Parameters
    ----------
    weights : ndarray of shape (n_features,), float32
        Weights of the columns as they are: the log-count ratio is folded in.
    biases : ndarray of shape (n_domains,), float64
        Log odds of each domain where no word counts: dropped when scoring.
    """

    weights: NDArray[np.float32]
    biases: NDArray[np.float64]


def fit_head(
    X: csr_matrix,
    y: NDArray[np.float32],
    weights: NDArray[np.float32],
    domains: NDArray[np.int64],
    settings: FitSettings,
    start: Head | None = None,
) -> Head:
    """Fit the weights of one attribute.

    Weighted logistic loss on features scaled by their log-count ratio, with one bias per domain
    that is fitted along and then dropped: how often a corpus shows an attribute says how it was
    sampled, not how its words are to be read. Steps are taken in coordinates in which the loss is
    about as curved along each, frequent feature or rare: 40 go as far as 300 otherwise. They start
    from how often each domain shows the attribute: 30 go as far as 60 that start from nothing; or
    from heads that were fitted on parts of the comments: 12 then go as far as 30.

    Parameters
    ----------
    X : csr_matrix of shape (n_comments, n_buckets)
        Normalised tf-idf.
    y : ndarray of shape (n_comments,)
        1 where the attribute applies, else 0.
    weights : ndarray of shape (n_comments,)
        Weight of each comment, above 0.
    domains : ndarray of shape (n_comments,)
        Number of each comment's domain, from 0.
    settings : FitSettings
        Penalties and limits.
    start : Head, optional
        Where to start from, with a bias for each domain.
    """
    ratio = log_count_ratio(X, y, weights, smoothing=settings.smoothing)
    n_domains = int(domains.max()) + 1 if start is None else start.biases.size
    sign = 2 * y - 1

    def loss_and_gradient(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        coef = theta[:-n_domains].astype(np.float32)
        bias = theta[-n_domains:]
        margin = sign * (X @ (coef * ratio) + bias[domains])
        penalty = settings.l2 * (coef @ coef) + _DOMAIN_PENALTY * (bias @ bias)
        slope = -weights * sign / (1 + np.exp(np.clip(margin, -80, 80)))
        gradient = (X.T @ slope.astype(np.float32)) * ratio + settings.l2 * coef
        by_domain = np.bincount(domains, weights=slope, minlength=n_domains).astype(np.float64)
        by_domain += _DOMAIN_PENALTY * bias
        return (
            float(weights @ np.logaddexp(0, -margin) + penalty / 2),
            np.concatenate([gradient, by_domain]).astype(np.float64),
        )

    squares = (csr_matrix((X.data**2, X.indices, X.indptr), X.shape).T @ weights) * ratio**2
    of_domains = np.bincount(domains, weights=weights, minlength=n_domains)
    showing = np.bincount(domains, weights=weights * y, minlength=n_domains)
    shares = (showing + 0.5) / (of_domains + 1)
    share = (showing.sum() + 0.5) / (of_domains.sum() + 1)
    curved = _CURVATURE * share * (1 - share)
    curvature = np.concatenate(
        (settings.l2 + curved * squares, _DOMAIN_PENALTY + curved * of_domains)
    )
    size = 1 / np.sqrt(curvature)

    def in_steps(steps: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        loss, gradient = loss_and_gradient(steps * size)
        return loss, gradient * size

    if start is None:
        first = np.concatenate((np.zeros(ratio.size), np.log(shares / (1 - shares))))
        limit = settings.iterations
    else:
        # The weight of what tells next to nothing says nothing of its coefficient.
        coefs = np.divide(
            start.weights, ratio, out=np.zeros_like(ratio), where=np.abs(ratio) > _TELLS
        )
        first = np.concatenate((coefs, start.biases))
        limit = settings.more_iterations
    options = {"maxiter": limit, "maxcor": 8}
    found = minimize(in_steps, first / size, jac=True, method="L-BFGS-B", options=options)
    theta = found.x * size
    return Head(theta[:-n_domains].astype(np.float32) * ratio, theta[-n_domains:])


@dataclass(frozen=True, slots=True)
class Fitted:
    """The features that were kept, and what was fitted to them.

    Parameters
    ----------
    columns : ndarray of shape (n_features,), int64
        Column of each feature in the matrix of `count_features`.
    idf : ndarray of shape (n_features,), uint8
        Inverse document frequencies in units of `moderation.model.IDF_UNIT`.
    weights : ndarray of shape (n_features, n_attributes), float32
        Weights of the idf-weighted values.
    biases : ndarray of shape (n_domains, n_attributes), float64
        Log odds of each domain, dropped when scoring: for those who start from these weights.
    groups : ndarray of shape (n_names,), uint32
        Hashes of the names of groups.
    """

    columns: NDArray[np.int64]
    idf: NDArray[np.uint8]
    weights: NDArray[np.float32]
    biases: NDArray[np.float64]
    groups: NDArray[np.uint32]

    def mixed(self, mixture: NDArray[np.float32]) -> "Fitted":
        """Return weights times a matrix of shape (n_attributes, n_attributes)."""
        return replace(self, weights=self.weights @ mixture)


@dataclass(frozen=True, slots=True)
class Counted:
    """The features of comments, ready to fit on.

    Parameters
    ----------
    columns : ndarray of shape (n_features,), int64
        Column of each feature in the matrix of `count_features`.
    idf : ndarray of shape (n_features,), uint8
        Inverse document frequencies in units of `moderation.model.IDF_UNIT`.
    X : csr_matrix of shape (n_comments, n_features), float32
        Normalised term weights.
    groups : ndarray of shape (n_names,), uint32
        Hashes of the names of groups.
    """

    columns: NDArray[np.int64]
    idf: NDArray[np.uint8]
    X: csr_matrix
    groups: NDArray[np.uint32]


def count(examples: Examples, settings: FitSettings, *, n_jobs: int) -> Counted:
    """Count the features of comments and choose those to fit on."""
    groups = hash_groups(read_groups())
    counts = count_features(examples.texts, settings.features, groups, n_jobs=n_jobs)
    columns = choose_features(counts, min_comments=settings.min_comments)
    counts = keep_features(counts, columns)
    idf = inverse_document_frequency(counts)
    return Counted(columns, idf, tf_idf(counts, idf), groups)


def fit_weights(
    examples: Examples,
    counted: Counted,
    settings: FitSettings,
    *,
    n_jobs: int,
    rows: NDArray[np.bool_] | None = None,
    parts: Sequence[Fitted] = (),
) -> Fitted:
    """Fit all heads.

    Parameters
    ----------
    examples : Examples
        The comments that were counted.
    counted : Counted
        Their features.
    settings : FitSettings
        The penalties.
    n_jobs : int
        Processes to use.
    rows : ndarray of shape (n_comments,), bool, optional
        Comments to fit on, all when not given; features that none of them has are left out.
    parts : sequence of Fitted
        What was fitted on some of `rows` each: their mean is where the heads start from.
    """
    X, columns, idf = counted.X, counted.columns, counted.idf
    _, domains = np.unique(examples.domain, return_inverse=True)
    n_domains = int(domains.max()) + 1
    if rows is not None:
        examples, X, domains = examples.take(np.flatnonzero(rows)), X[rows], domains[rows]
        known = np.flatnonzero(X.getnnz(axis=0))
        X, columns, idf = X[:, known], columns[known], idf[known]
    starts = _mean_of(parts, columns) if parts else [None] * len(ATTRIBUTES)
    jobs = Parallel(n_jobs=n_jobs, mmap_mode="r", return_as="generator")(
        delayed(_fit_attribute)(
            X, examples.labels[:, a], examples.weights[:, a], domains, settings, start
        )
        for a, start in enumerate(starts)
    )
    bar = tqdm(jobs, total=len(ATTRIBUTES), desc="heads", unit="head", disable=None)
    heads = list(bar)
    biases = [np.pad(head.biases, (0, n_domains - head.biases.size)) for head in heads]
    return Fitted(
        columns,
        idf,
        np.stack([head.weights for head in heads], axis=1),
        np.stack(biases, axis=1),
        counted.groups,
    )


def _mean_of(parts: Sequence[Fitted], columns: NDArray[np.int64]) -> list[Head | None]:
    """Return the mean of what was fitted to each attribute; 0 where a part lacks a feature."""
    order = np.argsort(columns)
    weights = np.zeros((columns.size, len(ATTRIBUTES)), dtype=np.float32)
    for part in parts:
        places = order[np.searchsorted(columns, part.columns, sorter=order)]
        weights[places] += part.weights / np.float32(len(parts))
    biases = np.mean([part.biases for part in parts], axis=0)
    return [Head(weights[:, a], biases[:, a]) for a in range(len(ATTRIBUTES))]


def _fit_attribute(
    X: csr_matrix,
    labels: NDArray[np.int8],
    weights: NDArray[np.float32],
    domains: NDArray[np.int64],
    settings: FitSettings,
    start: Head | None,
) -> Head:
    rows = np.flatnonzero(weights > 0)
    y = labels[rows].astype(np.float32)
    # One thread, as workers have it: sums over several threads differ in the last digits.
    with threadpool_limits(limits=1):
        return fit_head(X[rows], y, weights[rows], domains[rows], settings, start)


def build_model(fitted: Fitted, features: FeatureSettings, manifest: Mapping[str, Any]) -> Model:
    """Make a model of fitted weights, rounded to 8 bits.

    A unit is 1/127 of the weight that one in 100,000 exceeds; what is larger is clipped, so that a
    heart behind a threat does not outweigh it: see "Rounding" in docs/model-notes.md.
    """
    size = np.quantile(np.abs(fitted.weights), 1 - 1e-5, axis=0).astype(np.float32)
    scales = (np.maximum(size, 1e-6) / 127).astype(np.float32)
    buckets = fitted.columns >> 8
    weights = np.zeros((1 << features.bits, len(ATTRIBUTES)), dtype=np.int8)
    weights[buckets] = np.clip(np.rint(fitted.weights / scales), -127, 127)
    idf = np.zeros(1 << features.bits, dtype=np.uint8)
    idf[buckets] = fitted.idf
    checks = np.zeros(1 << features.bits, dtype=np.uint8)
    checks[buckets] = fitted.columns & 255
    return Model(manifest, weights, scales, idf, checks, fitted.groups, NO_NETWORKS, NO_EXPERTS)
