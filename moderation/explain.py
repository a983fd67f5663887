"""Which words carried a score: those that offend, and what they score standing alone."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from heapq import nlargest
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from moderation.evidence import look_at_words
from moderation.highlights import FEATURES
from moderation.types import ATTRIBUTES, Span

if TYPE_CHECKING:
    from moderation.scorer import Scorer

OFFENDS_FROM: Final = 0.5
"""Score from which words that stand alone offend."""
_CHUNK: Final = 1024
_FUNCTION: Final = FEATURES.index("function")
_MOST_STRETCHES: Final = 12
_BY_NAME: Final = sorted(range(len(ATTRIBUTES)), key=ATTRIBUTES.__getitem__)

Place = tuple[int, int]  # code points of an original comment, the last exclusive


def find_spans(
    scorer: Scorer, texts: Sequence[str], columns: Sequence[Sequence[float]]
) -> list[tuple[Span, ...]]:
    """Find the words behind each score that reached its threshold, or came near it.

    Neighbouring words that offend are one span for each attribute that the comment shows to
    ``scorer.explain_at`` or more, if standing alone they are likelier than not to show it. Where no
    words of a comment are, the one that comes nearest to offending and is so is the span. Pronouns,
    vocatives and particles are none by themselves.

    Parameters
    ----------
    scorer : Scorer
        The model.
    texts : sequence of str
        The comments.
    columns : sequence of sequences of float
        Their scores, one sequence per attribute.

    Returns
    -------
    list of tuple of Span
        Per comment, by position.
    """
    cuts = [scorer.explain_at.get(name, math.inf) for name in ATTRIBUTES]
    rows = enumerate(zip(*columns, strict=True))
    flagged = [i for i, row in rows if any(map(operator.ge, row, cuts))]
    spans: list[tuple[Span, ...]] = [()] * len(texts)
    for at in range(0, len(flagged), _CHUNK):
        part = flagged[at : at + _CHUNK]
        scores = np.array([[column[i] for column in columns] for i in part])
        found = _explain(scorer, [texts[i] for i in part], scores, cuts=cuts)
        for i, words in zip(part, found, strict=True):
            spans[i] = words
    return spans


def _explain(
    scorer: Scorer,
    texts: list[str],
    scores: NDArray[np.float64],
    *,
    cuts: list[float],
) -> list[tuple[Span, ...]]:
    starts, words = look_at_words(scorer, texts, scores, cuts)
    bounds = starts.tolist()
    places = list(zip(words["start"].tolist(), words["stop"].tolist(), strict=True))
    margins, alone = words["margin"].tolist(), words["alone"]
    says = (words["features"][:, _FUNCTION] == 0).tolist()
    runs = [
        [(first + i, first + j) for i, j in offending(margins[first:end])]
        for first, end in pairwise(bounds)
    ]
    # Single words have been scored already.
    several = {
        (i, j): texts[comment][places[i][0] : places[j][1]]
        for comment, each in enumerate(runs)
        for i, j in each
        if i < j
    }
    scored = zip(*scorer.columns(list(several.values())), strict=True)
    together = dict(zip(several, scored, strict=True))
    spans = []
    for comment, each in enumerate(runs):
        fired = (scores[comment] >= cuts).tolist()
        reaching: list[Span] = []
        for i, j in each:
            if not any(says[i : j + 1]):
                continue
            row = together[i, j] if i < j else alone[i].tolist()
            reaching += _reaching((places[i][0], places[j][1]), row, fired)
        numbers = [i for i in range(bounds[comment], bounds[comment + 1]) if says[i]]
        spans.append(tuple(reaching) or _nearest(numbers, margins, places, alone, fired=fired))
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


def _reaching(place: Place, alone: Sequence[float], fired: Sequence[bool]) -> list[Span]:
    """Return a span for each attribute that is explained and that they show alone."""
    return [
        Span(*place, ATTRIBUTES[a], alone[a])
        for a in _BY_NAME
        if fired[a] and alone[a] >= OFFENDS_FROM
    ]


def _nearest(
    numbers: Iterable[int],
    margins: Sequence[float],
    places: Sequence[Place],
    alone: NDArray[np.float64],
    *,
    fired: Sequence[bool],
) -> tuple[Span, ...]:
    """Return the spans of the word that comes nearest to offending, of those that offend alone."""
    for word in sorted(numbers, key=margins.__getitem__, reverse=True):
        reaching = _reaching(places[word], alone[word].tolist(), fired)
        if reaching:
            return tuple(reaching)
    return ()
