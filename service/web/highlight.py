"""A comment's original text cut into pieces: marked words, and controls made visible."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

# Controls would do their work unseen, among them those that turn the direction of what follows.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+")


@dataclass(frozen=True, slots=True)
class Why:
    """An attribute or a list, and how much a word weighs for it."""

    attribute: str
    score: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text under the same marks.

    `control` names a character that is not shown; `opens` and `closes` say where a web address
    begins and ends, which keeps its own direction.
    """

    text: str
    whys: tuple[Why, ...] = ()
    control: str | None = None
    opens: bool = False
    closes: bool = False

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
    cuts.update(cut for address in addresses for cut in address)
    begins, ends = {start for start, _ in addresses}, {end for _, end in addresses}
    return [
        replace(
            _piece(text, spans, start=start, end=end), opens=start in begins, closes=end in ends
        )
        for start, end in pairwise(sorted(cuts))
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


def _piece(text: str, spans: Sequence[Mapping[str, Any]], *, start: int, end: int) -> Piece:
    shown = text[start:end]
    control = f"U+{ord(shown):04X}" if _CONTROL.fullmatch(shown) else None
    covering = (span for span in spans if span["start"] <= start and end <= span["end"])
    return Piece(shown, _whys(covering), control)


def _whys(spans: Any) -> tuple[Why, ...]:  # noqa: ANN401 - any iterable of stored spans
    best: dict[str, float] = {}
    for span in spans:
        best[span["attribute"]] = max(span["score"], best.get(span["attribute"], 0.0))
    ordered = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Why(attribute, score) for attribute, score in ordered)
