"""Comments in Latin letters, read once more as the Arabic that they spell.

What words say is known far better in Arabic letters, of which there are fifty times as many
comments to learn from; how they are written is known in Latin ones. So behind a comment half of
whose words or more are in Latin letters stands what it reads in Arabic: whatever weighs words
weighs both.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation import library
from moderation.latin import MOST_LATIN, in_arabic
from moderation.text import Canonical, canonicalise

_SPACE: Final = 0x20
_FIRST: Final = ord("a")
_LAST: Final = ord("z")


def read_in_both(texts: Sequence[str]) -> Canonical:
    """Bring comments into canonical form, with what they read in Arabic behind them.

    Parameters
    ----------
    texts : sequence of str
        Comments as they came.

    Returns
    -------
    Canonical
        Longer than that of `moderation.text.canonicalise` where half of a comment's words or more
        are in Latin letters, and any can be read: words of other letters are repeated, and those
        that nobody knows left out, and so are all behind the first 300 Latin ones. What was added
        stands at no place of the original: its offsets are -1.

    Examples
    --------
    >>> read_in_both(["merci ya kelb"]).text(0)
    'merci ya كلب شكرا يا كلب'
    """
    native = library.native()
    if native is not None:
        return Canonical(*native.canonicalise(texts, read=True))
    return _add_readings(canonicalise(texts))


def _add_readings(canonical: Canonical) -> Canonical:
    codes = canonical.codes
    latin = (codes >= _FIRST) & (codes <= _LAST)
    if not latin.any():
        return canonical
    readings = [
        (i, text) for i in _half_latin(canonical, latin).tolist() if (text := _read(canonical, i))
    ]
    if not readings:
        return canonical
    added = [np.frombuffer(f"{text} ".encode("utf-32-le"), dtype="<u4") for _, text in readings]
    rows = np.array([i for i, _ in readings], dtype=np.int64)
    sizes = np.array([part.size for part in added], dtype=np.int64)
    # Behind the space that ends a comment, which then ends what it reads.
    behind = np.repeat(canonical.bounds[rows + 1] + 1, sizes)
    grown = np.zeros(canonical.bounds.size, dtype=np.int64)
    grown[rows + 1] = sizes
    return Canonical(
        np.insert(codes, behind, np.concatenate(added)),
        np.insert(canonical.offsets, behind, -1),
        canonical.bounds + np.cumsum(grown),
        canonical.emoji,
        canonical.emoji_bounds,
    )


def _read(canonical: Canonical, i: int) -> str:
    words, n_latin = [], 0
    for word in canonical.text(i).split(" "):
        latin = _is_latin(word)
        n_latin += latin
        if n_latin > MOST_LATIN:
            break
        words.append(in_arabic(word) if latin else word)
    return " ".join(word for word in words if word)


def _half_latin(canonical: Canonical, latin: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the comments half of whose words or more have Latin letters."""
    spaces = np.flatnonzero(canonical.codes == _SPACE)
    owners = np.searchsorted(canonical.bounds, spaces[:-1], side="right") - 1
    before = np.append(0, np.cumsum(latin))
    here = before[spaces[1:]] > before[spaces[:-1]]
    n = canonical.bounds.size - 1
    words = np.bincount(owners[np.diff(spaces) > 1], minlength=n)
    found = np.bincount(owners[here], minlength=n)
    return np.flatnonzero((found > 0) & (2 * found >= words))


def _is_latin(word: str) -> bool:
    return any("a" <= letter <= "z" for letter in word)
