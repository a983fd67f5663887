"""The rules behind the tables of `alphabet`; the only module that imports pyarabic.

The tables come from PyArabic's constants and the Unicode database: no table of this module was
typed letter by letter where a name or a decomposition says it already. They are kept in a file,
since working them out takes a tenth of a second at every start, and gives another canonical form
under another version of Unicode. ``python -m moderation.alphabet_rules`` writes the file.
"""

import unicodedata
import zipfile
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyarabic import araby

from moderation.alphabet import PAGE, SIZE, SPACE, TABLES, Kind

# Letter names of the Arabic block, as the Unicode database spells them, to canonical letters.
# Look-alikes from Persian, Urdu, Kurdish and African spellings stand for the letter they imitate.
_BY_NAME: Final = {
    "ALEF": araby.ALEF,
    "HIGH HAMZA ALEF": araby.ALEF,
    "LOW ALEF": araby.ALEF,
    "ALEF WASLA": araby.ALEF,
    "BEH": araby.BEH, "PEH": araby.BEH, "DOTLESS BEH": araby.BEH, "BEEH": araby.BEH,
    "BEHEH": araby.BEH, "PEHEH": araby.BEH,
    "TEH": araby.TEH, "TTEH": araby.TEH, "TTEHEH": araby.TEH, "TEHEH": araby.TEH,
    "THEH": araby.THEH,
    "JEEM": araby.JEEM, "TCHEH": araby.JEEM, "NYEH": araby.JEEM, "DYEH": araby.JEEM,
    "TCHEHEH": araby.JEEM,
    "HAH": araby.HAH, "KHAH": araby.KHAH,
    "DAL": araby.DAL, "DDAL": araby.DAL, "DAHAL": araby.DAL, "DDAHAL": araby.DAL,
    "DUL": araby.DAL,
    "THAL": araby.THAL,
    "REH": araby.REH, "RREH": araby.REH,
    "ZAIN": araby.ZAIN, "JEH": araby.ZAIN,
    "SEEN": araby.SEEN, "SHEEN": araby.SHEEN, "SAD": araby.SAD, "DAD": araby.DAD,
    "TAH": araby.TAH, "ZAH": araby.ZAH, "AIN": araby.AIN, "GHAIN": araby.GHAIN,
    "FEH": araby.FEH, "DOTLESS FEH": araby.FEH, "VEH": araby.FEH, "AFRICAN FEH": araby.FEH,
    "QAF": araby.QAF, "DOTLESS QAF": araby.QAF, "AFRICAN QAF": araby.QAF,
    "KAF": araby.KAF, "KEHEH": araby.KAF, "SWASH KAF": araby.KAF, "GAF": araby.KAF,
    "NGOEH": araby.KAF, "GUEH": araby.KAF, "NG": araby.KAF,
    "LAM": araby.LAM, "MEEM": araby.MEEM,
    "NOON": araby.NOON, "NOON GHUNNA": araby.NOON, "RNOON": araby.NOON,
    "AFRICAN NOON": araby.NOON,
    "HEH": araby.HEH, "HEH GOAL": araby.HEH, "HEH DOACHASHMEE": araby.HEH, "AE": araby.HEH,
    "TEH MARBUTA": araby.HEH, "TEH MARBUTA GOAL": araby.HEH,
    "WAW": araby.WAW, "U": araby.WAW, "OE": araby.WAW, "KIRGHIZ OE": araby.WAW,
    "YU": araby.WAW, "KIRGHIZ YU": araby.WAW, "VE": araby.WAW, "STRAIGHT WAW": araby.WAW,
    "HIGH HAMZA WAW": araby.WAW,
    "YEH": araby.YEH, "FARSI YEH": araby.YEH, "ALEF MAKSURA": araby.YEH, "E": araby.YEH,
    "YEH BARREE": araby.YEH, "KASHMIRI YEH": araby.YEH, "HIGH HAMZA YEH": araby.YEH,
    "ROHINGYA YEH": araby.YEH,
}  # fmt: skip

