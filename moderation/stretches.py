"""An insult inside a long and otherwise polite comment: the strongest stretch of it counts, too.

The evidence of a comment is that of its words over the length of its vector, so the polite ones of
a long comment outweigh a single insult. Words are therefore also taken eight by eight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.features import View
from moderation.text import Canonical

_SPACE: Final = 0x20
LONG: Final = 24  # a comment of more words is long
BLOCK: Final = 4  # two neighbouring blocks of so many words are a stretch
# What the evidence of a stretch must exceed that of the whole by: the strongest of several is
# strong by chance, too. Chosen on held-out comments of the corpora and the suites' learning halves.
STRETCH_MARGIN: Final = 1.75


@dataclass(frozen=True, slots=True)
class Stretches:
    """The blocks of the long comments of a batch.

    Parameters
    ----------
    comments : ndarray of shape (n_long,), int64
        Numbers of the long comments in the batch.
    bounds : ndarray of shape (n_long + 1,), int64
        Blocks of the i-th of these: from ``bounds[i]`` to ``bounds[i + 1]``.
    block_of : ndarray of shape (n_codes,), int64
        Block that a position in the canonical codes belongs to, -1 in comments that are not long;
        the space before a word belongs to its block.
    """

    comments: NDArray[np.int64]
    bounds: NDArray[np.int64]
    block_of: NDArray[np.int64]

    def strongest(
        self, views: Sequence[View], idf: NDArray[np.uint8], weights: NDArray[np.int8]
    ) -> NDArray[np.float64]:
        """Return the largest evidence of a stretch by attribute, of shape (n_long, n_attributes).

        Parameters
        ----------
        views : sequence of View
            The features that the model knows.
        idf, weights : ndarray of shape (n_buckets,) and (n_buckets, n_attributes)
            Those of the model; the evidence is in units of `weights`.
        """
        n_blocks = int(self.bounds[-1])
        sums = np.zeros((n_blocks, weights.shape[1]))
        squares = np.zeros(n_blocks)
        for view in views:
            # Emoji stand nowhere.
            block = np.where(view.places >= 0, self.block_of[view.places], -1)
            inside = block >= 0
            block, buckets = block[inside], view.buckets[inside]
            size = idf[buckets].astype(np.float64)
            squares += np.bincount(block, size * size, minlength=n_blocks)
            for a in range(weights.shape[1]):
                sums[:, a] += np.bincount(block, size * weights[buckets, a], minlength=n_blocks)
        lengths = np.sqrt(np.maximum(squares[:-1] + squares[1:], 1))
        pairs = (sums[:-1] + sums[1:]) / lengths[:, None]
        # Blocks of two comments are no stretch.
        pairs[self.bounds[1:-1] - 1] = -np.inf
        return np.asarray(np.maximum.reduceat(pairs, self.bounds[:-1], axis=0))


def long_stretches(canonical: Canonical) -> Stretches | None:
    """Cut the long comments of a batch into blocks; None where none is long."""
    codes = canonical.codes
    # A word begins behind a space; its number in the batch is counted from the space before it.
    opens = np.zeros(codes.size, dtype=np.int64)
    opens[:-1] = (codes[:-1] == _SPACE) & (codes[1:] != _SPACE)
    number = np.cumsum(opens) - 1
    before = np.concatenate(([0], number[canonical.bounds[1:] - 1] + 1))
    counts = np.diff(before)
    comments = np.flatnonzero(counts > LONG)
    if not comments.size:
        return None
    blocks = -(-counts[comments] // BLOCK)
    bounds = np.concatenate(([0], np.cumsum(blocks)))
    block_of = np.full(codes.size, -1, dtype=np.int64)
    for comment, first in zip(comments.tolist(), bounds.tolist(), strict=False):
        part = slice(canonical.bounds[comment], canonical.bounds[comment + 1])
        block_of[part] = first + (number[part] - before[comment]) // BLOCK
    return Stretches(comments, bounds, block_of)
