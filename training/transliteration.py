"""Learns which Arabic letters a Latin one stands for, between which others.

Of the words that `moderation/readings.txt` reads, those are taken that are spellings, letter by
letter, of what they are read as; words of other languages are not. Each Latin letter stands for two
Arabic ones at most, or for none, so that the likeliest way to lay one word beside the other is
found step by step (Viterbi training: hard expectation maximisation, begun with the rules'
spellings).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from moderation.latin import TRANSLITERATION_PATH, ways_of
from moderation.lexicon import FINAL, LOOSE

_MOST: Final = 2  # Arabic letters that a Latin one stands for
_ROUNDS: Final = 2  # a third changes next to nothing
_UNSEEN: Final = 9.0  # nats that what never stood for a letter costs
# Nats a letter: what costs more is a word of another language, told by what it means.
_DEAREST: Final = 2.5
_LEAST: Final = 4  # times that letters stand beside each other, or they say nothing
_SILENT: Final = "aeiouhw"  # what is often not written in Arabic
_HEAD: Final = """\
# Which Arabic letters a Latin one stands for: the second of three, the first of two, or by itself;
# _ is an end of the word. What a shorter line says as well is left out. Learned from readings.txt:
# ghirbal-train transliteration.
"""

Costs = Mapping[str, Mapping[str, float]]


def learn_transliteration(readings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Learn what Latin letters stand for.

    Parameters
    ----------
    readings : iterable of (str, str)
        Words in Latin letters, and each in Arabic ones; readings of several words are left out.

    Returns
    -------
    dict
        As `moderation.latin.transliterate` wants it, without what shorter keys say as well.
    """
    pairs = [(latin, arabic) for latin, arabic in readings if " " not in arabic]
    costs = _costs(_first_guess())
    around: dict[str, Counter[str]] = {}
    for _ in range(_ROUNDS):
        around = defaultdict(Counter)
        for latin, arabic in pairs:
            # Nothing is laid beside a word that is no spelling.
            for ways, part in zip(ways_of(latin), _align(latin, arabic, costs), strict=False):
                for way in ways:
                    around[way][part] += 1
        costs = _costs({way: counts for way, counts in around.items() if len(way) == 1})
    return _without_what_follows(
        {
            way: min(counts, key=lambda part: (-counts[part], part))
            for way, counts in around.items()
            if counts.total() >= _LEAST
        }
    )


def write_transliteration(letters: Mapping[str, str], path: Path = TRANSLITERATION_PATH) -> None:
    """Write what letters stand for, one line for each."""
    lines = (f"{way} = {letters[way]}".rstrip() + "\n" for way in sorted(letters))
    path.write_text(_HEAD + "".join(lines), encoding="utf-8")


def _first_guess() -> dict[str, Counter[str]]:
    """Count a letter for each spelling of the rules that it stands in."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for table in (LOOSE, FINAL):
        for arabic, spellings in table.items():
            for latin in spellings.replace(" ", ""):
                counts[latin][arabic] += 1
    for latin in _SILENT:
        counts[latin][""] += 1
    return counts


def _costs(counts: Mapping[str, Counter[str]]) -> Costs:
    return {
        latin: {part: -math.log(n / (parts.total() + 1)) for part, n in parts.items()}
        for latin, parts in counts.items()
    }


def _align(latin: str, arabic: str, costs: Costs) -> list[str]:
    """Return what each Latin letter stands for; nothing where the word is no spelling."""
    # By how many letters of the Arabic word are used up: the least cost, and the parts.
    ways: dict[int, tuple[float, tuple[str, ...]]] = {0: (0.0, ())}
    for letter in latin:
        of_letter = costs.get(letter, {})
        reached: dict[int, tuple[float, tuple[str, ...]]] = {}
        for used, (cost, parts) in ways.items():
            for n in range(min(_MOST, len(arabic) - used) + 1):
                part = arabic[used : used + n]
                more = cost + of_letter.get(part, _UNSEEN)
                if used + n not in reached or more < reached[used + n][0]:
                    reached[used + n] = more, (*parts, part)
        ways = reached
    cost, parts = ways.get(len(arabic), (math.inf, ()))
    return list(parts) if cost <= _DEAREST * len(latin) else []


def _without_what_follows(letters: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for way in sorted(letters, key=lambda way: (len(way), way)):
        # Of three letters the second is told by it and the third, of two by the first.
        shorter = (way[1:], way[1]) if len(way) == 3 else (way[0],) if len(way) == 2 else ()
        if next((kept[each] for each in shorter if each in kept), None) != letters[way]:
            kept[way] = letters[way]
    return kept
