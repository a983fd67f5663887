"""The inner loop of scoring, compiled by Numba where it is installed; same sums as NumPy's.

Nothing here is needed: without Numba, or before `load` was called, `Scorer` does the same with
array operations. Compiling takes seconds once for each installation; the result is kept on disk.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Evidence = Callable[
    [
        NDArray[np.uint32],
        NDArray[np.uint8],
        NDArray[np.int64],
        NDArray[np.int8],
        NDArray[np.float32],
    ],
    NDArray[np.float32],
]


def load() -> Evidence | None:
    """Return the compiled loop, or None where Numba is not installed.

    Returns
    -------
    callable or None
        Takes buckets and checks of all views on end, the bounds of each view in them of shape
        (n_views, n_comments + 1), the records of a `Scorer` (check, idf, weights) and the term
        weights by count; returns evidence in units of weight, of shape (n_comments, n_attributes).
    """
    try:
        import numba
    except ImportError:
        return None
    compiled: Evidence = numba.njit(_SIGNATURE, cache=True, nogil=True)(_evidence)
    return compiled


_SIGNATURE = "f4[:,::1](u4[::1], u1[::1], i8[:,::1], i1[:,::1], f4[::1])"


def _evidence(  # noqa: C901 -- one loop over arrays, as Numba likes it
    buckets: NDArray[np.uint32],
    checks: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    records: NDArray[np.int8],
    term_weights: NDArray[np.float32],
) -> NDArray[np.float32]:
    n_views, n_comments = bounds.shape[0], bounds.shape[1] - 1
    n_attributes = records.shape[1] - 2
    result = np.zeros((n_comments, n_attributes), dtype=np.float32)
    largest = 0
    for i in range(n_comments):
        size = 0
        for v in range(n_views):
            size += bounds[v, i + 1] - bounds[v, i]
        largest = max(largest, size)
    slots = 16
    while slots < 2 * largest:
        slots *= 2
    # An open-addressing table of the comment's buckets; `seen` says which comment filled a slot.
    seen = np.full(slots, -1, dtype=np.int32)
    keys = np.empty(slots, dtype=np.uint32)
    counts = np.empty(slots, dtype=np.int32)
    filled = np.empty(largest + 1, dtype=np.int64)
    sums = np.empty(n_attributes, dtype=np.float64)
    for i in range(n_comments):
        n = 0
        for v in range(n_views):
            for j in range(bounds[v, i], bounds[v, i + 1]):
                bucket = buckets[j]
                if np.uint8(records[bucket, 0]) != checks[j]:
                    continue
                slot = np.int64(bucket * np.uint32(0x9E3779B1)) & (slots - 1)
                while seen[slot] == i and keys[slot] != bucket:
                    slot = (slot + 1) & (slots - 1)
                if seen[slot] == i:
                    counts[slot] += 1
                else:
                    seen[slot] = i
                    keys[slot] = bucket
                    counts[slot] = 1
                    filled[n] = slot
                    n += 1
        sums[:] = 0
        squares = 0.0
        for k in range(n):
            slot = filled[k]
            bucket = keys[slot]
            value = term_weights[min(counts[slot], term_weights.size - 1)] * np.uint8(
                records[bucket, 1]
            )
            squares += np.float64(value) ** 2
            for a in range(n_attributes):
                sums[a] += value * records[bucket, 2 + a]
        if squares > 0:
            length = np.sqrt(squares)
            for a in range(n_attributes):
                result[i, a] = sums[a] / length
    return result
