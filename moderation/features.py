"""Hashed features of the canonical form: the only featuriser, for training and scoring alike.

Several views of the text share one table of buckets: character n-grams inside words, words, pairs
of words, emoji, and the skeletons of words: consonants alone, with the letters that
Arabizi and loose spelling confuse made one, so that ``7mar``, ``hmar`` and ``حمار`` meet in one
bucket. Nobody spells Arabic in Latin letters twice alike, so that skeletons of such words are cut
into n-grams as well.

The name of a group of people says nothing about a comment that speaks of it: all such names are one
word to every view, and none has letters. A name may have several words («عمال النظافة»): one that
stands only behind others, and names that follow one another, belong to the word before.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from moderation.errors import ModelError
from moderation.skeleton import skeletons
from moderation.text import Canonical

_SPACE: Final = np.uint32(0x20)
_STEP: Final = np.uint32(0x01000193)  # the prime of FNV-1a, 32 bits
_SPREAD: Final = np.uint32(0x9E3779B1)  # Knuth's multiplicative hashing, 2^32 over the golden ratio
_LONGEST: Final = 64  # letters of a word beyond this one share a weight
_GROUP: Final = np.uint32(0x5EC7)  # what the name of any group is hashed to
SECOND: Final = np.uint32(0xA5A5A5A5)
"""What the hash of a word that is part of a name only behind one is changed by among `groups`."""
FIRST: Final = np.uint32(0x5A5A5A5A)
"""The same for a word that is part of a name only before one."""
# Seed of a view, and how far the second word of a pair follows the first: a pair, a pair around any
# word.
_PAIRS: Final = ((12, 1), (16, 2))
_BARE_PAIRS: Final = (14, 1)
_BARE_NGRAMS: Final = (2, 3, 4)  # lengths, the spaces around a skeleton counted
_BARE_NGRAM: Final = 20  # with the length, their seed
NO_GROUPS: Final = np.zeros(0, dtype=np.uint32)
_POWERS: Final = np.array([pow(0x01000193, i, 1 << 32) for i in range(_LONGEST)], dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """What is hashed, and into how many buckets.

    Parameters
    ----------
    bits : int
        Buckets are ``2 ** bits``; 10 to 21, since a bucket and the number of its comment in a batch
        share 32 bits while scoring.
    ngrams : tuple of int
        Lengths of the character n-grams, the spaces around a word counted; ascending.
    """

    bits: int = 21
    ngrams: tuple[int, ...] = (3, 4, 5)

    def __post_init__(self) -> None:
        """Refuse settings that no array fits."""
        if not 10 <= self.bits <= 21:
            raise ModelError(f"feature bits must be 10 to 21, got {self.bits}")
        lengths = self.ngrams
        if list(lengths) != sorted(set(lengths)) or any(not 2 <= n <= 8 for n in lengths):
            raise ModelError(f"n-gram lengths must ascend within 2 to 8, got {lengths}")

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Build settings from what `to_document` wrote."""
        return cls(bits=int(document["bits"]), ngrams=tuple(document["ngrams"]))

    def to_document(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class View:
    """The features that one view found in a batch.

    Parameters
    ----------
    buckets : ndarray of shape (n_features,), uint32
        Bucket of every occurrence, comment by comment.
    checks : ndarray of shape (n_features,), uint8
        Eight more bits of the hash: a model keeps one feature in a bucket and knows it by these,
        so that what it has never seen counts for nothing instead of for something else.
    bounds : ndarray of shape (n_comments + 1,), int64
        Features of comment `i`: ``buckets[bounds[i] : bounds[i + 1]]``.
    places : ndarray of shape (n_features,), int64
        Position in the canonical codes where the occurrence starts; -1 for emoji.
    """

    buckets: NDArray[np.uint32]
    checks: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    places: NDArray[np.int64]

    def keep(self, mask: NDArray[np.bool_]) -> "View":
        """Return the view with some of its occurrences."""
        before = np.concatenate(([0], np.cumsum(mask)))
        return View(self.buckets[mask], self.checks[mask], before[self.bounds], self.places[mask])


_Hashed = tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]  # 32 bits, bounds, places


