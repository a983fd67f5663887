"""The last step of the canonical form: words of the lexicon that are hidden are written out.

Arrays find the few words that may hide one; these are then looked at letter by letter.
"""

import itertools
from collections.abc import Iterable
from functools import cached_property, partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.alphabet import KIND, MASK, SPACE, Kind
from moderation.latin import MOST_LATIN, SHORTEST_LATIN, spelled, unmasked
from moderation.letters import HARD, Batch
from moderation.lexicon import GLUED, LONGEST, POWERS, Lexicon, hash_word, lexicon

# Letters that a digit may stand for, beyond the one that it is read as.
CHOICES: Final = {
    "0": "و", "1": "اي", "2": ("ا", "و", "ي", ""), "3": "عغ", "4": "اع", "5": "خ", "6": "طظ",
    "7": "حخ", "8": "قغ", "9": "قص", "٠": "و", "١": "ا", "٢": "ا", "٣": "ع", "٤": "ع", "٥": "ه",
    "٦": "ط", "\u0667": "ح", "٨": "ق", "٩": "ق",
}  # fmt: skip
_MOST_DIGITS: Final = 4
_MOST_READINGS: Final = 32  # of one word, so that no comment takes long
_SHORTEST_SPLIT: Final = 4
_ARABIC_TO_LATIN: Final = 2  # words, in a comment that is Arabic with a few Latin ones in between
_STAR: Final = np.uint32(hash_word(chr(MASK)))


class _Hit(NamedTuple):
    start: int  # the stretch of codes that hides a word
    stop: int
    text: str


class _Words:
    """The words of a batch: between every two spaces lies one, which may be empty."""

    def __init__(self, raw: NDArray[np.uint32], batch: Batch) -> None:
        self.raw, self.batch = raw, batch
        self.spaces = np.flatnonzero(batch.codes == SPACE)
        self.starts, self.stops = self.spaces[:-1] + 1, self.spaces[1:]
        self.sizes = self.stops - self.starts

    def text(self, i: int) -> str:
        """Return a word."""
        return self._text[self.starts[i] : self.stops[i]]

    @cached_property
    def _text(self) -> str:
        codes = self.batch.codes.astype("<u4", copy=False)
        return codes.tobytes().decode("utf-32-le", "surrogatepass")

    def at(self, places: NDArray[np.int64]) -> list[int]:
        """Return the words, each once, that stand at some places."""
        return np.unique(np.searchsorted(self.spaces, places) - 1).tolist() if places.size else []

    def sums(self) -> NDArray[np.uint32]:
        """Return the hash of every word, as `hash_word` does."""
        rank = np.arange(self.batch.codes.size)
        rank -= np.repeat(self.spaces, np.diff(np.append(self.spaces, rank.size)))
        np.minimum(rank, LONGEST, out=rank)
        # A space counts for nothing: it stands at rank 0, and letters from 1 on.
        moved = self.batch.codes * _RANKED[rank]
        sums: NDArray[np.uint32] = np.add.reduceat(moved, self.spaces, dtype=np.uint32)
        return sums[:-1]


_RANKED: Final = np.concatenate(([np.uint32(0)], POWERS[:-1])).astype(np.uint32)


def restore(raw: NDArray[np.uint32], batch: Batch) -> None:
    """Write out the hidden words of a batch.

    Masked letters, split words, doubled letters, Latin spellings and digits become the word that
    they hide, and a particle written onto a word of the lexicon is set apart from it. Each new
    letter points to a place inside the stretch that hid it.

    Parameters
    ----------
    raw : ndarray of shape (n_codes,), uint32
        The code points that ``batch.places`` points into.
    batch : Batch
        Words parted by one space, the last step before they are handed out; changed in place.
    """
    words = _Words(raw, batch)
    if not words.starts.size:
        return
    known = lexicon()
    sums = words.sums()
    found = [
        *_undouble(words, known),
        *_unmask(words, known),
        *_read_digits(words, known),
        *_read_latin(words, known),
        *_join_parts(words, sums, known),
    ]
    hits = {hit.start: hit._replace(text=_set_apart(hit.text, known)) for hit in found}
    for i in known.glued.find(sums).tolist():
        word = words.text(i)
        apart = _set_apart(word, known)
        if apart != word:
            hits.setdefault(int(words.starts[i]), _Hit(words.starts[i], words.stops[i], apart))
    if hits:
        _replace(batch, [hits[start] for start in sorted(hits)])


