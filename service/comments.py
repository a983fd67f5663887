"""Keeping comments: their texts, scores and decisions, always written together."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from service.database import writing
from service.judge import Judge, Judgement
from service.keys import Caller
from service.schema import ArticleIn, AuthorIn, CommentIn, DecisionIn
from service.tables import ApiKey, Article, Comment, Decision, Revision, Score

_ATTEMPTS = 3


def ingest(engine: Engine, judge: Judge, comment: CommentIn) -> tuple[dict[str, Any], bool]:
    """Store and decide a comment, or an edit of it; the same text again changes nothing.

    Returns
    -------
    tuple of dict and bool
        Where the comment stands, and whether it was new.
    """
    with engine.connect() as connection:
        known = _find(connection, comment.id)
        if known is not None and known["text"] == comment.text:
            return _standing(connection, known), False
    # Scored before the write begins: the database has one writer at a time.
    (judgement,) = judge.judge([comment.text])
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with writing(engine) as connection:
                created = _store(connection, comment, judgement)
                stored = _find(connection, comment.id)
                if stored is None:
                    raise LookupError(comment.id)
                return _standing(connection, stored), created
        except IntegrityError:
            # On PostgreSQL two requests may bring the same new comment or article at once; the
            # one that came second finds it stored when it looks again.
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("the loop returns or raises")


def decide(
    engine: Engine, external_id: str, *, decision: DecisionIn, caller: Caller
) -> dict[str, Any] | None:
    """Append a moderator's decision; None if there is no such comment."""
    with writing(engine) as connection:
        known = _find(connection, external_id, lock=True)
        if known is None:
            return None
        standing = _standing(connection, known)
        connection.execute(
            insert(Decision).values(
                comment_id=known["id"],
                revision=known["revision"],
                action=decision.action.value,
                reasons=[decision.reason] if decision.reason else [],
                source="moderator",
                api_key_id=caller.key_id,
                # What the moderator had before them when deciding.
                model=standing["model"],
                policy=standing["policy"],
                note=decision.note,
                created_at=datetime.now(UTC),
            )
        )
        connection.execute(
            update(Comment).where(Comment.id == known["id"]).values(action=decision.action.value)
        )
        return decisions(connection, known["id"])[-1] | {"id": external_id}


def describe(connection: Connection, external_id: str) -> dict[str, Any] | None:
    """Return a comment with all its texts and decisions; None if there is no such comment."""
    known = _find(connection, external_id)
    if known is None:
        return None
    return {
        **_standing(connection, known),
        **described(known),
        "revisions": _revisions(connection, known["id"]),
        "decisions": decisions(connection, known["id"]),
    }


def described(row: RowMapping) -> dict[str, Any]:
    """Return what a site told about a comment, in the shape in which it told it."""
    return {
        "text": row["text"],
        "author": {"id": row["author_id"], "name": row["author_name"]},
        "article": {
            "id": row["article_id"],
            "title": row["article_title"],
            "url": row["article_url"],
        },
        "parent_id": row["parent_external_id"],
        "created_at": row["created_at"].isoformat(),
        "received_at": row["received_at"].isoformat(),
        "revision": row["revision"],
    }


def decisions(connection: Connection, comment_id: int) -> list[dict[str, Any]]:
    """Return all decisions on a comment, oldest first."""
    rows = connection.execute(
        select(
            Decision.revision,
            Decision.action,
            Decision.reasons,
            Decision.source,
            ApiKey.name.label("by"),
            Decision.model,
            Decision.policy,
            Decision.note,
            Decision.created_at,
        )
        .outerjoin(ApiKey, ApiKey.id == Decision.api_key_id)
        .where(Decision.comment_id == comment_id)
        .order_by(Decision.id)
    ).mappings()
    return [dict(row) | {"created_at": row["created_at"].isoformat()} for row in rows]


def _revisions(connection: Connection, comment_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(Revision.number, Revision.text, Revision.created_at)
        .where(Revision.comment_id == comment_id)
        .order_by(Revision.number)
    ).mappings()
    return [dict(row) | {"created_at": row["created_at"].isoformat()} for row in rows]