def hash_all_words(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the 32-bit hash of each word of `codes`, of shape (n_words,)."""
    return _words(codes)[2]


def are_groups(
    hashes: NDArray[np.uint32], comments: NDArray[np.int64], groups: NDArray[np.uint32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark the words that are the names of groups.

    Parameters
    ----------
    hashes : ndarray of shape (n_words,), uint32
        Hashes of the words, in order.
    comments : ndarray of shape (n_words,), int64
        Number of the comment of each, ascending.
    groups : ndarray of shape (n_names,), uint32
        Hashes of names, ascending; of words that are part of one only behind it with `SECOND`, only
        before it with `FIRST`.

    Returns
    -------
    named : ndarray of shape (n_words,), bool
        Whether a word is a name or a part of one.
    behind : ndarray of shape (n_words,), bool
        Whether it follows another such word, and is one with it.
    """
    names = _are_listed(hashes, groups)
    parts = names | _are_listed(hashes ^ SECOND, groups)
    # A part belongs to a name if nothing stands between it and the last name before.
    places = np.arange(hashes.size)
    opens = np.append(True, comments[1:] != comments[:-1])[: hashes.size]
    breaks = np.maximum.accumulate(np.where(parts, np.where(opens, places - 1, -1), places))
    named = np.maximum.accumulate(np.where(names, places, -1)) > breaks
    follows = np.append(named & ~opens, False)[1:][: hashes.size]
    named |= _are_listed(hashes ^ FIRST, groups) & follows
    return named, named & np.append(False, named[:-1])[: hashes.size] & ~opens


def named_words(
    canonical: Canonical, groups: NDArray[np.uint32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Return what `are_groups` does for comments, and where the words of each begin and end."""
    starts, _, hashes = _words(canonical.codes)
    comments = np.searchsorted(canonical.bounds, starts, side="right")
    return *are_groups(hashes, comments, groups), np.searchsorted(starts, canonical.bounds)


def _are_listed(hashes: NDArray[np.uint32], groups: NDArray[np.uint32]) -> NDArray[np.bool_]:
    if not groups.size:
        return np.zeros(hashes.size, dtype=np.bool_)
    found = np.minimum(np.searchsorted(groups, hashes), groups.size - 1)
    return np.asarray(groups[found] == hashes)


def hash_features(
    canonical: Canonical, settings: FeatureSettings, groups: NDArray[np.uint32] = NO_GROUPS
) -> list[View]:
    """Hash a batch of comments into buckets.

    Parameters
    ----------
    canonical : Canonical
        The comments in canonical form.
    settings : FeatureSettings
        What to hash.
    groups : ndarray of shape (n_groups,), uint32
        Hashes of the names of groups, ascending: see `hash_words`.

    Returns
    -------
    list of View
        One per view and n-gram length, always in the same order and number.
    """
    codes, bounds = canonical.codes, canonical.bounds
    starts, ends, hashes = _words(codes)
    named, behind = are_groups(hashes, np.searchsorted(bounds, starts, side="right"), groups)
    hashes[named] = _GROUP
    letters = _letters_of(codes.size, starts[named], ends[named])
    doubled = _letters_of(codes.size, starts[behind], ends[behind])
    starts, hashes = starts[~behind], hashes[~behind]
    views = [
        _view(hashes, places, bounds, seed=n)
        for n, (hashes, places) in _ngrams(codes, settings.ngrams, letters)
    ]
    views.append(_view(hashes, starts, bounds, seed=11))
    views += [_pairs(hashes, starts, bounds, pair) for pair in _PAIRS]
    bare, origin = skeletons(codes)
    bare_starts, bare_ends, bare_hashes = _words(bare)
    places = origin[bare_starts]
    bare_hashes[letters[places]] = _GROUP
    cut = _have_latin(codes[origin], bare_starts, bare_ends) & ~letters[places]
    others = ~_letters_of(bare.size, bare_starts[cut], bare_ends[cut])
    bare_ngrams = [
        _view(hashes, origin[places], bounds, seed=_BARE_NGRAM + n)
        for n, (hashes, places) in _ngrams(bare, _BARE_NGRAMS, others)
    ]
    places, bare_hashes = places[~doubled[places]], bare_hashes[~doubled[places]]
    views.append(_view(bare_hashes, places, bounds, seed=13))
    views.append(_pairs(bare_hashes, places, bounds, _BARE_PAIRS))
    views += bare_ngrams
    nowhere = np.full(canonical.emoji.size, -1)
    views.append((_mix(canonical.emoji, 15), canonical.emoji_bounds, nowhere))
    shift, check_shift = np.uint32(32 - settings.bits), np.uint32(24 - settings.bits)
    return [
        View(hashes >> shift, (hashes >> check_shift).astype(np.uint8), bounds, places)
        for hashes, bounds, places in views
    ]


def kinds_of_views(settings: FeatureSettings) -> list[tuple[str, int]]:
    """Return what each view of `hash_features` holds: of how many letters, or how far apart."""
    ngrams = [("ngrams", n) for n in settings.ngrams]
    pairs = [("pairs", step) for _, step in _PAIRS]
    bare = [("skeletons", 1), ("skeleton_pairs", 1)]
    bare += [("skeleton_ngrams", n) for n in _BARE_NGRAMS]
    return [*ngrams, ("words", 1), *pairs, *bare, ("emoji", 1)]


def _mix(hashes: NDArray[np.uint32], seed: int) -> NDArray[np.uint32]:
    """Spread hashes over all 32 bits, each view in its own way (the finisher of MurmurHash3)."""
    mixed = (hashes ^ np.uint32(seed * 0x9E3779B1 & 0xFFFFFFFF)) * np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(15)
    mixed *= _SPREAD
    return mixed


def _view(
    hashes: NDArray[np.uint32], places: NDArray[np.int64], bounds: NDArray[np.int64], *, seed: int
) -> _Hashed:
    return _mix(hashes, seed), np.searchsorted(places, bounds), places


def _ngrams(
    codes: NDArray[np.uint32], lengths: tuple[int, ...], hidden: NDArray[np.bool_]
) -> list[tuple[int, tuple[NDArray[np.uint32], NDArray[np.int64]]]]:
    """Return hashes and positions of the n-grams without a space inside, per length.

    None starts where `hidden` is true.
    """
    space = codes == _SPACE
    # Distance to the next space after each position; nothing follows the last one.
    ends = np.flatnonzero(space)
    reach = (
        np.repeat(ends[1:], np.diff(ends)) - np.arange(codes.size - 1) if ends.size > 1 else ends
    )
    reach[hidden[: reach.size]] = 0
    found = []
    hashes = codes.astype(np.uint32)
    for n in range(2, max(lengths, default=1) + 1):
        hashes = hashes[: codes.size - n + 1] * _STEP + codes[n - 1 :]
        if n in lengths:
            places = np.flatnonzero(reach[: hashes.size] >= n - 1)
            found.append((n, (hashes[places], places)))
    return found


def _words(
    codes: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint32]]:
    """Return start, end and hash of every word."""
    word = codes != _SPACE
    edges = np.flatnonzero(np.diff(word.astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2].astype(np.int64), edges[1::2].astype(np.int64)
    return starts, ends, hash_words(codes, starts, ends)


def hash_words(
    codes: NDArray[np.uint32], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """Return the 32-bit hash of each word of `codes`, of shape (n_words,).

    Parameters
    ----------
    codes : ndarray of shape (n_codes,), uint32
        Code points in canonical form.
    starts, ends : ndarray of shape (n_words,), int64
        Where the words begin and end, in order, all of them.
    """
    if not starts.size:
        return np.zeros(0, dtype=np.uint32)
    sizes = ends - starts
    rank = np.arange(codes.size)
    rank[starts[0] :] -= np.repeat(starts, np.append(starts[1:], codes.size) - starts)
    weighted = codes * _POWERS[np.minimum(rank, _LONGEST - 1)]
    weighted[codes == _SPACE] = 0
    sums: NDArray[np.uint32] = np.add.reduceat(weighted, starts, dtype=np.uint32)
    return sums ^ sizes.astype(np.uint32)


def _letters_of(size: int, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the letters of words and the space before each, of shape (size,)."""
    steps = np.zeros(size + 1, dtype=np.int8)
    steps[starts - 1] = 1
    steps[ends] -= 1
    return np.cumsum(steps[:size], dtype=np.int8).astype(np.bool_)


def _have_latin(
    codes: NDArray[np.uint32], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Mark the words that have a Latin letter, of shape (n_words,)."""
    before = np.append(0, np.cumsum((codes >= ord("a")) & (codes <= ord("z"))))
    return np.asarray(before[ends] > before[starts])


def _pairs(
    hashes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    bounds: NDArray[np.int64],
    pair: tuple[int, int],
) -> _Hashed:
    """Hash two words of one comment in their order, named by the first word's position."""
    seed, step = pair
    size = max(hashes.size - step, 0)
    paired = _mix(hashes[:size], seed) * _STEP + hashes[step : size + step]
    comment = np.searchsorted(bounds, starts, side="right")
    same = comment[step:] == comment[:size]
    return _view(paired[same], starts[:size][same], bounds, seed=seed)
