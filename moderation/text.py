"""The canonical form: one spelling for all the ways of writing the same words, with offsets back.

Evasion is the normal case. Everything is done for a whole batch on one array of code points:
table look-ups, keep-masks and an index array, which is the offset map.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation import library
from moderation.alphabet import (
    DIGIT_LETTERS,
    EXPANSIONS,
    HEH,
    KIND,
    LATIN_LETTERS,
    MASK,
    SIZE,
    SPACE,
    Kind,
    fold,
)
from moderation.hidden import restore
from moderation.letters import HARD, Batch, join_letters
from moderation.remains import openings, strip_remains

_HAMZA: Final = ord("ء")
_ALEF: Final = ord("ا")
_VOWELS: Final = np.array([_ALEF, ord("و"), ord("ي")], dtype=np.uint32)
_DROP: Final = int(Kind.DROP)  # looking an enum up by attribute is slow in a loop


@dataclass(frozen=True, slots=True)
class Canonical:
    """A batch of comments in canonical form.

    Parameters
    ----------
    codes : ndarray of shape (n_codes,), uint32
        Code points of all comments on end, words parted by one space, each comment between
        two spaces of its own.
    offsets : ndarray of shape (n_codes,), int64
        Where each code point came from, in code points of its own original comment.
    bounds : ndarray of shape (n_comments + 1,), int64
        Positions in `codes` of the spaces between the comments: comment `i` lies in
        ``codes[bounds[i] + 1 : bounds[i + 1]]``.
    emoji : ndarray of shape (n_emoji,), uint32
        The emoji of all comments, in order.
    emoji_bounds : ndarray of shape (n_comments + 1,), int64
        Emoji of comment `i`: ``emoji[emoji_bounds[i] : emoji_bounds[i + 1]]``.
    """

    codes: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    bounds: NDArray[np.int64]
    emoji: NDArray[np.uint32]
    emoji_bounds: NDArray[np.int64]

    def text(self, i: int) -> str:
        """Return the canonical form of comment `i`."""
        codes = self.codes[self.bounds[i] + 1 : self.bounds[i + 1]]
        return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def canonicalise(texts: Sequence[str]) -> Canonical:
    """Bring a batch of comments into canonical form.

    Folded are diacritics, tatweel, invisible and direction marks, presentation forms, Persian,
    Urdu and Kurdish look-alikes, alef, ya, waw and ta marbuta variants, full-width and accented
    Latin, letter case, stretched letters, letters spaced or dotted apart, digits and Latin
    letters inside Arabic words, HTML remains. Handles and links are left out. A sign that hides a
    letter becomes an asterisk.

    Parameters
    ----------
    texts : sequence of str
        Comments as they came; any string is accepted, lone surrogates are dropped.

    Returns
    -------
    Canonical
        Code points with their offsets in the originals.

    Notes
    -----
    The canonical form of a canonical form is itself, except where a word turned out to be one
    letter stretched; that letter may then be joined to others that stand apart beside it.
    """
    native = library.native()
    if native is not None:
        return Canonical(*native.canonicalise(texts))
    return canonicalise_by_arrays(texts)


def canonicalise_by_arrays(texts: Sequence[str]) -> Canonical:
    """Do the work of `canonicalise` where there is no compiled library."""
    joined = "\n".join(("", *texts, ""))
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4").copy()
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    hard = np.concatenate(([0], np.cumsum(lengths + 1)))
    strip_remains(joined, raw, openings(raw).tolist())
    batch = Batch(fold()[raw], KIND[raw], np.arange(raw.size))
    batch.kinds[hard] = HARD
    _seat_hamzas(raw, batch)
    _expand(raw, batch, hard)
    batch.keep(batch.kinds != Kind.DROP)
    _squeeze(batch)
    _see_crosses(batch)
    join_letters(batch)
    emoji = batch.kinds == Kind.EMOJI
    emoji_codes, emoji_places = batch.codes[emoji], batch.places[emoji]
    _part_words(batch)
    _read_as_arabic(raw, batch)
    _squeeze(batch)
    restore(raw, batch)
    bounds = np.flatnonzero(batch.kinds == HARD)
    owner = np.repeat(np.arange(len(bounds)), np.diff(np.append(bounds, batch.codes.size)))
    offsets = batch.places - hard[owner] - 1
    return Canonical(batch.codes, offsets, bounds, emoji_codes, np.searchsorted(emoji_places, hard))


def original_span(canonical: Canonical, i: int, start: int, end: int, text: str) -> tuple[int, int]:
    """Return where a stretch of a canonical form stands in the original text.

    Parameters
    ----------
    canonical : Canonical
        The batch.
    i : int
        Number of the comment in it.
    start, end : int
        The stretch within ``canonical.text(i)``, `end` exclusive, not empty.
    text : str
        The original comment.

    Returns
    -------
    tuple of int
        First and last code point of the original, the last exclusive; diacritics and other marks
        that belong to the last letter included.
    """
    first = int(canonical.bounds[i]) + 1
    begin = int(canonical.offsets[first + start])
    return begin, _with_marks(text, int(canonical.offsets[first + end - 1]) + 1)


def original_words(
    canonical: Canonical,
    owners: Sequence[int],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    texts: Sequence[str],
) -> list[tuple[int, int]]:
    """Return where words of a batch stand in their original texts, as `original_span` does.

    Parameters
    ----------
    canonical : Canonical
        The batch.
    owners : sequence of int
        The comment of each word.
    starts, ends : ndarray of shape (n_words,), int64
        The words in ``canonical.codes``, ends exclusive.
    texts : sequence of str
        The original comments.
    """
    begins = canonical.offsets[starts].tolist()
    stops = (canonical.offsets[ends - 1] + 1).tolist()
    return [
        (begin, _with_marks(texts[owner], stop))
        for owner, begin, stop in zip(owners, begins, stops, strict=True)
    ]


def _with_marks(text: str, stop: int) -> int:
    """Return the end of a word with the marks that belong to its last letter."""
    letter = text[stop - 1]
    while stop < len(text) and (text[stop] == letter or KIND[ord(text[stop])] == _DROP):
        stop += 1
    return stop


def _seat_hamzas(raw: NDArray[np.uint32], batch: Batch) -> None:
    """Write an alef for a hamza that lost its seat: «كءس», «ءخوك»; not for one that has none.

    That is one before a letter other than alef, unless it follows a vowel, as in «قراءة».
    """
    places = np.flatnonzero(raw == _HAMZA)
    before, after = places - 1, places + 1
    seated = (batch.kinds[after] == Kind.ARABIC) & (batch.codes[after] != _ALEF)
    seated &= (batch.kinds[before] != Kind.DROP) & ~np.isin(batch.codes[before], _VOWELS)
    batch.codes[places[seated]] = _ALEF
    batch.kinds[places[seated]] = Kind.ARABIC


def _expand(raw: NDArray[np.uint32], batch: Batch, hard: NDArray[np.int64]) -> None:
    """Spell out ligatures; every letter of one points to the place where it stood."""
    rare = np.flatnonzero(_is_ligature()[raw] & (batch.kinds != Kind.DROP))
    if not rare.size:
        return
    phrases = rare[_is_phrase()[raw[rare]]]
    before = np.searchsorted(phrases, hard)
    rank = np.arange(phrases.size) - before[np.searchsorted(hard, phrases) - 1]
    beyond = phrases[rank >= _MOST_PHRASES]
    batch.codes[beyond], batch.kinds[beyond] = SPACE, Kind.SYMBOL
    rare = np.setdiff1d(rare, beyond, assume_unique=True)
    spelled = [EXPANSIONS[code] for code in raw[rare].tolist()]
    counts = np.ones(raw.size, dtype=np.int64)
    counts[rare] = [len(spelling) for spelling in spelled]
    starts = (np.cumsum(counts) - counts)[rare]
    batch.codes = np.repeat(batch.codes, counts)
    batch.kinds = np.repeat(batch.kinds, counts)
    batch.places = np.repeat(batch.places, counts)
    for start, spelling in zip(starts.tolist(), spelled, strict=True):
        part = slice(start, start + len(spelling))
        batch.codes[part] = [ord(char) for char in spelling]
        batch.kinds[part] = KIND[batch.codes[part]]


# Phrases in one character are spelled out so often in a comment: no comment of the corpora has as
# many, and a long one of nothing else would cost six times its length.
_MOST_PHRASES: Final = 8
_LONGEST_LIGATURE: Final = 4


@cache
def _is_ligature() -> NDArray[np.bool_]:
    found = np.zeros(SIZE, dtype=np.bool_)
    found[list(EXPANSIONS)] = True
    return found


@cache
def _is_phrase() -> NDArray[np.bool_]:
    found = np.zeros(SIZE, dtype=np.bool_)
    found[[code for code, spelt in EXPANSIONS.items() if len(spelt) > _LONGEST_LIGATURE]] = True
    return found


def _see_crosses(batch: Batch) -> None:
    """Take an x inside an Arabic word for the mask that it is drawn as."""
    crosses = np.flatnonzero(batch.codes == _CROSS)
    if not crosses.size:
        return
    arabic, cross = batch.kinds == Kind.ARABIC, batch.codes == _CROSS
    before = crosses - 1 - cross[crosses - 1]  # there are no more than two in a row by now
    hidden = crosses[arabic[before] & arabic[crosses + 1 + cross[crosses + 1]]]
    batch.codes[hidden] = MASK
    batch.kinds[hidden] = Kind.MASK
    keep = np.ones(batch.codes.size, dtype=np.bool_)
    keep[hidden] = ~cross[hidden - 1]
    batch.keep(keep)


_CROSS: Final = ord("x")


def _squeeze(batch: Batch) -> None:
    """Write stretched letters once, laughter twice, and one mask for several."""
    codes, kinds = batch.codes, batch.kinds
    same = np.zeros(codes.size, dtype=np.bool_)
    same[1:] = (codes[1:] == codes[:-1]) & (kinds[1:] >= Kind.LATIN) & (kinds[1:] != HARD)
    mask = np.zeros(codes.size, dtype=np.bool_)
    mask[1:] = (codes[1:] == MASK) & (codes[:-1] == MASK)
    thrice = same[1:] & same[:-1]
    if not thrice.any() and not mask.any():
        return
    starts = np.flatnonzero(~same)
    lengths = np.diff(np.append(starts, codes.size))
    rank = np.arange(codes.size) - np.repeat(starts, lengths)
    opens = (kinds[starts - 1] < Kind.DIGIT) | (kinds[starts - 1] == HARD)
    kept = np.where(lengths >= 3, np.where((codes[starts] == HEH) & opens, 2, 1), 2)
    batch.keep((rank < np.repeat(kept, lengths)) & ~mask)


def _part_words(batch: Batch) -> None:
    """Leave words, the masks inside them, and one space between two words."""
    codes, kinds = batch.codes, batch.kinds
    word = (kinds >= Kind.DIGIT) & (kinds != HARD)
    before = np.concatenate(([False], word[:-1]))
    mask = (kinds == Kind.MASK) & before
    space = ~word & ~mask
    hard = kinds == HARD
    codes[space] = SPACE
    kinds[space & ~hard] = Kind.SPACE
    edges = np.flatnonzero(np.diff(space.astype(np.int8), prepend=0, append=0))
    first, last = edges[::2], edges[1::2]
    # One space of a run stays, none beside the boundary of a comment.
    boundaries = np.cumsum(hard)
    alone = boundaries[last - 1] - boundaries[first] + hard[first] == 0
    keep = ~space | hard
    keep[first[alone]] = True
    batch.keep(keep)


def _read_as_arabic(raw: NDArray[np.uint32], batch: Batch) -> None:
    """Read Latin letters and digits inside Arabic words as the letters that they stand for.

    One digit between two letters disguises a word, and then all of its digits are letters.
    """
    codes, kinds = batch.codes, batch.kinds
    arabic = kinds == Kind.ARABIC
    latin = kinds == Kind.LATIN
    digit = kinds == Kind.DIGIT
    if not arabic.any() or not (latin.any() or digit.any()):
        return
    words = np.cumsum((kinds == Kind.SPACE) | (kinds == HARD)) - 1
    mixed = np.bincount(words[arabic], minlength=words[-1] + 1)[words] > 0
    change = np.flatnonzero(latin & mixed)
    codes[change] = LATIN_LETTERS[codes[change]]
    kinds[change] = Kind.ARABIC
    arabic[change] = True
    change = np.flatnonzero(digit)
    before, after = kinds[change - 1], kinds[change + 1]
    opens = (before < Kind.DIGIT) | (before == HARD)
    closes = (after < Kind.DIGIT) | (after == HARD)
    source = raw[batch.places[change]]
    inside = words[change[arabic[change - 1] & arabic[change + 1]]]
    disguised = np.bincount(inside, minlength=words[-1] + 1) > 0
    read = disguised[words[change]]
    read |= arabic[change + 1] & opens & np.isin(codes[change], _OPENING)
    read |= arabic[change - 1] & closes & np.isin(source, _CLOSING)
    change, source = change[read], source[read]
    letters = DIGIT_LETTERS[np.where(source < DIGIT_LETTERS.size, source, 0)]
    codes[change] = np.where(letters > 0, letters, DIGIT_LETTERS[codes[change]])
    kinds[change] = Kind.ARABIC


_OPENING: Final = np.array([ord("3"), ord("7")], dtype=np.uint32)
_CLOSING: Final = np.array([ord("٥"), ord("۵")], dtype=np.uint32)  # drawn like a final ha
