"""From scores to an action: thresholds per attribute and the newsroom's own lists."""

import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

from moderation.errors import PolicyError
from moderation.lists import PhraseList
from moderation.types import ATTRIBUTES, Action, CommentScore, Outcome, Span

BANNED_WORD = "banned_word"
SUSPECT_WORD = "suspect_word"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Inclusive cut-offs of one attribute, ``0 <= review_at <= reject_at <= 1``.

    A `reject_at` of None never rejects: the attribute only sends to review.
    """

    review_at: float
    reject_at: float | None = None

    def __post_init__(self) -> None:
        """Refuse cut-offs outside [0, 1] or in the wrong order."""
        reject_at = 1.0 if self.reject_at is None else self.reject_at
        if not 0 <= self.review_at <= reject_at <= 1:
            raise PolicyError(
                "thresholds must satisfy 0 <= review_at <= reject_at <= 1, "
                f"got review_at={self.review_at}, reject_at={self.reject_at}"
            )

    def decide(self, score: float) -> Action:
        """Return the action for `score`; a score on a threshold counts as above it."""
        if self.reject_at is not None and score >= self.reject_at:
            return Action.REJECT
        return Action.REVIEW if score >= self.review_at else Action.APPROVE


_ORDER = {action: rank for rank, action in enumerate(Action)}


@dataclass(frozen=True, slots=True)
class Policy:
    """A newsroom's rules: what it reviews, what it rejects, and which words it knows itself.

    Parameters
    ----------
    version : str
        Names the policy in every decision; not empty.
    thresholds : mapping of str to Thresholds
        Per attribute; an attribute that is not named never decides.
    suspect, banned, allowed : sequence of str
        Words and phrases, matched in canonical form on whole words with their proclitics.
        Suspect ones send to review, banned ones reject; what an allowed phrase covers,
        its proclitics included, is ignored by both.

    Raises
    ------
    PolicyError
        For an unknown attribute, an empty version or a phrase without a letter.
    TypeError
        If a list is one string, whose letters would be listed.
    """

    version: str
    thresholds: Mapping[str, Thresholds]
    suspect: Sequence[str] = ()
    banned: Sequence[str] = ()
    allowed: Sequence[str] = ()
    _lists: tuple[tuple[str, Action, PhraseList], ...] = field(
        init=False, repr=False, compare=False
    )
    _listed: bool = field(init=False, repr=False, compare=False)
    _allowed: PhraseList = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the lists, so that a bad entry fails when the policy is built."""
        if not self.version:
            raise PolicyError("a policy needs a version")
        for name in self.thresholds:
            if name not in ATTRIBUTES:
                raise PolicyError(f"unknown attribute {name!r}, expected one of {ATTRIBUTES}")
        for name in ("suspect", "banned", "allowed"):
            phrases = getattr(self, name)
            if isinstance(phrases, (str, bytes)):
                raise TypeError(f"{name} takes a list of phrases, not one")
            object.__setattr__(self, name, tuple(phrases))
        compiled = (
            (BANNED_WORD, Action.REJECT, PhraseList(self.banned)),
            (SUSPECT_WORD, Action.REVIEW, PhraseList(self.suspect)),
        )
        object.__setattr__(self, "_lists", compiled)
        object.__setattr__(self, "_listed", bool(self.banned or self.suspect))
        object.__setattr__(self, "_allowed", PhraseList(self.allowed))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a policy from a TOML file.

        Raises
        ------
        PolicyError
            If the file cannot be read or does not describe a policy; the message names the file.
        """
        path = Path(path)
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls.from_document(document)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, PolicyError) as error:
            raise PolicyError(f"{path}: {error}") from error

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Build a policy from the tables `version`, `thresholds` and `lists`.

        Raises
        ------
        PolicyError
            If a key is unknown, missing or of the wrong type.
        """
        _only(document, {"version", "thresholds", "lists"}, "policy")
        lists = _table(document.get("lists", {}), "lists")
        _only(lists, {"suspect", "banned", "allowed"}, "lists")
        version = document.get("version", "")
        if not isinstance(version, str):
            raise PolicyError(f"version must be a string, got {version!r}")
        return cls(
            version=version,
            thresholds={
                name: _thresholds(name, value)
                for name, value in _table(document.get("thresholds", {}), "thresholds").items()
            },
            **{name: _phrases(name, value) for name, value in lists.items()},
        )

    def to_document(self) -> dict[str, Any]:
        """Return what `from_document` takes; the round trip gives an equal policy."""
        return {
            "version": self.version,
            "thresholds": {
                name: {"review_at": cut.review_at}
                | ({} if cut.reject_at is None else {"reject_at": cut.reject_at})
                for name, cut in self.thresholds.items()
            },
            "lists": {
                "suspect": list(self.suspect),
                "banned": list(self.banned),
                "allowed": list(self.allowed),
            },
        }

    def decide(self, text: str, score: CommentScore) -> Outcome:
        """Return the action on a comment, with its reasons and the words behind them."""
        fired = [
            (cut.decide(value), value, name)
            for name, cut in self.thresholds.items()
            if (value := score.scores[name]) >= cut.review_at
        ]
        spans = list(score.spans)
        for reason, action, start, end in self._matches(text):
            fired.append((action, 1.0, reason))
            spans.append(Span(start, end, reason, 1.0))
        spans.sort(key=lambda span: (span.start, span.end))
        if not fired:
            return Outcome(Action.APPROVE, (), tuple(spans), self.version)
        fired.sort(key=lambda each: (-_ORDER[each[0]], -each[1], each[2]))
        reasons = tuple(dict.fromkeys(name for _, _, name in fired))
        return Outcome(fired[0][0], reasons, tuple(spans), self.version)

    def _matches(self, text: str) -> list[tuple[str, Action, int, int]]:
        if not self._listed:
            return []
        allowed = self._allowed.cover(text)
        firsts = [first for first, _ in allowed]
        # How far the phrases reach that begin no later: what ends there or before is inside one.
        reach = [0, *accumulate((last for _, last in allowed), max)]
        return [
            (reason, action, start, end)
            for reason, action, phrases in self._lists
            for start, end in phrases.find(text)
            if end > reach[bisect_right(firsts, start)]
        ]


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise PolicyError(f"unknown key {unknown[0]!r} in {where}, expected {sorted(known)}")


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PolicyError(f"{where} must be a table, got {value!r}")
    return value


def _thresholds(name: str, value: object) -> Thresholds:
    table = _table(value, f"thresholds.{name}")
    _only(table, {"review_at", "reject_at"}, f"thresholds.{name}")
    if "review_at" not in table:
        raise PolicyError(f"thresholds.{name} needs review_at")
    for key, number in table.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise PolicyError(f"thresholds.{name}.{key} must be a number, got {number!r}")
    return Thresholds(**table)


def _phrases(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(phrase, str) for phrase in value):
        raise PolicyError(f"lists.{name} must be a list of strings")
    return tuple(value)
