"""What each code point becomes in the canonical form; `alphabet_rules` says why."""

from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SPACE: Final = 0x20
MASK: Final = ord("*")
HEH: Final = ord("ه")
WAW: Final = ord("و")
SIZE: Final = 0x110000
PAGE: Final = 256
TABLES: Final = Path(__file__).with_name("alphabet.npz")


class Kind(IntEnum):
    """What a code point is, as far as the canonical form cares."""

    DROP = 0
    SPACE = 1
    SYMBOL = 2
    GLUE = 3  # signs that stand between the letters of one word only to hide it
    SIGN = 4  # symbols that, inside a word, stand in the place of a letter
    MASK = 5  # signs that stand for nothing else
    EMOJI = 6
    DIGIT = 7
    LATIN = 8
    ARABIC = 9
    OTHER = 10  # letters of other scripts


# What a digit stands for between Arabic letters: Latin digits follow the chat alphabet, the
# Eastern ones the letter that they look like.
_CHAT_DIGITS: Final = dict(zip("0123456789", "واءعشخطحغق", strict=True))
_DRAWN_DIGITS: Final = dict(zip("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "واعععهطحلق" * 2, strict=True))
_LATIN_LETTERS: Final = dict(
    zip("abcdefghijklmnopqrstuvwxyz", "ابكديفجهيجكلمنوبقرستوفوكيز", strict=True)
)


def read_pages() -> dict[str, NDArray[Any]]:
    """Return the tables as the file has them, each different page of code points once."""
    with np.load(TABLES, allow_pickle=False) as tables:
        return {name: tables[name] for name in tables.files}


def _read() -> tuple[NDArray[np.uint8], dict[int, str]]:
    pages = read_pages()
    page, ligatures, spellings = (pages[name] for name in ("page", "ligatures", "spellings"))
    expansions = dict(zip(ligatures.tolist(), spellings.tolist(), strict=True))
    return pages["kind"][page].reshape(-1), expansions


KIND, EXPANSIONS = _read()
"""`Kind` per code point; several letters for a ligature."""


@cache
def fold() -> NDArray[np.uint32]:
    """Return the canonical code point per code point.

    Made when it is first asked for: where there is a compiled library, nobody does.
    """
    pages = read_pages()
    moved: NDArray[np.int32] = pages["moved"][pages["page"]].reshape(-1)
    return (moved + np.arange(SIZE, dtype=np.int32)).view(np.uint32)


def _letters(mapping: dict[str, str]) -> NDArray[np.uint32]:
    table = np.zeros(0x700, dtype=np.uint32)
    for char, letter in mapping.items():
        table[ord(char)] = ord(letter)
    table[ord("2")] = ord("ا")
    return table


DIGIT_LETTERS = _letters(_CHAT_DIGITS | _DRAWN_DIGITS)
"""Letter that a digit stands for inside an Arabic word; 0 where it stands for none."""
LATIN_LETTERS = _letters(_LATIN_LETTERS)
"""Arabic letter for a Latin one inside an Arabic word."""
