"""The lexicon of words that readers hide, and the tables that find them; read once, when needed."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.alphabet import MASK

_PATH: Final = Path(__file__).with_name("lexicon.txt")
VOCABULARY_PATH: Final = Path(__file__).with_name("vocabulary.txt")
_SECTIONS: Final = r"\[(?:ordinary|common)\]"
PROCLITICS: Final = ("", *"وفبلك", "ال", "وال", "بال", "فال", "كال", "لل", "يا", "ها", "هال")
# Particles to set apart again, and what of them stays with the word.
GLUED: Final = {"وال": "ال", "بال": "ال", "فال": "ال", "هال": "ال", "يا": "", "هل": "", "ها": ""}
BEFORE_SIGN: Final = ("", "ال", "وال")
_STEP: Final = np.uint32(0x01000193)  # the prime of FNV-1a, 32 bits
LONGEST: Final = 24  # letters of the longest word that is looked up
POWERS: Final = np.cumprod(np.r_[np.uint32(1), np.full(LONGEST, _STEP)], dtype=np.uint32)
_BITS: Final = 20
_SPREAD: Final = np.uint32(0x9E3779B1)

# How Latin letters and digits sound, roughly; h, vowels and the digits that stand for a throat
# sound go. Words that sound alike are told apart by their spellings below.
_SOUNDS: Final = {
    "T": "tdzsc6تدزسصشثذضظط", "K": "kqgj589كقخغج", "B": "bب", "F": "fvف", "R": "rر", "L": "lل",
    "M": "mم", "N": "nن",
}  # fmt: skip
_SILENT: Final = "aeiouyw237hاويهحع"
SOUND_OF: Final = str.maketrans(
    {letter: name for name, letters in _SOUNDS.items() for letter in letters}
    | dict.fromkeys(_SILENT)
)
# Sad and dad may be written as 9, which is mostly qaf, and qaf as 2, or not at all; khah and ghain
# as 7 and 3 with an apostrophe, which is gone by then.
_OTHERWISE: Final = (
    str.maketrans("صض", "قق"), str.maketrans("ق", "ا"), str.maketrans("خغ", "حع"),
)  # fmt: skip
# Spellings that leave no doubt, and those that are common but stand for several letters: in
# a short word without digits these would find too many words of other languages.
SURE: Final = {
    "ا": "a aa 2a 2aa", "ب": "b bb", "ت": "t tt", "ث": "th", "ج": "j jj", "ح": "7 77 h hh",
    "خ": "kh 5 55", "د": "d dd", "ذ": "dh", "ر": "r rr", "ز": "z zz", "س": "s ss", "ش": "sh ch",
    "ص": "9", "ض": "9", "ط": "6 66", "ظ": "6", "ع": "3 33", "غ": "gh 8 88", "ف": "f ff",
    "ق": "q qq 9 99 8", "ك": "k kk", "ل": "l ll", "م": "m mm", "ن": "n nn", "ه": "h",
    "و": "w ww ou oo o u", "ي": "y yy ee i iy",
}  # fmt: skip
LOOSE: Final = SURE | {
    "ث": "th s ss t tt", "ج": "dj j jj g gg", "خ": "kh 5 55 7", "ذ": "th dh z zz d dd",
    "ص": "s ss 9", "ض": "dh d dd 9", "ط": "t tt 6 66", "ظ": "th dh z zz d dd 6", "ع": "3 33 a",
    "غ": "gh 8 88 3", "ق": "q qq k kk 9 99 8 2 g",
}  # fmt: skip
FIRST_ALEF: Final = "a e i o 2a 2e 2i 2o"
FINAL: Final = {"ه": "a ah e eh h at et", "ي": "i iy y e ee"}
# Words that offend nobody: pronouns, demonstratives, vocatives, particles, in all dialects.
_FUNCTION_WORDS: Final = """
يا ايها ايتها انت انتي انتا نتا نتي انتو انتم انتوا نتوما هو هي هم هن هما احنا نحن انا اني حنا
هذا هذه هاد هاي هاذ هادا هذي هاذي هاذا هذول هذوله هادول هدول ده دي دا دول ذا ذاك ذيك هداك هديك
هاداك هاديك اللي الذي التي الذين لي الي يلي والله بس لكن و ف ب ل ك في من علي عن مع بين عند
ما لا مو مش مب ماشي موش ليس لم لن قد كل شو وش ايش شنو شنوا شكون مين ليش ليه علاش لماذا كيف كيفاش
ان انه انها انهم او ثم حتي اذا اذ لو هيك كده هكذا جدا كتير وايد برشا بزاف عم رح راح غادي هل
ya enta inta nta ente inti nti hada wallah
"""
FUNCTION_WORDS: Final = frozenset(_FUNCTION_WORDS.split())
_VOWEL: Final = "(?:ou|[aeiou])?"
# Particles in Latin letters: a vocative, "and", an article with what is written onto it.
_YA: Final = {"": "", "ya": "يا"}
_WA: Final = {"": ""} | dict.fromkeys(("w", "wa", "we", "wi", "o", "ou", "u"), "و")
_AL: Final = {
    "": "", "l": "ال",
    **{f"{a}l{b}": "ال" for a in "aei" for b in ("", "a", "e", "i")},
    **{f"{a}{b}l": c for a, c in zip("hbkfl", ("هال", "بال", "كال", "فال", "لل"), strict=True)
       for b in "aei"},
}  # fmt: skip
HEADS: Final = tuple(
    ("".join(latin), "".join(arabic))
    for each in itertools.product(_YA.items(), _WA.items(), _AL.items())
    for latin, arabic in [zip(*each, strict=True)]
)
"""What may stand before a Latin word, with its Arabic; the first one that fits counts."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words in canonical form, and tables to look them up by what is left of them.

    Parameters
    ----------
    words : frozenset of str
        Words that readers hide.
    ordinary : frozenset of str
        Words too common for two of them side by side to be one that was split.
    spoken : frozenset of str
        Words that comments are made of, ordinary ones among them.
    familiar : frozenset of str
        Spoken words that are frequent.
    masked : dict
        Word by what it looks like with letters masked; a spoken one where no hidden one fits.
    sounds, everyday : dict
        Words by what their consonants sound like, and frequent spoken ones.
    whole, before_sign, glued : Hashes
        Words with proclitics; words, spoken ones too, with one letter masked; words with a particle
        to set apart.
    split : Hashes
        Spoken words that are long enough to be told by their halves.
    """

    words: frozenset[str]
    ordinary: frozenset[str]
    spoken: frozenset[str]
    familiar: frozenset[str]
    masked: dict[str, str]
    sounds: dict[str, tuple[str, ...]]
    everyday: dict[str, tuple[str, ...]]
    whole: "Hashes"
    before_sign: "Hashes"
    glued: "Hashes"
    split: "Hashes"

    def has(self, word: str) -> bool:
        """Tell whether a word, without its proclitic, is in the lexicon."""
        return _has(self.words, word)

    def undouble(self, word: str) -> str | None:
        """Return the word that is left without one of two equal letters; None where none is."""
        if word in self.ordinary or self.has(word):
            return None
        shorter = (word[:i] + word[i:][1:] for i in range(1, len(word)) if word[i] == word[i - 1])
        return next(filter(self.has, shorter), None)

    def is_split(self, first: str, second: str) -> bool:
        """Tell whether two neighbours are a spoken word that was split: one of them is none."""
        whole = first + second
        return (
            len(whole) >= SHORTEST_SPOKEN
            and whole in self.spoken
            and not (first in self.spoken and second in self.spoken)
        )

    def _is_masked(self, bare: str) -> bool:
        """Tell whether a word of the lexicon is what is left of one without its masks.

        Two letters are any word, and three are behind a particle of a single letter.
        """
        return any(
            bare.startswith(p)
            and bare[len(p) :] in self.words
            and len(bare) - len(p) >= _SHORT + (len(p) == 1)
            for p in PROCLITICS
        )

    def unmask(self, word: str) -> str | None:
        """Return the word that shows as `word`, masks and all; None where none does.

        A mask may stand between two letters or for one. Of 70 words that comments mask and where
        one of the lexicon fits either way, 69 have it between; only a spoken word that is frequent
        is likelier than one of the lexicon that is left without the masks.
        """
        bare = word.replace(chr(MASK), "")
        hidden = self._is_masked(bare)
        for proclitic in PROCLITICS:
            rest = word.removeprefix(proclitic)
            # Two letters left over by a particle of one letter fit too many words.
            if not word.startswith(proclitic) or (len(proclitic) == 1 and len(rest) <= _SHORT):
                continue
            found = self.masked.get(rest)
            if found is not None:
                if hidden and (proclitic or found not in self.familiar):
                    break
                whole = f"{proclitic}{found}"
                return self.undouble(whole) or whole
        return bare if hidden else None


class Hashes:
    """A set of hashes of words that arrays are looked up in."""

    def __init__(self, hashes: NDArray[np.uint32]) -> None:
        self._sorted = np.sort(hashes)
        self._seen = np.zeros(1 << _BITS, dtype=np.bool_)
        self._seen[_slots(self._sorted)] = True

    def find(self, hashes: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return where in an array the hashes stand that are in the set."""
        likely = np.flatnonzero(self._seen[_slots(hashes)])
        if not likely.size:
            return likely
        place = np.searchsorted(self._sorted, hashes[likely])
        place[place == self._sorted.size] = 0
        found: NDArray[np.int64] = likely[self._sorted[place] == hashes[likely]]
        return found


