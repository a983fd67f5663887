"""Reading comments: where they stand, and how they came there."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from service.tables import (
    ApiKey,
    Article,
    Comment,
    Decision,
    Deletion,
    Moderator,
    Revision,
    Sample,
    Score,
    Section,
)

_OF_COMMENT = (Revision.comment_id == Comment.id) & (Revision.number == Comment.revision)

# Statements of every request are built once: building one costs more than running it.
_CURRENT = (
    select(Comment.id, Comment.external_id, Comment.revision, Revision.text)
    .join(Revision, _OF_COMMENT)
    .where(Comment.site_id == bindparam("site_id"), Comment.external_id == bindparam("external_id"))
)
_NEWEST_DECISION = (
    select(Decision.action, Decision.reasons, Decision.policy)
    .where(Decision.comment_id == bindparam("comment_id"))
    .order_by(Decision.id.desc())
    .limit(1)
)
_NEWEST_SCORE = (
    select(Score.scores, Score.spans, Score.model)
    .where(Score.comment_id == bindparam("comment_id"), Score.revision == bindparam("revision"))
    .order_by(Score.id.desc())
    .limit(1)
)

_DESCRIBED = (
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
        Comment.uncertainty,
        Comment.flags,
        Comment.script,
        Comment.settled,
        Comment.escalated,
        exists().where(Sample.comment_id == Comment.id).label("sample"),
        Comment.site_id,
        Revision.text,
        Article.external_id.label("article_id"),
        Article.title.label("article_title"),
        Article.url.label("article_url"),
        Section.name.label("section"),
    )
    .join(Revision, _OF_COMMENT)
    .outerjoin(Article, Article.id == Comment.article_id)
    .outerjoin(Section, Section.id == Comment.section_id)
)


def find_current(connection: Connection, site_id: int, external_id: str) -> RowMapping | None:
    """Return `id`, `external_id`, `revision` and `text` of a comment, None if there is none."""
    named = {"site_id": site_id, "external_id": external_id}
    return connection.execute(_CURRENT, named).mappings().one_or_none()


def find_all(
    connection: Connection, site_id: int, external_ids: Sequence[str]
) -> dict[str, RowMapping]:
    """Return what `find_current` does, for several comments by their ids."""
    wanted = (
        select(Comment.id, Comment.external_id, Comment.revision, Revision.text)
        .join(Revision, _OF_COMMENT)
        .where(Comment.site_id == site_id, Comment.external_id.in_(external_ids))
    )
    return {row["external_id"]: row for row in connection.execute(wanted).mappings()}


def standing(connection: Connection, current: RowMapping) -> dict[str, Any]:
    """Return what is to happen with a comment now, and why."""
    comment_id = current["id"]
    decision = connection.execute(_NEWEST_DECISION, {"comment_id": comment_id}).one()
    score = connection.execute(
        _NEWEST_SCORE, {"comment_id": comment_id, "revision": current["revision"]}
    ).one()
    return {
        "id": current["external_id"],
        "action": decision.action,
        "scores": score.scores,
        "reasons": decision.reasons,
        "spans": score.spans,
        "model": score.model,
        "policy": decision.policy,
    }


def describe(connection: Connection, site_id: int, external_id: str) -> dict[str, Any] | None:
    """Return a comment with all its texts and decisions; None if there is no such comment."""
    named = (Comment.site_id == site_id) & (Comment.external_id == external_id)
    rows = fetch_current(connection, named)
    if not rows:
        return None
    (current,) = rows
    return {
        **standing(connection, current),
        **described(current),
        "revisions": _revisions(connection, current["id"]),
        "decisions": decisions(connection, current["id"]),
        "deletion": _deletion(connection, current["id"]),
    }


def _deletion(connection: Connection, comment_id: int) -> dict[str, str] | None:
    query = select(Deletion.requested_by, Deletion.created_at)
    row = connection.execute(query.where(Deletion.comment_id == comment_id)).one_or_none()
    if row is None:
        return None
    return {"requested_by": row.requested_by, "deleted_at": row.created_at.isoformat()}


def described(row: RowMapping) -> dict[str, Any]:
    """Return what a site told about a comment, in the shape in which it told it."""
    return {
        "text": row["text"],
        "author": {"id": row["author_id"], "name": row["author_name"]},
        "article": {
            "id": row["article_id"],
            "title": row["article_title"],
            "url": row["article_url"],
            "section": row["section"],
        },
        "parent_id": row["parent_external_id"],
        "created_at": row["created_at"].isoformat(),
        "received_at": row["received_at"].isoformat(),
        "revision": row["revision"],
        "flags": row["flags"],
        "script": row["script"],
    }


def decisions(connection: Connection, comment_id: int) -> list[dict[str, Any]]:
    """Return all decisions on a comment, oldest first."""
    rows = connection.execute(
        select(
            Decision.revision,
            Decision.action,
            Decision.reasons,
            Decision.source,
            func.coalesce(ApiKey.name, Moderator.name).label("by"),
            Decision.model,
            Decision.policy,
            Decision.note,
            Decision.batch_id,
            Decision.until_edited,
            Decision.created_at,
        )
        .outerjoin(ApiKey, ApiKey.id == Decision.api_key_id)
        .outerjoin(Moderator, Moderator.id == Decision.moderator_id)
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
    query = _DESCRIBED.where(condition).order_by(*order_by).limit(limit)
    return connection.execute(query).mappings().all()
