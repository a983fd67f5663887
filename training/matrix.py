"""Sparse matrices of the features that `moderation` hashes."""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from tqdm import tqdm

from moderation.features import FeatureSettings, hash_features, kinds_of_views
from moderation.model import IDF_UNIT
from moderation.readings import read_in_both

_BATCH: Final = 4000
_CHECK_BITS: Final = 8  # of a column: the rest is its bucket
_CHECK: Final = (1 << _CHECK_BITS) - 1


def count_features(
    texts: Sequence[str],
    settings: FeatureSettings,
    groups: NDArray[np.uint32],
    *,
    n_jobs: int,
    only: Collection[tuple[str, int]] | None = None,
) -> csr_matrix:
    """Count the hashed features of comments.

    Parameters
    ----------
    texts : sequence of str
        Comments.
    settings : FeatureSettings
        What is hashed.
    groups : ndarray of shape (n_names,), uint32
        Hashes of the names of groups.
    n_jobs : int
        Processes to use.
    only : collection of (str, int), optional
        Those of `kinds_of_views` that count; all do when not given.

    Returns
    -------
    csr_matrix of shape (n_comments, 256 * n_buckets), float32
        Occurrences per comment and feature, indices sorted; a feature's column is 256 times its
        bucket plus its check.
    """
    batches = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
    parts = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_count)(batch, settings, groups, only) for batch in batches
    )
    # The bar shows on a terminal only.
    bar = tqdm(parts, total=len(batches), desc="features", unit="batch", disable=None)
    return vstack(list(bar), format="csr", dtype=np.float32)


def _count(
    texts: Sequence[str],
    settings: FeatureSettings,
    groups: NDArray[np.uint32],
    only: Collection[tuple[str, int]] | None,
) -> csr_matrix:
    views = hash_features(read_in_both(texts), settings, groups)
    if only is not None:
        kinds = kinds_of_views(settings)
        views = [view for view, kind in zip(views, kinds, strict=True) if kind in only]
    rows = [np.repeat(np.arange(len(texts)), np.diff(view.bounds)) for view in views]
    columns = np.concatenate(
        [view.buckets << np.uint32(_CHECK_BITS) | view.checks for view in views]
    )
    counts = csr_matrix(
        (np.ones(columns.size, np.float32), (np.concatenate(rows), columns.astype(np.int32))),
        shape=(len(texts), 1 << settings.bits + _CHECK_BITS),
    )
    counts.sum_duplicates()
    return counts


def choose_features(counts: csr_matrix, *, min_comments: int) -> NDArray[np.int64]:
    """Return the columns to keep: in each bucket the feature of the most comments.

    Those of the most comments come first. Fits go through the comments again and again, and what
    nearly all of these weigh then lies together in the cache.

    Parameters
    ----------
    counts : csr_matrix of shape (n_comments, 256 * n_buckets)
        From `count_features`.
    min_comments : int
        A feature of fewer comments is not kept.
    """
    columns, comments = np.unique(counts.indices, return_counts=True)
    common = comments >= min_comments
    columns, comments = columns[common].astype(np.int64), comments[common]
    order = np.lexsort((columns, -comments, columns >> _CHECK_BITS))
    columns, comments = columns[order], comments[order]
    first = np.append(True, np.diff(columns >> _CHECK_BITS) != 0)[: columns.size]
    columns, comments = columns[first], comments[first]
    return np.asarray(columns[np.argsort(-comments, kind="stable")])


def keep_features(counts: csr_matrix, columns: NDArray[np.int64]) -> csr_matrix:
    """Return the counts of some columns, one of a bucket at most, numbered from 0 in their order.

    Parameters
    ----------
    counts : csr_matrix of shape (n_comments, 256 * n_buckets)
        From `count_features`.
    columns : ndarray of shape (n_features,), int64
        As `choose_features` returns them, or some of these.
    """
    # By bucket: to search for each of 100 million in a sorted list takes ten times as long.
    buckets = columns >> _CHECK_BITS
    number = np.full(counts.shape[1] >> _CHECK_BITS, -1, dtype=np.int32)
    number[buckets] = np.arange(columns.size, dtype=np.int32)
    check = np.zeros(number.size, dtype=np.uint8)
    check[buckets] = columns & _CHECK
    found = counts.indices >> _CHECK_BITS
    kept = check[found] == (counts.indices & _CHECK)
    found = number[found]
    kept &= found >= 0
    before = np.concatenate(([0], np.cumsum(kept)))
    return csr_matrix(
        (counts.data[kept], found[kept], before[counts.indptr]),
        shape=(counts.shape[0], columns.size),
    )


def inverse_document_frequency(counts: csr_matrix) -> NDArray[np.uint8]:
    """Return ``1 + ln(n / (1 + df))`` per bucket, at least one unit, in units of `IDF_UNIT`."""
    df = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = 1 + np.log(counts.shape[0] / (1 + df))
    return np.asarray(np.clip(np.rint(idf / IDF_UNIT), 1, 255), dtype=np.uint8)


def tf_idf(counts: csr_matrix, idf: NDArray[np.uint8]) -> csr_matrix:
    """Return ``(1 + ln count) * idf``, each comment scaled to length 1."""
    values = (1 + np.log(counts.data)) * (idf * IDF_UNIT)[counts.indices]
    sizes = np.diff(counts.indptr)
    squares = np.add.reduceat(np.append(values**2, np.float32(0)), counts.indptr[:-1])
    lengths = np.sqrt(np.where(sizes > 0, squares, 1))
    values /= np.repeat(lengths, sizes)
    return csr_matrix((values.astype(np.float32), counts.indices, counts.indptr), counts.shape)
