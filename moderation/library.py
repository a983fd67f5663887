"""The compiled path: the same canonical form as NumPy's, by a library of plain C.

The library is made when the package is installed, and nothing here is needed: where it is
missing, the array operations of the other modules give the same results, slower.
"""

import ctypes
import hashlib
import string
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation import alphabet, remains
from moderation import lexicon as words
from moderation.cues import read_cues
from moderation.hidden import CHOICES
from moderation.latin import EDGE, read_readings, read_transliteration

_HERE: Final = Path(__file__).parent
_SMALL: Final = 0x700
_LIGATURE: Final = 0x80
_SILENT: Final = 1
_FIRST_ALEF: Final = 1
_LATIN: Final = f"{EDGE}{string.ascii_lowercase}{string.digits}"  # as `symbol` in native/latin.c

_Arrays = tuple[
    NDArray[np.uint32],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.uint32],
    NDArray[np.int64],
]


@cache
def native() -> "Native | None":
    """Return the compiled path; None where there is no library that fits."""
    return load(_HERE / "_native.so")


def load(path: Path) -> "Native | None":
    """Load a library; None where it is missing or was built from other sources."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError:
        return None
    library.ghirbal_sources.restype = ctypes.c_char_p
    digest = sources_digest()
    if digest and library.ghirbal_sources() != digest.encode():
        return None
    return Native(library)


def sources_digest() -> str:
    """Return the SHA-256 of the library's sources; empty but in a checkout: a wheel has none."""
    sources = sorted((_HERE / "native").glob("*.[ch]"))
    content = b"".join(each.read_bytes() for each in sources)
    return hashlib.sha256(content).hexdigest() if sources else ""


class _Alphabet(ctypes.Structure):
    """`Alphabet` in native/ghirbal.h."""

    _fields_ = (
        *(
            (name, ctypes.c_void_p)
            for name in (
                "page", "moved", "kind", "alnum", "ligatures", "spelling_bounds", "spellings",
                "digit_letters", "latin_letters", "lexicon",
            )
        ),
        ("n_ligatures", ctypes.c_int64),
    )  # fmt: skip