def _undouble(words: _Words, known: Lexicon) -> Iterable[_Hit]:
    """Find words with an Arabic letter written twice."""
    twice = (words.batch.kinds[1:] == Kind.ARABIC) & (np.diff(words.batch.codes) == 0)
    for i in words.at(np.flatnonzero(twice) + 1):
        found = known.undouble(words.text(i))
        if found:
            yield _Hit(words.starts[i], words.stops[i], found)


def _unmask(words: _Words, known: Lexicon) -> Iterable[_Hit]:
    """Find words with masks, and words that lost a letter to a sign that was dropped."""
    batch = words.batch
    for i in words.at(np.flatnonzero(batch.codes == MASK)):
        found = known.unmask(words.text(i))
        if found:
            yield _Hit(words.starts[i], words.stops[i], found)
    jumps = np.flatnonzero(np.diff(batch.places) == 2)
    jumps = jumps[_is_sign(words.raw[batch.places[jumps] + 1])] + 1
    for i in words.at(jumps):
        start, stop = words.starts[i], words.stops[i]
        inside = jumps[slice(*np.searchsorted(jumps, (start + 1, stop)))] - start
        word = words.text(i)
        if inside.size == 1 and word not in known.spoken and not known.has(word):
            found = known.unmask(word[: inside[0]] + chr(MASK) + word[inside[0] :])
            if found:
                yield _Hit(start, stop, found)


