"""The one place where the service scores and decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from moderation import CommentScore, Outcome, Policy, Scorer
from moderation.policy import BANNED_WORD, SUSPECT_WORD
from service.rules import Rules

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model and the policy say about one text."""

    score: CommentScore
    outcome: Outcome

    @property
    def source(self) -> str:
        """Who decided: the newsroom's list where its word weighed most, else the model."""
        listed = self.outcome.reasons[:1] in {(BANNED_WORD,), (SUSPECT_WORD,)}
        return "list" if listed else "model"

    @property
    def scores(self) -> dict[str, float]:
        """The score of each attribute, as it is answered and stored."""
        return dict(self.score.scores)

    @property
    def spans(self) -> list[dict[str, Any]]:
        """The words behind the reasons, offsets in code points."""
        return [
            {
                "start": span.start,
                "end": span.end,
                "attribute": span.attribute,
                "score": round(span.score, _DIGITS),
            }
            for span in self.outcome.spans
        ]

    def to_document(self) -> dict[str, Any]:
        """Return the part of an answer that is about the text."""
        return {
            "action": self.outcome.action.value,
            "scores": self.scores,
            "reasons": list(self.outcome.reasons),
            "spans": self.spans,
            "model": self.score.model,
            "policy": self.outcome.policy,
        }


@dataclass(frozen=True, slots=True)
class Judge:
    """A scorer and the policy in force.

    Parameters
    ----------
    scorer : Scorer
    policy : Policy
    rules : Rules
        What the newsroom does beside scores and lists.
    observe : callable
        Told of all judgements, for the metrics.
    """

    scorer: Scorer
    policy: Policy
    rules: Rules = field(default_factory=Rules)
    observe: Callable[[Sequence[Judgement]], None] = lambda judgements: None

    def judge(self, texts: Sequence[str], *, spans: bool = True) -> list[Judgement]:
        """Return one judgement per text, in the same order; `spans` as for `Scorer.score`."""
        scores = self.scorer.score(texts, spans=spans)
        judgements = [
            Judgement(score, self.policy.decide(text, score))
            for text, score in zip(texts, scores, strict=True)
        ]
        self.observe(judgements)
        return judgements