class Native:
    """The functions of the library, and the tables that they read.

    Parameters
    ----------
    library : ctypes.CDLL
        As `native` loads it.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._tables: list[Any] = []  # what the library points into
        self.library = library
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        library.ghirbal_canonical.argtypes = [
            *(pointer,) * 3, number, ctypes.c_int32, *(pointer,) * 5, number
        ]  # fmt: skip
        library.ghirbal_canonical.restype = number
        library.ghirbal_score.argtypes = [*(pointer,) * 4, number, pointer, pointer]
        library.ghirbal_score.restype = number
        look: list[Any] = [*(pointer,) * 4, number, *(pointer,) * 5, number]
        library.ghirbal_look.argtypes, library.ghirbal_look.restype = look, number
        # The same functions, called without letting other threads have the interpreter meanwhile.
        brief = ctypes.PyDLL(library._name)
        self.look_briefly = brief.ghirbal_look
        self.look_briefly.argtypes, self.look_briefly.restype = look, number
        self.score_briefly = brief.ghirbal_score
        self.score_briefly.argtypes = library.ghirbal_score.argtypes
        self.score_briefly.restype = number
        self.alphabet = ctypes.byref(self._build_alphabet())

    def _keep(self, table: NDArray[Any]) -> int:
        """Hold an array for good and return its address."""
        table = np.ascontiguousarray(table)
        self._tables.append(table)
        return int(table.ctypes.data)

    def _build_alphabet(self) -> _Alphabet:
        pages = alphabet.read_pages()
        kind = pages["kind"].copy()
        for code in pages["ligatures"].tolist():
            kind[pages["page"][code // alphabet.PAGE], code % alphabet.PAGE] |= _LIGATURE
        spellings = pages["spellings"].tolist()
        return _Alphabet(
            page=self._keep(pages["page"]),
            moved=self._keep(pages["moved"]),
            kind=self._keep(kind),
            alnum=self._keep(pages["alnum"]),
            ligatures=self._keep(pages["ligatures"]),
            spelling_bounds=self._keep(
                np.array([0, *accumulate(map(len, spellings))], dtype=np.int32)
            ),
            spellings=self._keep(_codes("".join(spellings))),
            digit_letters=self._keep(alphabet.DIGIT_LETTERS),
            latin_letters=self._keep(alphabet.LATIN_LETTERS),
            lexicon=self._build_lexicon(),
            n_ligatures=len(spellings),
        )

    def _build_lexicon(self) -> int:
        hidden, ordinary, common = words.read_words()
        heads = (words.PROCLITICS, tuple(words.GLUED), words.BEFORE_SIGN)
        lists = (hidden, ordinary, *heads, common)
        parts = [_codes("".join(f"{word}\0" for word in each)) for each in lists]
        # Not word by word: what that takes for a moment stays with the process.
        heard = words.read_vocabulary().replace("\n", "\0").encode("utf-16-le")
        spoken = np.frombuffer(heard, dtype="<u2")
        kept = np.array([len(kept) for kept in words.GLUED.values()], dtype=np.int32)
        choices, spellings = _choices(), _spellings()
        build = self.library.ghirbal_lexicon
        build.argtypes = [*(ctypes.c_void_p,) * 4, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32,
                          ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32]  # fmt: skip
        build.restype = ctypes.c_void_p
        built = build(
            (ctypes.c_void_p * len(parts))(*map(self._keep, parts)),
            (ctypes.c_int64 * len(parts))(*(part.size for part in parts)),
            kept.ctypes.data,
            self._keep(choices),
            len(choices),
            self._keep(spellings),
            len(spellings),
            self._keep(_sounds()),
            self._keep(spoken),
            spoken.size,
        )
        names, stand_for = remains.entities()
        build = self.library.ghirbal_entities
        build.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]
        entities = _codes("".join(f"{name}\0" for name in names))
        codes = _codes(stand_for)
        if not built or build(built, entities.ctypes.data, entities.size, codes.ctypes.data) < 0:
            raise MemoryError("no memory for the lexicon")
        build = self.library.ghirbal_function_words
        build.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        listed = self._keep(_codes("".join(f"{word}\0" for word in sorted(words.FUNCTION_WORDS))))
        if build(built, listed, self._tables[-1].size) < 0:
            raise MemoryError("no memory for the lexicon")
        self._add_readings(built)
        self._add_transliteration(built)
        cues = read_cues()
        build = self.library.ghirbal_cues
        build.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]
        letters = _codes("".join(f"{word}\0" for word in cues))
        sections = np.array(list(cues.values()), dtype=np.uint32)
        if build(built, letters.ctypes.data, letters.size, sections.ctypes.data) < 0:
            raise MemoryError("no memory for the lexicon")
        return int(built)

    def _add_readings(self, lexicon: int) -> None:
        listed = read_readings()
        arabic = dict.fromkeys(listed.values(), 0)
        place = 0
        for words_read in arabic:
            arabic[words_read] = place
            place += len(words_read) + 1
        spellings = _codes("".join(f"{word}\0" for word in listed))
        places = np.fromiter(map(arabic.__getitem__, listed.values()), np.uint32, len(listed))
        joined = "".join(f"{words_read}\0" for words_read in arabic)
        readings = self._keep(np.frombuffer(joined.encode("utf-16-le"), dtype="<u2"))
        build = self.library.ghirbal_readings
        build.argtypes = [*(ctypes.c_void_p,) * 2, ctypes.c_int64, *(ctypes.c_void_p,) * 2]
        fits = spellings.ctypes.data, spellings.size, places.ctypes.data, readings
        if build(lexicon, *fits) < 0:
            raise MemoryError("no memory for the lexicon")

    def _add_transliteration(self, lexicon: int) -> None:
        table, parts = _transliteration()
        build = self.library.ghirbal_transliteration
        build.argtypes = [ctypes.c_void_p] * 3
        build(lexicon, self._keep(table), self._keep(parts))

    def read(self, texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Return the code points of comments on end, and their edges.

        Comment `i` lies between two line ends, at ``edges[i]`` and ``edges[i + 1]``.
        """
        joined = "\n".join(("", *texts, ""))
        raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        edges = np.zeros(len(texts) + 1, dtype=np.int64)
        edges[1:] = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
        np.cumsum(edges, out=edges)
        return raw, edges

    def canonicalise(self, texts: Sequence[str], *, read: bool = False) -> _Arrays:
        """Return what `moderation.text.Canonical` holds, with readings in Arabic if wanted."""
        raw, edges = self.read(texts)
        bounds, emoji_bounds = np.empty_like(edges), np.empty_like(edges)
        bounds[0] = 0
        emoji = np.empty(raw.size, dtype=np.uint32)
        room = raw.size + 64
        while True:
            codes, offsets = np.empty(room, dtype=np.uint32), np.empty(room, dtype=np.int64)
            size = self.library.ghirbal_canonical(
                self.alphabet,
                raw.ctypes.data,
                edges.ctypes.data,
                len(texts),
                read,
                *(each.ctypes.data for each in (codes, offsets, bounds, emoji, emoji_bounds)),
                room,
            )
            if size < 0:
                raise MemoryError("no memory for the canonical form")
            if size <= room:
                break
            room = size
        if not texts:
            codes[0], offsets[0] = alphabet.SPACE, -1
        return codes[:size], offsets[:size], bounds, emoji[: emoji_bounds[-1]], emoji_bounds


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _choices() -> NDArray[np.uint32]:
    """Return `CHOICES` as the library has them: code, number of letters, four letters or 0."""
    table = np.zeros((len(CHOICES), 6), dtype=np.uint32)
    for row, (digit, letters) in zip(table, CHOICES.items(), strict=True):
        row[:2] = ord(digit), len(letters)
        row[2 : 2 + len(letters)] = [ord(letter) if letter else 0 for letter in letters]
    return table


