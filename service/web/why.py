"""Why a comment is held, as one list: each reason with its score and the words that carried it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moderation import Policy


@dataclass(frozen=True, slots=True)
class Word:
    """A marked word and how much it weighs for one reason."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason, or an attribute that is none.

    Parameters
    ----------
    code : str
        Of the attribute or list.
    counts : bool
        Whether it is a reason for the outcome.
    score : float, optional
        Of the attribute; lists have none.
    review_at : float, optional
        From which score on the policy in force holds a comment.
    words : tuple of Word
        Strongest first, each once.
    """

    code: str
    counts: bool
    score: float | None
    review_at: float | None
    words: tuple[Word, ...]


def grounds(
    text: str,
    *,
    scores: Mapping[str, float],
    reasons: Sequence[str],
    spans: Sequence[Mapping[str, Any]],
    policy: Policy,
) -> list[Ground]:
    """Return the reasons in their order, and after them the other attributes, highest first."""
    others = sorted(set(scores) - set(reasons), key=lambda name: (-scores[name], name))
    return [
        Ground(
            code,
            code in reasons,
            scores.get(code),
            policy.thresholds[code].review_at if code in policy.thresholds else None,
            _words(text, (span for span in spans if span["attribute"] == code)),
        )
        for code in [*reasons, *others]
    ]


def _words(text: str, spans: Iterable[Mapping[str, Any]]) -> tuple[Word, ...]:
    best: dict[str, float] = {}
    for span in spans:
        word = text[span["start"] : span["end"]]
        best[word] = max(span["score"], best.get(word, 0.0))
    return tuple(Word(*item) for item in sorted(best.items(), key=lambda item: -item[1]))