def _slots(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    slots: NDArray[np.uint32] = (hashes * _SPREAD) >> np.uint32(32 - _BITS)
    return slots


def hash_word(word: str) -> int:
    """Return the hash of a word: that of ``a + b`` is that of `a` plus that of `b`, moved."""
    codes = np.frombuffer(word.encode("utf-32-le"), dtype="<u4")
    return int((codes * POWERS[: codes.size]).sum(dtype=np.uint32))


def _hash_words(words: list[str]) -> NDArray[np.uint32]:
    """Return the hash of each of some words, none empty, as `hash_word` does, all at once."""
    codes = np.frombuffer("".join(words).encode("utf-32-le"), dtype="<u4")
    sizes = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    starts = np.cumsum(sizes) - sizes
    moved = codes * POWERS[np.arange(codes.size) - np.repeat(starts, sizes)]
    hashes: NDArray[np.uint32] = np.add.reduceat(moved, starts, dtype=np.uint32)
    return hashes


def _hashes(heads: tuple[str, ...], words: list[str]) -> NDArray[np.uint32]:
    hashes = _hash_words(words)
    return np.concatenate([hashes * POWERS[len(h)] + np.uint32(hash_word(h)) for h in heads])


def read_words() -> tuple[list[str], list[str], list[str]]:
    """Return the words that readers hide, ordinary and common ones, in the order of the file."""
    text = re.sub(r"#.*", "", _PATH.read_text(encoding="utf-8"))
    words, ordinary, common = (part.split() for part in re.split(_SECTIONS, text))
    return words, ordinary, common


def read_vocabulary() -> str:
    """Return the words that comments are made of, a line each, the most frequent first."""
    return re.sub(r"#.*\n", "", VOCABULARY_PATH.read_text(encoding="utf-8"))


def _has(words: frozenset[str], word: str) -> bool:
    return any(word.startswith(p) and word[len(p) :] in words for p in PROCLITICS)


@cache
def _hidden_words() -> frozenset[str]:
    return frozenset(read_words()[0])


def is_listed(word: str) -> bool:
    """Tell whether a word itself, without proclitics, is one that readers hide."""
    return word in _hidden_words()


def is_hidden_word(word: str) -> bool:
    """Tell what `Lexicon.has` does, without the tables that finding hidden words takes."""
    return _has(_hidden_words(), word)


@cache
def lexicon() -> Lexicon:
    """Read the lexicon; only the first call does."""
    words, ordinary, common = read_words()
    innocent = {m for word in (*ordinary, *common) for most in (1, 2) for m in _masks(word, most)}
    single, several = (
        {m: word for word in reversed(words) for m in _masks(word, most) if m not in innocent}
        for most in (1, 2)
    )
    heard = read_vocabulary().split()
    hidden = frozenset(words)
    frequent = [w for w in heard[:_FREQUENT] if strength(w) > 1 and not _has(hidden, w)]
    long = [word for word in heard if len(word) >= SHORTEST_SPOKEN]
    likeliest = {m: word for word in reversed(long) for m in _masks(word, 1)}
    return Lexicon(
        words=hidden,
        ordinary=frozenset(ordinary),
        spoken=frozenset(heard),
        familiar=frozenset(heard[:_FAMILIAR]),
        masked=likeliest | several | single,
        sounds=_by_sound(words),
        everyday=_by_sound(frequent),
        whole=Hashes(_hashes(PROCLITICS, words)),
        before_sign=Hashes(
            np.concatenate([_hashes(BEFORE_SIGN, list(single)), _hash_words(list(likeliest))])
        ),
        glued=Hashes(_hashes(tuple(GLUED), words)),
        split=Hashes(_hash_words(long)),
    )


_FAMILIAR: Final = 3_000  # spoken words that are likelier under a mask than others between two
_FREQUENT: Final = 20_000  # spoken words that a Latin word among Arabic ones may be


def _by_sound(words: list[str]) -> dict[str, tuple[str, ...]]:
    """Return words by all that their consonants may sound like, in order."""
    sounds: dict[str, list[str]] = {}
    spaced = " ".join(words)
    spoken = (sound(each).split(" ") for each in (spaced, *map(spaced.translate, _OTHERWISE)))
    for word, *keys in zip(words, *spoken, strict=True):
        for key in dict.fromkeys(keys):
            sounds.setdefault(key, []).append(word)
    return {key: tuple(alike) for key, alike in sounds.items()}


SHORTEST_SPOKEN: Final = 4  # letters; shorter words fit too many masks
_SHOWN: Final = 4  # letters that must show where more than one is masked


def _masks(word: str, most: int) -> Iterator[str]:
    """Yield what a word looks like with one inner letter masked, or with two or three."""
    star, inner = chr(MASK), range(1, len(word) - 1)
    for i in inner:
        if most == 1:
            yield word[:i] + star + word[i + 1 :]
            continue
        for j in range(i + 1, len(word) - 1):
            if j - i < 3 and len(word) - (j + 1 - i) >= _SHOWN:
                yield word[:i] + star + word[j + 1 :]
            if j - i > 1 and len(word) - 2 >= _SHOWN:
                yield word[:i] + star + word[i + 1 : j] + star + word[j + 1 :]


def sound(words: str) -> str:
    """Return what the consonants of words sound like, written in either script."""
    return re.sub(r"([^ ])\1+", r"\1", words.translate(SOUND_OF))


def strength(word: str) -> int:
    """Return how many letters of a word are surely written in Latin."""
    return len(word.translate(_WEAK).removesuffix("ه"))


_WEAK: Final = str.maketrans("", "", "اوي")


def spell(word: str, *, loose: bool) -> str:
    """Return an expression for the Latin spellings of an Arabic word."""
    spellings = LOOSE if loose or strength(word) > _SHORT else SURE
    parts = []
    for i, letter in enumerate(word):
        last = i == len(word) - 1
        spelling = FIRST_ALEF if i == 0 and letter == "ا" else spellings[letter]
        spelling = FINAL.get(letter, spelling) if last else spelling
        parts.append(f"(?:{spelling.replace(' ', '|')})")
        if letter != "ا" and not last and word[i + 1] != "ا":
            parts.append(_VOWEL)
    return "".join(parts)


_SHORT: Final = 3


@cache
def reading(key: str, *, loose: bool, everyday: bool = False) -> tuple[re.Pattern[str], list[str]]:
    """Return an expression with a group for each of the words that sound like `key`, and these.

    Parameters
    ----------
    key : str
        What is left of a word by `sound`.
    loose : bool
        Whether short words, too, may be spelled with letters that stand for several.
    everyday : bool
        Whether words that are spoken are asked for, instead of those that are hidden.
    """
    alike = (lexicon().everyday if everyday else lexicon().sounds).get(key, ())
    words = [word for word in alike if strength(word) > 1]
    groups = "|".join(f"({spell(word, loose=loose)})" for word in words)
    return re.compile(groups or "(?!)"), words
