"""What goes out: comments to move elsewhere, decisions to learn from, all about one person."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, select

from moderation import Action
from service.comments import describe, fetch_current
from service.queue import newest
from service.tables import Comment, Decision, Deletion, Flag, Revision, Sample

_STEP = 500
# How much a decision says about a text: a person who read it, one who read many at once, another
# system's moderators, the newsroom's list, the machine itself.
WEIGHTS: Final = {"single": 1.0, "bulk": 0.5, "import": 0.5, "list": 0.25, "model": 0.1}


def export_comments(connection: Connection, *, site_id: int) -> Iterator[dict[str, Any]]:
    """Return the comments of a site in the shape that an import of JSON lines takes."""
    for rows in _pages(connection, Comment.site_id == site_id):
        for row in rows:
            author = {"id": row["author_id"], "name": row["author_name"]}
            article = {
                "id": row["article_id"],
                "title": row["article_title"],
                "url": row["article_url"],
                "section": row["section"],
            }
            yield {
                "id": row["external_id"],
                "text": row["text"],
                "author": author,
                "article": article,
                "parent_id": row["parent_external_id"],
                "created_at": row["created_at"].isoformat(),
                "action": row["action"],
            }


def export_training(connection: Connection) -> Iterator[dict[str, Any]]:
    """Return texts with what was decided on them last, and how much that says.

    Left out are comments that wait, and those that only a rule about their author decided on.
    """
    decided = and_(Comment.action != Action.REVIEW, Comment.id > 0)
    for rows in _pages(connection, decided):
        last = newest(connection, Decision, [row["id"] for row in rows])
        for row in rows:
            decision = last[row["id"]]
            made = _made(decision["source"], in_batch=decision["batch_id"] is not None)
            if made in WEIGHTS and decision["revision"] == row["revision"]:
                yield {
                    "text": row["text"],
                    "action": decision["action"],
                    "reasons": decision["reasons"],
                    "made": made,
                    "weight": WEIGHTS[made],
                    "model": decision["model"],
                    "decided_at": decision["created_at"].isoformat(),
                }


def _made(source: str, *, in_batch: bool) -> str:
    if source == "moderator":
        return "bulk" if in_batch else "single"
    return source


def export_person(connection: Connection, author_id: str, *, site_id: int) -> dict[str, Any]:
    """Return all that is kept about a reader: what they wrote and what they flagged."""
    mine = and_(Comment.site_id == site_id, Comment.author_id == author_id)
    named = select(Comment.external_id).where(mine).order_by(Comment.id)
    flagged = (
        select(Comment.external_id, Flag.reason, Flag.note, Flag.created_at)
        .join(Comment, Comment.id == Flag.comment_id)
        .where(Comment.site_id == site_id, Flag.reporter_id == author_id)
        .order_by(Flag.id)
    )
    described = [describe(connection, site_id, name) for name in connection.scalars(named).all()]
    return {
        "author_id": author_id,
        "comments": [_without_names(each) for each in described if each is not None],
        "flags": [
            {
                "comment": row.external_id,
                "reason": row.reason,
                "note": row.note,
                "created_at": row.created_at.isoformat(),
            }
            for row in connection.execute(flagged)
        ],
    }


def _without_names(comment: dict[str, Any]) -> dict[str, Any]:
    """Leave out who decided: those are persons, too."""
    decisions = [
        {name: value for name, value in each.items() if name not in {"by", "note"}}
        for each in comment["decisions"]
    ]
    return comment | {"decisions": decisions}


def _pages(connection: Connection, wanted: ColumnElement[bool]) -> Iterator[list[Any]]:
    """Read comments piece by piece, without samples and those that were deleted."""
    kept = and_(
        wanted,
        ~exists().where(Sample.comment_id == Comment.id),
        ~exists().where(Deletion.comment_id == Comment.id),
        Revision.text != "",
    )
    after = 0
    while True:
        rows = fetch_current(
            connection, and_(kept, Comment.id > after), order_by=(Comment.id,), limit=_STEP
        )
        if not rows:
            return
        yield list(rows)
        after = rows[-1]["id"]
