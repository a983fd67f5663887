"""Sparse matrices of the features that `moderation` hashes."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from tqdm import tqdm

from moderation.features import FeatureSettings, hash_features
from moderation.model import IDF_UNIT
from moderation.text import canonicalise

_BATCH: Final = 4000


def count_features(texts: Sequence[str], settings: FeatureSettings, *, n_jobs: int) -> csr_matrix:
    """Count the hashed features of comments.

    Returns
    -------
    csr_matrix of shape (n_comments, n_buckets), float32
        Occurrences per comment and bucket, indices sorted.
    """
    batches = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
    parts = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_count)(batch, settings) for batch in batches
    )
    # The bar shows on a terminal only.
    bar = tqdm(parts, total=len(batches), desc="features", unit="batch", disable=None)
    return vstack(list(bar), format="csr", dtype=np.float32)


def _count(texts: Sequence[str], settings: FeatureSettings) -> csr_matrix:
    views = hash_features(canonicalise(texts), settings)
    rows = [np.repeat(np.arange(len(texts)), np.diff(view.bounds)) for view in views]
    buckets = np.concatenate([view.buckets for view in views]).astype(np.int32)
    counts = csr_matrix(
        (np.ones(buckets.size, np.float32), (np.concatenate(rows), buckets)),
        shape=(len(texts), 1 << settings.bits),
    )
    counts.sum_duplicates()
    return counts


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
