"""How a comment is typed: which spellings and signs it has, and how often.

Collections of comments differ in this more than in their words: whether a hamza or the dots of a ta
marbuta are spelled, which comma is used, whether handles, emoji or digits were left in.
`moderation.experts` asks it which collection a comment looks like; nothing else does, since what is
said does not depend on it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

SMALL: Final = 0x700
FACES_FROM: Final = 0x1F000
"""Code points from here on are emoji; those between `SMALL` and here are other signs."""
# The library knows the first four by their numbers.
_CLASSES: Final = {
    "letter": "", "other": "", "emoji": "", "newline": "\n", "space": " ", "at": "@", "hash": "#",
    "underscore": "_", "markup": "<>&", "star": "*", "quote": "\"'«»", "bracket": "()[]{}",
    "dash": "-", "slash": "/\\", "stop": ".", "comma": "،", "latin_comma": ",",
    "semicolon": ";؛", "colon": ":", "asks": "؟", "latin_asks": "?", "exclaims": "!",
    "digit": "0123456789", "arabic_digit": "٠١٢٣٤٥٦٧٨٩", "small": "abcdefghijklmnopqrstuvwxyz",
    "capital": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "haraka": "".join(map(chr, range(0x64B, 0x653))),
    "tatweel": "ـ", "hamza": "أإآ", "seat": "ؤئء", "alef": "ا", "marbuta": "ة", "heh": "ه",
    "yeh": "ي", "maksura": "ى", "persian": "پچگڤکیژ",
}  # fmt: skip
_NAMES: Final = tuple(_CLASSES)
_STOPS: Final = ("stop", "comma", "latin_comma", "asks", "latin_asks", "exclaims")
_IN_WORDS: Final = ("letter", *_NAMES[_NAMES.index("haraka") :])
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
    """Return the class of each code point below `SMALL`, and what each pair of classes counts as.

    Numbers are those of `COUNTED`; 0 for a pair that is not counted.
    """
    first = COUNTED.index(_NAMES[0])
    classes = np.full(SMALL, COUNTED.index("other"), dtype=np.uint8)
    for code in range(0x600, SMALL):
        classes[code] = COUNTED.index("letter")
    for name, signs in _CLASSES.items():
        for sign in signs:
            classes[ord(sign)] = COUNTED.index(name)
    pairs = np.zeros((len(_NAMES) + first, len(_NAMES) + first), dtype=np.uint8)
    for name, (befores, behinds) in _PAIRS.items():
        for before in befores:
            for behind in behinds:
                pairs[COUNTED.index(before), COUNTED.index(behind)] = COUNTED.index(name)
    return classes, pairs


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
        Whether there is any of each of `COUNTED`, and the logarithm of one more than how many.
    """
    joined = "\n".join(("", *texts, ""))
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    classes = np.full(codes.size, COUNTED.index("other"), dtype=np.int64)
    classes[codes >= FACES_FROM] = COUNTED.index("emoji")
    small = codes < SMALL
    classes[small] = _OF_SMALL[codes[small]]
    pairs = _OF_PAIR[classes[:-1], classes[1:]]
    comment = np.repeat(np.arange(len(texts)), [len(text) + 1 for text in texts])
    n = len(COUNTED)
    places = np.concatenate((comment * n + classes[1:], comment * n + pairs))
    counts = np.bincount(places, minlength=len(texts) * n).reshape(-1, n).astype(np.float64)
    # Pairs that are not counted have the number of all.
    counts[:, 0] = np.bincount(comment, minlength=len(texts))
    return np.concatenate((counts > 0, np.log1p(counts)), axis=1)
