"""Which words carried a score: those that offend, and what they score standing alone."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from heapq import nlargest
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from moderation.features import View, are_groups, hash_words
from moderation.highlights import Words, highlighter
from moderation.text import Canonical, canonicalise, original_words
from moderation.types import ATTRIBUTES, Span

if TYPE_CHECKING:
    from moderation.scorer import Scorer

_SPACE: Final = 0x20
_CHUNK: Final = 1024
# Of a long comment the words with the largest shares are looked at, and those beside them.
_LOOKED_AT: Final = 24
_MOST_STRETCHES: Final = 12
_BY_NAME: Final = sorted(range(len(ATTRIBUTES)), key=ATTRIBUTES.__getitem__)

Place = tuple[int, int]  # code points of an original comment, the last exclusive


def find_spans(
    scorer: Scorer, texts: Sequence[str], rows: Sequence[Sequence[float]]
) -> list[tuple[Span, ...]]:
    """Find the words behind each score that reached its threshold.

    Neighbouring words that offend are one span for each attribute that reached its threshold, if
    they reach it standing alone, too. Where no words of a comment do, the one that comes nearest
    to offending and reaches a threshold is the span.

    Parameters
    ----------
    scorer : Scorer
        The model.
    texts : sequence of str
        The comments.
    rows : sequence of sequences of float
        Their scores, an attribute each.

    Returns
    -------
    list of tuple of Span
        Per comment, by position.
    """
    cuts = [scorer.explain_at.get(name, math.inf) for name in ATTRIBUTES]
    flagged = [i for i, row in enumerate(rows) if any(map(operator.ge, row, cuts))]
    spans: list[tuple[Span, ...]] = [()] * len(texts)
    for at in range(0, len(flagged), _CHUNK):
        part = flagged[at : at + _CHUNK]
        found = _explain(scorer, [texts[i] for i in part], np.array([rows[i] for i in part]), cuts)
        for i, words in zip(part, found, strict=True):
            spans[i] = words
    return spans


def look_at_words(
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
    groups = are_groups(hash_words(canonical.codes, starts, ends), scorer.groups)
    words = Words(spelled, bounds, shares, alone, groups, scores[comments], fired)
    return words, places, comments


def _worth_a_look(
    shares: NDArray[np.float32], bounds: NDArray[np.int64], fired: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the words that are scored standing alone."""
    worth = np.ones(len(shares), dtype=np.bool_)
    for i in np.flatnonzero(bounds[1:] - bounds[:-1] > 3 * _LOOKED_AT).tolist():
        part = slice(bounds[i], bounds[i + 1])
        strongest = np.argsort(-shares[part][:, fired[i]].max(axis=1), kind="stable")[:_LOOKED_AT]
        near = np.zeros(bounds[i + 1] - bounds[i] + 2, dtype=np.bool_)
        for step in (0, 1, 2):
            near[strongest + step] = True
        worth[part] = near[1:-1]
    return np.flatnonzero(worth)


def _explain(
    scorer: Scorer, texts: list[str], scores: NDArray[np.float64], cuts: list[float]
) -> list[tuple[Span, ...]]:
    spans: list[tuple[Span, ...]] = [()] * len(texts)
    words, places, comments = look_at_words(scorer, texts, scores, cuts)
    if not comments.size:
        return spans
    margins = highlighter().margins(words).tolist()
    bounds = words.bounds.tolist()
    found = [
        (comment, [(first + i, first + j) for i, j in offending(margins[first:end])])
        for comment, first, end in zip(comments.tolist(), bounds[:-1], bounds[1:], strict=True)
    ]
    several = {
        (i, j): (texts[comment], (places[i][0], places[j][1]))
        for comment, runs in found
        for i, j in runs
        if i < j
    }
    # Single words have been scored already.
    alone = dict(
        zip(
            several,
            scorer.rounded([text[start:end] for text, (start, end) in several.values()]).tolist()
            if several
            else (),
            strict=True,
        )
    )
    for number, (comment, runs) in enumerate(found):
        fired = words.fired[number].tolist()
        reaching: list[Span] = []
        for i, j in runs:
            row = alone[i, j] if i < j else words.alone[i].tolist()
            reaching += _reaching((places[i][0], places[j][1]), row, fired, cuts)
        spans[comment] = tuple(reaching) or _nearest(
            range(bounds[number], bounds[number + 1]), margins, places, words, fired, cuts
        )
    return spans


def offending(margins: Sequence[float]) -> list[tuple[int, int]]:
    """Join neighbouring words of a comment that offend.

    Parameters
    ----------
    margins : sequence of float
        Log-odds that each word offends, less the threshold.

    Returns
    -------
    list of (int, int)
        First and last word, both inclusive, of the plainest stretches, in order.
    """
    runs = [
        [i for i, _ in run]
        for offends, run in groupby(enumerate(margins), key=lambda each: each[1] >= 0)
        if offends
    ]
    plainest = nlargest(_MOST_STRETCHES, runs, key=lambda run: max(margins[i] for i in run))
    return [(run[0], run[-1]) for run in sorted(plainest)]


def _reaching(
    place: Place, alone: Sequence[float], fired: Sequence[bool], cuts: Sequence[float]
) -> list[Span]:
    """Return a span for each attribute that reached its threshold in the comment and alone."""
    return [
        Span(*place, ATTRIBUTES[a], alone[a]) for a in _BY_NAME if fired[a] and alone[a] >= cuts[a]
    ]


def _nearest(
    numbers: Iterable[int],
    margins: Sequence[float],
    places: Sequence[Place],
    words: Words,
    fired: Sequence[bool],
    cuts: Sequence[float],
) -> tuple[Span, ...]:
    """Return the spans of the word that comes nearest to offending, of those that reach a cut."""
    for word in sorted(numbers, key=margins.__getitem__, reverse=True):
        reaching = _reaching(places[word], words.alone[word].tolist(), fired, cuts)
        if reaching:
            return tuple(reaching)
    return ()


def _word_evidence(
    scorer: Scorer, canonical: Canonical, ends: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return each word's share of its comment's evidence, of shape (n_words, n_attributes)."""
    compiled = scorer.compiled()
    if compiled is not None:
        return compiled.shares(canonical, ends.size)
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
