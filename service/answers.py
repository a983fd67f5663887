"""The shapes of answers, for the description of the API; the tests hold real answers to them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from moderation import Action


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(_Answer):
    """What was wrong: `type` for programs, `message` for people, `field` says where."""

    type: str
    message: str
    field: str | None = None


class ErrorAnswer(_Answer):
    """An error."""

    error: Problem


class SpanAnswer(_Answer):
    """Words behind a reason: code points of the original text, `end` excluded."""

    start: int
    end: int
    attribute: str
    score: float


class ScoresAnswer(_Answer):
    """Probability from 0 to 1 that a reader would apply the label."""

    abusive: float
    severe: float
    insult: float
    obscene: float
    identity_hate: float
    threat: float


class ScoreAnswer(_Answer):
    """What the model and the policy say about a text."""

    id: str | int | None
    action: Action
    scores: ScoresAnswer
    reasons: list[str]
    spans: list[SpanAnswer]
    model: str
    policy: str


class ItemError(_Answer):
    """What was wrong with one comment of a batch."""

    id: str | int | None
    error: Problem


class BatchAnswer(_Answer):
    """One result per comment, in the order in which they were sent."""

    results: list[ScoreAnswer | ItemError]


class StandingAnswer(ScoreAnswer):
    """Where a stored comment stands."""

    id: str


class AuthorAnswer(_Answer):
    """Who wrote a comment, as the site knows them."""

    id: str | None
    name: str | None


class ArticleAnswer(_Answer):
    """The page under which a comment stands."""

    id: str | None
    title: str | None
    url: str | None
    section: str | None


class QueuedAnswer(StandingAnswer):
    """A comment in the review queue."""

    text: str
    author: AuthorAnswer
    article: ArticleAnswer
    parent_id: str | None
    created_at: str
    received_at: str
    revision: int
    flags: int
    script: Literal["arabic", "latin", "mixed", "none"]


class RevisionAnswer(_Answer):
    """One text of a comment."""

    number: int
    text: str
    created_at: str


class MadeDecision(_Answer):
    """A decision on a comment."""

    revision: int
    action: Action
    reasons: list[str]
    source: Literal["model", "moderator", "list", "import", "rule"]
    by: str | None
    model: str
    policy: str
    note: str | None
    batch_id: str | None
    until_edited: bool
    created_at: str


class DecisionAnswer(MadeDecision):
    """The decision that was just made."""

    id: str


class DeletionFact(_Answer):
    """That a comment was deleted on request."""

    requested_by: Literal["author", "site", "retention"]
    deleted_at: str


class DeletionAnswer(DeletionFact):
    """The comment that was deleted."""

    id: str


class FlagAnswer(_Answer):
    """How many readers have flagged a comment, and where it stands."""

    id: str
    flags: int
    action: Action


class PreviewAnswer(_Answer):
    """What a filter would decide on; send `up_to` with it to do so."""

    count: int
    sample: list[str]
    up_to: int


class BulkAnswer(_Answer):
    """What was decided on; `batch_id` takes it back, null where nothing was decided."""

    batch_id: str | None
    decided: int
    passed_over: int
    left: int


class UndoneAnswer(_Answer):
    """How many comments are in review again."""

    undone: int


class StoredBatchAnswer(_Answer):
    """One result per comment, in the order in which they were sent."""

    results: list[StandingAnswer | ItemError]


class CommentAnswer(QueuedAnswer):
    """A comment with all its texts and decisions."""

    revisions: list[RevisionAnswer]
    decisions: list[MadeDecision]
    deletion: DeletionFact | None


class CountsAnswer(_Answer):
    """How many comments wait, and how many of them the filter leaves."""

    review: int
    matching: int


class QueueAnswer(_Answer):
    """A page of the review queue; `next` goes into `after` for the following one."""

    comments: list[QueuedAnswer]
    next: str | None
    counts: CountsAnswer


class HealthAnswer(_Answer):
    """The process lives."""

    status: Literal["ok"]


class ReadyAnswer(_Answer):
    """Whether the service can do its work; scoring is degraded after late or failed answers."""

    status: Literal["ready", "unavailable"]
    model: str
    policy: str
    database: str
    scoring: Literal["ok", "degraded"]
