"""The values that travel between scorer, policy and service; no behaviour but their own checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

ATTRIBUTES = ("abusive", "severe", "insult", "obscene", "identity_hate", "threat")
"""The attributes of a score, in the order of every array and table."""


class Action(StrEnum):
    """What happens to a comment, mildest first."""

    APPROVE = "approve"
    REVIEW = "review"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Span:
    """Words of the original text that carried an attribute or matched a list.

    Parameters
    ----------
    start, end : int
        Code points of the original text, `end` exclusive.
    attribute : str
        One of `ATTRIBUTES`, or the reason code of the list that matched.
    score : float
        What the words would score for `attribute` standing alone, in [0, 1]; 1 for a list match.
    """

    start: int
    end: int
    attribute: str
    score: float


class CommentScore(NamedTuple):
    """The scores of one comment; no dataclass, since there is one for every comment of an archive.

    Parameters
    ----------
    scores : mapping of str to float
        Calibrated probability in [0, 1] per attribute, in the order of `ATTRIBUTES`.
    spans : tuple of Span
        The words that carried the scores, by position; empty where nothing stood out.
    model : str
        Version of the model that scored.
    """

    scores: Mapping[str, float]
    spans: tuple[Span, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The action that a policy takes on one scored comment.

    Parameters
    ----------
    action : Action
        What to do with the comment.
    reasons : tuple of str
        Reason codes, strongest first: attributes that reached a threshold, and `banned_word`
        or `suspect_word` where a list matched. Empty for an approval.
    spans : tuple of Span
        The score's spans and the list matches, by position; an approved comment may have some.
    policy : str
        Version of the policy that decided.
    """

    action: Action
    reasons: tuple[str, ...]
    spans: tuple[Span, ...]
    policy: str
