"""Words and phrases of a newsroom, found in canonical form."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, product
from typing import Final

import numpy as np

from moderation.alphabet import KIND, Kind
from moderation.errors import PolicyError
from moderation.text import Canonical, canonicalise, original_span

# Particles written onto the next word: and, so, by, to, as, the, O.
_PROCLITICS: Final = frozenset(
    first + second
    for first in ("", "و", "ف")
    for second in ("", "يا", "ال", "بال", "كال", "لل", "ب", "ل", "ك")
)
_PROCLITIC_SIZES: Final = sorted({len(proclitic) for proclitic in _PROCLITICS})
_TAIL: Final = 2
# Latin letters are read by what is written onto their word and by the script of most words around
# it. Such words, of either script, change nothing themselves, whatever stands beside them.
_BEFORE: Final = ("", "ال", "و")
_BEHIND: Final = ("المستشفيات", "hello")


class PhraseList:
    """Finds whole words and phrases whatever their diacritics, spelling or proclitics.

    Parameters
    ----------
    phrases : sequence of str
        Words or phrases; order and duplicates do not matter.

    Raises
    ------
    PolicyError
        If a phrase has no letter or digit left in canonical form.
    """

    def __init__(self, phrases: Sequence[str]) -> None:
        canonical = canonicalise(phrases)
        forms = [canonical.text(i) for i in range(len(phrases))]
        for phrase, form in zip(phrases, forms, strict=True):
            if not form:
                raise PolicyError(f"a listed phrase needs a letter or a digit, got {phrase!r}")
        self._forms = frozenset(forms)
        # What phrases in Latin letters become inside comments, with their forms by themselves.
        self._read: dict[str, set[str]] = {}
        for form, inside in _read_inside(phrases, forms):
            if inside not in self._forms:
                self._read.setdefault(inside, set()).add(form)
        # How many words phrases have behind their first one: a stretch of a comment is looked up,
        # not each phrase tried, so that a long list takes no longer than a short one.
        self._sizes: dict[str, set[int]] = {}
        for form in {*self._forms, *self._read}:
            first, *others = form.split(" ")
            self._sizes.setdefault(first, set()).add(len(others))
        # By its last letters nearly every word is known to be none of a short list.
        self._tails = {first[-_TAIL:] for first in self._sizes}

    def __bool__(self) -> bool:
        return bool(self._forms)

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return start and end of every match, in code points of the original text.

        Where several begin with the same word of the text it is the longest; a match may overlap
        with the next. They are sorted.
        """
        return sorted({(start, end) for _, start, end in self._spans(text)})

    def cover(self, text: str) -> list[tuple[int, int]]:
        """Return what matches cover: each with the proclitics of its first word."""
        return sorted({(first, end) for first, _, end in self._spans(text)})

    def _spans(self, text: str) -> list[tuple[int, int, int]]:
        """Return where the first word of each match starts, and start and end of the match."""
        if not self:
            return []
        canonical = canonicalise([text])
        form, offsets = canonical.text(0), canonical.offsets[canonical.bounds[0] + 1 :]
        longest: dict[int, tuple[int, int]] = {}
        for first, start, end in self._as_listed(canonical, text, self._looked_up(form)):
            longest[first] = max(longest.get(first, (0, 0)), (end, start))
        spans = []
        for first, (end, start) in longest.items():
            if first and offsets[first - 1] == offsets[first - 2]:
                # The canonical form has set a particle apart that is written onto the word.
                first = form.rfind(" ", 0, first - 1) + 1
            begin = int(offsets[first])
            spans.append((begin, *original_span(canonical, 0, start, end, text)))
        return spans

    def _looked_up(self, form: str) -> Iterator[tuple[int, int, int]]:
        """Yield the stretches that read as phrases do, behind the start of their first word."""
        tails = self._tails
        words = form.split(" ")
        likely = [i for i, word in enumerate(words) if word[-_TAIL:] in tails or word[-1:] in tails]
        ends = [end + i for i, end in enumerate(accumulate(map(len, words)))] if likely else []
        for i in likely:
            for stem in _stems(words[i]):
                start = ends[i] - len(stem)
                for size in self._sizes.get(stem, ()):
                    if i + size < len(words):
                        end = ends[i + size]
                        stretch = form[start:end]
                        if stretch in self._forms or stretch in self._read:
                            yield ends[i] - len(words[i]), start, end

    def _as_listed(
        self, canonical: Canonical, text: str, found: Iterator[tuple[int, int, int]]
    ) -> list[tuple[int, int, int]]:
        """Leave out what reads as a phrase in Latin letters does, but is not written like it.

        Whoever lists “dollar” has not listed «دولار», though among Arabic words both read alike.
        """
        form = canonical.text(0)
        matches, doubtful = [], []
        for first, start, end in found:
            if form[start:end] in self._forms:
                matches.append((first, start, end))
            else:
                begin, stop = original_span(canonical, 0, start, end, text)
                doubtful.append(((first, start, end), text[begin:stop]))
        if not doubtful:
            return matches
        written = list(dict.fromkeys(stretch for _, stretch in doubtful))
        alone = canonicalise(written)
        forms = {stretch: alone.text(i) for i, stretch in enumerate(written)}
        for (first, start, end), stretch in doubtful:
            if forms[stretch] in self._read[form[start:end]]:
                matches.append((first, start, end))
        return matches


def _stems(word: str) -> list[str]:
    """Return a word, and what is left of it behind each of the proclitics that it may have."""
    return [word[size:] for size in _PROCLITIC_SIZES if word[:size] in _PROCLITICS]


def _read_inside(phrases: Sequence[str], forms: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what phrases in Latin letters become inside comments, behind their own forms."""
    joined = "\n".join(("", *phrases)).encode("utf-32-le", "surrogatepass")
    ends = np.cumsum([len(phrase) + 1 for phrase in phrases], dtype=np.int64)
    n_latin = np.append(0, np.cumsum(KIND[np.frombuffer(joined, dtype="<u4")] == Kind.LATIN))
    some = np.flatnonzero(np.diff(n_latin[ends], prepend=0)).tolist()
    latin = [(phrases[i], forms[i]) for i in some]
    if not latin:
        return
    for before, word in product(_BEFORE, _BEHIND):
        # Two words for each of the phrase, and more, outnumber it.
        comments = [before + phrase + f" {word}" * (len(phrase) + 2) for phrase, _ in latin]
        canonical = canonicalise(comments)
        for i, (phrase, form) in enumerate(latin):
            offsets = canonical.offsets[canonical.bounds[i] + 1 : canonical.bounds[i + 1]]
            places = offsets.searchsorted((len(before), len(before) + len(phrase)))
            inside = canonical.text(i)[slice(*places)].strip(" ")
            if inside:
                yield form, inside
