"""Taking comments in: text, score, decision and state in one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from moderation import Action
from service.articles import article_of
from service.authors import hold_by_author
from service.comments import find_current, standing
from service.database import writing
from service.edits import decide_edit
from service.errors import ApiError
from service.judge import Judge, Judgement
from service.newsroom_errors import gone
from service.outbox import announce
from service.rules import Rules
from service.schema import AuthorIn, CommentIn
from service.script import script_of
from service.search import index_texts
from service.tables import DEFAULT_SITE, Comment, Decision, Revision, Score

_ATTEMPTS = 3

# Statements of every request are built once: building one costs more than running it.
_LOCK = (
    select(Comment.id)
    .where(Comment.site_id == bindparam("site_id"), Comment.external_id == bindparam("external_id"))
    .with_for_update()
)
_NEW_COMMENT = insert(Comment).returning(Comment.id)
_NEW_REVISION = insert(Revision)
_NEW_SCORE = insert(Score)
_NEW_DECISION = insert(Decision).returning(Decision.id)

Stored = tuple[dict[str, Any], bool]
"""Where a comment stands, and whether it was new."""


def ingest(
    engine: Engine, judge: Judge, comment: CommentIn, *, site_id: int = DEFAULT_SITE
) -> Stored:
    """Store and decide a comment, or an edit of it; the same text again changes nothing.

    Raises
    ------
    ApiError
        If the comment was deleted on request: it does not come back.
    """
    (stored,) = ingest_all(engine, judge, [comment], site_id=site_id)
    if isinstance(stored, ApiError):
        raise stored
    return stored


def ingest_all(
    engine: Engine, judge: Judge, comments: Sequence[CommentIn], *, site_id: int = DEFAULT_SITE
) -> list[Stored | ApiError]:
    """Store and decide comments in one transaction.

    Returns
    -------
    list
        For each what `ingest` returns, or the error that it raises.
    """
    with engine.connect() as connection:
        known = [_known(connection, site_id, comment) for comment in comments]
    if all(known):
        return [(each, False) for each in known if each is not None]
    # Scored before the write begins: the database has one writer at a time.
    judgements = judge.judge([comment.text for comment in comments])
    for _ in range(_ATTEMPTS - 1):
        try:
            return _store_all(engine, comments, judgements, rules=judge.rules, site_id=site_id)
        except IntegrityError:
            # On PostgreSQL two requests may bring the same new comment or article at once; the
            # one that came second finds it stored when it looks again.
            continue
    return _store_all(engine, comments, judgements, rules=judge.rules, site_id=site_id)


def _known(connection: Connection, site_id: int, comment: CommentIn) -> dict[str, Any] | None:
    current = find_current(connection, site_id, comment.id)
    if current is None or current["text"] != comment.text:
        return None
    return standing(connection, current)


def _store_all(
    engine: Engine,
    comments: Sequence[CommentIn],
    judgements: Sequence[Judgement],
    *,
    rules: Rules,
    site_id: int,
) -> list[Stored | ApiError]:
    made: list[dict[str, Any]] = []
    with writing(engine) as connection:
        stored = [
            _store(connection, comment, judgement, rules=rules, site_id=site_id, made=made)
            for comment, judgement in zip(comments, judgements, strict=True)
        ]
        announce(connection, made)
    return stored


def _store(
    connection: Connection,
    comment: CommentIn,
    judgement: Judgement,
    *,
    rules: Rules,
    site_id: int,
    made: list[dict[str, Any]],
) -> Stored | ApiError:
    # By itself: after a wait PostgreSQL would join the new comment to its old text.
    connection.execute(_LOCK, {"site_id": site_id, "external_id": comment.id})
    current = find_current(connection, site_id, comment.id)
    if current is not None and current["text"] == comment.text:
        return standing(connection, current), False
    # No comment comes without a text: this one was taken away.
    if current is not None and not current["text"]:
        return gone()
    now = datetime.now(UTC)
    state = _state(judgement) | _described(connection, comment, site_id=site_id)
    author_id = comment.author.id if comment.author else None
    decided = hold_by_author(
        connection, rules, _decided(judgement), site_id=site_id, author_id=author_id
    )
    state["action"] = decided["action"]
    if current is None:
        new = {"site_id": site_id, "external_id": comment.id, "received_at": now, "revision": 1}
        first = {"created_at": now} | new | {"script": script_of(comment.text)}
        comment_id = int(connection.execute(_NEW_COMMENT, first | state).scalar_one())
        number = 1
    else:
        comment_id, number = current["id"], int(current["revision"]) + 1
        decided = decide_edit(connection, current, judgement, text=comment.text, decided=decided)
        state |= {"action": decided["action"], "revision": number, "settled": False}
        state |= {"escalated": False, "script": script_of(comment.text)}
        connection.execute(update(Comment).where(Comment.id == comment_id).values(state))
    revision = {"comment_id": comment_id, "number": number}
    connection.execute(_NEW_REVISION, revision | {"text": comment.text, "created_at": now})
    of_revision = {"comment_id": comment_id, "revision": number, "created_at": now}
    document = judgement.to_document()
    found = {name: document[name] for name in ("model", "scores", "spans")}
    connection.execute(_NEW_SCORE, of_revision | found)
    decision = of_revision | decided
    number = connection.execute(_NEW_DECISION, decision).scalar_one()
    made.append(decision | {"id": number})
    if decided["action"] == Action.REVIEW:
        index_texts(connection, [(comment_id, comment.text)])
    told = {name: decided[name] for name in ("action", "reasons")}
    return {"id": comment.id} | document | told, current is None


def _state(judgement: Judgement) -> dict[str, Any]:
    scores = judgement.scores
    highest = max(scores.values())
    # A coin's toss is 1, certainty in either direction 0.
    uncertainty = 1 - abs(2 * highest - 1)
    action = judgement.outcome.action.value
    return {"action": action, "score": highest, "uncertainty": uncertainty} | scores


def _decided(judgement: Judgement) -> dict[str, Any]:
    document = judgement.to_document()
    decided = {name: document[name] for name in ("action", "reasons", "model", "policy")}
    return decided | {"source": judgement.source}


def _described(connection: Connection, comment: CommentIn, *, site_id: int) -> dict[str, Any]:
    """Return the columns that the site described; what it left out is not overwritten."""
    author = comment.author or AuthorIn()
    columns = {
        "author_id": author.id,
        "author_name": author.name,
        "parent_external_id": comment.parent_id,
        "created_at": comment.created_at,
    }
    described = {name: value for name, value in columns.items() if value is not None}
    return described | article_of(connection, comment.article, site_id=site_id)
