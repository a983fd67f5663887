"""What is not the author's words: HTML, handles, links and the marks that stand for them."""

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.alphabet import SPACE

_REMAINS: Final = re.compile(
    r"(?P<block></?(?:br|p|div|li|LF)\b[^<>\n]{0,200}>)|(?P<tag><(?:/?[a-zA-Z]|!--)[^<>\n]{0,200}>)"
    r"|(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});)"
    r"|(?P<foreign>https?://\S+|www\.\S+|(?<![^\s.,،:;()])@\w+"
    r"|(?<![^\W_])(?:URL|NUM|EMAIL|USER)(?![^\W_]))"
)
_NAME: Final = re.compile("[a-zA-Z]{2,8};")
_DROPPED: Final = 0  # a control character, of which nothing stays


def _openings() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    first, second = np.zeros(129, dtype=np.uint8), np.zeros(129, dtype=np.uint8)
    for bit, (one, two) in enumerate((("h", "t"), ("w", "w"), ("U", "RS"), ("N", "U"), ("E", "M"))):
        first[ord(one)] |= 1 << bit
        second[[ord(char) for char in two]] |= 1 << bit
    first[[ord(char) for char in "<&@"]] = 1 << 7
    second[:] |= 1 << 7
    return first, second


# The first two characters of remains: a bit for each way to begin; 128 is any other character.
_FIRST, _SECOND = _openings()


def entities() -> tuple[list[str], str]:
    """Return the names of characters that remains may have, and the character of each."""
    from html.entities import html5  # a table of two thousand names: not for the arrays

    found = {
        name.removesuffix(";"): char
        for name, char in html5.items()
        if len(char) == 1 and _NAME.fullmatch(name)
    }
    return list(found), "".join(found.values())


def openings(raw: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the places where remains may begin."""
    first = _FIRST[np.minimum(raw[:-1], _FIRST.size - 1)]
    return np.flatnonzero(first & _SECOND[np.minimum(raw[1:], _SECOND.size - 1)])


def strip_remains(joined: str, raw: NDArray[np.uint32], places: Iterable[int]) -> None:
    """Overwrite remains: by what they stand for, by a space, or by what is dropped.

    Parameters
    ----------
    joined : str
        The comments on end.
    raw : ndarray of shape (n_codes,), uint32
        Its code points; changed in place.
    places : iterable of int
        As `openings` returns them: over a whole batch, trying the expression everywhere costs more
        than all the rest of the canonical form.
    """
    end = 0
    for place in places:
        match = _REMAINS.match(joined, place) if place >= end else None
        if match is None:
            continue
        start, end = match.span()
        if match.lastgroup == "entity":
            import html  # a table of two thousand names, which few comments need

            char = html.unescape(match.group())
            if len(char) == 1:
                raw[start] = ord(char)
                raw[start + 1 : end] = _DROPPED
        elif match.lastgroup == "tag":
            raw[start:end] = _DROPPED
        else:
            raw[start:end] = SPACE
