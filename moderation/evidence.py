"""What is known of the words of held comments, by the compiled library or by arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from moderation.features import View, are_groups, hash_words
from moderation.highlights import WORD, Highlighter, Looked, Words, features
from moderation.text import Canonical, canonicalise, original_words
from moderation.types import ATTRIBUTES

if TYPE_CHECKING:
    from moderation.scorer import Scorer

_SPACE: Final = 0x20
# Of a long comment the words with the largest shares are looked at, and those beside them.
_LOOKED_AT: Final = 24

Place = tuple[int, int]  # code points of an original comment, the last exclusive


def look_at_words(
    scorer: Scorer,
    texts: Sequence[str],
    scores: NDArray[np.float64],
    cuts: Sequence[float],
    *,
    model: Highlighter | None = None,
) -> Looked:
    """Find the words of comments and how likely each offends.

    Parameters
    ----------
    scorer : Scorer
        The model.
    texts : sequence of str
        The comments, some thousand at most.
    scores : ndarray of shape (n_comments, n_attributes), float64
        Their scores.
    cuts : sequence of float
        Threshold of each attribute.
    model : Highlighter, optional
        What the margins are of; that of the scorer when not given.
    """
    model = scorer.highlighter if model is None else model
    compiled = scorer.compiled()
    if compiled is not None:
        return compiled.look_at_words(texts, scores, cuts, model.weights)
    words, places, comments = gather_words(scorer, texts, scores, cuts)
    bounds = np.zeros(len(texts) + 1, dtype=np.int64)
    bounds[comments + 1] = np.diff(words.bounds)
    np.cumsum(bounds, out=bounds)
    looked = np.zeros(len(places), dtype=WORD)
    if places:
        looked["start"], looked["stop"] = np.array(places).T
        looked["alone"], looked["features"] = words.alone, features(words)
        looked["margin"] = model.margins(words)
    return bounds, looked


def gather_words(
    scorer: Scorer, texts: Sequence[str], scores: NDArray[np.float64], cuts: Sequence[float]
) -> tuple[Words, list[Place], NDArray[np.int64]]:
    """Gather what is known of the words of comments.

    Parameters
    ----------
    scorer : Scorer
        The model.
    texts : sequence of str
        The comments.
    scores : ndarray of shape (n_comments, n_attributes), float64
        Their scores.
    cuts : sequence of float
        Threshold of each attribute.

    Returns
    -------
    words : Words
        Those of the comments that have any.
    places : list of (int, int)
        Where each word stands in its comment.
    comments : ndarray of shape (n_comments_with_words,), int64
        The number of each comment in `texts`.
    """
    canonical = canonicalise(texts)
    spaces = np.flatnonzero(canonical.codes == _SPACE)
    spaces, after = spaces[:-1], spaces[1:]
    full = after - spaces > 1  # a comment without words has none between its two spaces
    starts, ends = spaces[full] + 1, after[full]
    bounds = np.searchsorted(starts, canonical.bounds)
    sizes = bounds[1:] - bounds[:-1]
    comments = np.flatnonzero(sizes)
    owners = np.repeat(np.arange(len(texts)), sizes).tolist()
    places = original_words(canonical, owners, starts, ends, texts)
    shares = _word_evidence(scorer, canonical, ends)
    bounds = np.append(bounds[comments], starts.size)
    fired = scores[comments] >= np.asarray(cuts)
    looked_at = _worth_a_look(shares, bounds, fired)
    alone = np.zeros((len(places), len(ATTRIBUTES)))
    alone[looked_at] = scorer.rounded(
        [texts[owners[i]][slice(*places[i])] for i in looked_at.tolist()]
    )
    spelled = [word for i in comments.tolist() for word in canonical.text(i).split()]
    hashes = hash_words(canonical.codes, starts, ends)
    groups, _ = are_groups(hashes, np.asarray(owners, dtype=np.int64), scorer.groups)
    words = Words(spelled, bounds, shares, alone, groups, scores[comments], fired)
    return words, places, comments


def _worth_a_look(
    shares: NDArray[np.float32], bounds: NDArray[np.int64], fired: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the words that are scored standing alone."""
    worth = np.ones(len(shares), dtype=np.bool_)
    for i in np.flatnonzero(bounds[1:] - bounds[:-1] > 3 * _LOOKED_AT).tolist():
        part = slice(bounds[i], bounds[i + 1])
        largest = shares[part][:, fired[i]].max(axis=1, initial=-np.inf)
        strongest = np.argsort(-largest, kind="stable")[:_LOOKED_AT]
        near = np.zeros(bounds[i + 1] - bounds[i] + 2, dtype=np.bool_)
        for step in (0, 1, 2):
            near[strongest + step] = True
        worth[part] = near[1:-1]
    return np.flatnonzero(worth)


def _word_evidence(
    scorer: Scorer, canonical: Canonical, ends: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return each word's share of its comment's evidence, of shape (n_words, n_attributes)."""
    n_comments = canonical.bounds.size - 1
    views = scorer.known(scorer.hashed(canonical))
    buckets, values, bounds = scorer.values(views, n_comments)
    bits = np.uint32(scorer.features.bits)
    keys = np.repeat(np.arange(n_comments, dtype=np.uint32), np.diff(bounds)) << bits | buckets
    shares = np.zeros((ends.size, len(ATTRIBUTES)))
    found = [_occurrences(view, keys, n_comments, bits) for view in views]
    counts = np.bincount(np.concatenate(found), minlength=keys.size)
    weighted = scorer.weights(buckets) * (values / np.maximum(counts, 1))[:, None]
    # An n-gram starts in a word or in the space before it, unless its comment has no words; -1, the
    # place of emoji, is the last space of all.
    word_here = canonical.codes != _SPACE
    near_word = word_here | np.append(word_here[1:], False)
    for view, which in zip(views, found, strict=True):
        inside = near_word[view.places]
        word = np.searchsorted(ends, view.places[inside], side="right")
        for attribute in range(len(ATTRIBUTES)):
            part = weighted[which[inside], attribute]
            shares[:, attribute] += np.bincount(word, weights=part, minlength=ends.size)
    return shares.astype(np.float32)


def _occurrences(
    view: View, keys: NDArray[np.uint32], n_comments: int, bits: np.uint32
) -> NDArray[np.int64]:
    """Return for each occurrence the number of its comment's distinct bucket."""
    comment = np.repeat(np.arange(n_comments, dtype=np.uint32), np.diff(view.bounds))
    return np.searchsorted(keys, comment << bits | view.buckets)