def _is_sign(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    kinds = KIND[codes]
    signs: NDArray[np.bool_] = (kinds >= Kind.SYMBOL) & (kinds < Kind.MASK)
    return signs


def _read_digits(words: _Words, known: Lexicon) -> Iterable[_Hit]:
    """Find Arabic words with digits that can be read as letters in another way."""
    batch = words.batch
    source = words.raw[batch.places]
    digits = KIND[source] == Kind.DIGIT
    arabic = batch.kinds == Kind.ARABIC
    among = np.flatnonzero(digits)
    among = among[arabic[among - 1] | arabic[among] | arabic[among + 1]]
    for i in words.at(among):
        inside = slice(words.starts[i], words.stops[i])
        here = digits[inside]
        if here.sum() > _MOST_DIGITS or here.all() or (batch.kinds[inside] == Kind.LATIN).any():
            continue
        word = words.text(i)
        if known.has(word):
            continue
        choices = [
            # As it was written, or as the canonical form writes it: whichever makes a word.
            (*CHOICES.get(chr(code), ""), *CHOICES.get(letter, letter)) if digit else letter
            for code, letter, digit in zip(source[inside].tolist(), word, here, strict=True)
        ]
        for letters in itertools.islice(itertools.product(*choices), _MOST_READINGS):
            found = "".join(letters)
            if len(found) > 2 and known.has(found):
                yield _Hit(words.starts[i], words.stops[i], found)
                break


def _read_latin(words: _Words, known: Lexicon) -> Iterable[_Hit]:
    """Find Latin words that spell a hidden word, or an everyday one among Arabic words."""
    kinds = words.batch.kinds
    latin = words.at(np.flatnonzero(kinds == Kind.LATIN))
    if not latin:
        return
    arabic = sorted({*words.at(np.flatnonzero(kinds == Kind.ARABIC))} - {*latin})
    comments = np.cumsum(kinds[words.stops] == HARD)
    n_comments = int(comments[-1]) + 2
    # A word's comment is counted up at its own last space: the last word is one further on.
    comments = np.append(0, comments[:-1])
    n_latin = np.bincount(comments[latin], minlength=n_comments)
    n_arabic = np.bincount(comments[np.array(arabic, dtype=np.int64)], minlength=n_comments)
    among = n_arabic >= _ARABIC_TO_LATIN * n_latin
    before = np.append(0, np.cumsum(n_latin))[comments[latin]]
    for nth, i in enumerate(latin):
        read = nth - before[nth] < MOST_LATIN
        if read and SHORTEST_LATIN <= words.sizes[i] <= LONGEST:
            word, read = words.text(i), partial(spelled, among=bool(among[comments[i]]))
            found = unmasked(word, read) if chr(MASK) in word else read(word)
            if found:
                yield _Hit(words.starts[i], words.stops[i], found)


def _join_parts(words: _Words, sums: NDArray[np.uint32], known: Lexicon) -> Iterable[_Hit]:
    """Find neighbours that are one word, or are with a letter in the place of the sign between."""
    batch, sizes = words.batch, words.sizes
    powers = POWERS[np.minimum(sizes[:-1], LONGEST)]
    moved = powers * sums[1:]
    done = -1
    signs = np.flatnonzero(_is_sign(words.raw[batch.places[words.spaces[1:-1]]]))
    hidden = signs[
        known.before_sign.find(
            (sums[:-1] + powers * (_STAR + POWERS[1] * sums[1:]).astype(np.uint32))[signs]
        )
    ]
    both = sums[:-1] + moved
    whole = {*known.whole.find(both).tolist(), *known.split.find(both).tolist()}
    for i, sign in sorted([(i, "") for i in whole] + [(i, chr(MASK)) for i in hidden.tolist()]):
        if i <= done or batch.kinds[words.stops[i]] == HARD:
            continue
        parts = words.text(i), words.text(i + 1)
        found = _whole(parts, sign, known)
        if found and not sign and parts[0] in known.spoken:
            # «ان يكو ن»: the second may have been split from the third.
            third = words.text(i + 2) if batch.kinds[words.stops[i + 1]] != HARD else ""
            found = None if third and known.is_split(parts[1], third) else found
        if found:
            done = i + 1
            yield _Hit(words.starts[i], words.stops[i + 1], found)


def _whole(parts: tuple[str, str], sign: str, known: Lexicon) -> str | None:
    first, second = parts
    joined = first + sign + second
    if len(joined) < _SHORTEST_SPLIT or not first or not second:
        return None
    if known.ordinary.issuperset(parts):
        return None
    listed = known.has(first), known.has(second)
    # Beside what is no word, a word of the lexicon is a part of one, as in «الع كس».
    apart = (listed[0] and second in known.spoken) or (listed[1] and first in known.spoken)
    if not sign and known.is_split(first, second) and not apart:
        return joined
    if any(listed):
        return None
    if sign:
        found = known.unmask(joined)
        unsure = found is None or (known.spoken.issuperset(parts) and not known.has(found))
        return None if unsure else found
    return joined if known.has(joined) else None


def _set_apart(word: str, known: Lexicon) -> str:
    """Return a word with the particle set apart that was written onto it."""
    for particle, kept in GLUED.items():
        rest = word[len(particle) :]
        if word.startswith(particle) and rest in known.words and word not in known.words:
            return particle.removesuffix(kept) + " " + kept + rest
    return word


def _replace(batch: Batch, hits: list[_Hit]) -> None:
    codes: list[NDArray[np.uint32]] = []
    kinds: list[NDArray[np.uint8]] = []
    places: list[NDArray[np.int64]] = []
    done = 0
    for start, stop, text in hits:
        if start < done:  # the second of two parts that were joined
            continue
        new = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
        codes += batch.codes[done:start], new
        kinds += batch.kinds[done:start], KIND[new]
        places += batch.places[done:start], _aligned(batch, slice(start, stop), new)
        done = stop
    batch.codes = np.concatenate([*codes, batch.codes[done:]])
    batch.kinds = np.concatenate([*kinds, batch.kinds[done:]])
    batch.places = np.concatenate([*places, batch.places[done:]])


def _aligned(batch: Batch, old: slice, new: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return where new letters stood: both ends as far as they are the same, the rest between."""
    codes, places = batch.codes[old].tolist(), batch.places[old]
    shorter = min(len(codes), new.size)
    pairs = zip(codes, new.tolist(), strict=False)
    head = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    pairs = zip(reversed(codes), reversed(new.tolist()), strict=False)
    tail = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    tail = min(tail, shorter - head)
    between = new.size - head - tail
    spread = np.linspace(head, max(len(codes) - tail - 1, head), between).astype(np.int64)
    spread = np.minimum(spread, len(codes) - 1)
    middle = places[spread]
    if head and len(codes) == head + tail:  # the letter that is missing stood just after
        middle = np.full(between, places[head - 1])
    return np.concatenate([places[:head], middle, places[len(codes) - tail :]])
