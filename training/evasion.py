"""Rewrites words the way readers hide them from a filter; the characters come from `data/`."""

import html
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

TABLES_PATH: Final = Path(__file__).parents[1] / "data" / "suites" / "evasion.toml"
_TABLES: Final[dict[str, Any]] = tomllib.loads(TABLES_PATH.read_text(encoding="utf-8"))

Rewrite = Callable[[str, Random], str | None]
Stretch = tuple[int, int]  # code points of a text, the last exclusive

# Letters of the Arabic block without signs of their own, and the marks and tatweel among them.
_WORD: Final = re.compile(r"[\u0621-\u063a\u0640-\u0655\u0670-\u06d3]+")
_MARKS: Final = re.compile(r"[\u0640\u064b-\u0655\u0670]")
_SHORTEST: Final = 3  # of a word of two letters nothing can be hidden and still be read
_LAM: Final = "ل"


def _letters(word: str, shortest: int = _SHORTEST) -> str | None:
    """Return the bare letters of an Arabic word; None for another or a shorter word."""
    bare = _MARKS.sub("", word)
    return bare if _WORD.fullmatch(word) and len(bare) >= shortest else None


def _between(word: str, random: Random, *, signs: Sequence[str]) -> str | None:
    if (bare := _letters(word)) is None:
        return None
    sign = random.choice(signs)
    # Letters spaced apart need a wider space around them, or nobody could read the words.
    return sign + sign.join(bare) + sign if html.unescape(sign).isspace() else sign.join(bare)


def _split(word: str, random: Random, *, signs: Sequence[str]) -> str | None:
    if (bare := _letters(word)) is None:
        return None
    place = random.randrange(1, len(bare))
    return bare[:place] + random.choice(signs) + bare[place:]


def _mask(word: str, random: Random, *, signs: Sequence[str]) -> str | None:
    if (bare := _letters(word)) is None:
        return None
    # An article is no hiding place: the word after it can be read.
    first = 3 if bare.startswith("ال") and len(bare) > 4 else 1
    place = random.randrange(first, len(bare) - 1)
    return bare[:place] + random.choice(signs) + bare[place + 1 :]


def _harakat(word: str, random: Random) -> str | None:
    marks = _TABLES["marks"]["harakat"]
    bare = _letters(word)
    return bare and "".join(letter + random.choice(marks) for letter in bare)


def _tatweel(word: str, random: Random) -> str | None:
    bare = _letters(word)
    return bare and bare[0] + "".join("ـ" * random.randint(1, 3) + each for each in bare[1:])


def _repeat(word: str, random: Random, *, least: int, most: int) -> str | None:
    """Write one letter several times; not the lam of an article, which nobody stretches."""
    if (bare := _letters(word)) is None:
        return None
    place = random.randrange(2 if bare.startswith("ال") else 0, len(bare))
    return bare[:place] + bare[place] * random.randint(least, most) + bare[place + 1 :]


def _swap(
    word: str, random: Random, *, letters: Mapping[str, Sequence[str]], every: bool
) -> str | None:
    """Put other characters in the place of all letters that have one, or of one of them."""
    bare = _letters(word)
    places = [i for i, letter in enumerate(bare or "") if letter in letters]
    if not bare or not places:
        return None
    chosen = places if every else [random.choice(places)]
    return "".join(
        random.choice(letters[letter]) if i in chosen else letter for i, letter in enumerate(bare)
    )


def _glue(word: str, random: Random, *, heads: Sequence[str]) -> str | None:
    bare = _letters(word, 2)
    return bare and random.choice(heads) + (bare.removeprefix("ال") if len(bare) > 4 else bare)


def _presentation(word: str, random: Random) -> str | None:
    """Write every letter in a form that no keyboard has: that of its place, or standing alone."""
    if (bare := _letters(word)) is None:
        return None
    places = ["INITIAL", *["MEDIAL"] * (len(bare) - 2), "FINAL"]
    if random.random() < 0.5:
        places = ["ISOLATED"] * len(bare)
    return "".join(_form(*each) for each in zip(bare, places, strict=True))


def _form(letter: str, place: str) -> str:
    name = unicodedata.name(letter)
    for form in (place, "FINAL", "ISOLATED"):
        try:
            return unicodedata.lookup(f"{name} {form} FORM")
        except KeyError:  # letters that do not join to the left have two forms
            continue
    return letter


def _arabizi(
    word: str, random: Random, *, vowels: Sequence[str], letters: Mapping[str, Sequence[str]]
) -> str | None:
    """Spell a word in Latin letters, with a vowel wherever two consonants would meet unsaid."""
    bare = _letters(word)
    if bare is None or any(letter not in letters for letter in bare):
        return None
    spelled: list[str] = []
    bound = True  # whether the next pair of consonants needs a vowel
    for i, letter in enumerate(bare):
        spelled.append(random.choice(letters[letter]))
        following = bare[i + 1 : i + 2]
        if letter in _SOFT or not following or following in _SOFT:
            bound = False
        elif bound or random.random() < 0.3:
            spelled.append(random.choice(vowels))
            bound = False
        else:
            bound = True
    return "".join(spelled)


