"""Which words carried a score: their share of the evidence, and what they score standing alone."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from moderation.features import View
from moderation.text import Canonical, canonicalise, original_span
from moderation.types import ATTRIBUTES, Span

if TYPE_CHECKING:
    from moderation.scorer import Scorer

_SPACE: Final = 0x20
_SHARE: Final = 0.5  # of the strongest word's evidence that a word needs to be looked at
_ALONE: Final = 0.75  # the score of words that show an attribute by themselves,
_ABUSIVE_ALONE: Final = 0.85  # and of those that offend by themselves
_ABUSIVE: Final = ATTRIBUTES.index("abusive")
_SEEDS: Final = 6  # words looked at per comment and attribute
_CHUNK: Final = 1024

_Stretch = tuple[int, int]  # first and last word, both inclusive, numbered through the batch


@dataclass(frozen=True, slots=True)
class _Seed:
    """A word that carried an attribute, and the stretches that may stand for it."""

    comment: int
    attribute: int
    options: tuple[_Stretch, ...]


def find_spans(
    scorer: Scorer, texts: Sequence[str], rows: Sequence[Sequence[float]]
) -> list[tuple[Span, ...]]:
    """Find the words behind each score that reached its threshold.

    A word is looked at for its share of the linear evidence within the comment. It becomes a span
    where it, or else it with a neighbour, plainly shows the attribute and offends standing alone.
    Where no word of a comment does, those that come nearest become spans, if they reach the
    threshold.

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
        fired = np.array([rows[i] for i in part]) >= cuts
        found = _explain(scorer, [texts[i] for i in part], fired, cuts)
        for i, words in zip(part, found, strict=True):
            spans[i] = words
    return spans


def _explain(
    scorer: Scorer, texts: list[str], fired: NDArray[np.bool_], cuts: list[float]
) -> list[tuple[Span, ...]]:
    canonical = canonicalise(texts)
    spaces = np.flatnonzero(canonical.codes == _SPACE)
    spaces, after = spaces[:-1], spaces[1:]
    full = after - spaces > 1  # a comment without words has none between its two spaces
    starts, ends = spaces[full] + 1, after[full]
    evidence = _word_evidence(scorer, canonical, ends)
    seeds = _seeds(evidence, np.searchsorted(starts, canonical.bounds), fired)
    places: dict[_Stretch, tuple[int, int]] = {}
    owners: list[int] = []
    for seed in seeds:
        begin = int(canonical.bounds[seed.comment]) + 1
        for first, last in seed.options:
            if (first, last) not in places:
                span = int(starts[first]) - begin, int(ends[last]) - begin
                text = texts[seed.comment]
                places[first, last] = original_span(canonical, seed.comment, *span, text)
                owners.append(seed.comment)
    alone = scorer.rounded(
        [texts[i][start:end] for i, (start, end) in zip(owners, places.values(), strict=True)]
    )
    rows = dict(zip(places, alone.tolist(), strict=True))
    chosen = _choose(seeds, rows, cuts, n_comments=len(texts))
    return [_spans(each, places) for each in chosen]


def _choose(
    seeds: list[_Seed], rows: dict[_Stretch, list[float]], cuts: list[float], *, n_comments: int
) -> list[dict[tuple[int, _Stretch], float]]:
    """Choose stretches by their scores standing alone, with these scores, for each comment."""
    chosen: list[dict[tuple[int, _Stretch], float]] = [{} for _ in range(n_comments)]
    nearest: dict[tuple[int, int], tuple[float, _Stretch]] = {}
    for seed in seeds:
        key, least = (seed.comment, seed.attribute), max(cuts[seed.attribute], _ALONE)
        scores = [(rows[stretch][seed.attribute], stretch) for stretch in seed.options]
        for score, stretch in scores:
            if score >= least and rows[stretch][_ABUSIVE] >= _ABUSIVE_ALONE:
                chosen[seed.comment][seed.attribute, stretch] = score
                break
        nearest[key] = max(nearest.get(key, (0.0, (0, 0))), *scores, key=operator.itemgetter(0))
    bare = [not found for found in chosen]
    for (comment, attribute), (score, stretch) in nearest.items():
        if bare[comment] and score >= cuts[attribute]:
            chosen[comment][attribute, stretch] = score
    return chosen


def _spans(
    chosen: dict[tuple[int, _Stretch], float], places: dict[_Stretch, tuple[int, int]]
) -> tuple[Span, ...]:
    """Return the spans of one comment; of two that overlap for an attribute the stronger stays."""
    kept: list[Span] = []
    for (attribute, stretch), score in sorted(chosen.items(), key=lambda each: -each[1]):
        span = Span(*places[stretch], ATTRIBUTES[attribute], score)
        if not any(
            span.attribute == other.attribute and span.start < other.end and other.start < span.end
            for other in kept
        ):
            kept.append(span)
    return tuple(sorted(kept, key=lambda span: (span.start, span.end, span.attribute)))


def _seeds(
    evidence: NDArray[np.float32], words_of: NDArray[np.int64], fired: NDArray[np.bool_]
) -> list[_Seed]:
    """Pick the words with the largest shares of each attribute that fired."""
    seeds = []
    bounds = words_of.tolist()
    for comment, attributes in enumerate(fired.tolist()):
        first, end = bounds[comment], bounds[comment + 1]
        if first == end:
            continue
        part = evidence[first:end]
        least = _SHARE * part.max(axis=0)
        strong = (part >= least).T
        for attribute in compress(range(len(attributes)), attributes):
            if least[attribute] <= 0:
                continue
            found = strong[attribute].nonzero()[0].tolist()
            if len(found) > 1:
                shares = part[found, attribute].tolist()
                order = sorted(range(len(found)), key=shares.__getitem__, reverse=True)
                found = [found[k] for k in order[:_SEEDS]]
            for j in found:
                seeds.append(_Seed(comment, attribute, _options(first + j, first, end)))
    return seeds


def _options(word: int, first: int, end: int) -> tuple[_Stretch, ...]:
    """Return a word alone, and with either neighbour in its comment."""
    options = [(word, word)]
    if word > first:
        options.append((word - 1, word))
    if word + 1 < end:
        options.append((word, word + 1))
    return tuple(options)


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
