"""How a comment is typed: which spellings and signs it has, and how often.

Collections of comments differ in this more than in their words: whether a hamza or the dots of a ta
marbuta are spelled, which comma is used, whether handles, emoji or digits were left in.
`moderation.experts` asks it which collection a comment looks like; nothing else does, since what is
said does not depend on it. What nobody sees, or a form puts in by itself, tells nothing: invisible
signs, harakat and tatweel do not count, and every blank is a space, whichever it is.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.alphabet import KIND, Kind

SMALL: Final = 0x700
FORMS_FROM, FORMS_TO = 0xFB50, 0xFF00
"""Arabic letters as they are drawn in one place of a word: counted as the letters they are."""
FACES_FROM: Final = 0x1F000
"""Code points from here on are emoji; other blanks are spaces, and what is left other signs."""
SHORT: Final = 24
"""Characters at which what a comment's typing tells counts for half: a word tells next to nothing
by the comma behind it."""
_NBSP: Final = "&nbsp;"
# The library knows the first four by their numbers.
_CLASSES: Final = {
    "letter": "", "other": "", "emoji": "", "newline": "\n", "space": " ", "at": "@", "hash": "#",
    "underscore": "_", "markup": "<>&", "star": "*", "quote": "\"'«»", "bracket": "()[]{}",
    "dash": "-", "slash": "/\\", "stop": ".", "comma": "،", "latin_comma": ",",
    "semicolon": ";؛", "colon": ":", "asks": "؟", "latin_asks": "?", "exclaims": "!",
    "digit": "0123456789", "arabic_digit": "٠١٢٣٤٥٦٧٨٩", "small": "abcdefghijklmnopqrstuvwxyz",
    "capital": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "hamza": "أإآ", "seat": "ؤئء",
    "alef": "ا", "marbuta": "ة", "heh": "ه", "yeh": "ي", "maksura": "ى", "persian": "پچگڤکیژ",
}  # fmt: skip
_NAMES: Final = tuple(_CLASSES)
_STOPS: Final = ("stop", "comma", "latin_comma", "asks", "latin_asks", "exclaims")
_IN_WORDS: Final = ("letter", *_NAMES[_NAMES.index("hamza") :])
_GAPS: Final = tuple(name for name in _NAMES if name not in _IN_WORDS)
# A class before one of others, and what that is called.
_PAIRS: Final = {
    "ends_in_marbuta": (("marbuta",), _GAPS),
    "ends_in_heh": (("heh",), _GAPS),
    "ends_in_yeh": (("yeh",), _GAPS),
    "ends_in_maksura": (("maksura",), _GAPS),
    "stops": (("stop",), ("stop",)),
    "spaces": (("space",), ("space",)),
    "space_before_stop": (("space",), _STOPS),
    "line_ends_in_stop": (_STOPS, ("newline",)),
    "line_ends_in_space": (("space",), ("newline",)),
}
COUNTED: Final = ("all", *_NAMES, *_PAIRS)
"""What is counted: characters, those of each class, and some that follow one another."""


def tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the class of each code point, and what each pair of classes counts as.

    Numbers are those of `COUNTED`; 0 for what is not counted. Code points are those below `SMALL`,
    and behind them the forms of letters.
    """
    classes = np.full(SMALL + FORMS_TO - FORMS_FROM, COUNTED.index("other"), dtype=np.uint8)
    for code in range(0x600, SMALL):
        classes[code] = COUNTED.index("letter")
    for name, signs in _CLASSES.items():
        for sign in signs:
            classes[ord(sign)] = COUNTED.index(name)
    for code in range(FORMS_FROM, FORMS_TO):
        letter = unicodedata.normalize("NFKC", chr(code)).lstrip(" ")[:1]
        if letter and ord(letter) < SMALL:
            classes[SMALL + code - FORMS_FROM] = classes[ord(letter)]
    kinds = np.concatenate((KIND[:SMALL], KIND[FORMS_FROM:FORMS_TO]))
    classes[kinds == Kind.SPACE] = COUNTED.index("space")
    classes[kinds == Kind.DROP] = 0
    classes[ord("\r")] = 0  # of a line end that two characters make
    classes[ord("\n")] = COUNTED.index("newline")
    return classes, _pairs()


def _pairs() -> NDArray[np.uint8]:
    pairs = np.zeros((1 + len(_NAMES), 1 + len(_NAMES)), dtype=np.uint8)
    for name, (befores, behinds) in _PAIRS.items():
        for before in befores:
            for behind in behinds:
                pairs[COUNTED.index(before), COUNTED.index(behind)] = COUNTED.index(name)
    return pairs


_OF_SMALL, _OF_PAIR = tables()


def typed(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return how comments are typed.

    Parameters
    ----------
    texts : sequence of str
        As they came. Each counts as a line: its last line has an end.

    Returns
    -------
    ndarray of shape (n_comments, 2 * n_counted), float64
        Whether there is any of each of `COUNTED`, and the logarithm of one more than how many;
        both times ``n / (n + SHORT)`` with `n` the characters that count.
    """
    lines = [text.replace(_NBSP, " ") for text in texts]
    joined = "\n".join(("", *lines, ""))
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    classes = _classes_of(codes)
    comment = np.repeat(np.arange(len(lines)), [len(line) + 1 for line in lines])
    # Behind the line end before the first: a comment's last is its own.
    counted = np.append(True, classes[1:] > 0)
    comment, classes = comment[counted[1:]], classes[counted]
    pairs = _OF_PAIR[classes[:-1], classes[1:]]
    n = len(COUNTED)
    places = np.concatenate((comment * n + classes[1:], comment * n + pairs))
    counts = np.bincount(places, minlength=len(lines) * n).reshape(-1, n).astype(np.float64)
    # Pairs that are not counted have the number of all.
    counts[:, 0] = np.bincount(comment, minlength=len(lines))
    found = np.concatenate((counts > 0, np.log1p(counts)), axis=1)
    return found * (counts[:, :1] / (counts[:, :1] + SHORT))


def _classes_of(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    classes = np.full(codes.size, COUNTED.index("other"), dtype=np.int64)
    kinds = KIND[codes]
    classes[kinds == Kind.SPACE] = COUNTED.index("space")
    classes[codes >= FACES_FROM] = COUNTED.index("emoji")
    classes[kinds == Kind.DROP] = 0
    small = codes < SMALL
    classes[small] = _OF_SMALL[codes[small]]
    forms = (codes >= FORMS_FROM) & (codes < FORMS_TO)
    classes[forms] = _OF_SMALL[codes[forms] - (FORMS_FROM - SMALL)]
    return classes