_SOFT: Final = "اأإآويىة"


def _entities(word: str, random: Random) -> str | None:
    if (bare := _letters(word)) is None:
        return None
    form = random.choice(("&#{};", "&#x{:x};", "&#x{:X};"))
    hidden = random.sample(range(len(bare)), random.randint(1, len(bare)))
    return "".join(
        form.format(ord(letter)) if i in hidden else letter for i, letter in enumerate(bare)
    )


def _tags(word: str, random: Random) -> str | None:
    if (bare := _letters(word)) is None:
        return None
    place = random.randrange(len(bare) - 1)
    tag: str = random.choice(_TABLES["tags"]["html_tags"])
    return bare[:place] + tag.format(bare[place]) + bare[place + 1 :]


def _mixed(word: str, random: Random) -> str | None:
    """Change letters first, then set marks or signs between them."""
    changed = _rewrite_one(word, random, ("persian", "urdu", "kurdish", "alef", "stretched"))
    result = _rewrite_one(
        changed or word, random, ("harakat", "tatweel", "zero_width", "dots", "spaces", "stars")
    )
    return result or changed


def _rewrite_one(word: str, random: Random, names: Sequence[str]) -> str | None:
    return REWRITES[random.choice(names)](word, random)


def _from_tables() -> dict[str, Rewrite]:
    signs: dict[str, Rewrite] = {}
    for section, function in (("between", _between), ("split", _split), ("mask", _mask)):
        signs |= {name: partial(function, signs=v) for name, v in _TABLES[section].items()}
    one = {"chat_digits", "latin"}  # a word with all its letters changed is another word
    swaps = {
        name: partial(_swap, letters=letters, every=name not in one)
        for name, letters in _TABLES["letters"].items()
    }
    glued = {name: partial(_glue, heads=heads) for name, heads in _TABLES["glued"].items()}
    latin = {name: partial(_arabizi, **table) for name, table in _TABLES["arabizi"].items()}
    return signs | swaps | glued | latin


REWRITES: Final[dict[str, Rewrite]] = _from_tables() | {
    "harakat": _harakat,
    "tatweel": _tatweel,
    "stretched": partial(_repeat, least=3, most=7),
    "doubled": partial(_repeat, least=2, most=2),
    "presentation_forms": _presentation,
    "html_entities": _entities,
    "html_tags": _tags,
    "mixed": _mixed,
}
"""Every rewrite by name: takes a word, returns how it is hidden, or None where it cannot be."""

LEARNED: Final = (
    "masked_star", "masked_sign", "split_space", "split_line", "doubled", "ta_marbuta",
    "chat_digits", "eastern_digits", *_TABLES["glued"],
)  # fmt: skip
"""The rewrites that the canonical form cannot undo, or not wholly: a model has to learn them.

Those in Latin letters are not among them: see `training.disguise`.
"""


def rewrite(text: str, span: Stretch, name: str, seed: int) -> str | None:
    """Rewrite the words of one stretch of a text.

    Parameters
    ----------
    text : str
        A comment.
    span : tuple of int
        First and last code point of the stretch, the last exclusive.
    name : str
        A key of `REWRITES`.
    seed : int
        The same arguments give the same text.

    Returns
    -------
    str or None
        The text with that stretch rewritten; None where no word of it can be.

    Raises
    ------
    ValueError
        If there is no rewrite of that name.
    """
    return rewrite_all(text, [span], name, seed)


def rewrite_all(text: str, spans: Sequence[Stretch], name: str, seed: int) -> str | None:
    """Rewrite the words of several stretches, which may overlap; see `rewrite`."""
    if name not in REWRITES:
        raise ValueError(f"unknown rewrite {name!r}, expected one of {sorted(REWRITES)}")
    # Not for secrets; the seed takes the name, else all rewrites would draw alike.
    random = Random(f"{seed} {name}")  # noqa: S311
    places = {i for start, end in spans for i in range(start, end)}
    parts: list[str] = []
    done = 0
    for match in _WORD.finditer(text):
        if places.isdisjoint(range(*match.span())):
            continue
        hidden = REWRITES[name](match.group(), random)
        if hidden is not None and hidden != match.group():
            parts += text[done : match.start()], hidden
            done = match.end()
    return "".join(parts) + text[done:] if done else None


def words_of(text: str) -> list[Stretch]:
    """Return where the Arabic words of a text stand that a rewrite can hide."""
    return [m.span() for m in _WORD.finditer(text) if _letters(m.group()) is not None]


def draw_words(text: str, random: Random) -> list[Stretch]:
    """Draw one or two words of a text; none where it has none that can be rewritten."""
    words = words_of(text)
    return random.sample(words, min(len(words), random.randint(1, 2)))
