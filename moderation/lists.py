"""Words and phrases of a newsroom, found in canonical form."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from moderation.errors import PolicyError
from moderation.text import canonicalise, original_span

# Particles written onto the next word: and, so, by, to, as, the, O.
_PROCLITICS: Final = frozenset(
    first + second
    for first in ("", "و", "ف")
    for second in ("", "يا", "ال", "بال", "كال", "لل", "ب", "ل", "ك")
)
_PROCLITIC_SIZES: Final = sorted({len(proclitic) for proclitic in _PROCLITICS})
_TAIL: Final = 2


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
        # How many words phrases have behind their first one: a stretch of a comment is looked up,
        # not each phrase tried, so that a long list takes no longer than a short one.
        self._sizes: dict[str, set[int]] = {}
        for form in self._forms:
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
        spans = []
        for first, start, end in self._matches(form):
            if first and offsets[first - 1] == offsets[first - 2]:
                # The canonical form has set a particle apart that is written onto the word.
                first = form.rfind(" ", 0, first - 1) + 1
            begin = int(offsets[first])
            spans.append((begin, *original_span(canonical, 0, start, end, text)))
        return spans

    def _matches(self, form: str) -> Iterator[tuple[int, int, int]]:
        tails = self._tails
        words = form.split(" ")
        likely = [i for i, word in enumerate(words) if word[-_TAIL:] in tails or word[-1:] in tails]
        ends = [end + i for i, end in enumerate(accumulate(map(len, words)))] if likely else []
        for i in likely:
            found = [
                (ends[i + size], ends[i] - len(stem))
                for stem in _stems(words[i])
                for size in self._sizes.get(stem, ())
                if i + size < len(words)
                and form[ends[i] - len(stem) : ends[i + size]] in self._forms
            ]
            if found:
                end, start = max(found)
                yield ends[i] - len(words[i]), start, end


def _stems(word: str) -> list[str]:
    """Return a word, and what is left of it behind each of the proclitics that it may have."""
    return [word[size:] for size in _PROCLITIC_SIZES if word[:size] in _PROCLITICS]
