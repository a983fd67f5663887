"""Writing comments and decisions: text, score, decision and state in one transaction."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from service.comments import decisions, find_current, standing
from service.database import writing
from service.judge import Judge, Judgement
from service.keys import Caller
from service.schema import ArticleIn, AuthorIn, CommentIn, DecisionIn
from service.tables import Article, Comment, Decision, Revision, Score

_ATTEMPTS = 3

# Statements of every request are built once: building one costs more than running it.
_LOCK = select(Comment.id).where(Comment.external_id == bindparam("external_id")).with_for_update()
_ARTICLE = select(Article.id, Article.title, Article.url).where(
    Article.external_id == bindparam("external_id")
)
_NEW_ARTICLE = insert(Article).returning(Article.id)
_NEW_COMMENT = insert(Comment).returning(Comment.id)
_NEW_REVISION = insert(Revision)
_NEW_SCORE = insert(Score)
_NEW_DECISION = insert(Decision)


def ingest(engine: Engine, judge: Judge, comment: CommentIn) -> tuple[dict[str, Any], bool]:
    """Store and decide a comment, or an edit of it; the same text again changes nothing.

    Returns
    -------
    tuple of dict and bool
        Where the comment stands, and whether it was new.
    """
    with engine.connect() as connection:
        current = find_current(connection, comment.id)
        if current is not None and current["text"] == comment.text:
            return standing(connection, current), False
    # Scored before the write begins: the database has one writer at a time.
    (judgement,) = judge.judge([comment.text])
    for _ in range(_ATTEMPTS - 1):
        try:
            return _store(engine, comment, judgement)
        except IntegrityError:
            # On PostgreSQL two requests may bring the same new comment or article at once; the
            # one that came second finds it stored when it looks again.
            continue
    return _store(engine, comment, judgement)


def decide(
    engine: Engine, external_id: str, *, decision: DecisionIn, caller: Caller
) -> dict[str, Any] | None:
    """Append a moderator's decision; None if there is no such comment."""
    with writing(engine) as connection:
        connection.execute(_LOCK, {"external_id": external_id})
        current = find_current(connection, external_id)
        if current is None:
            return None
        # What the moderator had before them when deciding.
        before = standing(connection, current)
        row = {
            "comment_id": current["id"],
            "revision": current["revision"],
            "action": decision.action.value,
            "reasons": [decision.reason] if decision.reason else [],
            "source": "moderator",
            "api_key_id": caller.key_id,
            "model": before["model"],
            "policy": before["policy"],
            "note": decision.note,
            "created_at": datetime.now(UTC),
        }
        connection.execute(_NEW_DECISION, row)
        connection.execute(
            update(Comment)
            .where(Comment.id == current["id"])
            .values(action=row["action"], escalated=False)
        )
        return {"id": external_id} | decisions(connection, current["id"])[-1]


def _store(engine: Engine, comment: CommentIn, judgement: Judgement) -> tuple[dict[str, Any], bool]:
    now = datetime.now(UTC)
    with writing(engine) as connection:
        # By itself: after a wait PostgreSQL would join the new comment to its old text.
        connection.execute(_LOCK, {"external_id": comment.id})
        current = find_current(connection, comment.id)
        if current is not None and current["text"] == comment.text:
            return standing(connection, current), False
        state = {
            "revision": 1 if current is None else int(current["revision"]) + 1,
            "action": judgement.outcome.action.value,
            "score": max(judgement.scores.values()),
        } | _described(connection, comment)
        if current is None:
            first = {"created_at": now, "external_id": comment.id, "received_at": now}
            comment_id = connection.execute(_NEW_COMMENT, first | state).scalar_one()
        else:
            comment_id = current["id"]
            connection.execute(update(Comment).where(Comment.id == comment_id).values(state))
        revision = {"comment_id": comment_id, "number": state["revision"]}
        connection.execute(_NEW_REVISION, revision | {"text": comment.text, "created_at": now})
        of_revision = {
            "comment_id": comment_id,
            "revision": state["revision"],
            "created_at": now,
        }
        _append(connection, of_revision, judgement)
    return {"id": comment.id} | judgement.to_document(), current is None


def _append(connection: Connection, of_revision: dict[str, Any], judgement: Judgement) -> None:
    document = judgement.to_document()
    found = {name: document[name] for name in ("model", "scores", "spans")}
    decided = {name: document[name] for name in ("action", "reasons", "model", "policy")}
    connection.execute(_NEW_SCORE, of_revision | found)
    connection.execute(_NEW_DECISION, of_revision | decided | {"source": judgement.source})


def _described(connection: Connection, comment: CommentIn) -> dict[str, Any]:
    """Return the columns that the site described; what it left out is not overwritten."""
    author, article = comment.author or AuthorIn(), comment.article or ArticleIn()
    columns = {
        "author_id": author.id,
        "author_name": author.name,
        "article_id": _article_id(connection, article.key, article) if article.key else None,
        "parent_external_id": comment.parent_id,
        "created_at": comment.created_at,
    }
    return {name: value for name, value in columns.items() if value is not None}


def _article_id(connection: Connection, key: str, article: ArticleIn) -> int:
    described = article.model_dump(include={"title", "url"}, exclude_none=True)
    row = connection.execute(_ARTICLE, {"external_id": key}).one_or_none()
    if row is None:
        new = {"external_id": key} | described
        return int(connection.execute(_NEW_ARTICLE, new).scalar_one())
    # Written only when it differs: all comments under one article share this row.
    if any(getattr(row, name) != value for name, value in described.items()):
        connection.execute(update(Article).where(Article.id == row.id).values(described))
    return int(row.id)
