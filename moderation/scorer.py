"""From texts to calibrated scores, one batch of arrays at a time."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation import library
from moderation.compiled import CompiledModel, ModelArrays
from moderation.experts import WEIGHED
from moderation.explain import find_spans
from moderation.features import View, hash_features, kinds_of_views
from moderation.highlights import Highlighter
from moderation.model import IDF_UNIT, Model, load_model, newest_model
from moderation.policy import Policy
from moderation.readings import read_in_both
from moderation.second_look import SecondLook, Seen
from moderation.stretches import STRETCH_MARGIN, long_stretches
from moderation.text import Canonical
from moderation.types import ATTRIBUTES, CommentScore

_BATCH_COMMENTS: Final = 2048  # comment numbers and buckets share 32 bits while sorting
_BATCH_CHARS: Final = 200_000
# A comment that comes near a threshold is explained, too: one bad word among many leaves it below.
# Chosen on the learning half of the suite of spans.
EXPLAINED_FROM: Final = 0.2
_COUNTS: Final = np.arange(4096, dtype=np.float32)
_TF: Final = np.concatenate(([0], 1 + np.log(_COUNTS[1:]))).astype(np.float32)


def load_scorer(path: str | Path | None = None) -> "Scorer":
    """Load a model folder and make it ready to score.

    Parameters
    ----------
    path : str or Path, optional
        A model folder; the shipped model when not given.

    Returns
    -------
    Scorer
        Safe to use from several threads.

    Raises
    ------
    ModelError
        If the folder is missing, damaged or of another format.

    Examples
    --------
    >>> scorer = load_scorer()
    >>> [score] = scorer.score(["مقال جميل، شكرا للكاتب"])
    >>> score.scores["abusive"] < 0.5
    True
    """
    return Scorer(load_model(newest_model() if path is None else Path(path)))


class Scorer:
    """Scores comments with one model.

    Parameters
    ----------
    model : Model
        As `load_model` returns it.
    """

    def __init__(self, model: Model) -> None:
        self.manifest = model.manifest
        self.version = model.version
        self.features = model.features
        # One record of 8 bytes for a bucket: the table is read at random, and a record is one
        # cache line. The other arrays are views into it.
        self._records = np.empty((model.idf.size, 2 + len(ATTRIBUTES)), dtype=np.int8)
        self._checks = self._records[:, 0].view(np.uint8)
        self._idf = self._records[:, 1].view(np.uint8)
        self._weights = self._records[:, 2:]
        self._checks[:], self._idf[:], self._weights[:] = model.checks, model.idf, model.weights
        self._scales, self._groups = model.scales, model.groups
        self._second_look = SecondLook(model.networks, model.experts, self._groups)
        self.highlighter = Highlighter.from_document(model.manifest["highlights"])
        calibration = [model.manifest["calibration"][name] for name in ATTRIBUTES]
        self._slope = np.array([each["slope"] for each in calibration], dtype=np.float32)
        self._intercept = np.array([each["intercept"] for each in calibration], dtype=np.float32)
        self._explain_at = {
            name: min(float(cut["review_at"]), EXPLAINED_FROM)
            for name, cut in model.manifest["thresholds"].items()
        }
        self._compiled: CompiledModel | None = None

    def __getstate__(self) -> dict[str, object]:
        # Addresses mean nothing in another process.
        return self.__dict__ | {"_compiled": None}

    def score(self, texts: Sequence[str], *, spans: bool = True) -> list[CommentScore]:
        """Score comments.

        Parameters
        ----------
        texts : sequence of str
            Any strings; an empty one scores as a comment without words.
        spans : bool
            Whether to look for the words that carried the scores.

        Returns
        -------
        list of CommentScore
            One per text, in the same order; scores rounded to 6 decimals.

        Raises
        ------
        TypeError
            If `texts` is one string, or holds anything but strings.
        """
        _refuse_all_but_texts(texts)
        columns = self.columns(texts)
        found = find_spans(self, texts, columns) if spans else [()] * len(texts)
        # Spelled out: a dictionary from a display takes a third of the time of one from pairs, and
        # six columns make less work for the collector of garbage than a list for each comment.
        a, b, c, d, e, f = ATTRIBUTES
        return [
            CommentScore({a: p, b: q, c: r, d: s, e: t, f: u}, words, self.version)
            for p, q, r, s, t, u, words in zip(*columns, found, strict=True)
        ]

    def columns(self, texts: Sequence[str]) -> list[list[float]]:
        """Return what `rounded` does, one list per attribute; one comment in the least time."""
        compiled = self.compiled()
        if compiled is not None and len(texts) == 1:
            return [[score] for score in compiled.score_one(texts[0])]
        if not texts:
            return [[] for _ in ATTRIBUTES]
        columns: list[list[float]] = self.rounded(texts).T.tolist()
        return columns

    def rounded(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return `probabilities` rounded to 6 decimals: what thresholds are compared with."""
        compiled = self.compiled()
        if compiled is not None:
            return compiled.score(texts)[1]
        return np.asarray(np.round(self.probabilities(texts).astype(np.float64), 6))

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return calibrated scores in [0, 1], of shape (n_comments, n_attributes)."""
        return self.calibrate(self.evidence(texts))

    def evidence(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the weighted sums before calibration, of shape (n_comments, n_attributes).

        A comment in Latin letters is read in Arabic as well: see `moderation.readings`. Of a long
        comment that of its strongest stretch counts, less a margin, where it is larger: see
        `moderation.stretches`. What comes near to anything is looked at a second time: see
        `moderation.second_look`.
        """
        compiled = self.compiled()
        if compiled is not None:
            return compiled.score(texts)[0]
        evidence = np.empty((len(texts), len(ATTRIBUTES)), dtype=np.float32)
        for start, end in _batches(texts):
            canonical = read_in_both(texts[start:end])
            views = self.known(self.hashed(canonical))
            buckets, values, starts = self.values(views, end - start)
            # Not take: NumPy 2.4 copies the whole table first, as it is a part of wider records.
            sums = _segment_sums(self._weights[buckets] * values[:, None], starts)
            evidence[start:end] = sums * self._scales
            stretches = long_stretches(canonical)
            if stretches is not None:
                found = stretches.strongest(views, self._idf, self._weights)
                part = (found * self._scales - STRETCH_MARGIN).astype(np.float32)
                rows = start + stretches.comments
                evidence[rows] = np.maximum(evidence[rows], part)
            kinds = kinds_of_views(self.features)
            weighed = [view for view, kind in zip(views, kinds, strict=True) if kind in WEIGHED]
            seen = Seen(texts[start:end], canonical, weighed)
            evidence[start:end] = self._second_look.rethink(seen, evidence[start:end])
        return evidence

    def compiled(self) -> CompiledModel | None:
        """Return the model as the compiled library scores it; None where there is no library."""
        native = library.native()
        if native is not None and self._compiled is None:
            arrays = ModelArrays(
                records=self._records,
                term_weights=_TF * IDF_UNIT,
                scales=self._scales,
                slopes=self._slope,
                intercepts=self._intercept,
                groups=self._groups,
                networks=self._second_look.networks,
                experts=self._second_look.experts,
            )
            self._compiled = CompiledModel(native, arrays, self.features)
        return self._compiled if native is not None else None

    def calibrate(self, evidence: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn evidence into probabilities by the logistic curve fitted on held-out comments."""
        # Beyond 80 a probability is as good as 0 or 1, and the exponential overflows at 89.
        logits = np.clip(evidence * self._slope + self._intercept, -80, 80)
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)

    def default_policy(self) -> Policy:
        """Return the policy that the model suggests, named after the model."""
        return Policy.from_document(
            {"version": f"default-{self.version}", "thresholds": self.manifest["thresholds"]}
        )

    @property
    def groups(self) -> NDArray[np.uint32]:
        """Hashes of the names of groups, ascending."""
        return self._groups

    @property
    def explain_at(self) -> dict[str, float]:
        """Score from which an attribute is explained, per attribute."""
        return self._explain_at

    def hashed(self, canonical: Canonical) -> list[View]:
        """Return the features of comments, the names of groups made one."""
        return hash_features(canonical, self.features, self._groups)

    def known(self, views: Sequence[View]) -> list[View]:
        """Return the views without the features that the model has never seen."""
        return [view.keep(self._checks[view.buckets] == view.checks) for view in views]

    def weights(self, buckets: NDArray[np.uint32]) -> NDArray[np.float32]:
        """Return the weights of buckets, of shape (n, n_attributes)."""
        return self._weights[buckets] * self._scales

    def values(
        self, views: Sequence[View], n_comments: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.int64]]:
        """Return the distinct buckets of each comment with their normalised term weights.

        Returns
        -------
        buckets : ndarray of shape (n_distinct,), uint32
            By comment, ascending.
        values : ndarray of shape (n_distinct,), float64
            ``(1 + log count) * idf`` over the length of the comment's vector of these.
        bounds : ndarray of shape (n_comments + 1,), int64
            Where each comment's buckets begin and end.
        """
        bits = np.uint32(self.features.bits)
        numbers = np.arange(n_comments, dtype=np.uint32)
        keys = np.concatenate(
            [np.repeat(numbers, np.diff(v.bounds)) << bits | v.buckets for v in views]
        )
        keys.sort()
        fresh = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))[: keys.size]
        counts = np.diff(np.append(fresh, keys.size))
        keys = keys[fresh]
        buckets = keys & np.uint32((1 << self.features.bits) - 1)
        bounds = np.searchsorted(keys, np.arange(n_comments, dtype=np.uint32) << bits)
        bounds = np.append(bounds, keys.size)
        weights = (_TF * IDF_UNIT).astype(np.float64)  # shares that cancel out need the digits
        values = weights[np.minimum(counts, _TF.size - 1)] * self._idf[buckets]
        lengths = np.sqrt(_segment_sums(np.square(values), bounds))
        values /= np.repeat(np.maximum(lengths, 1e-9), np.diff(bounds))
        return buckets, values, bounds


def _refuse_all_but_texts(texts: Sequence[str]) -> None:
    """Refuse a bare string, whose letters would be scored one by one and approved."""
    if isinstance(texts, (str, bytes)):
        raise TypeError("score takes a list of texts, not one")
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"score takes strings, got {type(text).__name__} for a text")


def _segment_sums(values: NDArray[np.float64], bounds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum along the first axis between bounds; an empty stretch sums to 0."""
    padded = np.concatenate((values, np.zeros((1, *values.shape[1:]))))
    # The padding is a stretch of its own: in the last one it would change the order of summation,
    # and a comment's score would hang on its place in the batch.
    sums = np.add.reduceat(padded, bounds, axis=0)[:-1]
    sums[bounds[:-1] == bounds[1:]] = 0
    return sums


def _batches(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Cut a sequence of comments so that no batch holds too many comments or characters."""
    cuts, chars = [0], 0
    for i, text in enumerate(texts):
        chars += len(text)
        if i - cuts[-1] >= _BATCH_COMMENTS or (chars > _BATCH_CHARS and i > cuts[-1]):
            cuts.append(i)
            chars = len(text)
    cuts.append(len(texts))
    return [(start, end) for start, end in pairwise(cuts) if end > start]
