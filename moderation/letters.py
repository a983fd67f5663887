"""Letters that were set apart in one word come together again; what hides one becomes a mask."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.alphabet import MASK, WAW, Kind

HARD: Final = 11  # the boundary between two comments; a kind that no character has
_WIDE: Final = 1 << 30  # more spaces than any gap has
_GAP_COUNTS: Final = np.zeros(HARD + 1, dtype=np.int64)  # two counts in one number
_GAP_COUNTS[Kind.SPACE] = 1
_GAP_COUNTS[HARD] = 1 << 32
_LETTER_DIGITS: Final = [ord(digit) for digit in "23456789"]
"""Digits that stand for a letter where one writes Arabic in Latin ones."""


@dataclass(slots=True)
class Batch:
    """Parallel arrays over the code points that are still there."""

    codes: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    places: NDArray[np.int64]

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Leave out the code points where `mask` is false."""
        if not mask.all():
            self.codes = self.codes[mask]
            self.kinds = self.kinds[mask]
            self.places = self.places[mask]


def join_letters(batch: Batch) -> None:
    """Drop what stands between letters that were set apart: ``ك ل ب``, ``ك.ل.ب``, ``ح~مار``."""
    word = (batch.kinds >= Kind.DIGIT) & (batch.kinds != HARD)
    edges = np.flatnonzero(np.diff(word.astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    if starts.size < 2:
        return
    begins, stops = ends[:-1], starts[1:]
    sizes, gaps = ends - starts, stops - begins
    single = (sizes == 1) & (batch.kinds[starts] != Kind.DIGIT)
    counts = np.cumsum(_GAP_COUNTS[batch.kinds])
    counts = counts[stops] - counts[begins - 1]
    hard, spaces = counts >> 32, counts & 0xFFFFFFFF
    # All that stands in a short gap; of one or two signs some are seen twice.
    signs = np.stack([batch.kinds[each] for each in (begins, begins + (gaps >> 1), stops - 1)])
    near = (counts == 0) & (gaps <= 3)
    singles = single[:-1] & single[1:]
    links = singles | _digit_links(batch, starts, sizes)
    masks = signs == Kind.MASK
    whole = near & (masks.all(axis=0) | ~masks.any(axis=0))  # a word with what is in the gap
    linked = links & (hard == 0) & ((spaces == 0) | ~_attached(single, whole))
    linked &= ~_breaks(linked, spaces, near, waw=batch.codes[starts] == WAW)
    chain = np.concatenate(([0], np.cumsum(~linked)))
    # Three letters make a chain. Digits do not count, and between all of them they number a list.
    long = np.bincount(chain[single], minlength=starts.size) >= 3
    long &= np.bincount(chain[:-1][linked & singles], minlength=starts.size) > 0
    chained = linked & long[chain[:-1]]
    hidden = near & ~chained & (signs == Kind.SIGN).all(axis=0)
    hidden &= _inside(batch.kinds, begins, stops, sizes)
    hidden |= near & ~chained & singles & masks.any(axis=0)
    tight = near & ~hidden & ~masks.any(axis=0)
    beside_single = single[:-1] | single[1:]
    joined = chained | (tight & (beside_single | (signs == Kind.GLUE).all(axis=0)))
    if not joined.any() and not hidden.any():
        return
    batch.codes[begins[hidden]] = MASK
    batch.kinds[begins[hidden]] = Kind.MASK
    step = np.zeros(batch.codes.size + 1, dtype=np.int8)
    dropped = joined | hidden
    step[(begins + hidden)[dropped]] += 1
    step[stops[dropped]] -= 1
    batch.keep(np.cumsum(step[:-1]) == 0)


def _digit_links(
    batch: Batch, starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which gaps part a Latin letter from a digit that may stand for one: ``7 m a r``."""
    codes, kinds = batch.codes[starts], batch.kinds[starts]
    latin = (sizes == 1) & (kinds == Kind.LATIN)
    digit = (sizes == 1) & (kinds == Kind.DIGIT) & np.isin(codes, _LETTER_DIGITS)
    links: NDArray[np.bool_] = (latin[:-1] & digit[1:]) | (digit[:-1] & latin[1:])
    return links


def _attached(single: NDArray[np.bool_], whole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which gaps follow or precede a letter that belongs to a longer part: ``حم*ر ك ل ب``."""
    ends_word = whole[:-1] & ~single[:-2]
    starts_word = whole[1:] & ~single[2:]
    part = np.pad(ends_word | starts_word, 1)
    return part[:-1] | part[1:]


def _breaks(
    linked: NDArray[np.bool_],
    spaces: NDArray[np.int64],
    near: NDArray[np.bool_],
    *,
    waw: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Tell where a chain of single letters goes from one word to the next.

    That is at a space between letters that are closer on both sides, ``ك.ل.ب ح.م.ا.ر`` and
    ``ك ل ب  ح م ا ر``, and around the only letter that is a word: ``ك.ل.ب و``. Whatever lies
    between two breaks is joined in itself, or no chain.
    """
    if not linked.any():
        return linked
    width = np.pad(np.where(linked, spaces, _WIDE), 2, constant_values=_WIDE)
    wider = (width[1:-3] < spaces) & (width[3:-1] < spaces)
    longer = (width[:-4] < spaces) & (width[4:] < spaces)
    close = np.pad(linked & near, 1)
    before, after = close[:-2], close[2:]
    apart = np.pad(~near, 1, constant_values=True)
    alone = waw & apart[:-1] & apart[1:]
    return (wider & (longer | (before & after))) | (alone[1:] & before) | (alone[:-1] & after)


def _inside(
    kinds: NDArray[np.uint8],
    begins: NDArray[np.int64],
    stops: NDArray[np.int64],
    sizes: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Tell which gaps lie inside an Arabic word, ``ك#ب``, not before a word or between two."""
    left, right = sizes[:-1], sizes[1:]
    inside: NDArray[np.bool_] = (np.minimum(left, right) == 1) & (right <= 3)
    inside &= (kinds[begins - 1] == Kind.ARABIC) & (kinds[stops] == Kind.ARABIC)
    return inside
