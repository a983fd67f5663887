"""Counts the words that comments are made of: what a masked or split word is read as."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from moderation.lexicon import VOCABULARY_PATH, read_words
from moderation.text import canonicalise

LEAST: Final = 4  # comments, or a slip of the pen becomes a word
# Particles that are written onto the next word: alone they are half of a word that was split.
_HALVES: Final = frozenset(("ب", "ل", "ك", "ف", "ال", "وال", "بال", "فال", "كال", "لل"))
_CHUNK: Final = 5000
_WORD: Final = re.compile("[\u0621-\u064a]{1,12}")
_HEAD: Final = """\
# Words that comments are made of, in canonical spelling, the most frequent first: a masked or split
# word that hides none of the lexicon is read as one of them. Written by ghirbal-train vocabulary.
"""


def count_vocabulary(texts: Sequence[str]) -> list[str]:
    """Return the Arabic words of comments that are not in the lexicon of hidden words.

    Parameters
    ----------
    texts : sequence of str
        The comments.

    Returns
    -------
    list of str
        In canonical form, those of at least `LEAST` comments, the most frequent first and words
        that are equally frequent by their letters.
    """
    counts: Counter[str] = Counter()
    for start in range(0, len(texts), _CHUNK):
        canonical = canonicalise(texts[start : start + _CHUNK])
        for i in range(len(canonical.bounds) - 1):
            counts.update(set(canonical.text(i).split()))
    hidden = set(read_words()[0]) | _HALVES
    found = [
        (-count, word)
        for word, count in counts.items()
        if count >= LEAST and word not in hidden and _WORD.fullmatch(word)
    ]
    return [word for _, word in sorted(found)]


def write_vocabulary(words: Sequence[str], path: Path = VOCABULARY_PATH) -> None:
    """Write words, one to a line, and behind them the ordinary and common ones of the lexicon."""
    _, ordinary, common = read_words()
    lines = (f"{word}\n" for word in dict.fromkeys((*words, *ordinary, *common)))
    path.write_text(_HEAD + "".join(lines), encoding="utf-8")
