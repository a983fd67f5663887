"""What kind of sentence a comment is: whom it speaks to, whether it quotes, denies, asks, laughs.

The evidence of a comment is a sum over its words and their neighbours. What stands elsewhere in the
sentence cannot add to the sum of one comment and take from that of another; in the second look it
can.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.alphabet import HEH, KIND, Kind
from moderation.cues import CALLED, EMOJI_CUES, TONES, WORD_CUES, read_cues
from moderation.features import named_words
from moderation.lexicon import is_listed
from moderation.remains import openings, strip_remains
from moderation.text import Canonical
from moderation.types import ATTRIBUTES

FEATURES: Final = (
    *(f"evidence_{name}" for name in ATTRIBUTES),
    *WORD_CUES,
    *TONES,
    *EMOJI_CUES,
    "to_you", "mine", "hidden", "the_hidden", "o_hidden", "o_called", "groups",
    "words", "length", "word_length", "latin", "latin_share", "emoji",
    "quotes", "asks", "exclaims", "colon", "comma", "hash", "laughter", "ellipsis",
    "stops", "digits",
)  # fmt: skip
"""What is known of a comment, in this order."""
_OF_SIGNS: Final = FEATURES.index("quotes")
MOST: Final = 3
MOST_EVIDENCE: Final = 8.0
_SIGNS: Final = tuple(
    [ord(char) for char in signs] for signs in ('«»"“”', "?؟", "!", ":", ",،", "#")
)
_STOP: Final = ord(".")
_TO_YOU: Final = ("ك", "كم", "كن")
_MINE: Final = ("ي", "نا")
_SHORTEST: Final = 4  # letters of a word with a pronoun behind it
_ARTICLE: Final = "ال"
_VOCATIVE: Final = "يا"
_SECTIONS: Final = len(WORD_CUES) + len(TONES) + len(EMOJI_CUES)
_CALLED: Final = range(len(WORD_CUES), len(WORD_CUES) + len(CALLED))
_LATIN: Final = re.compile("[a-z]")
_LATIN_WORD: Final = 3
_LAUGHTER: Final = 3
_LONGEST_WORD: Final = 20
_NAME: Final = 6  # letters that the name of a group has, whichever it is


def describe(
    texts: Sequence[str],
    canonical: Canonical,
    groups: NDArray[np.uint32],
    evidence: NDArray[np.float32],
    rows: Sequence[int],
) -> NDArray[np.float64]:
    """Return what is known of comments.

    Parameters
    ----------
    texts : sequence of str
        Comments as they came.
    canonical : Canonical
        The same in canonical form.
    groups : ndarray of shape (n_names,), uint32
        Hashes of the names of groups: see `moderation.features.are_groups`. All names are one word
        of one length here.
    evidence : ndarray of shape (n_comments, n_attributes), float32
        Their weighted sums.
    rows : sequence of int
        The comments that are asked for.

    Returns
    -------
    ndarray of shape (n_rows, n_features), float64
        In the order of `FEATURES`. Evidence up to `MOST_EVIDENCE` either way; counts of words up to
        `MOST`; "words" and "length", in letters, are logarithms of one more, "word_length" is
        letters a word, 20 at most; "latin_share" is of the letters, "stops" and "digits" are ten
        and five times as many to a letter; others are 0 or 1.
    """
    n = len(ATTRIBUTES)
    found = np.empty((len(rows), len(FEATURES)))
    found[:, :n] = np.clip(evidence[rows], -MOST_EVIDENCE, MOST_EVIDENCE)
    named, behind, bounds = named_words(canonical, groups)
    letters = np.empty(len(rows))
    for row, i in enumerate(rows):
        part = slice(bounds[i], bounds[i + 1])
        marks = zip(
            canonical.text(i).split(), named[part].tolist(), behind[part].tolist(), strict=True
        )
        words = [None if is_name else word for word, is_name, follows in marks if not follows]
        faces = canonical.emoji[canonical.emoji_bounds[i] : canonical.emoji_bounds[i + 1]]
        emoji = [chr(code) for code in faces.tolist()]
        letters[row] = _letters(words)
        found[row, n:_OF_SIGNS] = _words(words, emoji)
    if len(rows):
        found[:, _OF_SIGNS:] = _signs([texts[i] for i in rows], letters)
    return found


def _words(words: list[str | None], emoji: list[str]) -> list[float]:
    """Return what the words tell; None is the name of a group."""
    cues = read_cues()
    counts = [0] * _SECTIONS
    own = [word for word in words if word is not None]
    for word in own:
        if word in cues:
            counts[cues[word]] += 1
    for char in emoji:
        if char in cues:
            counts[cues[char]] = 1
    long = [word for word in own if len(word) >= _SHORTEST]
    listed = [word is not None and is_listed(word) for word in words]
    called = [word is not None and cues.get(word) in _CALLED for word in words]
    counts += [
        sum(word.endswith(_TO_YOU) for word in long),
        sum(word.endswith(_MINE) for word in long),
        sum(listed),
        sum(word.startswith(_ARTICLE) and is_listed(word[len(_ARTICLE) :]) for word in own),
        *(
            sum(word == _VOCATIVE and is_it for word, is_it in zip(words, marks[1:], strict=False))
            for marks in (listed, called)
        ),
        len(words) - len(own),
    ]
    letters, latin = _letters(words), [len(_LATIN.findall(word)) for word in own]
    return [
        *(min(count, MOST) for count in counts),
        float(np.log1p(len(words))),
        float(np.log1p(letters)),
        min(letters / max(len(words), 1), _LONGEST_WORD),
        float(max(latin, default=0) >= _LATIN_WORD),
        sum(latin) / max(letters, 1),
        float(len(emoji) > 0),
    ]


def _letters(words: list[str | None]) -> int:
    return sum(_NAME if word is None else len(word) for word in words)


@cache
def _sign_bits() -> NDArray[np.uint8]:
    """Return for each code point which of `_SIGNS` it is of, a bit for each."""
    bits = np.zeros(KIND.size, dtype=np.uint8)
    for i, signs in enumerate(_SIGNS):
        bits[signs] |= 1 << i
    return bits


def _signs(texts: Sequence[str], letters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the characters tell that are no HTML, handles or links, a row for each text."""
    joined = "\n".join(("", *texts, ""))
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4").copy()
    strip_remains(joined, codes, openings(codes).tolist())
    codes = np.where(_hiding(codes), 0, codes)[1:]
    # A text ends with its line end, so that none is empty.
    starts = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
    stops = codes == _STOP
    seen = np.bitwise_or.reduceat(_sign_bits()[codes], starts)
    letters = np.maximum(letters, 1)
    return np.column_stack(
        (
            *(seen >> i & 1 for i in range(len(_SIGNS))),
            np.logical_or.reduceat(_in_a_row(codes == HEH, _LAUGHTER), starts),
            np.logical_or.reduceat(_in_a_row(stops, 2), starts),
            10 * (np.add.reduceat(stops, starts, dtype=np.int64) / letters),
            5 * (np.add.reduceat(KIND[codes] == Kind.DIGIT, starts, dtype=np.int64) / letters),
        )
    )


def _hiding(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Mark the signs that hide a word: one between two letters, or two stops beside a lone one."""
    letter = np.pad(KIND[codes] >= Kind.LATIN, (2, 3))
    stop = np.append(codes == _STOP, False)
    two_before, before, here, behind, two_behind, three_behind = (
        letter[start : start + codes.size] for start in range(6)
    )
    one = ~here & before & behind
    pair = stop[:-1] & stop[1:] & before & two_behind & ~(two_before & three_behind)
    return np.asarray(one | pair | np.append(False, pair[:-1]))


def _in_a_row(marks: NDArray[np.bool_], times: int) -> NDArray[np.bool_]:
    """Mark where so many neighbours are marked, at the last of them."""
    found = marks
    for _ in range(times - 1):
        found = np.append(False, found[:-1]) & marks
    return found