_ARABIC_BLOCKS: Final = ((0x600, 0x700), (0x750, 0x780), (0x870, 0x900), (0x10EC0, 0x10F00))
_COMPATIBILITY: Final = (
    (0xA0, 0x250), (0x1E00, 0x1F00), (0x2070, 0x20A0), (0x2100, 0x2190), (0x2460, 0x2500),
    (0xFB00, 0xFB07), (0xFB50, 0xFE00), (0xFE70, 0xFF00), (0xFF00, 0xFFF0),
    (0x1D400, 0x1D800), (0x1EE00, 0x1EF00), (0x1F100, 0x1F200),
)  # fmt: skip
_DROPPED: Final = (
    (0x00, 0x09), (0x0E, 0x1C), (0x7F, 0x85), (0x86, 0xA0), (0xAD, 0xAE), (0x300, 0x370),
    (0x115F, 0x1161), (0x3164, 0x3165), (0xFFA0, 0xFFA1),  # letters that nobody sees
    (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x180B, 0x180F), (0x200B, 0x2010), (0x202A, 0x202F),
    (0x2060, 0x2070), (0x20D0, 0x2100), (0xFE00, 0xFE10), (0xFE20, 0xFE30), (0xFEFF, 0xFF00),
    (0xFFF0, 0xFFFC), (0x1D165, 0x1D183), (0x1F3FB, 0x1F400), (0xE0000, 0xE1000),
)  # fmt: skip
_SYMBOLS: Final = (
    (0x2010, 0x2028), (0x2030, 0x2060), (0x20A0, 0x20D0), (0x2190, 0x2600), (0x2900, 0x2C00),
    (0x2E00, 0x2E80), (0x3000, 0x3040), (0xFE30, 0xFE70),
)  # fmt: skip
_EMOJI: Final = ((0x2600, 0x27C0), (0x2B00, 0x2C00), (0x1F000, 0x1F100), (0x1F1E6, 0x1FB00),
                 (0xE000, 0xF900))  # fmt: skip
_GLUE: Final = "~^+=|`´'’‘¨¬·•∙‧・◦…\\¦"  # noqa: RUF001 -- look-alikes are the point
_SIGNS: Final = "#@$%٪&×!?؟§¤●○■□▪"
_MASKS: Final = "*٭∗⁎✱✲＊﹡"  # noqa: RUF001 -- look-alikes are the point
# Cyrillic and Greek letters drawn like a Latin one.
_LOOK_ALIKE: Final = dict(
    zip(
        "абвгдекмнорстухіѕјѵԁɡΑαΒΕΖΗΙιΚκΜΝΟοΡρΤτΥυΧχ".lower(),
        "abbrdekmhopctyxisjvdgaabezhiikkmnooppttyyxx",
        strict=True,
    )
)


def _blank() -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    fold = np.arange(SIZE, dtype=np.uint32)
    kind = np.full(SIZE, Kind.OTHER, dtype=np.uint8)
    for first, last in _DROPPED:
        kind[first:last] = Kind.DROP
    for first, last in _SYMBOLS:
        kind[first:last] = Kind.SYMBOL
    for first, last in _EMOJI:
        kind[first:last] = Kind.EMOJI
    for code in np.flatnonzero(kind[:0x10000] == Kind.OTHER).tolist():
        kind[code] = _plain_kind(unicodedata.category(chr(code)))
    kind[0xD800:0xE000] = Kind.DROP
    return fold, kind


def _plain_kind(category: str) -> Kind:
    """Return the kind of a character of another script, by its Unicode category."""
    if category in {"Mn", "Me", "Cf"}:
        return Kind.DROP
    return {"Z": Kind.SPACE, "P": Kind.SYMBOL, "S": Kind.SYMBOL}.get(category[0], Kind.OTHER)


