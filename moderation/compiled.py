"""Scores by the compiled library: canonical form, features, sums and calibration in one call."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation.experts import Experts
from moderation.features import FeatureSettings
from moderation.highlights import WORD, Looked
from moderation.library import Native
from moderation.second_look import RETHOUGHT
from moderation.skeleton import tables as skeleton_tables
from moderation.types import ATTRIBUTES
from moderation.typography import tables as typography_tables

_N: Final = len(ATTRIBUTES)
_Row: Final = ctypes.c_double * _N
_Edges: Final = ctypes.c_int64 * 2
# Bounds the memory that a batch takes; the library goes through it comment by comment.
_BATCH_COMMENTS: Final = 16_384
_BATCH_CHARS: Final = 2_000_000
# With 183,000 hashes one word in six then needs a closer look, and the bits fit into the second
# cache; four times as many bits were no faster.
_GROUP_BITS: Final = 20
# Up to here a comment is scored in less time than it takes to get the interpreter's lock back.
_BRIEF_CHARS: Final = 1_000
_AT_ONCE: Final = 16  # units that the library takes at once
_FLOATS: Final = 4  # judges that it takes at once
_LINE: Final = 64  # bytes of a line of the cache
_BLOCK: Final = 32  # buckets whose bits are one number


class _Model(ctypes.Structure):
    """`Model` in native/ghirbal.h."""

    _fields_ = (
        *(
            (name, ctypes.c_void_p)
            for name in (
                "records", "term_weights", "scales", "slopes", "intercepts", "skeleton",
                "skeleton_before_h", "groups", "group_bits", "networks", "rethought",
                "expert_rows", "expert_weights", "expert_scales",
                "expert_attributes", "expert_sums", "expert_typing", "judges",
                "typing_classes", "typing_pairs",
            )
        ),
        ("n_term_weights", ctypes.c_int64),
        ("n_groups", ctypes.c_int64),
        ("bits", ctypes.c_int32),
        ("ngrams", ctypes.c_uint32),
        ("n_networks", ctypes.c_int32),
        ("n_units", ctypes.c_int32),
        ("n_experts", ctypes.c_int32),
        ("n_columns", ctypes.c_int32),
        ("expert_stride", ctypes.c_int32),
        ("judge_stride", ctypes.c_int32),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelArrays:
    """What the library reads of a model.

    Parameters
    ----------
    records : ndarray of shape (n_buckets, 2 + n_attributes), int8
        Check, inverse document frequency and weights of each bucket.
    term_weights : ndarray of shape (n_counts,), float32
        Weight of a feature by how often it occurs, times the unit of the inverse frequency.
    scales, slopes, intercepts : ndarray of shape (n_attributes,), float32
        Unit of the weights, and the calibration.
    groups : ndarray of shape (n_names,), uint32
        Hashes of the names of groups.
    networks : ndarray of shape (n_networks, n_units, n_given + 2), float32
        See `moderation.second_look.SecondLook`.
    experts : Experts
        Whom the networks ask.
    """

    records: NDArray[np.int8]
    term_weights: NDArray[np.float32]
    scales: NDArray[np.float32]
    slopes: NDArray[np.float32]
    intercepts: NDArray[np.float32]
    groups: NDArray[np.uint32]
    networks: NDArray[np.float32]
    experts: Experts


class CompiledModel:
    """One model, scored by the library.

    Parameters
    ----------
    native : Native
        The library.
    arrays : ModelArrays
        Not to be changed afterwards.
    features : FeatureSettings
        What is hashed.
    """

    def __init__(self, native: Native, arrays: ModelArrays, features: FeatureSettings) -> None:
        self._native = native
        skeleton, before_h = skeleton_tables()
        tables = {
            **{name: getattr(arrays, name) for name in arrays.__slots__ if name != "experts"},
            **_tables_of(arrays.experts, features),
            "skeleton": skeleton,
            "skeleton_before_h": before_h,
            "group_bits": _upper_bits(arrays.groups),
            # Feature by feature, as the library sums them.
            "networks": _by_feature(arrays.networks),
            "rethought": np.array([ATTRIBUTES.index(name) for name in RETHOUGHT], dtype=np.int32),
        }
        # The library points into these.
        self._held = {name: np.ascontiguousarray(table) for name, table in tables.items()}
        self._model = _Model(
            **{name: table.ctypes.data for name, table in self._held.items()},
            n_term_weights=arrays.term_weights.size,
            n_groups=arrays.groups.size,
            bits=features.bits,
            ngrams=sum(1 << n for n in features.ngrams),
            n_networks=arrays.networks.shape[0],
            n_units=self._held["networks"].shape[2],
            n_experts=arrays.experts.attributes.size,
            n_columns=arrays.experts.weights.shape[1],
            expert_stride=self._held["expert_weights"].shape[1],
            judge_stride=self._held["judges"].shape[1],
        )
        self._by_reference = ctypes.byref(self._model)

    def score_one(self, text: str) -> list[float]:
        """Return the rounded probabilities of one comment: nothing here takes a microsecond."""
        raw = f"\n{text}\n".encode("utf-32-le", "surrogatepass")
        row = _Row()
        edges = _Edges(0, len(text) + 1)
        if len(text) > _BRIEF_CHARS:
            self._call(raw, edges, 1, (None, row))
            return row[:]
        native = self._native
        if native.score_briefly(native.alphabet, self._by_reference, raw, edges, 1, None, row) < 0:
            raise MemoryError("no memory to score a comment")
        return row[:]

    def score(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return evidence and rounded probabilities, of shape (n_comments, n_attributes)."""
        evidence = np.empty((len(texts), _N), dtype=np.float32)
        probabilities = np.empty((len(texts), _N), dtype=np.float64)
        start = 0
        while start < len(texts):
            part = _take(texts, start)
            raw, edges = self._native.read(part)
            stop = start + len(part)
            out = evidence[start:stop].ctypes.data, probabilities[start:stop].ctypes.data
            self._call(raw.ctypes.data, edges.ctypes.data, len(part), out)
            start = stop
        return evidence, probabilities

    def _call(self, raw: Any, edges: Any, count: int, out: tuple[Any, Any]) -> None:  # noqa: ANN401 - an array or its address
        library, alphabet = self._native.library, self._native.alphabet
        if library.ghirbal_score(alphabet, self._by_reference, raw, edges, count, *out) < 0:
            raise MemoryError("no memory to score a comment")

    def look_at_words(
        self,
        texts: Sequence[str],
        scores: NDArray[np.float64],
        cuts: Sequence[float],
        weights: NDArray[np.float64],
    ) -> Looked:
        """Return what `moderation.evidence.look_at_words` does."""
        raw, edges = self._native.read(texts)
        brief = raw.size <= _BRIEF_CHARS
        look = self._native.look_briefly if brief else self._native.library.ghirbal_look
        held = (np.ascontiguousarray(scores), np.array(cuts), np.ascontiguousarray(weights))
        bounds = np.empty(len(texts) + 1, dtype=np.int64)
        room = raw.size // 2 + 64  # enough but for phrases in one character
        while True:
            words = np.empty(room, dtype=WORD)
            size = look(
                self._native.alphabet,
                self._by_reference,
                raw.ctypes.data,
                edges.ctypes.data,
                len(texts),
                *(each.ctypes.data for each in (*held, bounds, words)),
                room,
            )
            if size < 0:
                raise MemoryError("no memory to explain a comment")
            if size <= room:
                return bounds, words[:size]
            room = size


