"""Which words of a held comment offend: a small logistic model over what is known of each word.

What a word adds to the comment's evidence and what it scores standing alone say most, but not all:
the verb of a curse drags its object along, a pronoun before an insult adds evidence and offends
nobody, and whom a sentence is about is no insult. The weights are fitted on comments whose
offending words are marked, to the scores of one model, and stand in its manifest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from moderation.errors import ModelError
from moderation.lexicon import FUNCTION_WORDS, is_hidden_word
from moderation.types import ATTRIBUTES

_ABUSIVE: Final = 0
_LEAST: Final = 1e-6  # as small as a rounded score is above 0
_WAW: Final = "و"
_SHORTEST_AFTER_WAW: Final = 3
_PLACES: Final = 3  # of the word, of the word before it, of the word after it


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch of comments and what is known of them.

    Parameters
    ----------
    texts : list of str
        The words in canonical form, comment by comment.
    bounds : ndarray of shape (n_comments + 1,), int64
        Words of comment `i`: from ``bounds[i]`` to ``bounds[i + 1]``.
    shares : ndarray of shape (n_words, n_attributes), float32
        What each adds to its comment's evidence.
    alone : ndarray of shape (n_words, n_attributes), float64
        What each scores standing alone.
    groups : ndarray of shape (n_words,), bool
        Whether each is the name of a group of people.
    scores : ndarray of shape (n_comments, n_attributes), float64
        The scores of the comments.
    fired : ndarray of shape (n_comments, n_attributes), bool
        Which of these reached their thresholds.
    """

    texts: Sequence[str]
    bounds: NDArray[np.int64]
    shares: NDArray[np.float32]
    alone: NDArray[np.float64]
    groups: NDArray[np.bool_]
    scores: NDArray[np.float64]
    fired: NDArray[np.bool_]


FEATURES: Final = (
    "alone", "alone_likely", "other_alone", "other_alone_likely", "share", "other_share",
    "group", "function", "hidden", "joined", "letters",
    "group_share", "function_share", "hidden_share", "alone_share", "comment", "one",
)  # fmt: skip
"""What is known of a word; its neighbours count by the same."""


WORD: Final = np.dtype(
    [
        ("start", np.int32),
        ("stop", np.int32),
        ("alone", np.float64, len(ATTRIBUTES)),
        ("margin", np.float64),
        ("features", np.float64, len(FEATURES)),
    ]
)
"""A word as it is judged: where it stands in its comment, what it scores standing alone, the
log-odds that it offends, less the threshold, and `FEATURES`. `Known` in native/explain.c."""

Looked = tuple[NDArray[np.int64], NDArray[np.void]]
"""Where the words of each comment begin and end, and records of `WORD`."""


def features(words: Words) -> NDArray[np.float64]:
    """Return what the model looks at, of shape (n_words, n_features), in the order of `FEATURES`.

    Scores are log-odds, shares a part of the largest one in the comment, in [-1, 1].
    """
    sizes = words.bounds[1:] - words.bounds[:-1]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    odds = _log_odds(words.alone)
    alone, other = odds[:, _ABUSIVE], odds[:, _ABUSIVE + 1 :].max(axis=1)
    largest = np.maximum.reduceat(words.shares, words.bounds[:-1], axis=0)
    parts = np.maximum(words.shares / np.maximum(largest, _LEAST)[owner], -1)
    share = parts[:, _ABUSIVE]
    other_share = np.where(words.fired[owner, 1:], parts[:, 1:], -1).max(axis=1)
    found = np.empty((len(words.texts), len(FEATURES)))
    found[:, 0], found[:, 2] = alone, other
    np.maximum(found[:, 0:4:2], 0, out=found[:, 1:4:2])
    found[:, 4], found[:, 5], found[:, 6] = share, other_share, words.groups
    found[:, 7:11] = [_known(text) for text in words.texts]
    np.multiply(found[:, 6:9], share[:, None], out=found[:, 11:14])
    found[:, 14] = alone * share
    found[:, 15] = _log_odds(words.scores[:, _ABUSIVE])[owner]
    found[:, 16] = 1
    return found


@lru_cache(maxsize=16_384)
def _known(word: str) -> tuple[float, float, float, float]:
    """Return function, hidden, joined and letters of a word in canonical form."""
    return (
        float(word in FUNCTION_WORDS),
        float(is_hidden_word(word)),
        float(word.startswith(_WAW) and len(word) > _SHORTEST_AFTER_WAW),
        len(word) / 6,
    )


def neighbours(
    values: NDArray[np.float64], bounds: NDArray[np.int64], *, step: int
) -> NDArray[np.float64]:
    """Return what stands in place of each word's neighbour, 0 beyond the ends of its comment.

    Parameters
    ----------
    values : ndarray of shape (n_words, ...)
        A value for each word.
    bounds : ndarray of shape (n_comments + 1,)
        Where the words of each comment begin.
    step : int
        -1 for the word before, 1 for the word after.
    """
    moved = np.empty_like(values)
    if step < 0:
        moved[1:] = values[:-1]
        moved[bounds[:-1]] = 0
    else:
        moved[:-1] = values[1:]
        moved[bounds[1:] - 1] = 0
    return moved


@dataclass(frozen=True, slots=True)
class Highlighter:
    """The fitted model.

    Parameters
    ----------
    weights : ndarray of shape (n_features, 3)
        By `FEATURES`: of the word, of the word before it, of the word after it.
    """

    weights: NDArray[np.float64]

    @classmethod
    def from_document(cls, document: Mapping[str, list[float]]) -> Self:
        """Build from what `to_document` wrote.

        Raises
        ------
        ModelError
            If it does not name just the features, each with three finite numbers.
        """
        if set(document) != set(FEATURES) or {len(each) for each in document.values()} != {_PLACES}:
            raise ModelError(f"highlights must name {', '.join(FEATURES)}, {_PLACES} weights each")
        weights = np.array([document[name] for name in FEATURES], dtype=np.float64)
        if not np.isfinite(weights).all():
            raise ModelError("a weight of highlights is not finite")
        return cls(weights)

    def to_document(self) -> dict[str, list[float]]:
        """Return the weights by name, rounded to four digits."""
        return dict(zip(FEATURES, np.round(self.weights, 4).tolist(), strict=True))

    def margins(self, words: Words) -> NDArray[np.float64]:
        """Return the log-odds that each word offends, less the threshold, of shape (n_words,)."""
        own, before, after = (features(words) @ self.weights).T
        return np.asarray(
            own
            + neighbours(before, words.bounds, step=-1)
            + neighbours(after, words.bounds, step=1)
        )


NO_HIGHLIGHTS: Final = Highlighter(np.zeros((len(FEATURES), _PLACES)))
"""Every word is as likely to offend as not: for models that explain nothing yet."""


def _log_odds(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.log((scores + _LEAST) / (1 + _LEAST - scores))
    return np.asarray(np.minimum(np.maximum(odds, -8), 8))  # clip takes three times as long
