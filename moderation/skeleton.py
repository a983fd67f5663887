"""The skeleton of a word: its consonants, with those that loose spelling confuses made one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.alphabet import HEH

_SPACE: Final = 0x20
_CLASSES: Final = {
    "B": "بbp", "T": "تطtث6", "J": "جjg", "H": "حهh7", "X": "خx5", "D": "دضd", "Z": "زذظz",
    "R": "رr", "S": "سصs", "C": "شc", "3": "ع3", "G": "غ8", "F": "فfv", "K": "قكkq9", "L": "لl",
    "M": "مm", "N": "نn",
}  # fmt: skip
_SILENT: Final = "اويaeiouwy2*"  # a mask hides a vowel as often as not
# Letters that a following h changes: sh, ch, kh, gh, th, dh.
_WITH_H: Final = {"s": "C", "c": "C", "k": "X", "g": "G", "t": "T", "d": "Z"}
_H: Final = ord("h")


def tables() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return what each code point becomes, and what a letter becomes before an h; 0 for nothing."""
    plain = np.arange(0x700, dtype=np.uint32)
    before_h = np.zeros(0x700, dtype=np.uint32)
    for name, letters in _CLASSES.items():
        for letter in letters:
            plain[ord(letter)] = ord(name)
    for letter in _SILENT:
        plain[ord(letter)] = 0
    for letter, name in _WITH_H.items():
        before_h[ord(letter)] = ord(name)
    return plain, before_h


_PLAIN, _BEFORE_H = tables()


def skeletons(codes: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the skeletons of all words and where each of their codes stood.

    Vowels, semivowels and masks go, doubled consonants count once, a final h or ta marbuta goes;
    all spaces stay, so a word without consonants leaves two spaces in a row.

    Parameters
    ----------
    codes : ndarray of shape (n_codes,), uint32
        Canonical code points.

    Returns
    -------
    ndarray of shape (n_bare,), uint32
        Codes of the skeletons.
    ndarray of shape (n_bare,), int64
        Position in `codes` of each.
    """
    small = np.where(codes < _PLAIN.size, codes, 0)
    bare = np.where(codes < _PLAIN.size, _PLAIN[small], codes)
    follows_h = np.flatnonzero((codes[1:] == _H) & (_BEFORE_H[small[:-1]] > 0))
    bare[follows_h] = _BEFORE_H[small[follows_h]]
    bare[follows_h + 1] = 0
    final = np.flatnonzero(((codes[:-1] == _H) | (codes[:-1] == HEH)) & (codes[1:] == _SPACE))
    bare[final] = 0
    kept = np.flatnonzero(bare)
    bare = bare[kept]
    fresh = np.ones(bare.size, dtype=np.bool_)
    fresh[1:] = (bare[1:] != bare[:-1]) | (bare[1:] == _SPACE)
    return bare[fresh], kept[fresh]