_SPELLINGS: Final = np.dtype(
    [("letter", np.uint32), *((name, "S4", 12) for name in ("sure", "loose", "last"))]
)


def _spellings() -> NDArray[Any]:
    """Return the spellings of Arabic letters in Latin ones, the first alef of a word under 1."""
    tables = words.SURE, words.LOOSE, words.FINAL
    rows = [
        (ord(letter), *(_twelve(table.get(letter, "")) for table in tables))
        for letter in words.SURE
    ]
    alef = _twelve(words.FIRST_ALEF)
    return np.array([*rows, (_FIRST_ALEF, alef, alef, alef)], dtype=_SPELLINGS)


def _transliteration() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return what each Latin letter stands for between any two, and the letters of that."""
    letters = read_transliteration()
    numbers = {part: i for i, part in enumerate(dict.fromkeys(("", *letters.values())))}
    symbols = {symbol: i for i, symbol in enumerate(_LATIN)}
    table = np.zeros((len(_LATIN),) * 3, dtype=np.uint8)
    for way in sorted(letters, key=len):  # what stands for it between two others counts most
        at: list[int | slice] = [symbols[symbol] for symbol in way]
        if len(way) < table.ndim:
            at.insert(0, slice(None))  # whatever stands before
        table[tuple(at)] = numbers[letters[way]]
    parts = np.zeros((len(numbers), 2), dtype=np.uint16)
    for part, i in numbers.items():
        parts[i, : len(part)] = [ord(letter) for letter in part]
    return table, parts


def _twelve(spellings: str) -> list[str]:
    return (spellings.split() + [""] * 12)[:12]


def _sounds() -> NDArray[np.uint32]:
    table = np.arange(_SMALL, dtype=np.uint32)
    for code, sound in words.SOUND_OF.items():
        table[code] = ord(sound) if sound else _SILENT
    return table