def _upper_bits(groups: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return a bit for each value of the upper bits of a hash: whether any hash has it."""
    seen = np.zeros(1 << _GROUP_BITS, dtype=np.uint8)
    seen[groups >> np.uint32(32 - _GROUP_BITS)] = 1
    return np.packbits(seen, bitorder="little")


def _by_feature(networks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return networks feature by feature, units that count for nothing added to full groups."""
    more = -networks.shape[1] % _AT_ONCE
    return np.pad(networks.transpose(0, 2, 1), ((0, 0), (0, 0), (0, more)))


def _tables_of(experts: Experts, features: FeatureSettings) -> dict[str, NDArray[Any]]:
    """Return experts as the library asks them: a bit for each bucket that they weigh.

    How many such bits there are before is the number of its row.
    """
    marked = np.zeros(1 << features.bits, dtype=np.uint8)
    marked[experts.buckets] = 1
    blocks = np.empty(marked.size // _BLOCK, dtype=[("marks", "<u4"), ("before", "<u4")])
    blocks["marks"] = np.packbits(marked, bitorder="little").view("<u4")
    blocks["before"] = np.searchsorted(experts.buckets, np.arange(0, marked.size, _BLOCK))
    classes, pairs = typography_tables()
    return {
        "expert_rows": blocks,
        "expert_weights": _on_whole_lines(experts.weights),
        "expert_scales": experts.scales,
        "expert_attributes": experts.attributes,
        "expert_sums": experts.sums,
        "expert_typing": experts.typing,
        # Number by number, of all judges beside each other.
        "judges": np.pad(experts.judges.T, ((0, 0), (0, -len(experts.judges) % _FLOATS))),
        "typing_classes": classes,
        "typing_pairs": pairs,
    }


def _on_whole_lines(rows: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return rows of bytes so that none lies on more lines of the cache than it must."""
    width = -(-rows.shape[1] // _LINE) * _LINE
    room = np.zeros(rows.shape[0] * width + _LINE, dtype=np.int8)
    start = -room.ctypes.data % _LINE
    lines = room[start : start + rows.shape[0] * width].reshape(rows.shape[0], width)
    lines[:, : rows.shape[1]] = rows
    return lines


def _take(texts: Sequence[str], start: int) -> Sequence[str]:
    """Return comments from `start` on that fit into a batch: at least one."""
    part = texts[start : start + _BATCH_COMMENTS]
    while len(part) > 1 and sum(map(len, part)) > _BATCH_CHARS:
        part = part[: len(part) // 2]
    return part
