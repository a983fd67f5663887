"""What words in Latin letters say in Arabic ones, by rules and by a list.

Nobody spells Arabic in Latin letters twice alike. The rules know which letters may stand for which
and try the words of the lexicon and those that comments are made of; ``readings.txt`` holds what
they miss: vowels that are written in one script only, what dialects say otherwise, and French and
English words. What neither knows is put into Arabic letters one by one, as ``transliteration.txt``
has it: n-grams tell something even of a word that is spelled wrong.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Final

from moderation.alphabet import MASK
from moderation.lexicon import HEADS, LONGEST, lexicon, reading, sound, strength

READINGS_PATH: Final = Path(__file__).with_name("readings.txt")
TRANSLITERATION_PATH: Final = Path(__file__).with_name("transliteration.txt")
EDGE: Final = "_"
"""What stands for either end of a word in ``transliteration.txt``."""
LONGEST_READING: Final = 2 * LONGEST
"""Letters and spaces of the longest reading."""
SHORTEST_LATIN: Final = 3
"""Letters of the shortest word that rules read."""
SHORTEST_TRANSLITERATED: Final = 4
"""Letters of the shortest word that is put into Arabic ones by letters alone."""
_SHORTEST_RESULT: Final = 3
MOST_LATIN: Final = 300
"""Words in Latin letters that are read in one comment: nobody shall make one that takes long. Of
all comments of the corpora that are mostly such words, none has more than 278."""
_STAR: Final = chr(MASK)
_HIDDEN: Final = ("", *"aiueo")  # what a mask may stand for, one for all of a word
_FOREIGN: Final = re.compile(r"\d|gh|kh")  # what no English or French word is spelled with, nearly
_STRANGE: Final = re.compile("[^a-z0-9]")
_CHAT: Final = re.compile(r"[a-z][2-9]|[2-9][a-z]")


def read_readings() -> dict[str, str]:
    """Return what words in Latin letters are in Arabic ones, one or some, by ``readings.txt``."""
    readings: dict[str, str] = {}
    for line in READINGS_PATH.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            arabic, spellings = line.split(" = ")
            readings.update(dict.fromkeys(spellings.split(), arabic))
    return readings


@cache
def _listed() -> dict[str, str]:
    """Keep what is listed: where the library reads it, the process need not."""
    return read_readings()


def in_arabic(word: str) -> str | None:
    """Return what a word in Latin letters says in Arabic ones; None where nobody knows.

    Parameters
    ----------
    word : str
        In canonical form.

    Examples
    --------
    >>> in_arabic("ktir"), in_arabic("merci"), in_arabic("xqz")
    ('كتير', 'شكرا', None)
    """
    if len(word) > LONGEST:
        return None
    return (unmasked(word, _known) if _STAR in word else _known(word)) or _by_letters(word)


def _known(word: str) -> str | None:
    """Return what is listed, or what rules find."""
    listed = _listed().get(word)
    if listed is not None:
        return listed
    return spelled(word, among=True) if len(word) >= SHORTEST_LATIN else None


def unmasked(word: str, read: Callable[[str], str | None]) -> str | None:
    """Return the first word of the lexicon that is read where a mask hides nothing or a vowel.

    One behind the word hides nothing.
    """
    word = word.rstrip(_STAR)
    if len(word) - word.count(_STAR) < SHORTEST_LATIN:
        return None
    found = (read(word.replace(_STAR, vowel)) for vowel in _HIDDEN)
    return next((each for each in found if each and lexicon().has(each)), None)


def transliterate(word: str, letters: Mapping[str, str]) -> str:
    """Put Latin letters into Arabic ones, each by the letters around it.

    Parameters
    ----------
    word : str
        Small Latin letters and digits; others stand for nothing, and end a word for those beside.
    letters : mapping of str to str
        What a letter stands for: between two others, before one, or by itself.
    """
    return "".join(
        next((letters[way] for way in ways if way in letters), "") for ways in ways_of(word)
    )


def ways_of(word: str) -> list[tuple[str, str, str]]:
    """Return what each Latin letter may be known by, the most telling first.

    That is the letter between its neighbours, before the next one, and by itself.
    """
    padded = f"{EDGE}{_STRANGE.sub(EDGE, word)}{EDGE}"
    places = range(1, len(padded) - 1)
    return [(padded[i - 1 : i + 2], padded[i : i + 2], padded[i]) for i in places]


def read_transliteration() -> dict[str, str]:
    """Return what Latin letters stand for by ``transliteration.txt``: see `transliterate`."""
    lines = TRANSLITERATION_PATH.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" =") for line in lines if not line.startswith("#"))
    return {around: arabic.strip() for around, arabic in pairs}


_letters = cache(read_transliteration)


def _by_letters(word: str) -> str | None:
    if len(word) < SHORTEST_TRANSLITERATED or word in lexicon().ordinary:
        return None
    found = transliterate(word, _letters())
    return found if len(found) >= _SHORTEST_RESULT else None


@lru_cache(maxsize=8192)
def spelled(word: str, *, among: bool) -> str | None:
    """Return the word of the lexicon that Latin letters spell, with what is written onto it.

    `among` Arabic words a Latin one is hardly ever of another language but for names: there short
    words are read, and letters that stand for several, and everyday words as well: clean ones would
    count as Latin otherwise, which tells of little but abuse, and some be taken for a hidden one.
    """
    if word in lexicon().ordinary:
        return None
    ways = (
        (partial(reading, loose=False), partial(reading, loose=True, everyday=True),
         partial(reading, loose=True))
        if among
        else (partial(reading, loose=bool(_CHAT.search(word))),)
    )  # fmt: skip
    foreign = _FOREIGN.search(word) is not None
    shortest = 2 if among or foreign else 3
    for way in ways:
        for latin, arabic in HEADS:
            if not word.startswith(latin):
                continue
            rest = word[len(latin) :]
            pattern, alike = way(sound(rest))
            match = pattern.fullmatch(rest)
            if match is None or match.lastindex is None:
                continue
            found = alike[match.lastindex - 1]
            if strength(found) >= shortest and (len(found) > 2 or foreign):
                return arabic + found
    return None
