"""Scores Arabic reader comments and decides what happens to them: text in, scores and spans out."""

from moderation._version import __version__ as __version__
from moderation.errors import ModelError, ModerationError, PolicyError
from moderation.policy import Policy, Thresholds
from moderation.scorer import Scorer, load_scorer
from moderation.types import ATTRIBUTES, Action, CommentScore, Outcome, Span

__all__ = [
    "ATTRIBUTES",
    "Action",
    "CommentScore",
    "ModelError",
    "ModerationError",
    "Outcome",
    "Policy",
    "PolicyError",
    "Scorer",
    "Span",
    "Thresholds",
    "load_scorer",
]