def _canonical(char: str) -> tuple[str, Kind]:
    """Return the canonical spelling of one character, possibly several, and its kind."""
    if char in _FIXED:
        return _FIXED[char]
    category = unicodedata.category(char)
    if category in {"Mn", "Me", "Cf"} or char in {araby.HAMZA, "\u0674"}:  # and the high hamza
        return "", Kind.DROP
    if category[0] == "Z" or category == "Cc":
        return " ", Kind.SPACE
    name = unicodedata.name(char, "")
    if name.startswith("ARABIC LETTER "):
        letter = _BY_NAME.get(name.removeprefix("ARABIC LETTER ").split(" WITH ")[0])
        return (letter, Kind.ARABIC) if letter else (char, Kind.OTHER)
    if category == "Nd":
        return str(unicodedata.digit(char)), Kind.DIGIT
    if "a" <= char.lower() <= "z":
        return char.lower(), Kind.LATIN
    return (char, Kind.OTHER) if category[0] == "L" else (" ", Kind.SYMBOL)


_FIXED: Final[dict[str, tuple[str, Kind]]] = (
    {sign: (sign, Kind.GLUE) for sign in _GLUE}
    | {sign: (" ", Kind.SIGN) for sign in _SIGNS}
    | {sign: ("*", Kind.MASK) for sign in _MASKS}
    | {char: ("", Kind.DROP) for char in (*araby.DIACRITICS, *araby.SMALL, araby.TATWEEL)}
    | {char: (latin, Kind.LATIN) for char, latin in _LOOK_ALIKE.items()}
    | {char.upper(): (latin, Kind.LATIN) for char, latin in _LOOK_ALIKE.items()}
    | {"\u0131": ("i", Kind.LATIN), "ø": ("o", Kind.LATIN), "ß": ("ss", Kind.LATIN)}
)


def build() -> tuple[NDArray[np.uint32], NDArray[np.uint8], dict[int, str]]:
    """Return canonical code point and kind per code point, and what ligatures are spelled as."""
    fold, kind = _blank()
    expansions: dict[int, str] = {}
    ranges = ((0x09, 0x7F), (0x85, 0x86), (0x370, 0x530), *_ARABIC_BLOCKS, *_COMPATIBILITY)
    for code in (code for first, last in ranges for code in range(first, last)):
        char = chr(code)
        if kind[code] == Kind.DROP or unicodedata.category(char) == "Cn":
            continue
        source = char if char in _FIXED else unicodedata.normalize("NFKD", char)
        parts = [part for part in map(_canonical, source) if part[1] != Kind.DROP]
        spelling = "".join(text for text, _ in parts)
        if not spelling:
            kind[code] = Kind.DROP
            continue
        kind[code] = max(part[1] for part in parts) if len(parts) > 1 else parts[0][1]
        fold[code] = ord(spelling[0])
        if len(spelling) > 1:
            expansions[code] = spelling
    for char, (spelling, what) in _FIXED.items():
        kind[ord(char)] = what
        fold[ord(char)] = ord(spelling[0]) if spelling else SPACE
    fold[(kind == Kind.SPACE) | (kind == Kind.SYMBOL)] = SPACE
    return fold, kind, expansions


def pages() -> dict[str, NDArray[np.generic]]:
    """Return the tables as the file holds them: each different page of code points once."""
    fold, kind, expansions = build()
    moved = (fold.astype(np.int64) - np.arange(SIZE)).astype(np.int32)
    alnum = np.fromiter((chr(code).isalnum() for code in range(SIZE)), dtype=np.int32, count=SIZE)
    tables = (moved, kind.astype(np.int32), alnum)
    rows = np.concatenate([table.reshape(-1, PAGE) for table in tables], axis=1)
    unique, page = np.unique(rows, axis=0, return_inverse=True)
    if len(unique) > PAGE:
        raise ValueError(f"{len(unique)} pages differ, and their numbers have 8 bits")
    return {
        "page": page.reshape(-1).astype(np.uint8),
        "moved": unique[:, :PAGE].copy(),
        "kind": unique[:, PAGE : 2 * PAGE].astype(np.uint8),
        "alnum": unique[:, 2 * PAGE :].astype(np.uint8),
        "ligatures": np.array(sorted(expansions), dtype=np.uint32),
        "spellings": np.array([expansions[code] for code in sorted(expansions)]),
    }


def write() -> None:
    """Write the file of tables; the same rules give the same bytes."""
    with zipfile.ZipFile(TABLES, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, table in pages().items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as member:
                np.lib.format.write_array(member, table, allow_pickle=False)


if __name__ == "__main__":
    write()
