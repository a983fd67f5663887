"""Words and phrases of a newsroom, found in canonical form."""

import re
from collections.abc import Sequence
from typing import Final

from moderation.errors import PolicyError
from moderation.text import canonicalise, original_span

# Particles written onto the next word: and, so, by, to, as, the, O.
_PROCLITICS: Final = r"(?:و|ف)?(?:يا|ال|بال|كال|لل|ب|ل|ك)?"


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
        # Longest first, so that a phrase wins over its own first word.
        ordered = sorted(set(forms), key=lambda form: (-len(form), form))
        pattern = "|".join(map(re.escape, ordered))
        self._pattern = re.compile(f"(?<![^ ]){_PROCLITICS}({pattern})(?![^ ])")
        self._empty = not ordered

    def __bool__(self) -> bool:
        return not self._empty

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return start and end of every match, in code points of the original text."""
        if self._empty:
            return []
        canonical = canonicalise([text])
        return [
            original_span(canonical, 0, match.start(1), match.end(1), text)
            for match in self._pattern.finditer(canonical.text(0))
        ]
