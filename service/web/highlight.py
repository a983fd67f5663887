"""A text as it was written, cut into pieces: marked words, and what would hide made visible."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

# Controls would do their work unseen, among them those that turn the direction of what follows
# and those that cut a word in two for a filter. Marks of direction and joiners are no such
# thing: phones put them into ordinary Arabic text.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)

# A letter under hundreds of marks is a tower over the whole page: this many are drawn. No
# spelling puts more than four onto one letter.
_MARKS_DRAWN = 4
# Candidates, quickly: marks are not letters; the rest is for `unicodedata`.
_PILE = re.compile(rf"[^\w\s!-~]{{{_MARKS_DRAWN + 2},}}")

# Browsers take half a minute to break a word of ten thousand joined letters anew.
_LONGEST = 100
_STRETCH = re.compile(rf"\S{{{_LONGEST + 1},}}")

_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+")


@dataclass(frozen=True, slots=True)
class Why:
    """An attribute or a list, and how much a word weighs for it."""

    attribute: str
    score: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text under the same marks.

    `control` stands for what is not shown as it is; `opens` and `closes` say where a web address
    begins and ends, which keeps its own direction; a line may be broken after one that `breaks`.
    """

    text: str
    whys: tuple[Why, ...] = ()
    control: str | None = None
    opens: bool = False
    closes: bool = False
    breaks: bool = False

    @property
    def strength(self) -> str:
        """How much the strongest mark weighs, as a class of the style sheet."""
        return "strong" if self.whys[0].score >= 0.7 else "weak"


def pieces(text: str, spans: Sequence[Mapping[str, Any]]) -> list[Piece]:
    """Cut `text` where a mark or a control begins or ends; put together it is whole again."""
    cuts = {0, len(text)}
    for span in spans:
        cuts.update((min(span["start"], len(text)), min(span["end"], len(text))))
    for match in _CONTROL.finditer(text):
        cuts.update(match.span())
    addresses = [match.span() for match in _ADDRESS.finditer(text)]
    piles = list(_piles(text))
    cuts.update(cut for pair in (*addresses, *piles) for cut in pair)
    piled = {at for first, last in piles for at in range(first, last)}
    begins, ends = {start for start, _ in addresses}, {end for _, end in addresses}
    breaks = set(_breaks(text))
    return [
        Piece(
            text[start:end],
            _whys(span for span in spans if span["start"] <= start and end <= span["end"]),
            _control(text[start:end], piled=start in piled),
            start in begins,
            end in ends,
            end in breaks,
        )
        for start, end in pairwise(sorted(cuts | breaks))
    ]


def direction(text: str) -> str:
    """Return the direction in which most words of `text` are written.

    Not that of its first letter, which browsers go by: an Arabic comment may begin with a Latin
    name, and an address is one word, however long.
    """
    first = (_first_strong(word) for word in text.split())
    latin = sum(1 if kind == "L" else -1 for kind in first if kind)
    return "ltr" if latin > 0 else "rtl"


def _first_strong(word: str) -> str | None:
    kinds = map(unicodedata.bidirectional, word)
    return next((kind for kind in kinds if kind in {"L", "R", "AL"}), None)


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in {"Mn", "Me"}


def _piles(text: str) -> Iterator[tuple[int, int]]:
    """Yield where marks begin and end that are not drawn, of letters that bear too many."""
    for match in _PILE.finditer(text):
        for piled, run in groupby(range(*match.span()), lambda at: _is_mark(text[at])):
            places = list(run)
            if piled and len(places) > _MARKS_DRAWN + 1:
                yield places[_MARKS_DRAWN], places[-1] + 1


def _breaks(text: str) -> Iterator[int]:
    """Yield where a line may be broken in what has no space, but never before a mark."""
    for match in _STRETCH.finditer(text):
        for at in range(match.start() + _LONGEST, match.end(), _LONGEST):
            if not _is_mark(text[at]):
                yield at


def _control(shown: str, *, piled: bool) -> str | None:
    if piled:
        same = len(set(shown)) == 1
        return f"{f'U+{ord(shown[0]):04X}' if same else '◌'} ×{len(shown)}"
    return f"U+{ord(shown):04X}" if _CONTROL.fullmatch(shown) else None


def _whys(spans: Any) -> tuple[Why, ...]:  # noqa: ANN401 - any iterable of stored spans
    best: dict[str, float] = {}
    for span in spans:
        best[span["attribute"]] = max(span["score"], best.get(span["attribute"], 0.0))
    ordered = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Why(attribute, score) for attribute, score in ordered)