def fetch_current(
    connection: Connection,
    condition: ColumnElement[bool],
    *,
    order_by: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]] = (),
    limit: int | None = None,
) -> Sequence[RowMapping]:
    """Return the comments that meet a condition, with their newest text and their article."""
    query = (
        select(
            Comment.id,
            Comment.external_id,
            Comment.author_id,
            Comment.author_name,
            Comment.parent_external_id,
            Comment.created_at,
            Comment.received_at,
            Comment.revision,
            Comment.action,
            Comment.score,
            Revision.text,
            Article.external_id.label("article_id"),
            Article.title.label("article_title"),
            Article.url.label("article_url"),
        )
        .join(
            Revision,
            (Revision.comment_id == Comment.id) & (Revision.number == Comment.revision),
        )
        .outerjoin(Article, Article.id == Comment.article_id)
        .where(condition)
        .order_by(*order_by)
        .limit(limit)
    )
    return connection.execute(query).mappings().all()


def _find(connection: Connection, external_id: str, *, lock: bool = False) -> RowMapping | None:
    if lock:
        # By itself: after a wait PostgreSQL would join the new comment to its old text.
        connection.execute(
            select(Comment.id).where(Comment.external_id == external_id).with_for_update()
        )
    rows = fetch_current(connection, Comment.external_id == external_id)
    return rows[0] if rows else None


def _standing(connection: Connection, known: RowMapping) -> dict[str, Any]:
    decision = connection.execute(
        select(Decision.action, Decision.reasons, Decision.model, Decision.policy)
        .where(Decision.comment_id == known["id"])
        .order_by(Decision.id.desc())
        .limit(1)
    ).one()
    score = connection.execute(
        select(Score.scores, Score.spans)
        .where(Score.comment_id == known["id"], Score.revision == known["revision"])
        .order_by(Score.id.desc())
        .limit(1)
    ).one()
    return {
        "id": known["external_id"],
        "action": decision.action,
        "scores": score.scores,
        "reasons": decision.reasons,
        "spans": score.spans,
        "model": decision.model,
        "policy": decision.policy,
    }


def _store(connection: Connection, comment: CommentIn, judgement: Judgement) -> bool:
    now = datetime.now(UTC)
    known = _find(connection, comment.id, lock=True)
    if known is not None and known["text"] == comment.text:
        return False
    revision = 1 if known is None else int(known["revision"]) + 1
    values = {
        "revision": revision,
        "action": judgement.outcome.action.value,
        "score": max(judgement.scores.values()),
    } | _described(connection, comment)
    if known is None:
        comment_id = connection.execute(
            insert(Comment)
            .values({"created_at": now} | values | {"external_id": comment.id, "received_at": now})
            .returning(Comment.id)
        ).scalar_one()
    else:
        comment_id = known["id"]
        connection.execute(update(Comment).where(Comment.id == comment_id).values(values))
    _append(
        connection,
        comment_id,
        revision=revision,
        comment=comment,
        judgement=judgement,
        now=now,
    )
    return known is None


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
    described = {
        name: value
        for name, value in (("title", article.title), ("url", article.url))
        if value is not None
    }
    query = select(Article.id, Article.title, Article.url).where(Article.external_id == key)
    row = connection.execute(query).one_or_none()
    if row is None:
        new = insert(Article).values(external_id=key, **described).returning(Article.id)
        return int(connection.execute(new).scalar_one())
    # Written only when it differs: all comments under one article share this row.
    if any(getattr(row, name) != value for name, value in described.items()):
        connection.execute(update(Article).where(Article.id == row.id).values(described))
    return int(row.id)


def _append(
    connection: Connection,
    comment_id: int,
    *,
    revision: int,
    comment: CommentIn,
    judgement: Judgement,
    now: datetime,
) -> None:
    score, outcome = judgement.score, judgement.outcome
    connection.execute(
        insert(Revision).values(
            comment_id=comment_id, number=revision, text=comment.text, created_at=now
        )
    )
    of_revision = {"comment_id": comment_id, "revision": revision, "created_at": now}
    connection.execute(
        insert(Score).values(
            model=score.model, scores=judgement.scores, spans=judgement.spans, **of_revision
        )
    )
    connection.execute(
        insert(Decision).values(
            action=outcome.action.value,
            reasons=list(outcome.reasons),
            source=judgement.source,
            model=score.model,
            policy=outcome.policy,
            **of_revision,
        )
    )
